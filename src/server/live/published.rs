//! [`Published`]: an event with its number, as the transports carry it.

use std::{borrow::Cow, sync::Arc};

use crate::{
    domain::ChatEvent,
    server::{markdown::labelled, words::Words},
};

/// An event for one listener. `seq` is the position from which the listener goes on after it.
#[derive(Clone, Debug)]
pub struct Published {
    pub seq: u64,
    pub event: Arc<ChatEvent>,
}

impl Published {
    pub fn new(seq: u64, event: impl Into<Arc<ChatEvent>>) -> Self {
        Self { seq, event: event.into() }
    }

    /// The event in the language of `words`.
    #[must_use]
    pub fn worded(mut self, words: Words) -> Self {
        let said = match &*self.event {
            ChatEvent::Failed { reason, .. } => words.text(reason),
            ChatEvent::Block { html, .. } if !words.is_english() => {
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
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut *to, &*self.event);
        // The opening brace of the object is removed, because one stands before `seq` already.
        if to.len() > at {
            to.remove(at);
        }
        to.push(b'\n');
    }
}
