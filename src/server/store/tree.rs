//! The tree that the messages of a conversation form, and the branch of it on screen, as a trait.

use async_trait::async_trait;

use super::{Changed, Continuation, ContinueOutcome, Grant, Result};

/// A message and its parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    pub parent_id: Option<String>,
    pub id: String,
}

/// The outcome of a change of the tree. While an answer is being written, the branch on screen cannot be changed and no
/// message can be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeOutcome {
    Changed(Changed),
    /// The message is missing or of another conversation, or the person may not do this (any more).
    Missing,
    /// An answer is being written in the conversation.
    Busy,
}

#[async_trait]
pub trait Tree: Send + Sync {
    /// The children of these messages, oldest first; `None` is the parent of first questions.
    async fn children(&self, grant: &Grant, parents: &[Option<String>]) -> Result<Vec<Child>>;
    /// Moves the leaf to the newest message below `message_id`, or to that message itself. Needs
    /// [`super::Need::Write`].
    async fn select_branch(&self, grant: &Grant, message_id: &str) -> Result<TreeOutcome>;
    /// Deletes one message. Its children get its parent as their parent; if it was the leaf, the leaf moves to the
    /// newest message below its parent. It is kept aside for [`super::BIN_LIFE`]. Needs [`super::Need::Manage`].
    async fn delete_message(&self, grant: &Grant, message_id: &str, now: i64) -> Result<TreeOutcome>;
    /// The conversation of a deleted message that can be restored. Takes no grant: the caller asks for access to the
    /// conversation next.
    async fn conversation_of_deleted(&self, message_id: &str) -> Result<Option<String>>;
    /// Puts a deleted message back under its parent, or under the nearest message above that is there. It takes back
    /// those of its children that still follow that message, and the leaf moves to the newest message below it if it
    /// was on the branch on screen, or if nothing is on screen. Needs [`super::Need::Manage`].
    async fn restore_message(&self, grant: &Grant, message_id: &str) -> Result<TreeOutcome>;
    /// Sets an ended answer to `generating` again and keeps its text. `updated_at` of the conversation becomes `now`.
    async fn continue_answer(&self, grant: &Grant, how: &Continuation<'_>) -> Result<ContinueOutcome>;
}
