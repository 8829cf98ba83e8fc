//! People as administrators see them, and the end of an account, as a trait.

use async_trait::async_trait;

use super::{Result, Updated};
use crate::domain::User;

/// Which people to list, those who registered last first.
#[derive(Clone, Debug, Default)]
pub struct PeopleQuery {
    /// Only those with this in their name or in what they sign in with, regardless of case; empty: everybody.
    pub search: String,
    /// Begin after the person with this id.
    pub after: Option<String>,
    pub limit: u32,
}

/// A one-time link for a new password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reset {
    pub user_id: String,
    /// SHA-256 of the secret in the link, in hexadecimal digits.
    pub hash: String,
    pub expires_at: i64,
}

#[async_trait]
pub trait People: Send + Sync {
    /// Accounts that were closed are not among them.
    async fn people(&self, query: &PeopleQuery) -> Result<Vec<User>>;
    /// How many [`People::people`] would list without a limit.
    async fn count_people(&self, search: &str) -> Result<u64>;
    /// Whether there is an active administrator besides this person who does not leave.
    async fn any_other_admin(&self, id: &str) -> Result<bool>;
    /// Ends an account for good: its sessions end, its login is free, and it never signs in again. What the person wrote
    /// stays. With `erase_at`, all of it is removed from that time on, by [`People::erase`]; an earlier wish for that
    /// counts without it. `Missing` also for an account that is closed already.
    async fn close_account(&self, id: &str, erase_at: Option<i64>) -> Result<Updated>;
    /// [`People::close_account`] of an account whose time to be deleted has come at `now`, to be erased at once. `Missing`:
    /// it has not, or no longer, because its owner stays.
    async fn close_due_account(&self, id: &str, now: i64) -> Result<Updated>;
    /// The accounts whose time to be deleted has come at `now`; some of them.
    async fn accounts_to_delete(&self, now: i64) -> Result<Vec<User>>;
    /// Removes some of what a closed account has; `true` when there is more. The account itself goes last, and then
    /// nothing but the audit log names it. An account that is not closed keeps everything.
    async fn erase(&self, id: &str) -> Result<bool>;
    /// Stores a link for a new password, in place of an earlier one of this person. `false`: there is no such active
    /// account.
    async fn put_reset(&self, reset: &Reset) -> Result<bool>;
    /// Whose link this is, if it counts at `now`.
    async fn reset(&self, hash: &str, now: i64) -> Result<Option<User>>;
    /// Uses a link up: sets the password and ends all sessions of browsers. `Missing`: the link does not count at `now`.
    async fn use_reset(&self, hash: &str, password_hash: &str, now: i64) -> Result<Updated>;
}
