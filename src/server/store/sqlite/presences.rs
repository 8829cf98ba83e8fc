//! When people had a page open, in SQLite.

use async_trait::async_trait;
use sqlx::{Error, FromRow, Row, sqlite::SqliteRow};

use crate::server::store::{Presences, Result, StoredPresence};

use super::{Sqlite, error::store_error, rows::json};

const NOTE: &str = "
    INSERT INTO presences (user_id, active_until, connected_until, seen_at)
    SELECT id, ?2, ?3, ?4 FROM users WHERE id = ?1 AND state <> 'deleted'
    ON CONFLICT (user_id) DO UPDATE SET active_until = max(active_until, excluded.active_until),
        connected_until = max(connected_until, excluded.connected_until), seen_at = max(seen_at, excluded.seen_at)
    WHERE hidden = 0";

const THESE: &str = "
    SELECT presences.* FROM json_each(?1) AS these JOIN presences ON presences.user_id = these.value
    WHERE presences.hidden = 0";

const PRESENT: &str = "
    SELECT * FROM presences WHERE connected_until > ?1 AND hidden = 0
    ORDER BY active_until > ?1 DESC, user_id LIMIT ?2";

const HIDE: &str = "
    INSERT INTO presences (user_id, hidden) SELECT id, 1 FROM users WHERE id = ?1
    ON CONFLICT (user_id) DO UPDATE SET active_until = 0, connected_until = 0, seen_at = 0, hidden = 1";

impl FromRow<'_, SqliteRow> for StoredPresence {
    fn from_row(row: &SqliteRow) -> std::result::Result<Self, Error> {
        Ok(Self {
            user_id: row.try_get("user_id")?,
            active_until: row.try_get("active_until")?,
            connected_until: row.try_get("connected_until")?,
            seen_at: row.try_get("seen_at")?,
        })
    }
}

#[async_trait]
impl Presences for Sqlite {
    async fn note_presences(&self, seen: &[StoredPresence]) -> Result<()> {
        self.note_seen(seen).await.map_err(store_error)
    }

    async fn presences(&self, user_ids: &[String]) -> Result<Vec<StoredPresence>> {
        sqlx::query_as(THESE).bind(json(&user_ids)).fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn present(&self, now: i64, most: u32) -> Result<Vec<StoredPresence>> {
        sqlx::query_as(PRESENT).bind(now).bind(most).fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn shows_presence(&self, user_id: &str) -> Result<bool> {
        sqlx::query_scalar("SELECT NOT EXISTS (SELECT 1 FROM presences WHERE user_id = ?1 AND hidden = 1)")
            .bind(user_id)
            .fetch_one(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn show_presence(&self, user_id: &str, shows: bool) -> Result<()> {
        let statement = if shows { "UPDATE presences SET hidden = 0 WHERE user_id = ?1" } else { HIDE };
        let shown = sqlx::query(statement).bind(user_id).execute(&self.writer).await;
        shown.map(|_| ()).map_err(store_error)
    }
}

impl Sqlite {
    async fn note_seen(&self, seen: &[StoredPresence]) -> sqlx::Result<()> {
        let mut tx = self.writer.begin().await?;
        for one in seen {
            sqlx::query(NOTE)
                .bind(&one.user_id)
                .bind(one.active_until)
                .bind(one.connected_until)
                .bind(one.seen_at)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await
    }
}
