//! Sign-in on another device, in SQLite.

use async_trait::async_trait;
use sqlx::{FromRow, Row, sqlite::SqliteRow};

use crate::server::store::{AskingDevice, DeviceLink, DeviceLinks, Result, Session};

use super::{Sqlite, error::store_error, sessions::insert_session};

const PUT: &str = "
    INSERT INTO device_links (session_id, code_hash, code, expires_at) SELECT id, ?2, ?3, ?4 FROM sessions WHERE id = ?1
    ON CONFLICT (session_id) DO UPDATE SET code_hash = excluded.code_hash, code = excluded.code,
        expires_at = excluded.expires_at, asked_hash = NULL, asked_number = NULL, asked_agent = NULL,
        asked_address = NULL, confirmed = 0, done = 0";

/// The links that count at `?1`.
macro_rules! counting {
    () => {
        "device_links JOIN sessions ON sessions.id = device_links.session_id AND sessions.expires_at > ?1
        WHERE device_links.expires_at > ?1"
    };
}

const OF_SESSION: &str = concat!("SELECT device_links.* FROM ", counting!(), " AND session_id = ?2");

const OF_CODE: &str = concat!("SELECT device_links.* FROM ", counting!(), " AND code_hash = ?2");

const ASK: &str = concat!(
    "UPDATE device_links SET asked_hash = ?3, asked_number = ?4, asked_agent = ?5, asked_address = ?6
    WHERE asked_hash IS NULL AND session_id = (SELECT session_id FROM ",
    counting!(),
    " AND code_hash = ?2)"
);

const CONFIRM: &str = concat!(
    "UPDATE device_links SET confirmed = 1
    WHERE asked_number = ?3 AND NOT confirmed AND session_id = (SELECT session_id FROM ",
    counting!(),
    " AND session_id = ?2)"
);

/// Also compares whose the link is, with `?4`.
const CLAIM: &str = concat!(
    "UPDATE device_links SET done = 1
    WHERE asked_hash = ?3 AND confirmed AND NOT done AND session_id = (SELECT session_id FROM ",
    counting!(),
    " AND code_hash = ?2 AND sessions.user_id = ?4)"
);

impl FromRow<'_, SqliteRow> for DeviceLink {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let secret_hash: Option<String> = row.try_get("asked_hash")?;
        let asked = secret_hash.map(|secret_hash| -> sqlx::Result<AskingDevice> {
            Ok(AskingDevice {
                secret_hash,
                number: row.try_get("asked_number")?,
                user_agent: row.try_get("asked_agent")?,
                address: row.try_get("asked_address")?,
            })
        });
        Ok(Self {
            session_id: row.try_get("session_id")?,
            code_hash: row.try_get("code_hash")?,
            code: row.try_get("code")?,
            expires_at: row.try_get("expires_at")?,
            asked: asked.transpose()?,
            confirmed: row.try_get("confirmed")?,
            done: row.try_get("done")?,
        })
    }
}

#[async_trait]
impl DeviceLinks for Sqlite {
    async fn put_device_link(&self, link: &DeviceLink, now: i64) -> Result<bool> {
        // Nobody looks at those of others again.
        sqlx::query("DELETE FROM device_links WHERE expires_at <= ?1")
            .bind(now)
            .execute(&self.writer)
            .await
            .map_err(store_error)?;
        sqlx::query(PUT)
            .bind(&link.session_id)
            .bind(&link.code_hash)
            .bind(&link.code)
            .bind(link.expires_at)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(store_error)
    }

    async fn device_link_of(&self, session_id: &str, now: i64) -> Result<Option<DeviceLink>> {
        let found = sqlx::query_as(OF_SESSION).bind(now).bind(session_id);
        found.fetch_optional(&self.readers).await.map_err(store_error)
    }

    async fn device_link(&self, code_hash: &str, now: i64) -> Result<Option<DeviceLink>> {
        let found = sqlx::query_as(OF_CODE).bind(now).bind(code_hash);
        found.fetch_optional(&self.readers).await.map_err(store_error)
    }

    async fn ask_by_device_link(&self, code_hash: &str, asking: &AskingDevice, now: i64) -> Result<bool> {
        sqlx::query(ASK)
            .bind(now)
            .bind(code_hash)
            .bind(&asking.secret_hash)
            .bind(asking.number)
            .bind(&asking.user_agent)
            .bind(&asking.address)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(store_error)
    }

    async fn confirm_device(&self, session_id: &str, number: u32, now: i64) -> Result<bool> {
        let done = sqlx::query(CONFIRM).bind(now).bind(session_id).bind(number).execute(&self.writer).await;
        done.map(|done| done.rows_affected() == 1).map_err(store_error)
    }

    async fn remove_device_link(&self, session_id: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM device_links WHERE session_id = ?1").bind(session_id);
        let done = done.execute(&self.writer).await;
        done.map(|done| done.rows_affected() == 1).map_err(store_error)
    }

    async fn claim_device_link(
        &self,
        code_hash: &str,
        secret_hash: &str,
        session: &Session,
        now: i64,
    ) -> Result<bool> {
        self.claim(code_hash, secret_hash, session, now).await.map_err(store_error)
    }
}

impl Sqlite {
    async fn claim(
        &self,
        code_hash: &str,
        secret_hash: &str,
        session: &Session,
        now: i64,
    ) -> sqlx::Result<bool> {
        let mut tx = self.writer.begin().await?;
        let claimed = sqlx::query(CLAIM).bind(now).bind(code_hash).bind(secret_hash).bind(&session.user_id);
        if claimed.execute(&mut *tx).await?.rows_affected() == 0
            || insert_session(session, None).execute(&mut *tx).await?.rows_affected() == 0
        {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }
}
