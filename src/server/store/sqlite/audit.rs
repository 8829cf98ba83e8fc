//! The audit log, in SQLite.

use async_trait::async_trait;
use sqlx::{Error, FromRow, Row, sqlite::SqliteRow};

use super::{
    Sqlite,
    error::store_error,
    rows::{get, json},
};
use crate::{
    domain::{AuditEntry, audit::Named},
    server::store::{AuditLog, AuditQuery, Result},
};

/// How many rows one statement removes, so that no other call waits long to write.
const BATCH: i64 = 500;

const ADD: &str = "
    INSERT INTO audit (id, at, kind, actor_id, actor_name, subject_id, subject_name, address, count, detail, counted_as)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT (counted_as) DO UPDATE SET count = count + excluded.count";

const ALL: &str = "SELECT * FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?3";

const OF_KIND: &str = "SELECT * FROM audit WHERE id < ?1 AND kind = ?2 ORDER BY id DESC LIMIT ?3";

/// Each half ends at the limit, so that a person with many entries costs no more than one with a few.
const OF_PERSON: &str = "
    SELECT * FROM audit WHERE id IN (
        SELECT id FROM (SELECT id FROM audit WHERE actor_id = ?4 AND id < ?1 AND (?2 IS NULL OR kind = ?2)
            ORDER BY id DESC LIMIT ?3)
        UNION
        SELECT id FROM (SELECT id FROM audit WHERE subject_id = ?4 AND id < ?1 AND (?2 IS NULL OR kind = ?2)
            ORDER BY id DESC LIMIT ?3)
    ) ORDER BY id DESC LIMIT ?3";

const FORGET: &str = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ?1 LIMIT ?2)";

/// No id is greater.
const NEWEST: &str = "~";

impl FromRow<'_, SqliteRow> for AuditEntry {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let detail: Option<&str> = row.try_get("detail")?;
        let detail = detail.map(serde_json::from_str).transpose();
        Ok(Self {
            id: row.try_get("id")?,
            at: row.try_get("at")?,
            kind: get(row, "kind")?,
            actor: named(row, "actor_id", "actor_name")?,
            subject: named(row, "subject_id", "subject_name")?,
            address: row.try_get("address")?,
            count: row.try_get("count")?,
            detail: detail
                .map_err(|error| Error::ColumnDecode { index: "detail".into(), source: Box::new(error) })?,
        })
    }
}

fn named(row: &SqliteRow, id: &str, name: &str) -> sqlx::Result<Option<Named>> {
    let (id, name): (Option<String>, Option<String>) = (row.try_get(id)?, row.try_get(name)?);
    Ok(id.map(|id| Named { id, name: name.unwrap_or_default() }))
}

#[async_trait]
impl AuditLog for Sqlite {
    async fn add_audit(&self, entry: &AuditEntry, counted_as: Option<&str>) -> Result<()> {
        let (actor, subject) = (entry.actor.as_ref(), entry.subject.as_ref());
        sqlx::query(ADD)
            .bind(&entry.id)
            .bind(entry.at)
            .bind(entry.kind.into_str())
            .bind(actor.map(|actor| &actor.id))
            .bind(actor.map(|actor| &actor.name))
            .bind(subject.map(|subject| &subject.id))
            .bind(subject.map(|subject| &subject.name))
            .bind(&entry.address)
            .bind(entry.count)
            .bind(entry.detail.as_ref().map(json))
            .bind(counted_as)
            .execute(&self.writer)
            .await
            .map(|_| ())
            .map_err(store_error)
    }

    async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>> {
        let statement = match (&query.person, query.kind) {
            (Some(_), _) => OF_PERSON,
            (None, Some(_)) => OF_KIND,
            (None, None) => ALL,
        };
        let mut asked = sqlx::query_as(statement)
            .bind(query.before.as_deref().unwrap_or(NEWEST))
            .bind(query.kind.map(|kind| kind.into_str()))
            .bind(query.limit);
        if let Some(person) = &query.person {
            asked = asked.bind(person);
        }
        asked.fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn forget_audit(&self, time: i64) -> Result<u64> {
        sqlx::query(FORGET)
            .bind(time)
            .bind(BATCH)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected())
            .map_err(store_error)
    }
}
