//! The queue of jobs, in SQLite. Only one process does jobs; a command beside it may look at the queue and enqueue
//! jobs.

use async_trait::async_trait;
use sqlx::{Executor, FromRow, Row, Sqlite as Db, sqlite::SqliteRow};

use crate::server::store::{
    Job, Lease, NewJob, Queue, QueueView, Result,
    queue::{check, cut},
};

use super::{Sqlite, error::store_error};

const ENQUEUE: &str = "
    INSERT INTO jobs (id, kind, key, payload, run_at, due_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)
    ON CONFLICT (id) DO NOTHING
    ON CONFLICT (kind, key) WHERE key IS NOT NULL DO UPDATE SET
        payload = excluded.payload, run_at = excluded.run_at, due_at = excluded.due_at, attempts = 0,
        last_error = NULL, failed_at = NULL
        WHERE failed_at IS NOT NULL";

/// `?1` is a JSON array, here and below.
const LEASE: &str = "
    UPDATE jobs SET attempts = attempts + 1, due_at = ?2 + ?3, leased_by = ?4
    WHERE id = (
        SELECT id FROM jobs WHERE due_at <= ?2 AND kind IN (SELECT value FROM json_each(?1))
        ORDER BY due_at, id LIMIT 1
    )
    RETURNING *";

const NEXT: &str = "
    SELECT due_at FROM jobs WHERE due_at IS NOT NULL AND kind IN (SELECT value FROM json_each(?1))
    ORDER BY due_at LIMIT 1";

const RENEW: &str = "UPDATE jobs SET due_at = ?4 WHERE id = ?1 AND leased_by = ?2 AND attempts = ?3";

const REMOVE: &str = "DELETE FROM jobs WHERE id = ?1 AND leased_by = ?2 AND attempts = ?3";

const REPEAT: &str = "
    UPDATE jobs SET run_at = ?4, due_at = ?4, attempts = 0, leased_by = NULL, last_error = NULL
    WHERE id = ?1 AND leased_by = ?2 AND attempts = ?3";

const FAIL: &str = "
    UPDATE jobs SET run_at = coalesce(?4, run_at), due_at = ?4, leased_by = NULL, last_error = ?5, failed_at = ?6
    WHERE id = ?1 AND leased_by = ?2 AND attempts = ?3";

/// Each row carries the counts of all jobs.
const VIEW: &str = "
    SELECT *, count(*) FILTER (WHERE failed_at IS NULL AND leased_by IS NULL) OVER () AS waiting,
        count(leased_by) OVER () AS leased, count(failed_at) OVER () AS failed
    FROM jobs ORDER BY failed_at IS NULL, last_error IS NULL, run_at, id LIMIT ?1";

impl FromRow<'_, SqliteRow> for Job {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let by: Option<String> = row.try_get("leased_by")?;
        let until: Option<i64> = row.try_get("due_at")?;
        Ok(Self {
            id: row.try_get("id")?,
            kind: row.try_get("kind")?,
            key: row.try_get("key")?,
            payload: row.try_get("payload")?,
            run_at: row.try_get("run_at")?,
            attempts: row.try_get("attempts")?,
            lease: by.zip(until).map(|(by, until)| Lease { by, until }),
            last_error: row.try_get("last_error")?,
            failed_at: row.try_get("failed_at")?,
            created_at: row.try_get("created_at")?,
        })
    }
}

/// The answer of [`Queue::view_jobs`], read with any connection to the file.
pub(super) async fn view<'e>(
    reader: impl Executor<'e, Database = Db>,
    limit: u32,
) -> sqlx::Result<QueueView> {
    let rows = sqlx::query(VIEW).bind(limit.max(1)).fetch_all(reader).await?;
    let Some(first) = rows.first() else { return Ok(QueueView::default()) };
    let count = |name: &str| first.try_get::<i64, _>(name).map(i64::unsigned_abs);
    Ok(QueueView {
        waiting: count("waiting")?,
        leased: count("leased")?,
        failed: count("failed")?,
        jobs: rows.iter().take(limit as usize).map(Job::from_row).collect::<sqlx::Result<_>>()?,
    })
}

fn array(kinds: &[&str]) -> String {
    serde_json::to_string(kinds).unwrap_or_default()
}

impl Sqlite {
    /// Changes the row of a leased job; `false` when the row no longer has this lease.
    async fn change(
        &self,
        statement: &'static str,
        leased: &Job,
        with: impl FnOnce(Query<'static>) -> Query<'static>,
    ) -> Result<bool> {
        let by = leased.lease.as_ref().map(|lease| lease.by.clone());
        let query = sqlx::query(statement).bind(leased.id.clone()).bind(by).bind(leased.attempts);
        let changed = with(query).execute(&self.writer).await.map_err(store_error)?;
        Ok(changed.rows_affected() == 1)
    }
}

type Query<'q> = sqlx::query::Query<'q, Db, sqlx::sqlite::SqliteArguments>;

#[async_trait]
impl Queue for Sqlite {
    async fn enqueue_job(&self, job: &NewJob) -> Result<bool> {
        check(job)?;
        sqlx::query(ENQUEUE)
            .bind(&job.id)
            .bind(&job.kind)
            .bind(&job.key)
            .bind(&job.payload)
            .bind(job.run_at)
            .bind(job.created_at)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(store_error)
    }

    async fn lease_job(&self, kinds: &[&str], now: i64, lease_for: i64, by: &str) -> Result<Option<Job>> {
        sqlx::query_as(LEASE)
            .bind(array(kinds))
            .bind(now)
            .bind(lease_for)
            .bind(by)
            .fetch_all(&self.writer)
            .await
            .map(|mut rows| rows.pop())
            .map_err(store_error)
    }

    async fn next_job_at(&self, kinds: &[&str]) -> Result<Option<i64>> {
        sqlx::query_scalar(NEXT).bind(array(kinds)).fetch_optional(&self.readers).await.map_err(store_error)
    }

    async fn renew_job(&self, leased: &Job, until: i64) -> Result<bool> {
        self.change(RENEW, leased, |query| query.bind(until)).await
    }

    async fn complete_job(&self, leased: &Job, next: Option<i64>) -> Result<bool> {
        match next {
            Some(next) => self.change(REPEAT, leased, |query| query.bind(next)).await,
            None => self.change(REMOVE, leased, |query| query).await,
        }
    }

    async fn fail_job(&self, leased: &Job, now: i64, retry_at: Option<i64>, error: &str) -> Result<bool> {
        let error = cut(error).to_owned();
        let failed_at = retry_at.is_none().then_some(now);
        self.change(FAIL, leased, |query| query.bind(retry_at).bind(error).bind(failed_at)).await
    }

    async fn view_jobs(&self, limit: u32) -> Result<QueueView> {
        view(&self.readers, limit).await.map_err(store_error)
    }
}
