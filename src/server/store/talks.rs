//! What people change of messages in a room, as a trait. There the messages are one line: each follows the newest one, and a
//! message that is deleted leaves a mark in its place.

use async_trait::async_trait;
use futures::{Stream, TryStreamExt};

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

/// Which versions of a message to read.
#[derive(Clone, Copy, Debug)]
pub struct VersionQuery {
    /// Only those that are older than this one, see [`VersionPage::before`].
    pub before: Option<i64>,
    /// How many bytes their texts may have together. One is read in any case.
    pub bytes: usize,
}

/// A page of versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionPage {
    pub items: Vec<Version>,
    /// There are older ones: [`VersionQuery::before`] of the next page.
    pub before: Option<i64>,
}

impl VersionPage {
    /// Reads versions, each with its position, as long as there is room for their texts.
    pub(super) async fn read<E>(
        mut found: impl Stream<Item = std::result::Result<(i64, Version), E>> + Unpin,
        bytes: usize,
    ) -> std::result::Result<Self, E> {
        let (mut items, mut left, mut last) = (Vec::new(), bytes, None);
        while let Some((at, version)) = found.try_next().await? {
            let size = version.content.len();
            if !items.is_empty() && size > left {
                return Ok(Self { items, before: last });
            }
            left = left.saturating_sub(size);
            last = Some(at);
            items.push(version);
        }
        Ok(Self { items, before: None })
    }
}

#[async_trait]
pub trait Talks: Send + Sync {
    /// Changes the text of a message that the person behind the grant wrote, and whom it mentions. What it said is kept: of
    /// each message every version; somebody who has changed it [`crate::domain::talk::MOST_EDITS`] times changes it no more.
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
    /// Those of these messages of a room that answer one of the `originals`, in any order.
    async fn replies_among(&self, grant: &Grant, ids: &[String], originals: &[String])
    -> Result<Vec<String>>;
    /// What a message said before, newest first; for moderators ([`super::Need::Manage`]), otherwise nothing.
    async fn versions(&self, grant: &Grant, message_id: &str, query: VersionQuery) -> Result<VersionPage>;
}
