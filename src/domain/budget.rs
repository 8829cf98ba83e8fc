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

/// When the day after begins, in UTC milliseconds since 1970.
pub fn next_day(now: i64) -> i64 {
    (day_of(now) + 1).saturating_mul(DAY_MS)
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
