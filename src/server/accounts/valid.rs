//! What an account takes: e-mail addresses, names and passwords, checked and brought into one form.

use unicode_normalization::UnicodeNormalization;

use super::passwords::{guessable::is_guessable, prepared};
use crate::{
    domain::Reason,
    error::AppError,
    server::store::{Credentials, StoreError, Users},
};

/// Longest e-mail address, by RFC 5321.
pub(super) const MAX_EMAIL_BYTES: usize = 254;
const MAX_NAME_CHARS: usize = 100;
pub const MIN_PASSWORD_CHARS: usize = 8;
/// argon2 reads all of it, so a longer one would be work for nothing.
pub(super) const MAX_PASSWORD_BYTES: usize = 1024;

/// An e-mail address as it is compared: without blanks around it, lower-cased, each sign in one form (NFC).
pub(super) fn same_email(email: &str) -> String {
    email.trim().to_lowercase().nfc().collect()
}

/// The account of an e-mail address in the form of [`same_email`]. Older accounts may have theirs in the other
/// form (NFD), as some keyboards write it.
pub async fn find_account(users: &dyn Users, email: &str) -> Result<Option<Credentials>, StoreError> {
    let found = users.credentials(email).await?;
    let other: String = email.nfd().collect();
    if found.is_some() || other == email {
        return Ok(found);
    }
    users.credentials(&other).await
}

pub fn valid_email(email: &str) -> Result<String, AppError> {
    // Before anything is made of it: a longer one is none, whatever it says.
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

/// What a stranger knows of a person and the site, and would try first. `host` is the site's, where it is known.
pub fn known_words<'a>(host: &'a str, email: &'a str, name: &'a str) -> [&'a str; 4] {
    [email, name, "Inglenook", host]
}

/// A password that may be chosen; `own` are words that it must not be.
pub fn valid_password(field: &str, password: &str, own: &[&str]) -> Result<(), AppError> {
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(AppError::invalid(
            field,
            Reason::new("password-too-long").with("most", MAX_PASSWORD_BYTES),
        ));
    }
    if prepared(password).chars().count() < MIN_PASSWORD_CHARS {
        return Err(AppError::invalid(
            field,
            Reason::new("password-too-short").with("least", MIN_PASSWORD_CHARS),
        ));
    }
    if is_guessable(password, own) {
        return Err(AppError::invalid(field, Reason::new("password-guessable")));
    }
    Ok(())
}

/// Without a name the e-mail address's first part stands in.
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
    Ok(if name.is_empty() { stand_in } else { name }.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
