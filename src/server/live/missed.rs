//! Missed changes: everything that changed in the store since a listener's position, as events.

use std::collections::HashMap;

use super::{follow::Listener, published::Published, replay::events_of};
use crate::{
    domain::{ChatEvent, Message, Role, Status},
    error::AppError,
    server::store::{Changes, Grant, Texts},
};

/// Beyond this many changed messages the listener reads the conversation anew.
const MOST_MISSED: u32 = 50;
/// The same limit for the length of their texts together, in bytes.
const MOST_MISSED_BYTES: u64 = 4 * 1024 * 1024;

impl Listener {
    /// Puts the changes since the listener's position before the events that come next. `false`: too much changed, or
    /// the position belongs to no event of this conversation.
    pub(super) async fn catch_up(&mut self, grant: &Grant) -> Result<bool, AppError> {
        let store = self.service.chats.clone();
        let changes = store.changes_since(grant, self.position, MOST_MISSED).await?;
        let bytes: u64 = changes.messages.iter().map(|outline| outline.bytes(Texts::All)).sum();
        if changes.more || bytes > MOST_MISSED_BYTES || changes.seq < self.position {
            return Ok(false);
        }
        if bytes > 0 {
            self.replayed = Some(self.service.reading.enter(self.current.id(), bytes).await?);
        }
        let ids: Vec<String> = changes.messages.iter().map(|outline| outline.id.clone()).collect();
        let mut messages = store.messages_of(grant, &ids, Texts::All).await?;
        messages.sort_by(|a, b| (a.revision, &a.id).cmp(&(b.revision, &b.id)));
        let (position, format) = (self.position, self.format);
        let work = move || told(changes, messages, position, |message| events_of(message, format));
        let (events, seq) = self.service.renderer.run(self.current.id(), work).await?;
        self.ready.extend(events);
        self.position = seq;
        Ok(true)
    }
}

/// The events of the changes, and the position after them. The last event of a message has the message's revision as
/// its number, so a listener that is cut off gets the rest, and twice only the message in which it was cut off.
fn told(
    changes: Changes,
    messages: Vec<Message>,
    position: u64,
    events_of: impl Fn(&Message) -> Vec<ChatEvent>,
) -> (Vec<Published>, u64) {
    let Changes { removed, conversation, seq, .. } = changes;
    let mut told = Vec::new();
    let answers: HashMap<&str, &Message> = messages
        .iter()
        .filter(|message| message.role == Role::Assistant)
        .filter_map(|answer| Some((answer.parent_id.as_deref()?, answer)))
        .collect();
    let mut at = position;
    for message in &messages {
        let events = match message.role {
            // The log has the answer that is being written.
            _ if message.status == Status::Generating => continue,
            // The question is sent with its answer.
            Role::User if answers.contains_key(message.id.as_str()) => continue,
            Role::User => vec![ChatEvent::Message(message.into())],
            Role::System => continue,
            Role::Assistant => {
                let mut events = events_of(message);
                let question = messages.iter().find(|it| Some(&it.id) == message.parent_id.as_ref());
                events[0] = ChatEvent::started(message, question.filter(|it| it.role == Role::User));
                events
            }
        };
        told.extend(events.into_iter().map(|event| Published::new(at, event)));
        at = at.max(message.revision.min(seq));
        if let Some(last) = told.last_mut() {
            last.seq = at;
        }
    }
    let mut others: Vec<ChatEvent> =
        removed.into_iter().map(|message_id| ChatEvent::Deleted { message_id }).collect();
    if let Some(conversation) = conversation {
        let leads_elsewhere =
            conversation.leaf_id.is_some_and(|leaf| !messages.iter().any(|message| message.id == leaf));
        if !conversation.title.is_empty() {
            others.push(ChatEvent::Title { title: conversation.title });
        }
        if leads_elsewhere {
            others.push(ChatEvent::Changed {});
        }
    }
    told.extend(others.into_iter().map(|event| Published::new(at, event)));
    if let Some(last) = told.last_mut() {
        last.seq = seq;
    }
    (told, seq)
}
