//! What leads to an answer: who asks, and who pays; and [`Turn`]: an answer that is stored as being written, in the form in
//! which its job takes it.

use crate::{
    domain::{CurrentUser, Message, Reason, RoomPayer, User},
    error::AppError,
    server::store::{Grant, Run},
};

/// Who asks: a person, or the server for a person whose question waited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker<'a> {
    pub user: &'a User,
    /// The question that leaves the queue.
    pub queued: Option<&'a str>,
}

impl<'a> From<&'a CurrentUser> for Asker<'a> {
    fn from(current: &'a CurrentUser) -> Self {
        Self { user: &current.user, queued: None }
    }
}

/// Whose daily budget an answer counts against.
#[derive(Clone, Debug)]
pub(super) struct Payer {
    pub user: User,
    pub which: RoomPayer,
}

impl Payer {
    pub(super) fn asker(user: &User) -> Self {
        Self { user: user.clone(), which: RoomPayer::Asker }
    }
}

/// An answer that is stored as being written by this process.
pub struct Turn {
    /// The grant, with the conversation as it is after the answer was stored.
    pub grant: Grant,
    /// The question that was stored with the answer.
    pub question: Option<Message>,
    /// The question came from the queue.
    pub queued: bool,
    /// The account that the answer counts against.
    pub payer_id: String,
    /// A continued answer has text already.
    pub answer: Message,
    /// Which run of the answer this is, see [`Run`].
    pub run: String,
    /// The position just before the first event of the run.
    pub after: u64,
}

impl Turn {
    pub fn run(&self) -> Run {
        let Message { id, conversation_id, .. } = self.answer.clone();
        Run { message_id: id, conversation_id, run: self.run.clone() }
    }
}

/// Ids sort by time, and no id is left after the one of this message.
pub(super) fn no_id() -> AppError {
    AppError::Conflict { reason: Reason::new("conversation-at-end-of-time") }
}
