//! Register, sign in, sign out, and change what is known of oneself.

use std::time::Instant;

use unicode_normalization::UnicodeNormalization;

use super::{
    passwords::{Lane, guessable::is_guessable, prepared},
    session::{self, CurrentUser, IssuedToken},
};
use crate::{
    domain::{Reason, User, UserState},
    error::AppError,
    server::{
        app::AppState,
        config::{Config, Registration},
        store::{Credentials, NewUser, Registered, Store, StoreError, UserPatch},
        words::Language,
    },
};

/// Longest e-mail address, by RFC 5321.
const MAX_EMAIL_BYTES: usize = 254;
const MAX_NAME_CHARS: usize = 100;
pub const MIN_PASSWORD_CHARS: usize = 8;
/// argon2 reads all of it, so a longer one would be work for nothing.
const MAX_PASSWORD_BYTES: usize = 1024;

/// How a request looks from outside: what a session remembers, and whom the limit counts.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    pub address: String,
    pub user_agent: String,
}

pub struct Registering<'a> {
    pub email: &'a str,
    pub password: &'a str,
    pub name: &'a str,
}

/// Makes an account and signs it in. The first one becomes the administrator, also where registration
/// is closed: somebody has to begin.
pub async fn register(
    state: &AppState,
    form: Registering<'_>,
    caller: &Caller,
) -> Result<(User, IssuedToken), AppError> {
    let email = valid_email(form.email)?;
    let name = valid_name(form.name, &email)?;
    valid_password("password", form.password, &known_of(&state.config, &email, &name))?;
    let only_first = state.config.auth.registration != Registration::Open;
    // Before the work of hashing; of many at once the store lets in one.
    if only_first && state.store.any_user().await? {
        return Err(closed());
    }
    let _turn = state.attempts.turn(&caller.address).await?;
    let tried = state.attempts.registrations.take(&caller.address, Instant::now())?;
    let password_hash = match state.passwords.hash(Lane::Anybody, form.password).await {
        Ok(hash) => hash,
        Err(error) => {
            tried.forgive();
            return Err(error);
        }
    };
    // An older account may have the same address in another form.
    if find_account(&*state.store, &email).await?.is_some() {
        return Err(taken());
    }
    let new = NewUser { id: state.ids.next(), email, name, password_hash, created_at: state.clock.now() };
    let user = match state.store.create_user(&new, only_first).await? {
        Registered::Made(user) => user,
        Registered::Closed => return Err(closed()),
        Registered::EmailTaken => return Err(taken()),
    };
    state.attempts.signed_in(&caller.address, &user.email, Instant::now());
    let token = session::start(state, &user.id, &new.password_hash, &caller.user_agent).await?;
    tracing::info!(user = %user.id, role = ?user.role, "registered");
    Ok((user, token))
}

fn closed() -> AppError {
    AppError::Forbidden { reason: Reason::new("register-closed") }
}

/// That an account exists is told: without a mail to the address there is no other way to say why nobody can
/// register with it. How many addresses can be asked about is limited.
fn taken() -> AppError {
    AppError::Conflict { reason: Reason::new("email-taken") }
}

/// Checks a password and starts a session. Unknown accounts take the same time and get the same answer.
///
/// A try is taken before the password is looked at and given back when it was right, so that of a hundred at
/// once no more are tried than of a hundred one after the other.
pub async fn log_in(
    state: &AppState,
    email: &str,
    password: &str,
    caller: &Caller,
) -> Result<(User, IssuedToken), AppError> {
    // What nobody can have registered costs nothing and leaves nothing.
    if email.trim().len() > MAX_EMAIL_BYTES || password.len() > MAX_PASSWORD_BYTES {
        return Err(AppError::WrongCredentials);
    }
    let email = same_email(email);
    let _turn = state.attempts.turn(&caller.address).await?;
    let now = Instant::now();
    let habit = state.attempts.is_habit(&caller.address, &email, now);
    let tried = state.attempts.sign_in(&caller.address, &email, now)?;
    let checked = async {
        let known = find_account(&*state.store, &email).await?;
        let hash = known.as_ref().map(|known| known.password_hash.as_str());
        let lane = if habit { Lane::Known } else { Lane::Anybody };
        let matches = state.passwords.verify(lane, password, hash).await?;
        Ok(known.filter(|known| matches && known.user.state == UserState::Active))
    };
    let checked: Result<_, AppError> = checked.await;
    if !matches!(checked, Ok(None)) {
        tried.forgive();
    }
    let Some(known) = checked? else { return Err(AppError::WrongCredentials) };
    state.attempts.signed_in(&caller.address, &email, now);
    let token = session::start(state, &known.user.id, &known.password_hash, &caller.user_agent).await?;
    Ok((known.user, token))
}

