//! Whom a person has blocked, as a trait.

use async_trait::async_trait;

use super::Result;
use crate::domain::Block;

/// The outcome of blocking somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockOutcome {
    /// The person is blocked, now or already before.
    Blocked,
    /// There is no such active person.
    Missing,
    /// As many are blocked as may be.
    TooMany,
}

#[async_trait]
pub trait Blocks: Send + Sync {
    /// `most`: how many somebody may block.
    async fn block(&self, user_id: &str, other_id: &str, most: u32, now: i64) -> Result<BlockOutcome>;
    /// `false`: the other person was not blocked.
    async fn unblock(&self, user_id: &str, other_id: &str) -> Result<bool>;
    /// Whether `user_id` has blocked `other_id`.
    async fn has_blocked(&self, user_id: &str, other_id: &str) -> Result<bool>;
    /// Those whom a person has blocked, the last one first.
    async fn blocks(&self, user_id: &str) -> Result<Vec<Block>>;
}
