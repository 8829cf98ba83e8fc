//! Which e-mail addresses, names and passwords an account may have, and the one form in which they are stored.

use unicode_normalization::UnicodeNormalization;

use super::passwords::{guessable::is_guessable, prepared};
use crate::{
    domain::Reason,
    error::AppError,
    server::{
        config::EmailRule,
        store::{Credentials, StoreError, Users, is_unseen},
    },
};

/// The longest e-mail address by RFC 5321.
pub(super) const MAX_EMAIL_BYTES: usize = 254;
pub const MAX_NAME_CHARS: usize = 100;
/// A name that somebody signs in with in place of an e-mail address.
const MIN_LOGIN_CHARS: usize = 2;
const MAX_LOGIN_CHARS: usize = 40;
/// A new password has this many characters at least, and [`MAX_PASSWORD_CHARS`] at most, as it is [`prepared`].
pub const MIN_PASSWORD_CHARS: usize = 8;
pub const MAX_PASSWORD_CHARS: usize = 256;
/// The most days that a code, or a tier that somebody gets, lasts: a hundred years.
pub const MAX_DAYS: u32 = 36_500;
/// What is read of a password as it was typed, because argon2 reads the whole of it, however long it is. Two kinds fit: the
/// longest new one, whose characters have 4 bytes each and three times as many in Unicode's NFD; and those of earlier
/// versions, which took 1024 bytes.
pub(super) const MAX_PASSWORD_BYTES: usize = 4096;

/// An e-mail address in the form in which it is stored and compared: trimmed, in lower case, in Unicode's NFC.
pub(super) fn same_email(email: &str) -> String {
    email.trim().to_lowercase().nfc().collect()
}

/// The account of an e-mail address in the form of [`same_email`]. Older accounts may have theirs in NFD, as some
/// keyboards write it.
pub async fn find_account(users: &dyn Users, email: &str) -> Result<Option<Credentials>, StoreError> {
    let found = users.credentials(email).await?;
    let other: String = email.nfd().collect();
    if found.is_some() || other == email {
        return Ok(found);
    }
    users.credentials(&other).await
}

/// The address in the form of [`same_email`].
///
/// # Errors
///
/// [`AppError::Invalid`]: it is no e-mail address.
pub fn valid_email(email: &str) -> Result<String, AppError> {
    // The length is checked first, so that no work is done on a text of any length.
    let email = if email.trim().len() <= MAX_EMAIL_BYTES { same_email(email) } else { String::new() };
    let valid = email.len() <= MAX_EMAIL_BYTES
        && !email.chars().any(|c| c.is_whitespace() || c.is_control())
        && email.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty()
                && !host.is_empty()
                && !host.contains('@')
                && !host.starts_with('.')
                && !host.ends_with('.')
        });
    valid.then_some(email).ok_or_else(|| AppError::invalid("email", Reason::new("email-not-valid")))
}

/// What somebody will sign in with: an e-mail address, or a name where that is enough, in the form of [`same_email`].
///
/// # Errors
///
/// [`AppError::Invalid`] of `email`.
pub fn valid_login(login: &str, rule: EmailRule) -> Result<String, AppError> {
    if rule == EmailRule::Required || login.contains('@') {
        return valid_email(login);
    }
    let invalid = || {
        let reason =
            Reason::new("login-not-valid").with("least", MIN_LOGIN_CHARS).with("most", MAX_LOGIN_CHARS);
        AppError::invalid("email", reason)
    };
    // A character has at most four bytes, so that a long text is not counted through.
    if login.trim().len() > MAX_LOGIN_CHARS * 4 {
        return Err(invalid());
    }
    let login = same_email(login);
    let fits = (MIN_LOGIN_CHARS..=MAX_LOGIN_CHARS).contains(&login.chars().count());
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let begins = login.chars().next().is_some_and(char::is_alphanumeric);
    if fits && begins && login.chars().all(is_word) { Ok(login) } else { Err(invalid()) }
}

/// What an attacker knows of a person and the site, and would try first. `host` is the site's, or empty.
pub fn known_words<'a>(host: &'a str, email: &'a str, name: &'a str) -> [&'a str; 4] {
    [email, name, "Inglenook", host]
}

/// Checks a password that somebody chooses; `own` are words that it must not be made of.
///
/// # Errors
///
/// [`AppError::Invalid`] of `field`.
pub fn valid_password(field: &str, password: &str, own: &[&str]) -> Result<(), AppError> {
    let too_long =
        || AppError::invalid(field, Reason::new("password-too-long").with("most", MAX_PASSWORD_CHARS));
    // The bytes are looked at first, so that a text of any length is not counted through.
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(too_long());
    }
    match prepared(password).chars().count() {
        count if count > MAX_PASSWORD_CHARS => return Err(too_long()),
        count if count < MIN_PASSWORD_CHARS => {
            let reason = Reason::new("password-too-short").with("least", MIN_PASSWORD_CHARS);
            return Err(AppError::invalid(field, reason));
        }
        _ => {}
    }
    if is_guessable(password, own) {
        return Err(AppError::invalid(field, Reason::new("password-guessable")));
    }
    Ok(())
}

/// A short text in one line, trimmed; `None` if it is longer than `most` characters, or holds what cannot be seen.
pub fn plain(text: &str, most: usize) -> Option<&str> {
    let text = text.trim();
    // A character has at most four bytes, so that a long text is not counted through.
    let fits = text.len() <= most * 4 && text.chars().count() <= most;
    (fits && !text.chars().any(char::is_control)).then_some(text)
}

