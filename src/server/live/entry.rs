//! [`Entry`]: an event with its place, as the transports carry it.

use std::{borrow::Cow, sync::Arc};

use crate::{
    domain::{ChatEvent, Failure, Message},
    server::{markdown::labelled, words::Words},
};

/// An event for one listener. `seq` is the place to come back to after it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub seq: u64,
    pub event: Arc<ChatEvent>,
}

impl Entry {
    pub fn new(seq: u64, event: impl Into<Arc<ChatEvent>>) -> Self {
        Self { seq, event: event.into() }
    }

    /// The event as somebody is told it who reads the language of these words.
    #[must_use]
    pub fn worded(mut self, words: Words) -> Self {
        let said = match &*self.event {
            ChatEvent::Failed { reason, .. } => words.text(reason),
            ChatEvent::Block { html, .. } if words != Words::english() => {
                match labelled(html, |key| words.say(key)) {
                    Cow::Owned(said) => said,
                    Cow::Borrowed(_) => return self,
                }
            }
            _ => return self,
        };
        if let ChatEvent::Failed { message: told, .. } | ChatEvent::Block { html: told, .. } =
            Arc::make_mut(&mut self.event)
        {
            *told = said;
        }
        self
    }

    /// The event as a JSON object.
    pub fn json(&self) -> String {
        serde_json::to_string(&*self.event).unwrap_or_default()
    }

    /// The event as one line of JSON with its `seq`, as the byte stream carries it.
    pub fn write_line(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(format!("{{\"seq\":{},", self.seq).as_bytes());
        let at = to.len();
        // Plain values cannot fail to be written to memory.
        let _ = serde_json::to_writer(&mut *to, &*self.event);
        // The object's own opening brace stands before `seq` already.
        if to.len() > at {
            to.remove(at);
        }
        to.push(b'\n');
    }
}

/// The event that tells why an answer failed.
pub fn failed(message_id: String, failure: Failure) -> ChatEvent {
    let Failure { code, reason, retryable } = failure;
    ChatEvent::Failed { message_id, code, reason, message: String::new(), retryable }
}

/// The event that tells how an answer ended, from what is stored of it.
pub fn end_of(message: &Message) -> ChatEvent {
    let message_id = message.id.clone();
    match &message.failure {
        Some(failure) => failed(message_id, failure.clone()),
        None => ChatEvent::Done {
            message_id,
            status: message.status,
            usage: message.usage,
            length_limited: message.length_limited,
        },
    }
}
