//! Tiers and what people used of them, in SQLite.

use async_trait::async_trait;
use sqlx::{Error, FromRow, Row, sqlite::SqliteRow};

use crate::{
    domain::{Spending, Tier},
    server::store::{Budgets, Result, TierOutcome, Tiers},
};

use super::{Sqlite, codes::LIVE_OF_TIER, error::store_error, rows::json};

const CREATE: &str = "
    INSERT INTO tiers (id, name, name_lower, models, messages_per_day, tokens_per_day, rooms, upload_bytes)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

const UPDATE: &str = "
    UPDATE tiers SET name = ?2, name_lower = ?3, models = ?4, messages_per_day = ?5, tokens_per_day = ?6, rooms = ?7,
        upload_bytes = ?8
    WHERE id = ?1";

const PEOPLE: &str = "SELECT count(*) FROM users WHERE tier = ?1 AND (tier_until IS NULL OR tier_until > ?2)";

const SPEND: &str = "
    INSERT INTO budgets (user_id, day, messages, tokens) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (user_id, day) DO UPDATE SET
        messages = messages + excluded.messages, tokens = tokens + excluded.tokens";

impl FromRow<'_, SqliteRow> for Tier {
    fn from_row(row: &SqliteRow) -> std::result::Result<Self, Error> {
        let models = match row.try_get::<Option<&str>, _>("models")? {
            Some(text) => Some(serde_json::from_str(text).map_err(|error| Error::ColumnDecode {
                index: "models".to_owned(),
                source: Box::new(error),
            })?),
            None => None,
        };
        let large = |column| row.try_get::<Option<i64>, _>(column).map(|value| value.map(i64::unsigned_abs));
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            models,
            messages_per_day: row.try_get("messages_per_day")?,
            tokens_per_day: large("tokens_per_day")?,
            rooms: row.try_get("rooms")?,
            upload_bytes: large("upload_bytes")?,
        })
    }
}

#[async_trait]
impl Tiers for Sqlite {
    async fn tiers(&self) -> Result<Vec<Tier>> {
        sqlx::query_as("SELECT * FROM tiers ORDER BY id <> 'default', name_lower, id")
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn tier(&self, id: &str) -> Result<Option<Tier>> {
        sqlx::query_as("SELECT * FROM tiers WHERE id = ?1")
            .bind(id)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn create_tier(&self, tier: &Tier) -> Result<TierOutcome> {
        self.write_tier(CREATE, tier).await
    }

    async fn update_tier(&self, tier: &Tier) -> Result<TierOutcome> {
        self.write_tier(UPDATE, tier).await
    }

    async fn delete_tier(&self, id: &str, now: i64) -> Result<TierOutcome> {
        self.remove_tier(id, now).await.map_err(store_error)
    }
}

#[async_trait]
impl Budgets for Sqlite {
    async fn spending(&self, user_id: &str, day: i64) -> Result<Spending> {
        let row: Option<(i64, i64)> =
            sqlx::query_as("SELECT messages, tokens FROM budgets WHERE user_id = ?1 AND day = ?2")
                .bind(user_id)
                .bind(day)
                .fetch_optional(&self.readers)
                .await
                .map_err(store_error)?;
        Ok(row.map_or(Spending::default(), |(messages, tokens)| Spending {
            messages: messages.unsigned_abs(),
            tokens: tokens.unsigned_abs(),
        }))
    }

    async fn spend(&self, user_id: &str, day: i64, spending: Spending) -> Result<()> {
        sqlx::query(SPEND)
            .bind(user_id)
            .bind(day)
            .bind(signed(spending.messages))
            .bind(signed(spending.tokens))
            .execute(&self.writer)
            .await
            .map(|_| ())
            .map_err(store_error)
    }

    async fn forget_spending(&self, before_day: i64) -> Result<u64> {
        sqlx::query("DELETE FROM budgets WHERE day < ?1")
            .bind(before_day)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected())
            .map_err(store_error)
    }
}

impl Sqlite {
    async fn write_tier(&self, statement: &'static str, tier: &Tier) -> Result<TierOutcome> {
        let written = sqlx::query(statement)
            .bind(&tier.id)
            .bind(&tier.name)
            .bind(tier.name.to_lowercase())
            .bind(tier.models.as_ref().map(json))
            .bind(tier.messages_per_day)
            .bind(tier.tokens_per_day.map(signed))
            .bind(tier.rooms)
            .bind(tier.upload_bytes.map(signed))
            .execute(&self.writer)
            .await;
        match written {
            Ok(done) if done.rows_affected() == 0 => Ok(TierOutcome::Missing),
            Ok(_) => Ok(TierOutcome::Done),
            Err(Error::Database(error)) if error.is_unique_violation() => Ok(TierOutcome::NameTaken),
            Err(error) => Err(store_error(error)),
        }
    }

    async fn remove_tier(&self, id: &str, now: i64) -> sqlx::Result<TierOutcome> {
        let mut tx = self.writer.begin().await?;
        let people: i64 = sqlx::query_scalar(PEOPLE).bind(id).bind(now).fetch_one(&mut *tx).await?;
        let codes: i64 = sqlx::query_scalar(LIVE_OF_TIER).bind(id).bind(now).fetch_one(&mut *tx).await?;
        if people > 0 || codes > 0 {
            tx.rollback().await?;
            return Ok(TierOutcome::InUse { people: people.unsigned_abs(), codes: codes.unsigned_abs() });
        }
        let gone = sqlx::query("DELETE FROM tiers WHERE id = ?1 AND id <> 'default'").bind(id);
        let gone = gone.execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        Ok(if gone == 0 { TierOutcome::Missing } else { TierOutcome::Done })
    }
}

/// SQLite has no unsigned numbers.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
