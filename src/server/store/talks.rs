//! What people change of messages in a room, as a trait. There the messages are one line: each follows the newest one, and a
//! message that is deleted leaves a mark in its place.

use async_trait::async_trait;

use super::{Changed, Grant, Result};
use crate::domain::{Message, Version};

/// The outcome of a change of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TalkOutcome {
    /// Done; the message as it is now. `waited`: it waited as a question for the model, so that the queue changed, too, with
    /// the next number.
    Changed { message: Message, changed: Changed, waited: bool },
    /// It was so already. Nothing changed.
    Same(Message),
    /// The message is missing, of another conversation, or deleted; or the person may not do this (any more).
    Missing,
    /// The answer is being written.
    Busy,
    /// As many of them are there as may be.
    Full,
}

#[async_trait]
pub trait Talks: Send + Sync {
    /// Changes the text of a message that the person behind the grant wrote, and whom it mentions. What it said is kept.
    /// Needs [`super::Need::Write`].
    async fn edit_message(
        &self,
        grant: &Grant,
        message_id: &str,
        text: &str,
        mentions: &[String],
        now: i64,
    ) -> Result<TalkOutcome>;
    /// Marks a message of a room as deleted and takes its text, its reactions and its pin away; what it said is kept, and
    /// reports of it are settled. The person behind the grant wrote
    /// it, or asked for the answer, and needs [`super::Need::Write`]; anybody else needs [`super::Need::Manage`].
    async fn erase_message(&self, grant: &Grant, message_id: &str, now: i64) -> Result<TalkOutcome>;
    /// What a message said before, newest first; for moderators ([`super::Need::Manage`]), otherwise nothing.
    async fn versions(&self, grant: &Grant, message_id: &str) -> Result<Vec<Version>>;
}
