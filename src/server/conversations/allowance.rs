//! [`Allowances`]: what a person's tier lets them use, and how much of it they used today.

use std::sync::Arc;

use crate::{
    domain::{
        Budget, Reason, Spending, Tier, User,
        amount::duration,
        budget::{day_of, next_day},
    },
    error::AppError,
    server::{
        ops::clock::Clock,
        store::{Budgets, Tiers},
    },
};

/// One per server.
pub struct Allowances {
    tiers: Arc<dyn Tiers>,
    budgets: Arc<dyn Budgets>,
    clock: Clock,
}

impl Allowances {
    pub fn new(tiers: Arc<dyn Tiers>, budgets: Arc<dyn Budgets>, clock: Clock) -> Self {
        Self { tiers, budgets, clock }
    }

    /// The tier that counts for the person now. One that is gone is the default one.
    pub async fn tier_of(&self, user: &User) -> Result<Tier, AppError> {
        if let Some(id) = user.tier_at(self.clock.now())
            && let Some(tier) = self.tiers.tier(id).await?
        {
            return Ok(tier);
        }
        Ok(self.tiers.tier(Tier::DEFAULT).await?.unwrap_or_else(Tier::standard))
    }

    /// What the person used today, and what their tier allows.
    pub async fn budget(&self, user: &User) -> Result<Budget, AppError> {
        let (now, tier) = (self.clock.now(), self.tier_of(user).await?);
        Ok(Budget {
            used: self.budgets.spending(&user.id, day_of(now)).await?,
            messages_per_day: tier.messages_per_day,
            tokens_per_day: tier.tokens_per_day,
            renews_at: next_day(now),
        })
    }

    /// Why the person gets no further answer today; `None`: nothing is in the way.
    pub async fn refusal(&self, user: &User) -> Result<Option<AppError>, AppError> {
        let (now, tier) = (self.clock.now(), self.tier_of(user).await?);
        if tier.messages_per_day.is_none() && tier.tokens_per_day.is_none() {
            return Ok(None);
        }
        let used = self.budgets.spending(&user.id, day_of(now)).await?;
        let seconds = next_day(now).saturating_sub(now).unsigned_abs().div_ceil(1000);
        let wait = duration(seconds);
        let reason = match (tier.messages_per_day, tier.tokens_per_day) {
            (Some(most), _) if used.messages >= u64::from(most) => {
                Reason::new("budget-messages").with("most", most).with("wait", wait)
            }
            (_, Some(most)) if used.tokens >= most => {
                Reason::new("budget-tokens").with("most", most).with("wait", wait)
            }
            _ => return Ok(None),
        };
        Ok(Some(AppError::BudgetUsedUp { reason, seconds }))
    }

    /// Counts what the person used. A database that does not take it is no reason to hold up an answer.
    pub async fn count(&self, user_id: &str, spending: Spending) {
        if spending == Spending::default() {
            return;
        }
        if let Err(error) = self.budgets.spend(user_id, day_of(self.clock.now()), spending).await {
            tracing::warn!(%error, "what a person used could not be counted");
        }
    }
}
