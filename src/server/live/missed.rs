//! What a listener missed: the changes that the store has since its position, as events.

use super::{follow::Listener, published::Published, replay::events_of};
use crate::{
    domain::{ChatEvent, Message, Role, Status},
    error::AppError,
    server::store::{Changes, Grant, Texts, conceal},
};

/// More changed messages than this are not told one by one: the listener reads the conversation anew.
const MOST_MISSED: u32 = 50;
/// The same for their texts together, in bytes.
const MOST_MISSED_BYTES: u64 = 4 * 1024 * 1024;

impl Listener {
    /// Puts what changed since the listener's position before what comes next. `false`: too much changed, or the
    /// position is of no event of this conversation.
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
        conceal(&*store, grant, &mut messages, None).await?;
        messages.sort_by(|a, b| (a.revision, &a.id).cmp(&(b.revision, &b.id)));
        let (position, format) = (self.position, self.format);
        let asked: Vec<String> =
            messages.iter().map(|message| message.id.clone()).filter(|id| self.log.asks(id)).collect();
        let work = move || {
            let log_asks = |id: &str| asked.iter().any(|asked| asked == id);
            told(changes, messages, position, log_asks, |message| events_of(message, format))
        };
        let (events, seq) = self.service.renderer.run(self.current.id(), work).await?;
        self.ready.extend(events);
        self.position = seq;
        Ok(true)
    }
}

/// The events of changes, and the position after them. What is not of one message comes first, because it may belong to
/// any of the numbers. The last event of the messages of a revision carries that, so a listener that is cut off is told
/// the rest, and nothing twice but the messages of the revision that it was cut off in. `log_asks`: whether the log
/// tells of a question, with the answer that is being written.
fn told(
    changes: Changes,
    messages: Vec<Message>,
    position: u64,
    log_asks: impl Fn(&str) -> bool,
    events_of: impl Fn(&Message) -> Vec<ChatEvent>,
) -> (Vec<Published>, u64) {
    let Changes { removed, conversation, queue, members, reread, seq, .. } = changes;
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
    if queue {
        others.push(ChatEvent::Queue {});
    }
    if members {
        others.push(ChatEvent::Members { gone: Vec::new(), title: None, reread });
    }
    let mut told: Vec<Published> = others.into_iter().map(|event| Published::new(position, event)).collect();
    let is_whole = |message: &Message| message.status != Status::Generating;
    let is_answered = |question: &Message| {
        // In a room the question was told before its answer began.
        let answers = messages.iter().filter(|message| {
            message.role == Role::Assistant && is_whole(message) && message.talk.reply_to.is_none()
        });
        answers.into_iter().any(|answer| answer.parent_id.as_ref() == Some(&question.id))
    };
    let mut at = position;
    for (index, message) in messages.iter().enumerate() {
        let events = match message.role {
            // A mark is left of a message of a room.
            _ if message.talk.deleted_at.is_some() => vec![ChatEvent::Message(message.into())],
            Role::Assistant if is_whole(message) => {
                let question = messages
                    .iter()
                    .filter(|_| message.talk.reply_to.is_none())
                    .find(|it| Some(&it.id) == message.parent_id.as_ref() && it.role == Role::User);
                let mut events = events_of(message);
                events[0] = ChatEvent::started(message, question);
                events
            }
            Role::User if !is_answered(message) && !log_asks(&message.id) => {
                vec![ChatEvent::Message(message.into())]
            }
            // A question is told with its answer, and what is being written by the log.
            _ => Vec::new(),
        };
        told.extend(events.into_iter().map(|event| Published::new(at, event)));
        if messages.get(index + 1).is_none_or(|next| next.revision > message.revision) {
            at = at.max(message.revision.min(seq));
            if let Some(last) = told.last_mut() {
                last.seq = at;
            }
        }
    }
    if let Some(last) = told.last_mut() {
        last.seq = seq;
    }
    (told, seq)
}
