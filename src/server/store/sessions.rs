//! Sign-ins, as a trait.

use async_trait::async_trait;

use super::Result;
use crate::domain::{Scope, SessionKind, User};

/// A signed-in browser or program. Its token names this row; without the row the token is worthless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: String,
    pub user_id: String,
    pub created_at: i64,
    pub last_seen_at: i64,
    pub expires_at: i64,
    pub user_agent: String,
    pub kind: SessionKind,
    /// What the person calls an API key; empty for a browser.
    pub name: String,
    pub scope: Scope,
    /// The hash of an API key's secret; a browser has a signed token instead.
    pub secret_hash: Option<String>,
    /// The address of the network that it was used from last.
    pub address: String,
    /// When the person last proved in this session who they are; 0 for an API key.
    pub proved_at: i64,
}

/// A visit, as a session remembers it.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    pub at: i64,
    pub expires_at: i64,
    pub address: &'a str,
}

/// What became of a new API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOutcome {
    Made,
    /// There is no such active account.
    Missing,
    TooMany,
}

#[async_trait]
pub trait Sessions: Send + Sync {
    /// `false`: meanwhile the account was disabled or removed, or its password was changed. `password_hash` is the hash
    /// of the password with which the person signed in; `None` when no password was checked.
    async fn create_session(&self, session: &Session, password_hash: Option<&str>) -> Result<bool>;
    /// Stores an API key, unless its person has `most` that have not expired at its beginning, also when many are made at
    /// once.
    async fn create_key(&self, key: &Session, most: u32) -> Result<KeyOutcome>;
    /// The session and its user, in one query. The session may have expired.
    async fn session(&self, id: &str) -> Result<Option<(Session, User)>>;
    /// Those of these sessions that are still valid: they exist, have not expired at `now`, and their account is
    /// active.
    async fn valid_sessions(&self, ids: &[String], now: i64) -> Result<Vec<String>>;
    /// Notes a visit, for the session and for its user. `false` when the session is gone.
    async fn touch_session(&self, id: &str, visit: Visit<'_>) -> Result<bool>;
    /// Notes that the person proved who they are. `false` when the session is gone.
    async fn prove_session(&self, id: &str, at: i64) -> Result<bool>;
    /// The sessions of a person that have not expired at `now`, the one that was used last first. There are at most some
    /// hundreds, because `accounts` limits them.
    async fn sessions_of(&self, user_id: &str, now: i64) -> Result<Vec<Session>>;
    async fn delete_session(&self, id: &str) -> Result<bool>;
    /// Ends all sessions of browsers of a user except `keep`; answers the ids of the ended sessions.
    async fn delete_sessions(&self, user_id: &str, keep: Option<&str>) -> Result<Vec<String>>;
    /// Ends one session of this user, and of no other. `false` when there is none.
    async fn delete_session_of(&self, user_id: &str, id: &str) -> Result<bool>;
    /// Removes sessions whose `expires_at` is not after `now`; answers how many.
    async fn delete_expired_sessions(&self, now: i64) -> Result<u64>;
}
