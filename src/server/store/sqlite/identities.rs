//! Identities at providers, in SQLite.

use async_trait::async_trait;
use sqlx::{FromRow, Row, Sqlite as Db, Transaction, sqlite::SqliteRow};

use crate::{
    domain::Identity,
    server::store::{Identities, Result},
};

use super::{Sqlite, error::store_error, rows::json};

const INSERT: &str = "
    INSERT INTO identities (id, user_id, provider, subject, made_at, used_at)
    SELECT ?1, id, ?3, ?4, ?5, ?6 FROM users WHERE id = ?2 AND state = 'active'";

impl FromRow<'_, SqliteRow> for Identity {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            user_id: row.try_get("user_id")?,
            provider: row.try_get("provider")?,
            subject: row.try_get("subject")?,
            made_at: row.try_get("made_at")?,
            used_at: row.try_get("used_at")?,
        })
    }
}

/// Stores an identity in the transaction that makes its account.
pub(super) async fn insert(tx: &mut Transaction<'_, Db>, identity: &Identity) -> sqlx::Result<u64> {
    sqlx::query(INSERT)
        .bind(&identity.id)
        .bind(&identity.user_id)
        .bind(&identity.provider)
        .bind(&identity.subject)
        .bind(identity.made_at)
        .bind(identity.used_at)
        .execute(&mut **tx)
        .await
        .map(|done| done.rows_affected())
}

const DISCONNECT: &str = "
    DELETE FROM identities
    WHERE user_id = ?1 AND id = ?2 AND (?3 IS NULL OR EXISTS (
        SELECT 1 FROM identities AS other
        WHERE other.user_id = ?1 AND other.id <> ?2 AND other.provider IN (SELECT value FROM json_each(?3))))";

#[async_trait]
impl Identities for Sqlite {
    async fn identity(&self, provider: &str, subject: &str) -> Result<Option<Identity>> {
        sqlx::query_as("SELECT * FROM identities WHERE provider = ?1 AND subject = ?2")
            .bind(provider)
            .bind(subject)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn identities(&self, user_id: &str) -> Result<Vec<Identity>> {
        sqlx::query_as("SELECT * FROM identities WHERE user_id = ?1 ORDER BY id")
            .bind(user_id)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn connect_identity(&self, identity: &Identity) -> Result<bool> {
        let mut tx = self.writer.begin().await.map_err(store_error)?;
        match insert(&mut tx, identity).await {
            Ok(stored) => tx.commit().await.map(|()| stored == 1).map_err(store_error),
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
            Err(error) => Err(store_error(error)),
        }
    }

    async fn use_identity(&self, id: &str, at: i64) -> Result<()> {
        let done = sqlx::query("UPDATE identities SET used_at = ?2 WHERE id = ?1").bind(id).bind(at);
        done.execute(&self.writer).await.map(|_| ()).map_err(store_error)
    }

    async fn disconnect_identity(&self, user_id: &str, id: &str, others: Option<&[String]>) -> Result<bool> {
        let done = sqlx::query(DISCONNECT).bind(user_id).bind(id).bind(others.as_ref().map(json));
        let done = done.execute(&self.writer).await;
        done.map(|done| done.rows_affected() == 1).map_err(store_error)
    }

    async fn end_visit(&self, hash: &str, until: i64, now: i64) -> Result<bool> {
        sqlx::query("DELETE FROM ended_visits WHERE until <= ?1")
            .bind(now)
            .execute(&self.writer)
            .await
            .map_err(store_error)?;
        let ended = sqlx::query("INSERT OR IGNORE INTO ended_visits (hash, until) VALUES (?1, ?2)");
        let ended = ended.bind(hash).bind(until).execute(&self.writer).await;
        ended.map(|ended| ended.rows_affected() == 1).map_err(store_error)
    }
}
