//! [`Turn`]: an answer that is stored as being written, as its job takes it over.

use crate::{
    domain::Message,
    server::store::{Grant, Run},
};

/// An answer that is stored as being written by this process.
pub struct Turn {
    /// With the conversation as it is with the answer.
    pub grant: Grant,
    /// The question that was stored with it.
    pub question: Option<Message>,
    /// A continued one has text already.
    pub answer: Message,
    /// Which run of the answer this is, see [`Run`].
    pub run: String,
    /// The position just before its first event.
    pub after: u64,
}

impl Turn {
    pub fn run(&self) -> Run {
        let Message { id, conversation_id, .. } = self.answer.clone();
        Run { message_id: id, conversation_id, run: self.run.clone() }
    }
}
