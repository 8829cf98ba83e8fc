//! Register, sign in, sign out, and change what is known of oneself.

use super::{
    config::Registration,
    session::{self, CurrentUser, IssuedToken},
    state::AppState,
    store::{NewUser, Registered, UserPatch},
};
use crate::{
    domain::{User, UserState},
    error::AppError,
};

/// Longest e-mail address, by RFC 5321.
const MAX_EMAIL_BYTES: usize = 254;
const MAX_NAME_CHARS: usize = 100;
const MIN_PASSWORD_CHARS: usize = 8;
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
    valid_password("password", form.password)?;
    let name = valid_name(form.name, &email)?;
    let only_first = state.config.auth.registration != Registration::Open;
    // Before the work of hashing; of many at once the store lets in one.
    if only_first && state.store.any_user().await? {
        return Err(closed());
    }
    let new = NewUser {
        id: state.ids.next(),
        email,
        name,
        password_hash: state.passwords.hash(form.password).await?,
        created_at: state.clock.now(),
    };
    let user = match state.store.create_user(&new, only_first).await? {
        Registered::Made(user) => user,
        Registered::Closed => return Err(closed()),
        Registered::EmailTaken => {
            return Err(AppError::Conflict {
                message: "There is an account with this e-mail address. Sign in instead.".into(),
            });
        }
    };
    let token = session::start(state, &user.id, &new.password_hash, &caller.user_agent).await?;
    tracing::info!(user = %user.id, role = ?user.role, "registered");
    Ok((user, token))
}

fn closed() -> AppError {
    AppError::Forbidden {
        message: "Registration is closed here. Ask the administrator for an account.".into(),
    }
}

/// Checks a password and starts a session. Unknown accounts take the same time and get the same answer.
pub async fn log_in(
    state: &AppState,
    email: &str,
    password: &str,
    caller: &Caller,
) -> Result<(User, IssuedToken), AppError> {
    let email = email.trim().to_lowercase();
    let key = format!("{}\n{email}", caller.address);
    state.attempts.check(&key, state.clock.now())?;
    let known = if email.len() <= MAX_EMAIL_BYTES { state.store.credentials(&email).await? } else { None };
    let hash = known.as_ref().map(|known| known.password_hash.as_str());
    let matches = password.len() <= MAX_PASSWORD_BYTES && state.passwords.verify(password, hash).await?;
    let Some(known) = known.filter(|known| matches && known.user.state == UserState::Active) else {
        state.attempts.failed(key, state.clock.now());
        return Err(AppError::WrongCredentials);
    };
    state.attempts.succeeded(&key);
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
}

/// A new password ends all other sessions.
pub async fn change_me(
    state: &AppState,
    current: &CurrentUser,
    change: MeChange<'_>,
) -> Result<User, AppError> {
    let mut patch = UserPatch::default();
    if let Some(name) = change.name {
        patch.name = Some(valid_name(name, &current.user.email)?);
    }
    if let Some((old, new)) = change.password {
        valid_password("new_password", new)?;
        let known = state.store.credentials(&current.user.email).await?;
        let hash = known.as_ref().map(|known| known.password_hash.as_str());
        if !state.passwords.verify(old, hash).await? {
            return Err(AppError::invalid("password", "The current password is not right."));
        }
        patch.password_hash = Some(state.passwords.hash(new).await?);
    }
    let keep = Some(current.session_id.as_str());
    let changed = state.store.update_user(current.id(), &patch, keep).await?;
    let (user, ended) = changed.ok_or(AppError::SignedOut)?;
    state.live.end_sessions(&ended);
    Ok(user)
}

fn valid_email(email: &str) -> Result<String, AppError> {
    let email = email.trim().to_lowercase();
    let valid = email.len() <= MAX_EMAIL_BYTES
        && !email.chars().any(|c| c.is_whitespace() || c.is_control())
        && email.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty()
                && !host.is_empty()
                && !host.contains('@')
                && !host.starts_with('.')
                && !host.ends_with('.')
        });
    valid
        .then_some(email)
        .ok_or_else(|| AppError::invalid("email", "Enter an e-mail address such as lin@example.org."))
}

fn valid_password(field: &str, password: &str) -> Result<(), AppError> {
    if password.chars().count() < MIN_PASSWORD_CHARS {
        return Err(AppError::invalid(
            field,
            format!("Choose a password of at least {MIN_PASSWORD_CHARS} characters."),
        ));
    }
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(AppError::invalid(
            field,
            format!("Choose a password of at most {MAX_PASSWORD_BYTES} bytes."),
        ));
    }
    Ok(())
}

/// Without a name the e-mail address's first part stands in.
fn valid_name(name: &str, email: &str) -> Result<String, AppError> {
    let name = name.trim();
    if name.chars().count() > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        return Err(AppError::invalid(
            "name",
            format!("Choose a name of at most {MAX_NAME_CHARS} characters, on one line."),
        ));
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
        for bad in ["", "lin", "@x", "a@", "a b@c", "a@b@c", "a\0@b", "a@.b"] {
            assert!(
                matches!(valid_email(bad), Err(AppError::Invalid { field, .. }) if field == "email"),
                "{bad}"
            );
        }
    }
}
