//! Second factors, in SQLite.

use async_trait::async_trait;
use sqlx::FromRow;

use crate::server::store::{Result, SecondFactor, SecondFactors};

use super::{Sqlite, error::store_error};

const FIND: &str = "
    SELECT seed, confirmed, last_step, json_array_length(recovery) AS recovery_left
    FROM second_factors WHERE user_id = ?1";

const BEGIN: &str = "
    INSERT INTO second_factors (user_id, seed) SELECT id, ?2 FROM users WHERE id = ?1
    ON CONFLICT (user_id) DO UPDATE SET seed = excluded.seed WHERE NOT confirmed";

const CONFIRM: &str = "
    UPDATE second_factors SET confirmed = 1, last_step = ?3, recovery = ?4
    WHERE user_id = ?1 AND seed = ?2 AND NOT confirmed";

const USE_STEP: &str = "
    UPDATE second_factors SET last_step = ?2 WHERE user_id = ?1 AND confirmed AND last_step < ?2";

const USE_RECOVERY: &str = "
    UPDATE second_factors
    SET recovery = (SELECT json_group_array(value) FROM json_each(recovery) WHERE value <> ?2)
    WHERE user_id = ?1 AND confirmed AND EXISTS (SELECT 1 FROM json_each(recovery) WHERE value = ?2)
    RETURNING json_array_length(recovery)";

#[derive(FromRow)]
struct Row {
    seed: String,
    confirmed: bool,
    last_step: i64,
    recovery_left: u32,
}

fn list(recovery: &[String]) -> String {
    serde_json::to_string(recovery).unwrap_or_default()
}

#[async_trait]
impl SecondFactors for Sqlite {
    async fn second_factor(&self, user_id: &str) -> Result<Option<SecondFactor>> {
        let row: Option<Row> =
            sqlx::query_as(FIND).bind(user_id).fetch_optional(&self.readers).await.map_err(store_error)?;
        Ok(row.map(|Row { seed, confirmed, last_step, recovery_left }| SecondFactor {
            seed,
            confirmed,
            last_step,
            recovery_left,
        }))
    }

    async fn begin_second_factor(&self, user_id: &str, seed: &str) -> Result<bool> {
        let done = sqlx::query(BEGIN).bind(user_id).bind(seed).execute(&self.writer).await;
        done.map(|done| done.rows_affected() == 1).map_err(store_error)
    }

    async fn confirm_second_factor(
        &self,
        user_id: &str,
        seed: &str,
        step: i64,
        recovery: &[String],
    ) -> Result<bool> {
        sqlx::query(CONFIRM)
            .bind(user_id)
            .bind(seed)
            .bind(step)
            .bind(list(recovery))
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(store_error)
    }

    async fn use_step(&self, user_id: &str, step: i64) -> Result<bool> {
        let done = sqlx::query(USE_STEP).bind(user_id).bind(step).execute(&self.writer).await;
        done.map(|done| done.rows_affected() == 1).map_err(store_error)
    }

    async fn use_recovery_code(&self, user_id: &str, hash: &str) -> Result<Option<u32>> {
        sqlx::query_scalar(USE_RECOVERY)
            .bind(user_id)
            .bind(hash)
            .fetch_all(&self.writer)
            .await
            .map(|mut left| left.pop())
            .map_err(store_error)
    }

    async fn replace_recovery_codes(&self, user_id: &str, recovery: &[String]) -> Result<bool> {
        sqlx::query("UPDATE second_factors SET recovery = ?2 WHERE user_id = ?1 AND confirmed")
            .bind(user_id)
            .bind(list(recovery))
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(store_error)
    }

    async fn remove_second_factor(&self, user_id: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM second_factors WHERE user_id = ?1").bind(user_id);
        let done = done.execute(&self.writer).await;
        done.map(|done| done.rows_affected() == 1).map_err(store_error)
    }
}
