//! Sessions, in SQLite.

use async_trait::async_trait;
use sqlx::FromRow;

use crate::{
    domain::User,
    server::store::{Result, Session, Sessions},
};

use super::{Sqlite, error::store_error};

const CREATE: &str = "
    INSERT INTO sessions (id, user_id, created_at, last_seen_at, expires_at, user_agent)
    SELECT ?1, id, ?3, ?4, ?5, ?6 FROM users WHERE id = ?2 AND password_hash = ?7 AND state = 'active'";

pub(super) const END_SESSIONS: &str = "DELETE FROM sessions WHERE user_id = ?1 AND id IS NOT ?2 RETURNING id";

/// `?1` is a JSON array.
const VALID: &str = "
    SELECT sessions.id FROM sessions JOIN users ON users.id = sessions.user_id
    WHERE sessions.id IN (SELECT value FROM json_each(?1)) AND expires_at > ?2 AND state = 'active'";

const WITH_USER: &str = "
    SELECT users.*, sessions.id AS session_id, sessions.created_at AS session_created_at,
        sessions.last_seen_at AS session_last_seen_at, sessions.expires_at AS session_expires_at,
        sessions.user_agent AS session_user_agent
    FROM sessions JOIN users ON users.id = sessions.user_id
    WHERE sessions.id = ?1";

#[async_trait]
impl Sessions for Sqlite {
    async fn create_session(&self, session: &Session, password_hash: &str) -> Result<bool> {
        sqlx::query(CREATE)
            .bind(&session.id)
            .bind(&session.user_id)
            .bind(session.created_at)
            .bind(session.last_seen_at)
            .bind(session.expires_at)
            .bind(&session.user_agent)
            .bind(password_hash)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(store_error)
    }

    async fn session(&self, id: &str) -> Result<Option<(Session, User)>> {
        let row = sqlx::query(WITH_USER).bind(id).fetch_optional(&self.readers).await.map_err(store_error)?;
        row.map(|row| Ok((Session::from_row(&row)?, User::from_row(&row)?))).transpose().map_err(store_error)
    }

    async fn valid_sessions(&self, ids: &[String], now: i64) -> Result<Vec<String>> {
        sqlx::query_scalar(VALID)
            .bind(serde_json::to_string(ids).unwrap_or_default())
            .bind(now)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn touch_session(&self, id: &str, last_seen_at: i64, expires_at: i64) -> Result<bool> {
        sqlx::query("UPDATE sessions SET last_seen_at = ?2, expires_at = ?3 WHERE id = ?1")
            .bind(id)
            .bind(last_seen_at)
            .bind(expires_at)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(store_error)
    }

    async fn delete_session(&self, id: &str) -> Result<bool> {
        sqlx::query("DELETE FROM sessions WHERE id = ?1")
            .bind(id)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(store_error)
    }

    async fn delete_sessions(&self, user_id: &str, keep: Option<&str>) -> Result<Vec<String>> {
        sqlx::query_scalar(END_SESSIONS)
            .bind(user_id)
            .bind(keep)
            .fetch_all(&self.writer)
            .await
            .map_err(store_error)
    }

    async fn delete_expired_sessions(&self, now: i64) -> Result<u64> {
        sqlx::query("DELETE FROM sessions WHERE expires_at <= ?1")
            .bind(now)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected())
            .map_err(store_error)
    }
}
