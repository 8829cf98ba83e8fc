//! Conversations: list, open, rename, delete; and a branch of messages, window by window.

use std::{collections::HashMap, sync::Arc};

use super::models::{unknown_model, valid_model};
use crate::{
    domain::{
        ChatEvent, Conversation, ConversationPatch, Message, Page, Reason, Siblings, Status,
        conversation::{MAX_SYSTEM_PROMPT_BYTES, MAX_TITLE_CHARS},
    },
    error::AppError,
    server::{
        accounts::session::CurrentUser,
        app::AppState,
        cluster::relay,
        live::{channel::Format, reading::ReadPermit},
        markdown::labelled,
        ops::tasks,
        store::{Branch, Child, ConversationPlace, ConversationQuery, Reach, Texts},
        words::{self, Words},
    },
};

/// Entries of a listing when the caller does not say, and at the most.
pub const DEFAULT_LIMIT: u32 = 40;
pub const MAX_LIMIT: u32 = 100;
/// Longer ones are not ours.
const MAX_CURSOR_BYTES: usize = 64;
/// Messages of a thread's newest window.
pub const WINDOW: u32 = 50;
/// Text of any window, in bytes of content and reasoning. A longer message is a window of its own.
pub const WINDOW_BYTES: u64 = 1024 * 1024;

/// Which conversations to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Listing<'a> {
    pub cursor: Option<&'a str>,
    pub limit: Option<u32>,
    pub title_contains: Option<&'a str>,
    pub archived: bool,
}

/// A page of the user's conversations, newest first.
pub async fn list(
    state: &AppState,
    current: &CurrentUser,
    listing: Listing<'_>,
) -> Result<Page<Conversation>, AppError> {
    let limit = valid_limit(listing.limit, DEFAULT_LIMIT)?;
    if listing.title_contains.is_some_and(|q| q.chars().nth(MAX_TITLE_CHARS).is_some()) {
        let reason = Reason::new("search-too-long").with("most", MAX_TITLE_CHARS);
        return Err(AppError::invalid("q", reason));
    }
    let query = ConversationQuery {
        archived: listing.archived,
        title_contains: listing.title_contains.map(str::trim).filter(|q| !q.is_empty()).map(str::to_owned),
        after: listing.cursor.filter(|cursor| !cursor.is_empty()).map(read_cursor).transpose()?,
        // One more tells whether there is a next page.
        limit: limit + 1,
    };
    let mut items = state.store.conversations(current.id(), &query).await?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|last| format!("{}_{}", last.updated_at, last.id));
    Ok(Page { items, next_cursor })
}

fn read_cursor(cursor: &str) -> Result<ConversationPlace, AppError> {
    Some(cursor)
        .filter(|cursor| cursor.len() <= MAX_CURSOR_BYTES)
        .and_then(|cursor| cursor.split_once('_'))
        .and_then(|(updated_at, id)| {
            Some(ConversationPlace { updated_at: updated_at.parse().ok()?, id: id.into() })
        })
        .ok_or_else(|| AppError::invalid("cursor", Reason::new("cursor-not-ours")))
}

fn valid_limit(limit: Option<u32>, default: u32) -> Result<u32, AppError> {
    match limit {
        None => Ok(default),
        Some(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        Some(_) => Err(AppError::invalid("limit", Reason::new("limit-out-of-range").with("most", MAX_LIMIT))),
    }
}

pub async fn open(state: &AppState, current: &CurrentUser, id: &str) -> Result<Conversation, AppError> {
    state.store.conversation(current.id(), id).await?.ok_or(AppError::NotFound)
}

/// One of the user's messages, in any of their conversations.
pub async fn message(state: &AppState, current: &CurrentUser, id: &str) -> Result<Message, AppError> {
    state.store.message(current.id(), id).await?.ok_or(AppError::NotFound)
}

/// Begins an empty conversation.
pub async fn create(
    state: &AppState,
    current: &CurrentUser,
    mut patch: ConversationPatch,
) -> Result<Conversation, AppError> {
    check(state, &mut patch).await?;
    let now = state.clock.now();
    let conversation = Conversation {
        id: state.ids.next(),
        title: patch.title.unwrap_or_default(),
        model: patch.model.flatten(),
        system_prompt: patch.system_prompt.flatten(),
        pinned: patch.pinned.unwrap_or_default(),
        archived: patch.archived.unwrap_or_default(),
        leaf_id: None,
        created_at: now,
        updated_at: now,
    };
    state.store.create_conversation(current.id(), &conversation).await?;
    Ok(conversation)
}

pub async fn update(
    state: &AppState,
    current: &CurrentUser,
    id: &str,
    mut patch: ConversationPatch,
) -> Result<Conversation, AppError> {
    check(state, &mut patch).await?;
    if patch.title.as_deref() == Some("") {
        return Err(AppError::invalid("title", Reason::new("title-missing")));
    }
    let changed =
        state.store.update_conversation(current.id(), id, &patch).await?.ok_or(AppError::NotFound)?;
    if let Some((title, channel)) = patch.title.zip(state.live.get(id)) {
        channel.publish(ChatEvent::Title { title });
    }
    Ok(changed)
}

/// Deletes a conversation with all its messages; a running answer ends.
pub async fn delete(state: &AppState, current: &CurrentUser, id: &str) -> Result<(), AppError> {
    if !state.store.delete_conversation(current.id(), id).await? {
        return Err(AppError::NotFound);
    }
    if let Some(channel) = state.live.get(id) {
        channel.close();
    }
    purge(state);
    Ok(())
}

/// Removes what deleted conversations left, behind everybody's back. What is left when the server ends goes with the
/// next deletion or the hourly sweep.
pub fn purge(state: &AppState) {
    let state = state.clone();
    tasks::spawn("removal of deleted conversations", async move {
        loop {
            match state.store.purge().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, "what deleted conversations left is removed later");
                    return;
                }
            }
        }
    });
}

