//! [`Conversations`]: list, open, change, and the branch of messages on screen.

pub mod allowance;
mod change;
mod fork;
mod list;
pub mod models;
mod outline;
mod thread;

use std::sync::Arc;

use self::allowance::Allowances;
pub use self::{
    change::valid_instructions,
    list::{Deleted, Listing},
    models::ModelList,
    outline::Questions,
    thread::{Part, Thread, ThreadMessage, Unchanged},
};
/// What a page has of a conversation that it may show.
pub use super::store::{DirectRow, Grant, Opening};
use super::{
    live::{Live, elsewhere::Elsewhere, reading::Reading},
    ops::{
        clock::{Clock, Ids},
        tasks::Tasks,
    },
    render::Renderer,
    store::{Chats, Need},
};
use crate::{
    domain::{CurrentUser, Message},
    error::AppError,
};

/// How many conversations a listing has: if the caller names no limit, and at most.
pub const DEFAULT_LIMIT: u32 = 40;
pub const MAX_LIMIT: u32 = 100;
/// How many messages the newest window of a thread has.
pub const WINDOW: u32 = 50;
/// How many bytes of content and reasoning a window has, at most. A longer message is a window of its own.
pub const WINDOW_BYTES: u64 = 1024 * 1024;

/// The service for conversations. One per server.
pub struct Conversations {
    pub chats: Arc<dyn Chats>,
    pub models: Arc<ModelList>,
    pub allowances: Arc<Allowances>,
    pub live: Arc<Live>,
    pub elsewhere: Arc<dyn Elsewhere>,
    pub renderer: Arc<Renderer>,
    pub reading: Arc<Reading>,
    pub clock: Clock,
    pub ids: Arc<Ids>,
    pub tasks: Tasks,
}

impl Conversations {
    /// A conversation that the person may read.
    pub async fn open(&self, current: &CurrentUser, id: &str) -> Result<Grant, AppError> {
        Ok(self.chats.access(current.id(), id, Need::Read).await?)
    }

    /// Opens a conversation of the person alone. One of several people is missing here, because its settings stand elsewhere.
    pub async fn open_private(&self, current: &CurrentUser, id: &str) -> Result<Grant, AppError> {
        let grant = self.open(current, id).await?;
        if grant.conversation().kind.is_shared() { Err(AppError::NotFound) } else { Ok(grant) }
    }

    /// Opens a conversation whose settings the person may change.
    pub async fn open_to_manage(&self, current: &CurrentUser, id: &str) -> Result<Grant, AppError> {
        Ok(self.chats.access(current.id(), id, Need::Manage).await?)
    }

    /// Whether a conversation that the person may read is a room.
    pub async fn is_room(&self, current: &CurrentUser, id: &str) -> Result<bool, AppError> {
        Ok(self.open(current, id).await?.conversation().kind.is_shared())
    }

    /// The id of the conversation that has a message.
    pub async fn conversation_of(&self, current: &CurrentUser, message_id: &str) -> Result<String, AppError> {
        let (grant, _) = self.chats.message_access(current.id(), message_id, Need::Read).await?;
        Ok(grant.conversation_id().to_owned())
    }

    /// A message of any conversation that the person may read.
    pub async fn message(&self, current: &CurrentUser, id: &str) -> Result<Message, AppError> {
        let (_, message) = self.chats.message_access(current.id(), id, Need::Read).await?;
        Ok(message)
    }
}
