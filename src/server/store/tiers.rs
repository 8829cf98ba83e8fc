//! Tiers, and what people used of them, as traits.

use async_trait::async_trait;

use super::Result;
use crate::domain::{ModelSpending, PersonSpending, Spending, Tier};

/// The outcome of a change of the tiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TierOutcome {
    Done,
    /// There is no such tier.
    Missing,
    /// Another tier has that name, in small letters or large ones.
    NameTaken,
    /// So many people have the tier now, and so many codes that can be used give it.
    InUse {
        people: u64,
        codes: u64,
    },
}

#[async_trait]
pub trait Tiers: Send + Sync {
    /// The default tier first, which is always there, and the others by their names.
    async fn tiers(&self) -> Result<Vec<Tier>>;
    /// Every store has the tier with the id [`Tier::DEFAULT`].
    async fn tier(&self, id: &str) -> Result<Option<Tier>>;
    async fn create_tier(&self, tier: &Tier) -> Result<TierOutcome>;
    async fn update_tier(&self, tier: &Tier) -> Result<TierOutcome>;
    /// Deletes a tier that is not the default one, that no person has at `now`, and that no code gives which can be used
    /// then.
    async fn delete_tier(&self, id: &str, now: i64) -> Result<TierOutcome>;
}

#[async_trait]
pub trait Budgets: Send + Sync {
    /// `day` is in days since 1970.
    async fn spending(&self, user_id: &str, day: i64) -> Result<Spending>;
    /// Adds to what the person used of the model on that day.
    async fn spend(&self, user_id: &str, day: i64, model: &str, spending: Spending) -> Result<()>;
    /// What people used from that day on, or one person, of each model; most tokens first.
    async fn spending_by_model(&self, since_day: i64, user_id: Option<&str>) -> Result<Vec<ModelSpending>>;
    /// The people who used most tokens from that day on, and how many people used anything.
    async fn spending_by_person(&self, since_day: i64, most: u32) -> Result<(Vec<PersonSpending>, u64)>;
    /// Forgets what people used before that day; answers how many rows that were.
    async fn forget_spending(&self, before_day: i64) -> Result<u64>;
}
