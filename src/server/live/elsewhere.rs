//! [`Elsewhere`]: answers that another process writes while this one has listeners.

use async_trait::async_trait;

use super::log::{Log, Running};
use crate::server::store::Result;

/// What listeners need from the part that brings the answers of other processes here.
#[async_trait]
pub trait Elsewhere: Send + Sync {
    /// Called before a listener reads. When it returns, the log contains the answer that another process is writing in
    /// the conversation, if there is one.
    async fn attach(&self, conversation_id: &str, log: &Log) -> Result<()>;

    /// The answer that another process is writing in the conversation, with all of its text so far.
    async fn running(&self, conversation_id: &str) -> Result<Option<Running>>;
}
