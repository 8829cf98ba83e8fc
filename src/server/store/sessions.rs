//! Sign-ins, as a trait.

use async_trait::async_trait;

use super::Result;
use crate::domain::User;

/// A signed-in browser or program. Its token names this row; without the row the token is worthless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: String,
    pub user_id: String,
    pub created_at: i64,
    pub last_seen_at: i64,
    pub expires_at: i64,
    pub user_agent: String,
}

#[async_trait]
pub trait Sessions: Send + Sync {
    /// `false`: meanwhile the account was disabled or removed, or its password was changed. `password_hash` is the hash
    /// of the password with which the person signed in.
    async fn create_session(&self, session: &Session, password_hash: &str) -> Result<bool>;
    /// The session and its user, in one query. The session may have expired.
    async fn session(&self, id: &str) -> Result<Option<(Session, User)>>;
    /// Those of these sessions that are still valid: they exist, have not expired at `now`, and their account is
    /// active.
    async fn valid_sessions(&self, ids: &[String], now: i64) -> Result<Vec<String>>;
    /// `false` when the session is gone.
    async fn touch_session(&self, id: &str, last_seen_at: i64, expires_at: i64) -> Result<bool>;
    async fn delete_session(&self, id: &str) -> Result<bool>;
    /// Ends all sessions of a user except `keep`; answers the ids of the ended sessions.
    async fn delete_sessions(&self, user_id: &str, keep: Option<&str>) -> Result<Vec<String>>;
    /// Removes sessions whose `expires_at` is not after `now`; answers how many.
    async fn delete_expired_sessions(&self, now: i64) -> Result<u64>;
}
