//! Questions that wait for the end of an answer, as a trait.
//!
//! A question leaves the queue in the same transaction that begins its answer ([`super::NewAnswer::queued`]), so it is
//! asked once, whichever processes try and wherever one dies. Every change takes a number of the conversation, so that a
//! listener that was away learns of it ([`super::Changes::queue`]).

use async_trait::async_trait;

use super::{Grant, Key, Result};
use crate::domain::{Queued, Reason};

/// A question to put at the end of the queue. Its author is the person behind the grant.
#[derive(Clone, Debug, Default)]
pub struct NewQueued<'a> {
    pub id: &'a str,
    pub text: &'a str,
    /// In a room: the message that it is.
    pub message_id: Option<&'a str>,
    pub model: Option<&'a str>,
    pub key: Option<&'a Key>,
    /// How many questions may wait, this one included. In a room, those that were refused or wait for a day do not count.
    pub most: u32,
    /// In a room: how many of the person's own may wait, whatever they wait for.
    pub most_own: Option<u32>,
    pub now: i64,
}

/// Why one more question cannot wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueFull {
    /// As many questions wait as may.
    All,
    /// As many of the person's own wait in the room as may.
    Own,
}

/// What is done with a question that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueChange<'a> {
    /// Another text; one that was refused may be asked again.
    Text(&'a str),
    /// To this position, from 0. One that was refused may be asked again.
    Move(u32),
    /// Another text and another position, in one step.
    TextAt(&'a str, u32),
    Remove,
    /// It is asked next, however the running answer ends.
    Send,
    /// It could not be asked, and is not tried again by itself.
    Refuse(&'a Reason),
    /// Its author has used up what a day allows, which is renewed at this time in UTC milliseconds. It stays next.
    Delay(i64),
}

/// The outcome of a change of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueOutcome {
    /// Done, with this number.
    Changed {
        revision: u64,
    },
    /// The key was used before to add the same question, which waits, was asked, or was removed. Nothing changed.
    Repeated,
    /// The key was used before for another request.
    KeyReused,
    Full(QueueFull),
    /// The question is not there (any more), or the person may not write in the conversation (any more).
    Missing,
}

/// The question whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextQueued {
    pub queued: Queued,
    /// The message that it follows: the newest of the branch on screen.
    pub after: Option<String>,
    /// In a room.
    pub is_shared: bool,
}

/// So many questions are stored in one queue at the most, those among them that cannot go on.
pub const MOST_STORED: u32 = 200;

/// How many conversations [`Waiting::conversations_with_queued`] answers at the most.
pub const QUEUES_AT_ONCE: u32 = 1000;

#[async_trait]
pub trait Waiting: Send + Sync {
    /// The questions that wait, in order.
    async fn queued(&self, grant: &Grant) -> Result<Vec<Queued>>;
    /// Adds a question at the end. Needs [`super::Need::Write`].
    async fn add_queued(&self, grant: &Grant, new: &NewQueued<'_>) -> Result<QueueOutcome>;
    /// Changes a question that waits. Needs [`super::Need::Write`].
    async fn change_queued(&self, grant: &Grant, id: &str, change: QueueChange<'_>) -> Result<QueueOutcome>;
    /// The question to ask now: the first one, when no answer is being written and the newest message is a complete
    /// answer (or there is no message), or one that was sent. In a room the first one when no answer is being written; there
    /// what was refused, waits for a day, or is of somebody in `passed_over` (ids of users) holds nobody else up. Takes no
    /// grant, because the server asks by itself.
    async fn next_queued(&self, conversation_id: &str, passed_over: &[String]) -> Result<Option<NextQueued>>;
    /// Removes a question whose author may not ask it any more; answers the number of the change, `None` if it is not there.
    /// Takes no grant, for the same reason.
    async fn forget_queued(&self, conversation_id: &str, id: &str) -> Result<Option<u64>>;
    /// The conversations in which questions wait, in the order of their ids: the first ones after `after`, up to
    /// [`QUEUES_AT_ONCE`]. Takes no grant, for the same reason.
    async fn conversations_with_queued(&self, after: &str) -> Result<Vec<String>>;
}
