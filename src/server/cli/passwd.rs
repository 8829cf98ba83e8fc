//! `inglenook passwd`: a new password for an account whose owner has lost theirs, also while servers run on the
//! database.

use std::{
    io::{self, IsTerminal},
    sync::Arc,
};

use super::database::{CommandError, audit, open};
use crate::{
    domain::{AuditKind, Reason, UserState},
    server::{
        accounts::{
            EmailRule,
            audit::Note,
            passwords::{Lane, Passwords},
            valid::{find_account, known_words, valid_login, valid_password},
        },
        config::Config,
        store::{Store, UserPatch},
    },
};

/// More bytes of a line are not read; no valid password is as long.
const MAX_LINE_BYTES: u64 = 4096;

/// Gives the account of `email` the password that `read` answers, and ends its sessions. `read` is called only once
/// the account is found. A running server refuses the sessions from the next request on, because it looks each one up.
/// Answers a sentence on what was done.
///
/// # Errors
///
/// Nothing is changed when there is no database, no such account, or the password is not a valid one.
pub async fn passwd(
    config: &Config,
    email: &str,
    read: impl FnOnce() -> io::Result<String>,
) -> Result<String, CommandError> {
    let email = valid_login(email, EmailRule::Optional)?;
    let store = open(config).await?;
    let done = change(config, &store, &email, read).await;
    store.close().await;
    done
}

async fn change(
    config: &Config,
    store: &Arc<dyn Store>,
    email: &str,
    read: impl FnOnce() -> io::Result<String>,
) -> Result<String, CommandError> {
    let Some(known) = find_account(&**store, email).await? else {
        return Err(CommandError(format!("There is no account {email}.")));
    };
    let password =
        read().map_err(|cause| CommandError(format!("The password could not be read: {cause}.")))?;
    let user = known.user;
    valid_password("password", &password, &known_words(config.public_host(), email, &user.name))?;
    let hash = Passwords::default().hash(Lane::Known, &password).await?;
    let patch = UserPatch { password_hash: Some(hash), ..UserPatch::default() };
    // The store ends the sessions in the same transaction.
    let changed = store.update_user(&user.id, &patch, None).await?;
    let ended = changed.done().map_or(0, |(_, ended)| ended.len());
    let audit = audit(store);
    let note = Note::by_nobody(AuditKind::PasswordChanged, "").to(&user);
    audit.note(note.saying(Reason::new("audit-by-command"))).await;
    let disabled = match user.state {
        UserState::Active => "",
        UserState::Disabled | UserState::Deleted => {
            " The account is disabled, so it cannot be used to sign in."
        }
    };
    Ok(format!("{email} has a new password, and {} signed out.{disabled}", sessions(ended)))
}

fn sessions(count: usize) -> String {
    match count {
        1 => "1 session is".to_owned(),
        count => format!("{count} sessions are"),
    }
}

/// The new password: typed twice without an echo at a terminal, otherwise the first line of standard input.
///
/// # Errors
///
/// When there is nothing to read, or the two passwords differ.
pub fn read_password(email: &str) -> io::Result<String> {
    if io::stdin().is_terminal() {
        let password = rpassword::prompt_password(format!("New password for {email}: "))?;
        let again = rpassword::prompt_password("The same again: ")?;
        return if password == again { Ok(password) } else { Err(io::Error::other("the two differ")) };
    }
    let mut line = String::new();
    io::BufRead::read_line(&mut io::Read::take(io::stdin().lock(), MAX_LINE_BYTES), &mut line)?;
    let password = line.strip_suffix('\n').unwrap_or(&line);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() { Err(io::Error::other("there is none")) } else { Ok(password.to_owned()) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::server::store;

    fn config(folder: &Path) -> Config {
        let file = folder.join("Leptos.toml");
        std::fs::write(&file, "").unwrap();
        let data = folder.to_string_lossy().into_owned();
        Config::load(Some(&file), |name| (name == "INGLENOOK_DATA_DIR").then(|| data.clone())).unwrap()
    }

    #[test]
    fn one_session_is_one() {
        assert_eq!([0, 1, 2].map(sessions), ["0 sessions are", "1 session is", "2 sessions are"]);
    }

    #[tokio::test]
    async fn without_a_database_nothing_is_made_and_nothing_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let asked = || panic!("nothing is asked");
        let error = passwd(&config, "lin@example.org", asked).await.unwrap_err().to_string();
        assert!(error.contains("There is no database at"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "only the configuration");
        let error = passwd(&config, "l i n", asked).await.unwrap_err().to_string();
        assert!(error.contains("e-mail address"), "{error}");
    }

    #[tokio::test]
    async fn an_unknown_account_and_a_weak_password_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let store = store::open(&config.store.url, &store::OpenOptions::default()).await.unwrap();
        let user = store::NewUser {
            email_verified: false,
            identity: None,
            id: "1".into(),
            login: "lin@example.org".into(),
            name: "Lin".into(),
            password_hash: "$old".into(),
            created_at: 0,
        };
        store.create_user(&user, store::Admission::ANYBODY).await.unwrap();
        let error = passwd(&config, "kim@example.org", || panic!("asked")).await.unwrap_err().to_string();
        assert!(error.contains("no account"), "{error}");
        for weak in ["short", "password1", "lin@example.org"] {
            assert!(passwd(&config, "lin@example.org", || Ok(weak.to_owned())).await.is_err(), "{weak}");
        }
        assert_eq!(store.credentials("lin@example.org").await.unwrap().unwrap().password_hash, "$old");
        let done = passwd(&config, " Lin@Example.org ", || Ok("hearth and kettle".to_owned())).await.unwrap();
        assert!(done.contains("new password"), "{done}");
        assert_ne!(store.credentials("lin@example.org").await.unwrap().unwrap().password_hash, "$old");
    }
}
