//! The branch on screen, window by window.

use std::{collections::HashMap, sync::Arc};

use super::{Conversations, WINDOW, WINDOW_BYTES, valid_limit};
use crate::{
    domain::{CurrentUser, Message, Reason, Siblings, Status},
    error::AppError,
    server::{
        live::{
            log::{Format, Running},
            reading::ReadPermit,
        },
        markdown::labelled,
        store::{Branch, Child, Grant, Reach, Texts},
        words::{self, Words},
    },
};

/// A message as a page or a program gets it.
#[derive(Clone, Debug)]
pub struct ThreadMessage {
    pub message: Message,
    /// Empty for a message of a person.
    pub html: Arc<str>,
    /// `Some` if more than one message has the same parent.
    pub siblings: Option<Siblings>,
}

/// A window of the branch on screen, oldest first.
#[derive(Debug)]
pub struct Thread {
    pub messages: Vec<ThreadMessage>,
    /// The cursor of the window before this one; `None` if this is the first.
    pub previous_cursor: Option<String>,
    /// A listener that goes on from this position misses nothing that the window does not contain.
    pub after: u64,
    /// Held until the response made of the window is sent.
    pub permit: ReadPermit,
}

impl Conversations {
    /// The newest window of a conversation, or the window before the message `before`: at most `limit` messages and
    /// [`WINDOW_BYTES`] of text, but at least one message. Waits until the person may read this much. `format` says
    /// whether the messages get HTML.
    pub async fn thread(
        &self,
        current: &CurrentUser,
        grant: &Grant,
        before: Option<&str>,
        limit: Option<u32>,
        format: Format,
    ) -> Result<Thread, AppError> {
        let limit = valid_limit(limit, WINDOW)? as usize;
        let mut window = self.window(grant, before, limit).await?;
        // The store does not have the text of a running answer yet, so a whole window is reserved for it.
        let running = if window.begins_empty() { WINDOW_BYTES } else { 0 };
        let permit = self.reading.enter(current.id(), window.bytes() + running).await?;
        let anew =
            if permit.waited() { Some(self.open(current, grant.conversation_id()).await?) } else { None };
        let grant = anew.as_ref().unwrap_or(grant);
        if anew.is_some() {
            window = self.window(grant, before, limit).await?;
        }
        // The position is read before the messages, so that the last events of an answer that ends in between are sent
        // again.
        let mut after = self.published(grant);
        let running = self.running(grant.conversation_id()).await?;
        let mut messages = window.read(&*self.chats, grant).await?;
        messages.reverse();
        for running in running {
            after = after.min(running.after);
            let shown =
                messages.iter_mut().find(|m| m.id == running.answer_id && m.status == Status::Generating);
            // A continued answer begins with the text it has; its job may not have published that yet, so the stored
            // text is kept.
            if let Some(message) = shown.filter(|message| running.content.len() >= message.content.len()) {
                message.content = running.content;
                message.reasoning = running.reasoning;
            }
        }
        let mut siblings = self.siblings(grant, &messages).await?;
        let html = match format {
            Format::Html => self.renderer.messages(current.id(), &messages).await?,
            Format::Text => vec![Arc::default(); messages.len()],
        };
        let previous_cursor = messages.first().filter(|_| window.more).map(|message| message.id.clone());
        let words = words::current();
        let messages = messages.into_iter().zip(html).map(|(message, html)| {
            let siblings = siblings.remove(&message.id);
            let html = match words == Words::english() {
                true => html,
                false => labelled(&html, |key| words.say(key)).into(),
            };
            ThreadMessage { message, html, siblings }
        });
        Ok(Thread { messages: messages.collect(), previous_cursor, after, permit })
    }

    /// The messages of a window.
    async fn window(&self, grant: &Grant, before: Option<&str>, limit: usize) -> Result<Branch, AppError> {
        let leaf = match before {
            Some(before) => {
                let found = self.chats.outlines_back(grant, Some(before), 1).await?.pop();
                let known = found.filter(|outline| outline.id == before);
                known.ok_or_else(|| AppError::invalid("before", Reason::new("before-unknown")))?.parent_id
            }
            None => grant.conversation().leaf_id.clone(),
        };
        let reach = Reach { messages: limit, bytes: WINDOW_BYTES, texts: Texts::All };
        Ok(Branch::find(&*self.chats, grant, leaf.as_deref(), reach).await?)
    }

    /// The number of the last published event. If a log is in use its number counts, because the store's may be ahead:
    /// it includes a title that is about to be published.
    fn published(&self, grant: &Grant) -> u64 {
        let log = self.live.get(grant.conversation_id());
        log.map_or_else(|| grant.last_seq(), |log| log.bounds().1)
    }

    /// The siblings of the messages that have any, by message id, in one query.
    async fn siblings(
        &self,
        grant: &Grant,
        messages: &[Message],
    ) -> Result<HashMap<String, Siblings>, AppError> {
        let parents: Vec<Option<String>> = messages.iter().map(|message| message.parent_id.clone()).collect();
        let children = self.chats.children(grant, &parents).await?;
        let mut families: HashMap<Option<String>, Vec<String>> = HashMap::new();
        for Child { parent_id, id } in children {
            families.entry(parent_id).or_default().push(id);
        }
        let place = |message: &Message| {
            let family = families.get(&message.parent_id).filter(|family| family.len() > 1)?;
            let at = family.iter().position(|id| *id == message.id)?;
            let near = |at: Option<usize>| at.and_then(|at| family.get(at).cloned());
            let siblings = Siblings {
                index: u32::try_from(at + 1).ok()?,
                count: u32::try_from(family.len()).ok()?,
                previous_id: near(at.checked_sub(1)),
                next_id: near(Some(at + 1)),
            };
            Some((message.id.clone(), siblings))
        };
        Ok(messages.iter().filter_map(place).collect())
    }

    /// The answers that any process is writing in the conversation, with all of their text so far.
    async fn running(&self, conversation_id: &str) -> Result<Vec<Running>, AppError> {
        let here = self.live.get(conversation_id).map(|log| log.running()).unwrap_or_default();
        if here.is_empty() {
            return Ok(self.elsewhere.running(conversation_id).await?.into_iter().collect());
        }
        Ok(here)
    }
}