/// A text of several lines, trimmed and with the line breaks of one system; `None` if it is longer than `most` characters, or
/// holds what cannot be seen.
pub fn text(text: &str, most: usize) -> Option<String> {
    let text = text.trim();
    // A character has at most four bytes, and browsers send two characters for a line break.
    if text.len() > most * 8 {
        return None;
    }
    let text = text.replace("\r\n", "\n");
    let fits = text.chars().count() <= most;
    (fits && !text.chars().any(|c| c.is_control() && c != '\n')).then_some(text)
}

/// The name, trimmed; if it is empty, the part of the e-mail address before the `@`.
pub(super) fn valid_name(name: &str, email: &str) -> Result<String, AppError> {
    let name = name.trim();
    // A character has at most four bytes, so that a long text is not counted through.
    if name.len() > MAX_NAME_CHARS * 4
        || name.chars().count() > MAX_NAME_CHARS
        || name.chars().any(char::is_control)
    {
        return Err(AppError::invalid("name", Reason::new("name-not-valid").with("most", MAX_NAME_CHARS)));
    }
    let stand_in = email.split('@').next().unwrap_or(email);
    let name = if name.is_empty() { stand_in } else { name };
    only_seen(name)?;
    Ok(name.to_owned())
}

/// Refuses a name with signs that cannot be seen, or that turn or break the line in which it stands: it could look like another
/// one, and change what stands beside it.
///
/// # Errors
///
/// [`AppError::Invalid`] of `name`.
pub fn only_seen(name: &str) -> Result<(), AppError> {
    let signs: Vec<char> = name.chars().collect();
    let joins = |at: Option<usize>| at.and_then(|at| signs.get(at)).is_some_and(|sign| is_joined(*sign));
    let is_seen = |(at, sign): (usize, &char)| match *sign {
        // Emoji and the letters of some languages are put together with joiners, and these choose one of their shapes.
        '\u{200c}' | '\u{200d}' => joins(at.checked_sub(1)) && joins(at.checked_add(1)),
        '\u{fe0f}' | '\u{180b}'..='\u{180d}' | '\u{180f}' => joins(at.checked_sub(1)),
        '\u{2028}' | '\u{2029}' => false,
        sign => sign.is_whitespace() || !is_unseen(sign),
    };
    if signs.iter().enumerate().all(is_seen) {
        return Ok(());
    }
    Err(AppError::invalid("name", Reason::new("name-unseen")))
}

/// Whether a joiner beside this sign shows: in Arabic and the scripts of India and its neighbours, and in emoji.
fn is_joined(sign: char) -> bool {
    matches!(sign, '\u{600}'..='\u{109f}' | '\u{1780}'..='\u{1cff}' | '\u{fe0f}')
        || sign >= '\u{2190}' && !sign.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_signs_that_cannot_be_seen() {
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        let rainbow = "\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}";
        for good in
            ["Ada Lovelace", "小明", "O’Neil \u{1f98a}", family, rainbow, "می\u{200c}خواهم", "ශ්\u{200d}රී"]
        {
            assert_eq!(valid_name(good, "").unwrap(), good);
        }
        for bad in [
            "Ada\u{200b}",
            "A\u{200d}da",
            "\u{200d}Ada",
            "Ada\u{2028}moderator",
            "A\u{202e}da",
            "\u{2067}Ada\u{2069}",
            "Ada\u{feff}",
            "\u{3164}",
            "\u{2800}",
            "Ada\u{fe0f}",
            "Ada\u{e0041}",
            "Ada\u{17b4}",
        ] {
            let refused = valid_name(bad, "x@example.org").unwrap_err();
            assert_eq!(refused.reason().key(), "name-unseen", "{bad:?}");
        }
        assert!(valid_name("", "a\u{202e}b@example.org").is_err());
    }

    #[test]
    fn email_addresses_are_lower_cased_and_nonsense_is_refused() {
        assert_eq!(valid_email(" Lin@Example.org ").unwrap(), "lin@example.org");
        assert_eq!(valid_email("Rene\u{301}@example.org").unwrap(), "ren\u{e9}@example.org");
        let long = format!("{}@example.org", "x".repeat(MAX_EMAIL_BYTES));
        for bad in [&long, "", "lin", "@x", "a@", "a b@c", "a@b@c", "a\0@b", "a@.b"] {
            assert!(
                matches!(valid_email(bad), Err(AppError::Invalid { field, .. }) if field == "email"),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_password_has_8_to_256_characters_of_any_kind() {
        let reason = |password: &str| match valid_password("password", password, &[]) {
            Ok(()) => "taken".to_owned(),
            Err(AppError::Invalid { field, reason }) => {
                assert_eq!(field, "password");
                reason.key().to_owned()
            }
            Err(error) => panic!("{error}"),
        };
        // Characters, not bytes, of the form that is hashed: each of these has two or three parts in Unicode's NFD.
        let mixed =
            |count| ["é", "ộ", "각", "x", "🎉", " "].into_iter().cycle().take(count).collect::<String>();
        for (password, wanted) in [
            (mixed(7), "password-too-short"),
            (mixed(8), "taken"),
            (mixed(256), "taken"),
            (mixed(257), "password-too-long"),
            ("长".repeat(3) + "密码不短了", "taken"),
            ("x".repeat(MAX_PASSWORD_BYTES + 1), "password-too-long"),
        ] {
            let apart: String = password.nfd().collect();
            assert_eq!(reason(&password), wanted, "{password}");
            assert_eq!(reason(&apart), wanted, "{password} in NFD");
        }
        let longest: String = "\u{1f82}".repeat(MAX_PASSWORD_CHARS).nfd().collect();
        assert!(longest.len() <= MAX_PASSWORD_BYTES, "{}", longest.len());
    }
}
