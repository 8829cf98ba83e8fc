//! What administrators set for the whole site, in SQLite.

use async_trait::async_trait;

use crate::server::store::{Facts, Result};

use super::{Sqlite, error::store_error};

/// Apart from what the store itself notes in this table.
const PREFIX: &str = "set:";

#[async_trait]
impl Facts for Sqlite {
    async fn fact(&self, name: &str) -> Result<Option<String>> {
        sqlx::query_scalar("SELECT value FROM facts WHERE name = ?1 || ?2")
            .bind(PREFIX)
            .bind(name)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn set_fact(&self, name: &str, value: &str) -> Result<()> {
        const SET: &str = "INSERT INTO facts (name, value) VALUES (?1 || ?2, ?3)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        let set = sqlx::query(SET).bind(PREFIX).bind(name).bind(value);
        set.execute(&self.writer).await.map(|_| ()).map_err(store_error)
    }
}
