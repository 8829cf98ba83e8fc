//! [`Allowances`]: what a person's tier lets them use, and how much of it they used today.

use std::sync::Arc;

use crate::{
    domain::{
        Admin, Budget, PersonSpending, Reason, Spending, SpendingReport, Tier, User, UserRole,
        amount::duration,
        budget::{day_of, next_day, start_of},
    },
    error::AppError,
    server::{
        ops::clock::Clock,
        store::{Budgets, Tiers},
    },
};

/// The most days of a report; what people used is kept a little longer.
pub const MAX_REPORT_DAYS: u32 = 31;
/// The most people of a report.
pub const MAX_REPORT_PEOPLE: u32 = 100;

/// What is left of a day's messages.
#[derive(Debug)]
pub struct Left {
    pub messages: u32,
    /// The error for one more.
    pub refusal: AppError,
}

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

    /// How many rooms the person may own; `None`: as many as they like.
    pub async fn most_rooms(&self, user: &User) -> Result<Option<u32>, AppError> {
        match user.role {
            UserRole::Admin => Ok(None),
            UserRole::Member => Ok(self.tier_of(user).await?.rooms),
        }
    }

    /// The refusal of one more room.
    pub fn too_many_rooms(most: Option<u32>) -> AppError {
        let reason = match most {
            Some(0) => Reason::new("rooms-none"),
            _ => Reason::new("rooms-too-many").with("most", most.unwrap_or_default()),
        };
        AppError::Forbidden { reason }
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

    /// How many answers the person may still have today; `None`: as many as they like. Those that are being written are
    /// not counted yet.
    pub async fn left(&self, user: &User) -> Result<Option<Left>, AppError> {
        let (now, tier) = (self.clock.now(), self.tier_of(user).await?);
        if tier.messages_per_day.is_none() && tier.tokens_per_day.is_none() {
            return Ok(None);
        }
        let used = self.budgets.spending(&user.id, day_of(now)).await?;
        let seconds = next_day(now).saturating_sub(now).unsigned_abs().div_ceil(1000);
        let left = |messages: u64, key: &'static str, most: u64| {
            let reason = Reason::new(key).with("most", most).with("wait", duration(seconds));
            let messages = u32::try_from(messages).unwrap_or(u32::MAX);
            Some(Left { messages, refusal: AppError::BudgetUsedUp { reason, seconds } })
        };
        let messages = tier.messages_per_day.map(u64::from);
        Ok(match (messages, tier.tokens_per_day) {
            (Some(most), _) if used.messages >= most => left(0, "budget-messages", most),
            (_, Some(most)) if used.tokens >= most => left(0, "budget-tokens", most),
            (Some(most), _) => left(most - used.messages, "budget-messages", most),
            _ => None,
        })
    }

    /// What everybody used within the last days, today included, or one person. Nothing of what they wrote is in it.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] of `days`.
    pub async fn report(
        &self,
        _: &Admin,
        days: u32,
        person: Option<&User>,
    ) -> Result<SpendingReport, AppError> {
        if !(1..=MAX_REPORT_DAYS).contains(&days) {
            let reason = Reason::new("number-between").with("least", 1).with("most", MAX_REPORT_DAYS);
            return Err(AppError::invalid("days", reason));
        }
        let since_day = day_of(self.clock.now()) - i64::from(days - 1);
        let models =
            self.budgets.spending_by_model(since_day, person.map(|person| person.id.as_str())).await?;
        let total = models.iter().fold(Spending::default(), |sum, of| Spending {
            messages: sum.messages.saturating_add(of.spending.messages),
            tokens: sum.tokens.saturating_add(of.spending.tokens),
        });
        let (people, people_count) = match person {
            Some(User { id, name, .. }) => {
                let user_id = id.clone();
                (vec![PersonSpending { user_id, name: Some(name.clone()), spending: total }], 1)
            }
            None => self.budgets.spending_by_person(since_day, MAX_REPORT_PEOPLE).await?,
        };
        Ok(SpendingReport { since: start_of(since_day), total, models, people, people_count })
    }

    /// Counts what the person used. A database that does not take it is no reason to hold up an answer.
    pub async fn count(&self, user_id: &str, model: &str, spending: Spending) {
        if spending == Spending::default() {
            return;
        }
        if let Err(error) = self.budgets.spend(user_id, day_of(self.clock.now()), model, spending).await {
            tracing::warn!(%error, "what a person used could not be counted");
        }
    }
}
