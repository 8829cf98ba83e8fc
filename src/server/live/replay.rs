//! The newest answer for a listener that comes without a position, or with a position that leads nowhere.

use super::{follow::Listener, log::Format, published::Published};
use crate::{
    domain::{ChatEvent, Conversation, Message, Role, Status},
    error::AppError,
    server::{
        markdown::{BlockChange, Stream as Markdown},
        store::Texts,
    },
};

impl Listener {
    /// Puts the whole newest answer before the events that come next: a running answer from the log, an ended one from
    /// the store.
    pub(super) async fn replay(&mut self, reset: bool) -> Result<(), AppError> {
        let (first, last) = self.log.bounds();
        let running = self.log.running_ids();
        if !running.is_empty() {
            if reset {
                let reset = |message_id| Published::new(first, ChatEvent::Reset { message_id });
                self.ready.extend(running.into_iter().map(|(id, _)| reset(id)));
            }
            self.position = first;
            return Ok(());
        }
        self.position = last;
        let grant = self.access().await?;
        let Conversation { leaf_id, title, .. } = grant.conversation().clone();
        let Some(leaf) = leaf_id else { return Ok(()) };
        // The permit covers the length of the answer, because as many streams at once as a person may have could each
        // hold one.
        let outline = self.service.chats.outlines_back(&grant, Some(&leaf), 1).await?.pop();
        let bytes = outline.map_or(0, |outline| outline.bytes(Texts::All));
        self.replayed = Some(self.service.reading.enter(self.current.id(), bytes).await?);
        let message = self.service.chats.message(&grant, &leaf).await?;
        let Some(message) = message.filter(|m| m.role == Role::Assistant) else { return Ok(()) };
        let format = self.format;
        let mut events =
            self.service.renderer.run(self.current.id(), move || events_of(&message, format)).await?;
        if reset {
            events.insert(0, ChatEvent::Reset { message_id: leaf });
        }
        if !title.is_empty() {
            events.push(ChatEvent::Title { title });
        }
        // The last event has the position as its number, so a listener that is cut off before it gets the whole answer
        // again.
        let first = (last + 1).saturating_sub(events.len() as u64);
        self.ready.extend(events.into_iter().zip(first..).map(|(event, seq)| Published::new(seq, event)));
        Ok(())
    }
}

/// The events of an ended answer.
pub(super) fn events_of(message: &Message, format: Format) -> Vec<ChatEvent> {
    let id = || message.id.clone();
    let mut events = vec![ChatEvent::started(message, None)];
    if !message.reasoning.is_empty() {
        events.push(ChatEvent::Reasoning { message_id: id(), text: message.reasoning.clone() });
    }
    match format {
        Format::Text if message.content.is_empty() => {}
        Format::Text => events.push(ChatEvent::Delta { message_id: id(), text: message.content.clone() }),
        Format::Html => {
            let mut markdown = Markdown::new();
            markdown.push(&message.content);
            events.extend(markdown.finish().into_iter().map(|change| match change {
                BlockChange::Block { index, html } => {
                    ChatEvent::Block { message_id: id(), index, html: html.into_string() }
                }
                BlockChange::Lines { index, html } => {
                    ChatEvent::Lines { message_id: id(), index, html: html.into_string() }
                }
            }));
        }
    }
    if message.status != Status::Generating {
        events.push(ChatEvent::ended(message));
    }
    events
}
