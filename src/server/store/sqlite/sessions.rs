//! Sessions, in SQLite.

use async_trait::async_trait;
use sqlx::{FromRow, query::Query, sqlite::SqliteArguments};

use crate::{
    domain::User,
    server::store::{KeyOutcome, Result, Session, Sessions, Visit},
};

use super::{Sqlite, error::store_error};

const CREATE: &str = "
    INSERT INTO sessions (id, user_id, created_at, last_seen_at, expires_at, user_agent, kind, name, scope,
        secret_hash, address, proved_at)
    SELECT ?1, id, ?3, ?4, ?5, ?6, ?8, ?9, ?10, ?11, ?12, ?13 FROM users
    WHERE id = ?2 AND password_hash = coalesce(?7, password_hash) AND state = 'active'";

/// Of the browsers, or also of the keys.
pub(super) const END_SESSIONS: &str = "
    DELETE FROM sessions WHERE user_id = ?1 AND id IS NOT ?2 AND (?3 OR kind = 'browser') RETURNING id";

/// `?1` is a JSON array.
const VALID: &str = "
    SELECT sessions.id FROM sessions JOIN users ON users.id = sessions.user_id
    WHERE sessions.id IN (SELECT value FROM json_each(?1)) AND expires_at > ?2 AND state = 'active'";

/// The columns of a session, under the names that [`Session`] is read by.
macro_rules! columns {
    () => {
        "sessions.id AS session_id, sessions.user_id AS session_user_id,
        sessions.created_at AS session_created_at, sessions.last_seen_at AS session_last_seen_at,
        sessions.expires_at AS session_expires_at, sessions.user_agent AS session_user_agent,
        sessions.kind AS session_kind, sessions.name AS session_name, sessions.scope AS session_scope,
        sessions.secret_hash AS session_secret_hash, sessions.address AS session_address,
        sessions.proved_at AS session_proved_at"
    };
}

const COUNT_KEYS: &str =
    "SELECT count(*) FROM sessions WHERE user_id = ?1 AND kind = 'key' AND expires_at > ?2";

const WITH_USER: &str = concat!(
    "SELECT users.*, ",
    columns!(),
    " FROM sessions JOIN users ON users.id = sessions.user_id WHERE sessions.id = ?1"
);

const OF_USER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM sessions WHERE user_id = ?1 AND expires_at > ?2 ORDER BY last_seen_at DESC, id DESC"
);

/// The statement that begins a session, if its account is active and has this password.
pub(super) fn insert_session<'a>(
    session: &'a Session,
    password_hash: Option<&'a str>,
) -> Query<'a, sqlx::Sqlite, SqliteArguments> {
    sqlx::query(CREATE)
        .bind(&session.id)
        .bind(&session.user_id)
        .bind(session.created_at)
        .bind(session.last_seen_at)
        .bind(session.expires_at)
        .bind(&session.user_agent)
        .bind(password_hash)
        .bind(session.kind.into_str())
        .bind(&session.name)
        .bind(session.scope.into_str())
        .bind(&session.secret_hash)
        .bind(&session.address)
        .bind(session.proved_at)
}

#[async_trait]
impl Sessions for Sqlite {
    async fn create_session(&self, session: &Session, password_hash: Option<&str>) -> Result<bool> {
        insert_session(session, password_hash)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(store_error)
    }

    async fn create_key(&self, key: &Session, most: u32) -> Result<KeyOutcome> {
        self.insert_key(key, most).await.map_err(store_error)
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

    async fn touch_session(&self, id: &str, visit: Visit<'_>) -> Result<bool> {
        self.touch(id, visit).await.map_err(store_error)
    }

    async fn prove_session(&self, id: &str, at: i64) -> Result<bool> {
        sqlx::query("UPDATE sessions SET proved_at = ?2 WHERE id = ?1")
            .bind(id)
            .bind(at)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(store_error)
    }

    async fn sessions_of(&self, user_id: &str, now: i64) -> Result<Vec<Session>> {
        sqlx::query_as(OF_USER).bind(user_id).bind(now).fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn delete_session_of(&self, user_id: &str, id: &str) -> Result<bool> {
        sqlx::query("DELETE FROM sessions WHERE id = ?1 AND user_id = ?2")
            .bind(id)
            .bind(user_id)
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
            .bind(false)
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

impl Sqlite {
    async fn touch(&self, id: &str, visit: Visit<'_>) -> sqlx::Result<bool> {
        let mut tx = self.writer.begin().await?;
        let touched: Option<String> = sqlx::query_scalar(
            "UPDATE sessions SET last_seen_at = ?2, expires_at = ?3, address = ?4 WHERE id = ?1 RETURNING user_id",
        )
        .bind(id)
        .bind(visit.at)
        .bind(visit.expires_at)
        .bind(visit.address)
        .fetch_optional(&mut *tx)
        .await?;
        sqlx::query("UPDATE users SET seen_at = max(coalesce(seen_at, 0), ?2) WHERE id = ?1")
            .bind(&touched)
            .bind(visit.at)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(touched.is_some())
    }
}

impl Sqlite {
    /// The writer is one connection, so nobody else makes a key between these statements.
    async fn insert_key(&self, key: &Session, most: u32) -> sqlx::Result<KeyOutcome> {
        let mut tx = self.writer.begin().await?;
        let count = sqlx::query_scalar(COUNT_KEYS).bind(&key.user_id).bind(key.created_at);
        let count: i64 = count.fetch_one(&mut *tx).await?;
        if count >= i64::from(most) {
            tx.rollback().await?;
            return Ok(KeyOutcome::TooMany);
        }
        let made = insert_session(key, None).execute(&mut *tx).await?.rows_affected() == 1;
        tx.commit().await?;
        Ok(if made { KeyOutcome::Made } else { KeyOutcome::Missing })
    }
}
