//! Reports of messages of a room, in SQLite.

use async_trait::async_trait;
use sqlx::{FromRow, Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    domain::{Report, ReportEnd, Settled, report::MOST_REPORTS},
    server::store::{Grant, Need, NewReport, ReportOutcome, ReportQuery, Reports, Result},
};

use super::{
    Sqlite,
    access::{may, number},
    error::store_error,
    rows::get,
    tree::message,
};

const ADD: &str = "
    INSERT OR IGNORE INTO reports (id, conversation_id, message_id, reporter_id, reason, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const LIST: &str = concat!(
    "SELECT * FROM reports
    WHERE conversation_id = ?1 AND (settled_at IS NOT NULL) = ?4 AND (?5 IS NULL OR id < ?5) AND ",
    may!(),
    " ORDER BY id DESC LIMIT ?6"
);

const ONE: &str = concat!("SELECT * FROM reports WHERE conversation_id = ?1 AND id = ?4 AND ", may!());

const OPEN: &str = concat!(
    "SELECT count(*) FROM (
        SELECT 1 FROM reports WHERE conversation_id = ?1 AND settled_at IS NULL AND ",
    may!(),
    " LIMIT ?4)"
);

const DISMISS: &str = concat!(
    "UPDATE reports SET settled_at = ?5, settled_by = ?2, how = 'dismissed'
    WHERE conversation_id = ?1 AND id = ?4 AND settled_at IS NULL AND ",
    may!()
);

const DELETED: &str = "
    UPDATE reports SET settled_at = ?3, settled_by = ?2, how = 'deleted'
    WHERE message_id = ?1 AND settled_at IS NULL";

impl FromRow<'_, SqliteRow> for Report {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let settled = match row.try_get::<Option<i64>, _>("settled_at")? {
            None => None,
            Some(at) => {
                let how: ReportEnd = get(row, "how")?;
                Some(Settled { by: row.try_get("settled_by")?, at, how })
            }
        };
        Ok(Self {
            id: row.try_get("id")?,
            message_id: row.try_get("message_id")?,
            reporter_id: row.try_get("reporter_id")?,
            reason: row.try_get("reason")?,
            created_at: row.try_get("created_at")?,
            settled,
        })
    }
}

#[async_trait]
impl Reports for Sqlite {
    async fn report(&self, grant: &Grant, report: &NewReport<'_>) -> Result<ReportOutcome> {
        self.add_report(grant, report).await.map_err(store_error)
    }

    async fn reports(&self, grant: &Grant, query: ReportQuery<'_>) -> Result<Vec<Report>> {
        sqlx::query_as(LIST)
            .bind(grant.conversation_id())
            .bind(grant.user_id())
            .bind(number(Need::Manage.least()))
            .bind(query.settled)
            .bind(query.before)
            .bind(query.limit)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn open_reports(&self, grant: &Grant) -> Result<u32> {
        let open = sqlx::query_scalar(OPEN).bind(grant.conversation_id()).bind(grant.user_id());
        let open = open.bind(number(Need::Manage.least())).bind(MOST_REPORTS);
        open.fetch_one(&self.readers).await.map_err(store_error)
    }

    async fn one_report(&self, grant: &Grant, id: &str) -> Result<Option<Report>> {
        let one = sqlx::query_as(ONE).bind(grant.conversation_id()).bind(grant.user_id());
        let one = one.bind(number(Need::Manage.least())).bind(id);
        one.fetch_optional(&self.readers).await.map_err(store_error)
    }

    async fn dismiss_report(&self, grant: &Grant, id: &str, now: i64) -> Result<bool> {
        let dismiss = sqlx::query(DISMISS).bind(grant.conversation_id()).bind(grant.user_id());
        let dismiss = dismiss.bind(number(Need::Manage.least())).bind(id).bind(now);
        let done = dismiss.execute(&self.writer).await.map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }
}

impl Sqlite {
    async fn add_report(&self, grant: &Grant, report: &NewReport<'_>) -> sqlx::Result<ReportOutcome> {
        let mut tx = self.writer.begin().await?;
        let found = message(&mut tx, grant, Need::Read, report.message_id).await?;
        let shared = grant.conversation().kind.is_shared();
        if found.is_none_or(|message| !shared || message.talk.deleted_at.is_some()) {
            return Ok(ReportOutcome::Missing);
        }
        let added = sqlx::query(ADD)
            .bind(report.id)
            .bind(grant.conversation_id())
            .bind(report.message_id)
            .bind(grant.user_id())
            .bind(report.reason)
            .bind(report.now)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(if added.rows_affected() == 1 { ReportOutcome::Made } else { ReportOutcome::Same })
    }
}

/// Settles the reports of a message that is being deleted.
pub(super) async fn settle(
    tx: &mut SqliteConnection,
    message_id: &str,
    by: &str,
    now: i64,
) -> sqlx::Result<()> {
    sqlx::query(DELETED).bind(message_id).bind(by).bind(now).execute(tx).await.map(|_| ())
}