async fn check(state: &AppState, patch: &mut ConversationPatch) -> Result<(), AppError> {
    if let Some(title) = &mut patch.title {
        *title = title.trim().to_owned();
        if title.chars().count() > MAX_TITLE_CHARS || title.chars().any(char::is_control) {
            let reason = Reason::new("title-too-long").with("most", MAX_TITLE_CHARS);
            return Err(AppError::invalid("title", reason));
        }
    }
    if let Some(Some(prompt)) = &patch.system_prompt
        && prompt.len() > MAX_SYSTEM_PROMPT_BYTES
    {
        let reason = Reason::new("system-prompt-too-long").with("most", MAX_SYSTEM_PROMPT_BYTES);
        return Err(AppError::invalid("system_prompt", reason));
    }
    if let Some(Some(model)) = &mut patch.model {
        let id = valid_model(model)?;
        *model = state.models.find(id).await.ok_or_else(|| unknown_model(id))?.id;
    }
    Ok(())
}

/// A message as it is shown.
#[derive(Clone, Debug)]
pub struct ThreadMessage {
    pub message: Message,
    /// Empty for what a person wrote.
    pub html: Arc<str>,
    /// Where there is more than one message with its parent.
    pub siblings: Option<Siblings>,
}

/// A window of the branch on screen, oldest first.
#[derive(Debug)]
pub struct Thread {
    pub messages: Vec<ThreadMessage>,
    /// Where the window before this one ends; `None` at the beginning.
    pub previous_cursor: Option<String>,
    /// Listening after this place misses nothing that the window does not show.
    pub after: u64,
    /// Held until what is made of the window is sent.
    pub permit: ReadPermit,
}

/// The newest window of a conversation, or the one before the message `before`: at most `limit` messages,
/// and [`WINDOW_BYTES`] of text, but always one message. Waits for the person's turn to read so much. HTML is made
/// for whom it is shown to.
pub async fn thread(
    state: &AppState,
    current: &CurrentUser,
    conversation: &Conversation,
    before: Option<&str>,
    limit: Option<u32>,
    format: Format,
) -> Result<Thread, AppError> {
    let limit = valid_limit(limit, WINDOW)? as usize;
    let mut window = window(state, conversation, before, limit).await?;
    // The text of a running answer is not in the store yet.
    let running = if window.begins_empty() { WINDOW_BYTES } else { 0 };
    let permit = state.reading.enter(current.id(), window.bytes() + running).await?;
    if permit.waited() {
        let conversation = open(state, current, &conversation.id).await?;
        window = self::window(state, &conversation, before, limit).await?;
    }
    // Read before the messages: an answer that ends in between is shown by its last events again.
    let mut after = told(state, &conversation.id).await?;
    let running = relay::running(state, &conversation.id).await?;
    let mut messages = window.read(&*state.store, &conversation.id).await?;
    messages.reverse();
    if let Some(running) = running {
        after = running.place;
        let shown =
            messages.last_mut().filter(|m| m.id == running.answer_id && m.status == Status::Generating);
        // A continued answer's job may not have told the text it begins with yet.
        if let Some(message) = shown.filter(|message| running.text.len() >= message.content.len()) {
            message.content = running.text;
            message.reasoning = running.reasoning;
        }
    }
    let mut siblings = siblings(state, &conversation.id, &messages).await?;
    let html = match format {
        Format::Html => state.renderer.messages(current.id(), &messages).await?,
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

/// Which messages a window has.
async fn window(
    state: &AppState,
    conversation: &Conversation,
    before: Option<&str>,
    limit: usize,
) -> Result<Branch, AppError> {
    let leaf = match before {
        Some(before) => {
            let found = state.store.outlines_back(&conversation.id, Some(before), 1).await?.pop();
            let known = found.filter(|outline| outline.id == before);
            known.ok_or_else(|| AppError::invalid("before", Reason::new("before-unknown")))?.parent_id
        }
        None => conversation.leaf_id.clone(),
    };
    let reach = Reach { messages: limit, bytes: WINDOW_BYTES, texts: Texts::All };
    Ok(Branch::find(&*state.store, &conversation.id, leaf.as_deref(), reach).await?)
}

/// The number of the last event. Where somebody listens, the store's may be ahead: it covers a title that
/// is about to be told.
async fn told(state: &AppState, conversation_id: &str) -> Result<u64, AppError> {
    let Some(channel) = state.live.get(conversation_id) else {
        return Ok(state.store.last_seq(conversation_id).await?);
    };
    Ok(channel.bounds().1)
}

/// The places of those that have siblings, by message. One query for all.
async fn siblings(
    state: &AppState,
    conversation_id: &str,
    messages: &[Message],
) -> Result<HashMap<String, Siblings>, AppError> {
    let parents: Vec<Option<String>> = messages.iter().map(|message| message.parent_id.clone()).collect();
    let children = state.store.children(conversation_id, &parents).await?;
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
