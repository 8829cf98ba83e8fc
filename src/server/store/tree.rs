//! The tree that the messages of a conversation form, and the branch of it on screen, as a trait.

use async_trait::async_trait;

use super::{Changed, Continuation, ContinueOutcome, Grant, Result};

/// A message and the one it follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    pub parent_id: Option<String>,
    pub id: String,
}

/// What became of a change of the tree. While an answer is being written, the branch on screen is not changed and no
/// message is deleted.
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
    /// The messages that follow these, oldest first; `None` is the parent of first questions.
    async fn children(&self, grant: &Grant, parents: &[Option<String>]) -> Result<Vec<Child>>;
    /// Moves the leaf to the newest message below this one, or this one. Needs [`super::Need::Write`].
    async fn select_branch(&self, grant: &Grant, message_id: &str) -> Result<TreeOutcome>;
    /// Deletes one message. Those that follow it then follow its parent; a leaf on it moves to the newest message below
    /// its parent. Needs [`super::Need::Manage`].
    async fn delete_message(&self, grant: &Grant, message_id: &str) -> Result<TreeOutcome>;
    /// Sets an ended answer `generating` again; its text stays. `updated_at` of the conversation becomes `now`.
    async fn continue_answer(&self, grant: &Grant, how: &Continuation<'_>) -> Result<ContinueOutcome>;
}
