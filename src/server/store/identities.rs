//! Identities at providers, as a trait.

use async_trait::async_trait;

use super::Result;
use crate::domain::Identity;

#[async_trait]
pub trait Identities: Send + Sync {
    /// The identity that a provider knows by this subject.
    async fn identity(&self, provider: &str, subject: &str) -> Result<Option<Identity>>;
    /// A person's identities, the oldest first.
    async fn identities(&self, user_id: &str) -> Result<Vec<Identity>>;
    /// Stores an identity of a person who is there. `false`: somebody has it already, or there is no such person.
    async fn connect_identity(&self, identity: &Identity) -> Result<bool>;
    /// Notes that the person signed in with it.
    async fn use_identity(&self, id: &str, at: i64) -> Result<()>;
    /// Removes an identity of this person. `others`: only while the person has another one, at one of these providers.
    /// `false`: the person has none with this id, or no other.
    async fn disconnect_identity(&self, user_id: &str, id: &str, others: Option<&[String]>) -> Result<bool>;
    /// Notes until `until` that the visit to a provider with this hash ended, and forgets those whose time is over at `now`.
    /// `false`: it ended before.
    async fn end_visit(&self, hash: &str, until: i64, now: i64) -> Result<bool>;
}
