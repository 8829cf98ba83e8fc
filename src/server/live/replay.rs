//! What a listener is told from the store: the newest answer, when it comes without a position or with one that
//! leads nowhere.

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
    /// Puts the whole newest answer before what comes next: what is running from the log, an ended answer
    /// from the store.
    pub(super) async fn replay(&mut self, reset: bool) -> Result<(), AppError> {
        let (first, last) = self.log.bounds();
        let running = self.log.running_ids();
        if !running.is_empty() {
            if reset {
                let reset = |message_id| Published::new(first, ChatEvent::Reset { message_id });
                self.ready.extend(running.into_iter().map(|(id, _)| reset(id)));
                let others = self.told_with_reset();
                self.ready.extend(others.into_iter().map(|event| Published::new(first, event)));
            }
            self.position = first;
            return Ok(());
        }
        self.position = last;
        let grant = self.access().await?;
        let Conversation { leaf_id, title, .. } = grant.conversation().clone();
        let Some(leaf) = leaf_id else { return Ok(()) };
        // As long as an answer may be, and by as many streams at once as a person may have.
        let outline = self.service.chats.outlines_back(&grant, Some(&leaf), 1).await?.pop();
        let bytes = outline.map_or(0, |outline| outline.bytes(Texts::All));
        self.replayed = Some(self.service.reading.enter(self.current.id(), bytes).await?);
        let message = self.service.chats.message(&grant, &leaf).await?;
        let Some(message) = message.filter(|m| m.role == Role::Assistant) else { return Ok(()) };
        // Back from here the listener is told the whole answer again: by the log, or else from the store.
        let before = self.log.after(&leaf).unwrap_or(message.revision.saturating_sub(1)).min(last);
        let format = self.format;
        let mut events =
            self.service.renderer.run(self.current.id(), move || events_of(&message, format)).await?;
        if reset {
            let others = self.told_with_reset();
            events.splice(0..0, [ChatEvent::Reset { message_id: leaf }].into_iter().chain(others));
        }
        if !title.is_empty() {
            events.push(ChatEvent::Title { title });
        }
        let number = |at| if at + 1 == events.len() { last } else { before };
        let numbers: Vec<u64> = (0..events.len()).map(number).collect();
        self.ready.extend(events.into_iter().zip(numbers).map(|(event, seq)| Published::new(seq, event)));
        Ok(())
    }

    /// What else is read again by whoever reads the newest answer anew.
    fn told_with_reset(&self) -> Vec<ChatEvent> {
        let members = self.in_room.then(|| ChatEvent::members(Vec::new()));
        std::iter::once(ChatEvent::Queue {}).chain(members).collect()
    }
}

/// The events that an ended answer comes down to.
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
