//! [`Entry`]: an event with its place, as the transports carry it.

use std::sync::Arc;

use crate::domain::{ChatEvent, Message};

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

/// The event that tells how an answer ended, from what is stored of it.
pub fn end_of(message: &Message) -> ChatEvent {
    let message_id = message.id.clone();
    match &message.failure {
        Some(failure) => ChatEvent::Failed {
            message_id,
            code: failure.code,
            message: failure.message.clone(),
            retryable: failure.retryable,
        },
        None => ChatEvent::Done {
            message_id,
            status: message.status,
            usage: message.usage,
            length_limited: message.length_limited,
        },
    }
}