/// Ends this session, also its open streams.
pub async fn log_out(state: &AppState, current: &CurrentUser) -> Result<(), AppError> {
    state.store.delete_session(&current.session_id).await?;
    state.live.end_sessions([&current.session_id]);
    Ok(())
}

/// What somebody changes of their own account; `None` leaves it.
#[derive(Default)]
pub struct MeChange<'a> {
    pub name: Option<&'a str>,
    /// The current password and the new one.
    pub password: Option<(&'a str, &'a str)>,
    /// The inner `None`: what the browser says.
    pub language: Option<Option<Language>>,
}

/// A new password ends all other sessions.
pub async fn change_me(
    state: &AppState,
    current: &CurrentUser,
    change: MeChange<'_>,
) -> Result<User, AppError> {
    let language = change.language.map(|language| language.map(|language| language.tag().to_owned()));
    let mut patch = UserPatch { language, ..UserPatch::default() };
    if let Some(name) = change.name {
        patch.name = Some(valid_name(name, &current.user.email)?);
    }
    if let Some((old, new)) = change.password {
        let name = patch.name.as_deref().unwrap_or(&current.user.name);
        valid_password("new_password", new, &known_of(&state.config, &current.user.email, name))?;
        if !is_password_of(state, current, old).await? {
            return Err(AppError::invalid("password", Reason::new("password-wrong")));
        }
        patch.password_hash = Some(state.passwords.hash(Lane::Known, new).await?);
    }
    let keep = Some(current.session_id.as_str());
    let changed = state.store.update_user(current.id(), &patch, keep).await?;
    let (user, ended) = changed.ok_or(AppError::SignedOut)?;
    state.live.end_sessions(&ended);
    Ok(user)
}

/// Whether this is the current password of somebody who is signed in. Wrong ones are limited as at the door,
/// since a browser that was left open must not be a way to guess it.
async fn is_password_of(state: &AppState, current: &CurrentUser, password: &str) -> Result<bool, AppError> {
    if password.len() > MAX_PASSWORD_BYTES {
        return Ok(false);
    }
    let tried = state.attempts.old_password.take(current.id(), Instant::now())?;
    let checked = async {
        let known = state.store.credentials(&current.user.email).await?;
        let hash = known.as_ref().map(|known| known.password_hash.as_str());
        state.passwords.verify(Lane::Known, password, hash).await
    };
    let checked = checked.await;
    if checked != Ok(false) {
        tried.forgive();
    }
    checked
}

/// An e-mail address as it is compared: without blanks around it, lower-cased, each sign in one form (NFC).
fn same_email(email: &str) -> String {
    email.trim().to_lowercase().nfc().collect()
}

/// The account of an e-mail address in the form of [`same_email`]. Older accounts may have theirs in the other
/// form (NFD), as some keyboards write it.
pub(crate) async fn find_account(store: &dyn Store, email: &str) -> Result<Option<Credentials>, StoreError> {
    let found = store.credentials(email).await?;
    let other: String = email.nfd().collect();
    if found.is_some() || other == email {
        return Ok(found);
    }
    store.credentials(&other).await
}

pub(crate) fn valid_email(email: &str) -> Result<String, AppError> {
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

/// What a stranger knows of a person and the site, and would try first.
pub(crate) fn known_of<'a>(config: &'a Config, email: &'a str, name: &'a str) -> [&'a str; 4] {
    let host =
        config.server.public_url.as_deref().and_then(|origin| origin.split("://").nth(1)).unwrap_or_default();
    [email, name, "Inglenook", host]
}

/// A password that may be chosen; `own` are words that it must not be.
pub(crate) fn valid_password(field: &str, password: &str, own: &[&str]) -> Result<(), AppError> {
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
fn valid_name(name: &str, email: &str) -> Result<String, AppError> {
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
