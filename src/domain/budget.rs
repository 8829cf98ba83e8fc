//! What a person used on a day, and what their tier allows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a person used within a day of UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Spending {
    /// Answers.
    pub messages: u64,
    /// Tokens of prompts and answers.
    pub tokens: u64,
}

/// What was used of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelSpending {
    /// The model's id; empty for what was used before the server counted models apart.
    pub model: String,
    #[serde(flatten)]
    #[schema(inline)]
    pub spending: Spending,
}

/// What a person used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonSpending {
    pub user_id: String,
    /// `null` where the account is gone.
    #[schema(required)]
    pub name: Option<String>,
    #[serde(flatten)]
    #[schema(inline)]
    pub spending: Spending,
}

/// What was used within some days, the largest numbers of tokens first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpendingReport {
    /// When the first of the days begins, in UTC milliseconds since 1970.
    pub since: i64,
    pub total: Spending,
    pub models: Vec<ModelSpending>,
    /// Those who used most.
    pub people: Vec<PersonSpending>,
    /// How many people used anything.
    pub people_count: u64,
}

/// What a person used today, and what their tier allows. Where a limit is `null`, there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Budget {
    pub used: Spending,
    #[schema(required)]
    pub messages_per_day: Option<u32>,
    #[schema(required)]
    pub tokens_per_day: Option<u64>,
    /// When the next day of UTC begins, in UTC milliseconds since 1970.
    pub renews_at: i64,
}

/// The day of a time in UTC milliseconds since 1970, in days since then.
pub fn day_of(now: i64) -> i64 {
    now.div_euclid(DAY_MS)
}

/// When a day begins, in UTC milliseconds since 1970.
pub fn start_of(day: i64) -> i64 {
    day.saturating_mul(DAY_MS)
}

/// When the day after begins, in UTC milliseconds since 1970.
pub fn next_day(now: i64) -> i64 {
    start_of(day_of(now) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight_of_utc() {
        assert_eq!([0, DAY_MS - 1, DAY_MS, -1].map(day_of), [0, 0, 1, -1]);
        assert_eq!([0, DAY_MS - 1, DAY_MS].map(next_day), [DAY_MS, DAY_MS, 2 * DAY_MS]);
    }
}
