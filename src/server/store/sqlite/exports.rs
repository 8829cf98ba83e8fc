//! Exports, in SQLite.

use async_trait::async_trait;
use sqlx::{Error, FromRow, Row, sqlite::SqliteRow};

use super::{
    Sqlite,
    error::store_error,
    rows::{get, json},
};
use crate::{
    domain::{Export, Reason},
    server::store::{ExportRun, Exports, Result},
};

/// How many parts one statement removes, which takes about a hundredth of a second.
const BATCH: i64 = 16;

const ASK: &str = "
    INSERT INTO exports (user_id, id, state, made_at, ends_at) SELECT id, ?2, 'waiting', ?3, ?4 FROM users
    WHERE id = ?1 AND state != 'deleted'
    ON CONFLICT (user_id) DO UPDATE SET id = excluded.id, run = NULL, state = 'waiting', done = 0, total = 0, bytes = 0,
        reason = NULL, made_at = excluded.made_at, ends_at = excluded.ends_at
    WHERE state NOT IN ('waiting', 'running')";

const START: &str = "
    UPDATE exports SET run = ?3, state = 'running', done = 0, total = ?4, bytes = 0
    WHERE user_id = ?1 AND id = ?2 AND state IN ('waiting', 'running')";

/// Of the try `?3` alone.
macro_rules! own_run {
    () => {
        " WHERE user_id = ?1 AND id = ?2 AND run = ?3 AND state = 'running'"
    };
}

const TELL: &str = concat!("UPDATE exports SET done = max(done, ?4), bytes = bytes + ?5", own_run!());
const FINISH: &str = concat!("UPDATE exports SET state = 'ready', done = total, ends_at = ?4", own_run!());

const FAIL: &str = "
    UPDATE exports SET state = 'failed', run = NULL, bytes = 0, reason = ?3
    WHERE user_id = ?1 AND id = ?2 AND state IN ('waiting', 'running')";

const PART: &str = "
    SELECT export_parts.bytes FROM exports JOIN export_parts ON export_parts.run = exports.run
    WHERE user_id = ?1 AND id = ?2 AND state = 'ready' AND n = ?3";

const SWEEP: &str = "
    DELETE FROM export_parts WHERE rowid IN (
        SELECT rowid FROM export_parts WHERE run NOT IN (SELECT run FROM exports WHERE run IS NOT NULL) LIMIT ?1)";

impl FromRow<'_, SqliteRow> for Export {
    fn from_row(row: &SqliteRow) -> std::result::Result<Self, Error> {
        let reason: Option<&str> = row.try_get("reason")?;
        Ok(Self {
            id: row.try_get("id")?,
            state: get(row, "state")?,
            done: row.try_get("done")?,
            total: row.try_get("total")?,
            bytes: row.try_get::<i64, _>("bytes")?.unsigned_abs(),
            reason: reason.and_then(|text| serde_json::from_str(text).ok()),
            made_at: row.try_get("made_at")?,
            ends_at: row.try_get("ends_at")?,
        })
    }
}

#[async_trait]
impl Exports for Sqlite {
    async fn ask_export(&self, user_id: &str, id: &str, now: i64, ends_at: i64) -> Result<bool> {
        let asked = sqlx::query(ASK).bind(user_id).bind(id).bind(now).bind(ends_at);
        let asked = asked.execute(&self.writer).await;
        asked.map(|done| done.rows_affected() == 1).map_err(store_error)
    }

    async fn export(&self, user_id: &str) -> Result<Option<Export>> {
        let found = sqlx::query_as("SELECT * FROM exports WHERE user_id = ?1").bind(user_id);
        found.fetch_optional(&self.readers).await.map_err(store_error)
    }

    async fn start_export(&self, run: &ExportRun, total: u32) -> Result<bool> {
        let started = sqlx::query(START).bind(&run.user_id).bind(&run.export_id).bind(&run.run).bind(total);
        let started = started.execute(&self.writer).await;
        started.map(|done| done.rows_affected() == 1).map_err(store_error)
    }

    async fn add_export_part(&self, run: &ExportRun, n: u32, bytes: &[u8], done: u32) -> Result<bool> {
        self.add_part(run, n, bytes, done).await.map_err(store_error)
    }

    async fn tell_export(&self, run: &ExportRun, done: u32) -> Result<bool> {
        let told = sqlx::query(TELL).bind(&run.user_id).bind(&run.export_id).bind(&run.run).bind(done);
        let told = told.bind(0).execute(&self.writer).await;
        told.map(|done| done.rows_affected() == 1).map_err(store_error)
    }

    async fn finish_export(&self, run: &ExportRun, ends_at: i64) -> Result<bool> {
        let made = sqlx::query(FINISH).bind(&run.user_id).bind(&run.export_id).bind(&run.run).bind(ends_at);
        let made = made.execute(&self.writer).await;
        made.map(|done| done.rows_affected() == 1).map_err(store_error)
    }

    async fn fail_export(&self, user_id: &str, id: &str, reason: &Reason) -> Result<bool> {
        let failed = sqlx::query(FAIL).bind(user_id).bind(id).bind(json(reason)).execute(&self.writer).await;
        failed.map(|done| done.rows_affected() == 1).map_err(store_error)
    }

    async fn export_part(&self, user_id: &str, id: &str, n: u32) -> Result<Option<Vec<u8>>> {
        let found = sqlx::query_scalar(PART).bind(user_id).bind(id).bind(n);
        found.fetch_optional(&self.readers).await.map_err(store_error)
    }

    async fn delete_export(&self, user_id: &str) -> Result<bool> {
        let gone = sqlx::query("DELETE FROM exports WHERE user_id = ?1").bind(user_id);
        let gone = gone.execute(&self.writer).await;
        gone.map(|done| done.rows_affected() == 1).map_err(store_error)
    }

    async fn exports_under_way(&self) -> Result<Vec<(String, String)>> {
        sqlx::query_as("SELECT user_id, id FROM exports WHERE state IN ('waiting', 'running')")
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn sweep_exports(&self, now: i64) -> Result<bool> {
        let ended = sqlx::query("DELETE FROM exports WHERE ends_at <= ?1").bind(now);
        ended.execute(&self.writer).await.map_err(store_error)?;
        let swept = sqlx::query(SWEEP).bind(BATCH).execute(&self.writer).await.map_err(store_error)?;
        Ok(swept.rows_affected() > 0)
    }
}

impl Sqlite {
    async fn add_part(&self, run: &ExportRun, n: u32, bytes: &[u8], done: u32) -> sqlx::Result<bool> {
        let mut tx = self.writer.begin().await?;
        let told = sqlx::query(TELL).bind(&run.user_id).bind(&run.export_id).bind(&run.run).bind(done);
        let told = told.bind(i64::try_from(bytes.len()).unwrap_or(i64::MAX)).execute(&mut *tx).await?;
        if told.rows_affected() == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        let add = "INSERT INTO export_parts (run, n, bytes) VALUES (?1, ?2, ?3)";
        sqlx::query(add).bind(&run.run).bind(n).bind(bytes).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(true)
    }
}
