//! Model providers of administrators, in SQLite.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::{Error, FromRow, Row, sqlite::SqliteRow};

use crate::{
    domain::ModelAccess,
    server::store::{ModelProviders, ProviderOutcome, Result, StoredProvider},
};

use super::{Sqlite, error::store_error, rows::json};

pub(super) const ALL: &str = "SELECT * FROM model_providers ORDER BY position, id";

const ADD: &str = "
    INSERT INTO model_providers (id, name, label, base_url, api_key, models, context, position)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT coalesce(max(position), 0) + 1 FROM model_providers))";

const CHANGE: &str = "
    UPDATE model_providers
    SET name = ?2, label = ?3, base_url = ?4, api_key = ?5, models = ?6, context = ?7
    WHERE id = ?1";

impl FromRow<'_, SqliteRow> for StoredProvider {
    fn from_row(row: &SqliteRow) -> std::result::Result<Self, Error> {
        let models = serde_json::from_str(row.try_get("models")?)
            .map_err(|error| Error::ColumnDecode { index: "models".to_owned(), source: Box::new(error) })?;
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            label: row.try_get("label")?,
            base_url: row.try_get("base_url")?,
            sealed_key: row.try_get("api_key")?,
            models,
            context: row.try_get("context")?,
        })
    }
}

#[async_trait]
impl ModelProviders for Sqlite {
    async fn model_providers(&self) -> Result<Vec<StoredProvider>> {
        sqlx::query_as(ALL).fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn add_model_provider(&self, provider: &StoredProvider) -> Result<ProviderOutcome> {
        self.write_provider(ADD, provider).await
    }

    async fn change_model_provider(&self, provider: &StoredProvider) -> Result<ProviderOutcome> {
        self.write_provider(CHANGE, provider).await
    }

    async fn remove_model_provider(&self, id: &str) -> Result<bool> {
        sqlx::query("DELETE FROM model_providers WHERE id = ?1")
            .bind(id)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected() > 0)
            .map_err(store_error)
    }

    async fn model_access(&self) -> Result<HashMap<String, ModelAccess>> {
        let rows: Vec<(String, String)> = sqlx::query_as("SELECT model, access FROM model_access")
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        // What a newer version stored lets in nobody whom it keeps out.
        let read = |access: String| access.parse().unwrap_or(ModelAccess::Nobody);
        Ok(rows.into_iter().map(|(model, access)| (model, read(access))).collect())
    }

    async fn set_model_access(&self, model: &str, access: ModelAccess) -> Result<()> {
        let statement = match access {
            ModelAccess::Everybody => "DELETE FROM model_access WHERE model = ?1",
            _ => "INSERT OR REPLACE INTO model_access (model, access) VALUES (?1, ?2)",
        };
        let word: &str = access.into();
        sqlx::query(statement)
            .bind(model)
            .bind(word)
            .execute(&self.writer)
            .await
            .map(|_| ())
            .map_err(store_error)
    }

    async fn order_model_providers(&self, ids: &[String]) -> Result<()> {
        self.place_providers(ids).await.map_err(store_error)
    }
}

impl Sqlite {
    async fn write_provider(
        &self,
        statement: &'static str,
        provider: &StoredProvider,
    ) -> Result<ProviderOutcome> {
        let written = sqlx::query(statement)
            .bind(&provider.id)
            .bind(&provider.name)
            .bind(&provider.label)
            .bind(&provider.base_url)
            .bind(&provider.sealed_key)
            .bind(json(&provider.models))
            .bind(provider.context)
            .execute(&self.writer)
            .await;
        match written {
            Ok(done) if done.rows_affected() == 0 => Ok(ProviderOutcome::Missing),
            Ok(_) => Ok(ProviderOutcome::Done),
            Err(Error::Database(error)) if error.is_unique_violation() => Ok(ProviderOutcome::NameTaken),
            Err(error) => Err(store_error(error)),
        }
    }

    async fn place_providers(&self, ids: &[String]) -> sqlx::Result<()> {
        let mut tx = self.writer.begin().await?;
        for (id, place) in ids.iter().zip(1_i64..) {
            sqlx::query("UPDATE model_providers SET position = ?2 WHERE id = ?1")
                .bind(id)
                .bind(place)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await
    }
}
