//! Conversations without their messages, as a trait.

use async_trait::async_trait;

use super::{Grant, Result};
use crate::domain::{Conversation, ConversationPatch};

/// A position in a listing of conversations: the last conversation that the reader has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationPosition {
    pub updated_at: i64,
    pub id: String,
}

/// Which conversations to list, newest first by `(updated_at, id)`.
#[derive(Clone, Debug, Default)]
pub struct ConversationQuery {
    pub archived: bool,
    /// Only titles that contain this text, regardless of case.
    pub title_contains: Option<String>,
    /// Begin after this position.
    pub after: Option<ConversationPosition>,
    pub limit: u32,
}

/// A conversation after a change, and the number of the change, which is the [`crate::domain::Message::revision`] of
/// the messages that the change touched. The event that reports the change has no higher number, except while an answer
/// is being written: the end of the answer raises the revisions of everything that changed meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub conversation: Conversation,
    pub revision: u64,
}

#[async_trait]
pub trait Conversations: Send + Sync {
    async fn create_conversation(&self, owner_id: &str, conversation: &Conversation) -> Result<()>;
    /// The conversations that the person owns. Those in which the person is only a member are not listed yet.
    async fn conversations(&self, owner_id: &str, query: &ConversationQuery) -> Result<Vec<Conversation>>;
    /// Needs [`super::Need::Manage`], otherwise `None`. `updated_at` stays as it is, because renaming must not reorder
    /// the listing.
    async fn update_conversation(&self, grant: &Grant, patch: &ConversationPatch) -> Result<Option<Changed>>;
    /// Sets the title only while there is none, and answers the revision of that change; `None` when there is a title
    /// already (or no conversation). Takes no grant, because the server gives the title by itself, whoever asked the
    /// first question.
    async fn set_title_if_empty(&self, conversation_id: &str, title: &str) -> Result<Option<u64>>;
    /// Needs [`super::Need::Own`], otherwise `false`. The conversation is gone at once. Its messages and chunks go with
    /// it, or, when there are very many of them, with the next calls of [`Conversations::purge`].
    async fn delete_conversation(&self, grant: &Grant) -> Result<bool>;
    /// Removes some of the messages that deleted conversations left behind; `true` when there are more.
    async fn purge(&self) -> Result<bool>;
}
