//! API keys: what a person gives a program in place of a password. A key is a row among the sessions, so that it ends like
//! one.
//!
//! The text of a key is `ink_`, the id of its row, `_` and the secret. The row holds the hash of the secret alone. The
//! secret is random and long, so that a fast hash is enough.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Accounts, audit::Note, sessions::current_of};
use crate::{
    domain::{
        ApiKey, AuditKind, Authority, CurrentUser, Reason, Scope, SessionKind, UserState, session::NEVER,
    },
    error::AppError,
    server::{
        ops::clock::DAY_MS,
        store::{KeyOutcome, Session, Visit},
    },
};

/// What every key begins with, so that programs that look for leaked secrets know one.
const PREFIX: &str = "ink_";
const ID_CHARS: usize = 26;
const SECRET_BYTES: usize = 32;
/// The characters of [`SECRET_BYTES`] in base64 without padding.
const SECRET_CHARS: usize = 43;
/// How many keys a person can have.
const MOST_KEYS: u32 = 50;
pub const MAX_KEY_NAME_CHARS: usize = 60;
/// The longest life of a key that ends by itself, in days.
pub const MAX_KEY_DAYS: u32 = 3650;
/// A use is noted when the last one that was noted is so long ago.
const USE_MS: i64 = 10 * 60 * 1000;

/// What a person says of a new key.
#[derive(Clone, Copy, Debug)]
pub struct NewKey<'a> {
    pub name: &'a str,
    pub scope: Scope,
    /// After how many days it ends; `None`: it does not end by itself.
    pub days: Option<u32>,
}

/// Whether the token of a request is to be looked up among the keys.
pub fn is_key(token: &str) -> bool {
    token.starts_with(PREFIX)
}

impl Accounts {
    /// The person's keys, the one that was used last first.
    pub async fn keys(&self, current: &CurrentUser) -> Result<Vec<ApiKey>, AppError> {
        let all = self.sessions_of_kind(current.id(), SessionKind::Key).await?;
        Ok(all.into_iter().map(ApiKey::from).collect())
    }

    /// Makes a key. The text is told this once and kept nowhere.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] names the field; [`AppError::Forbidden`] for a key, which makes no other key;
    /// [`AppError::ProofRequired`]; [`AppError::Conflict`] for one key too many.
    pub async fn make_key(
        &self,
        current: &CurrentUser,
        new: NewKey<'_>,
    ) -> Result<(ApiKey, String), AppError> {
        let name = valid_key(&new)?;
        self.in_browser(current)?;
        self.proved(current)?;
        let (key, text) = self.store_key(current.id(), name, new).await?;
        let note = Note::by(current, AuditKind::KeyMade).to_thing(&key.id, &key.name);
        self.audit.note(note.saying(key_scope(new.scope))).await;
        Ok((key, text))
    }

    /// The keys of somebody, the one that was used last first.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`].
    pub async fn keys_of(&self, by: Authority<'_>, user_id: &str) -> Result<Vec<ApiKey>, AppError> {
        self.person(by, user_id).await?;
        let all = self.sessions_of_kind(user_id, SessionKind::Key).await?;
        Ok(all.into_iter().map(ApiKey::from).collect())
    }

    /// [`Self::make_key`] for somebody else.
    ///
    /// # Errors
    ///
    /// As [`Self::make_key`]; [`AppError::NotFound`].
    pub async fn make_key_of(
        &self,
        by: Authority<'_>,
        user_id: &str,
        new: NewKey<'_>,
    ) -> Result<(ApiKey, String), AppError> {
        let name = valid_key(&new)?;
        self.proved_on(by)?;
        let user = self.person(by, user_id).await?;
        let made = self.store_key(user_id, name, new).await?;
        self.audit.note(Note::on(by, AuditKind::KeyMade).to(&user)).await;
        Ok(made)
    }

    /// Ends a key of somebody else; its streams end.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is no such person, or they have no such key.
    pub async fn end_key_of(&self, by: Authority<'_>, user_id: &str, id: &str) -> Result<(), AppError> {
        let user = self.person(by, user_id).await?;
        let keys = self.sessions_of_kind(user_id, SessionKind::Key).await?;
        let is_theirs = keys.iter().any(|session| session.id == id);
        if !is_theirs || !self.sessions.delete_session_of(user_id, id).await? {
            return Err(AppError::NotFound);
        }
        self.ended.tell(std::slice::from_ref(&id.to_owned()));
        self.audit.note(Note::on(by, AuditKind::KeyEnded).to(&user)).await;
        Ok(())
    }

