//! Tiers and what people used of them, in SQLite.

use async_trait::async_trait;
use sqlx::{Error, FromRow, Row, sqlite::SqliteRow};

use crate::{
    domain::{ModelSpending, PersonSpending, Spending, Tier},
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
    INSERT INTO budgets (user_id, day, model, messages, tokens) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (user_id, day, model) DO UPDATE SET
        messages = messages + excluded.messages, tokens = tokens + excluded.tokens";

const SPENDING: &str = "
    SELECT coalesce(sum(messages), 0) AS messages, coalesce(sum(tokens), 0) AS tokens FROM budgets
    WHERE user_id = ?1 AND day = ?2";

const BY_MODEL: &str = "
    SELECT model, sum(messages) AS messages, sum(tokens) AS tokens FROM budgets
    WHERE day >= ?1 AND (?2 IS NULL OR user_id = ?2)
    GROUP BY model ORDER BY tokens DESC, messages DESC, model";

const BY_PERSON: &str = "
    SELECT used.user_id, users.name, used.messages, used.tokens
    FROM (
        SELECT user_id, sum(messages) AS messages, sum(tokens) AS tokens FROM budgets
        WHERE day >= ?1
        GROUP BY user_id ORDER BY tokens DESC, messages DESC, user_id LIMIT ?2
    ) AS used LEFT JOIN users ON users.id = used.user_id AND users.state <> 'deleted'
    ORDER BY used.tokens DESC, used.messages DESC, used.user_id";

impl FromRow<'_, SqliteRow> for Spending {
    fn from_row(row: &SqliteRow) -> std::result::Result<Self, Error> {
        let number = |column| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
        Ok(Self { messages: number("messages")?, tokens: number("tokens")? })
    }
}

impl FromRow<'_, SqliteRow> for ModelSpending {
    fn from_row(row: &SqliteRow) -> std::result::Result<Self, Error> {
        Ok(Self { model: row.try_get("model")?, spending: Spending::from_row(row)? })
    }
}

impl FromRow<'_, SqliteRow> for PersonSpending {
    fn from_row(row: &SqliteRow) -> std::result::Result<Self, Error> {
        Ok(Self {
            user_id: row.try_get("user_id")?,
            name: row.try_get("name")?,
            spending: Spending::from_row(row)?,
        })
    }
}

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
        sqlx::query_as(SPENDING).bind(user_id).bind(day).fetch_one(&self.readers).await.map_err(store_error)
    }

    async fn spend(&self, user_id: &str, day: i64, model: &str, spending: Spending) -> Result<()> {
        sqlx::query(SPEND)
            .bind(user_id)
            .bind(day)
            .bind(model)
            .bind(signed(spending.messages))
            .bind(signed(spending.tokens))
            .execute(&self.writer)
            .await
            .map(|_| ())
            .map_err(store_error)
    }

    async fn spending_by_model(&self, since_day: i64, user_id: Option<&str>) -> Result<Vec<ModelSpending>> {
        sqlx::query_as(BY_MODEL)
            .bind(since_day)
            .bind(user_id)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn spending_by_person(&self, since_day: i64, most: u32) -> Result<(Vec<PersonSpending>, u64)> {
        let first = sqlx::query_as(BY_PERSON).bind(since_day).bind(most);
        let first = first.fetch_all(&self.readers).await.map_err(store_error)?;
        let all: i64 = sqlx::query_scalar("SELECT count(DISTINCT user_id) FROM budgets WHERE day >= ?1")
            .bind(since_day)
            .fetch_one(&self.readers)
            .await
            .map_err(store_error)?;
        Ok((first, all.unsigned_abs()))
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
