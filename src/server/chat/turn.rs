//! [`Turn`]: an answer that is stored as being written, in the form in which its job takes it.

use crate::{
    domain::Message,
    server::store::{Grant, Run},
};

/// An answer that is stored as being written by this process.
pub struct Turn {
    /// The grant, with the conversation as it is after the answer was stored.
    pub grant: Grant,
    /// The question that was stored with the answer.
    pub question: Option<Message>,
    /// The question came from the queue.
    pub queued: bool,
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
