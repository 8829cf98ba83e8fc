//! What an account is, for the export of everything: no hash, no secret, and nothing of anybody else.

use serde::Serialize;

use super::{Accounts, attempts::Try, devices::agent};
use crate::{
    domain::{ApiKey, CurrentUser, Device, SessionKind, Tier, User, UserState},
    error::AppError,
};

/// The account with what signs in to it.
#[derive(Debug, Serialize)]
pub struct AccountData {
    pub account: User,
    pub tier: Tier,
    /// The browsers in which the person is signed in.
    pub devices: Vec<Device>,
    pub keys: Vec<ApiKey>,
}

impl Accounts {
    /// Counts an export that the person asks for.
    ///
    /// # Errors
    ///
    /// [`AppError::TooMany`] with the seconds until the next one.
    pub fn take_export(&self, current: &CurrentUser) -> Result<Try<'_>, AppError> {
        self.attempts.exports.take(current.id(), self.clock.instant())
    }

    /// `None`: the account was closed.
    pub async fn account_data(&self, user_id: &str) -> Result<Option<AccountData>, AppError> {
        let found = self.users.user(user_id).await?.filter(|user| user.state != UserState::Deleted);
        let Some(account) = found else { return Ok(None) };
        let tier = match account.tier_at(self.clock.now()) {
            Some(id) => self.tiers.tier(id).await?,
            None => None,
        };
        let tier = match tier {
            Some(tier) => tier,
            None => self.default_tier().await?,
        };
        let devices = self.sessions_of_kind(user_id, SessionKind::Browser).await?;
        let devices = devices.into_iter().map(|session| Device {
            name: agent::name(&session.user_agent),
            is_current: false,
            id: session.id,
            address: session.address,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
        });
        let keys = self.sessions_of_kind(user_id, SessionKind::Key).await?;
        let keys = keys.into_iter().map(ApiKey::from).collect();
        Ok(Some(AccountData { account, tier, devices: devices.collect(), keys }))
    }
}