    async fn store_key(
        &self,
        user_id: &str,
        name: String,
        new: NewKey<'_>,
    ) -> Result<(ApiKey, String), AppError> {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret).map_err(|error| {
            tracing::error!(%error, "the system gives no random numbers");
            AppError::Internal
        })?;
        let secret = URL_SAFE_NO_PAD.encode(secret);
        let now = self.clock.now();
        let session = Session {
            id: self.ids.next(),
            user_id: user_id.to_owned(),
            created_at: now,
            last_seen_at: now,
            expires_at: new.days.map_or(NEVER, |days| now + i64::from(days) * DAY_MS),
            user_agent: String::new(),
            kind: SessionKind::Key,
            name,
            scope: new.scope,
            secret_hash: Some(hash_secret(&secret)),
            address: String::new(),
            proved_at: 0,
        };
        match self.sessions.create_key(&session, MOST_KEYS).await? {
            KeyOutcome::Made => {}
            KeyOutcome::Missing => return Err(AppError::SignedOut),
            KeyOutcome::TooMany => {
                let reason = Reason::new("keys-too-many").with("most", MOST_KEYS);
                return Err(AppError::Conflict { reason });
            }
        }
        let text = format!("{PREFIX}{}_{secret}", session.id);
        Ok((session.into(), text))
    }

    /// Refuses a key what only a person may do who is signed in.
    ///
    /// # Errors
    ///
    /// [`AppError::Forbidden`].
    pub fn in_browser(&self, current: &CurrentUser) -> Result<(), AppError> {
        match current.kind {
            SessionKind::Browser => Ok(()),
            SessionKind::Key => Err(AppError::Forbidden { reason: Reason::new("key-not-here") }),
        }
    }

    /// Ends a key of the person; its streams end.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: the person has no such key.
    pub async fn end_key(&self, current: &CurrentUser, id: &str) -> Result<(), AppError> {
        let mut all = self.sessions_of_kind(current.id(), SessionKind::Key).await?;
        let at = all.iter().position(|session| session.id == id).ok_or(AppError::NotFound)?;
        self.end_one(current, all.swap_remove(at), AuditKind::KeyEnded).await
    }

    /// Looks up a key that came from an address of the network. `Ok(None)`: it is no key of this site, or it has ended.
    pub async fn resume_key(&self, text: &str, address: &str) -> Result<Option<CurrentUser>, AppError> {
        let Some((id, secret)) = parts(text) else { return Ok(None) };
        let Some((session, user)) = self.sessions.session(id).await? else { return Ok(None) };
        let wanted = session.secret_hash.as_deref().unwrap_or_default();
        let is_right: bool = hash_secret(secret).as_bytes().ct_eq(wanted.as_bytes()).into();
        let now = self.clock.now();
        let counts = session.kind == SessionKind::Key
            && is_right
            && session.expires_at > now
            && user.state == UserState::Active;
        if !counts {
            return Ok(None);
        }
        let is_first = session.last_seen_at == session.created_at;
        if is_first || now - session.last_seen_at > USE_MS {
            // A use in the moment in which it was made would look like none.
            let at = now.max(session.created_at + 1);
            self.sessions.touch_session(id, Visit { at, expires_at: session.expires_at, address }).await?;
        }
        Ok(Some(current_of(user, &session, address)))
    }
}

/// The id and the secret in the text of a key, if it has the form of one.
fn parts(text: &str) -> Option<(&str, &str)> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let fits = id.len() == ID_CHARS && secret.len() == SECRET_CHARS;
    (fits && text.is_ascii()).then_some((id, secret))
}

/// What is stored of a secret that is too long to be guessed.
pub(super) fn hash_secret(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The name of a key that may be made.
fn valid_key(new: &NewKey<'_>) -> Result<String, AppError> {
    let name = valid_name(new.name)?;
    if new.days.is_some_and(|days| days == 0 || days > MAX_KEY_DAYS) {
        return Err(AppError::invalid("days", Reason::new("key-days-not-valid").with("most", MAX_KEY_DAYS)));
    }
    Ok(name)
}

fn key_scope(scope: Scope) -> Reason {
    Reason::new("audit-key-scope").with("scope", scope.into_str())
}

fn valid_name(name: &str) -> Result<String, AppError> {
    let name = name.trim();
    // A character has at most four bytes, so that a long text is not counted through.
    let fits = name.len() <= MAX_KEY_NAME_CHARS * 4 && name.chars().count() <= MAX_KEY_NAME_CHARS;
    if name.is_empty() || !fits || name.chars().any(char::is_control) {
        return Err(AppError::invalid(
            "name",
            Reason::new("key-name-not-valid").with("most", MAX_KEY_NAME_CHARS),
        ));
    }
    Ok(name.to_owned())
}

impl From<Session> for ApiKey {
    fn from(session: Session) -> Self {
        let is_used = session.last_seen_at != session.created_at;
        Self {
            id: session.id,
            name: session.name,
            scope: session.scope,
            created_at: session.created_at,
            used_at: is_used.then_some(session.last_seen_at),
            used_from: Some(session.address).filter(|_| is_used),
            expires_at: Some(session.expires_at).filter(|at| *at < NEVER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_form() {
        let (id, secret) = ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "a_-".to_owned() + &"x".repeat(40));
        assert_eq!(parts(&format!("ink_{id}_{secret}")), Some((id, &*secret)));
        for other in [
            String::new(),
            "ink_".into(),
            format!("ink_{id}"),
            format!("ink_{id}_"),
            format!("ink_{id}_{secret}x"),
            format!("ink_{id}x_{secret}"),
            format!("INK_{id}_{secret}"),
            format!("ink_{id}_{}é", &secret[..41]),
            format!("{id}_{secret}"),
        ] {
            assert_eq!(parts(&other), None, "{other}");
        }
        assert_eq!(URL_SAFE_NO_PAD.encode([0; SECRET_BYTES]).len(), SECRET_CHARS);
    }

    #[test]
    fn a_name_has_one_to_sixty_characters() {
        assert_eq!(valid_name("  Bot 🤖 ").unwrap(), "Bot 🤖");
        assert_eq!(valid_name(&"王".repeat(60)).unwrap().chars().count(), 60);
        for bad in
            [String::new(), "  ".into(), "a\0".into(), "a\nb".into(), "王".repeat(61), "x".repeat(99_999)]
        {
            assert!(valid_name(&bad).is_err());
        }
    }
}
