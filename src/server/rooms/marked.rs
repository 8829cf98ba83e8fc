//! What pages show of messages that stand elsewhere in a room: pinned ones, those that an answer read, and originals of
//! replies, each with its first words.

use super::Rooms;
use crate::{
    domain::{CurrentUser, Message, PromptRead, Reason},
    error::AppError,
    server::{
        markdown,
        store::{Grant, conceal, is_hidden},
    },
};

/// So many characters of such a message are read.
pub const BEGINNING: u32 = 200;
/// So many of the messages that an answer read are listed.
pub const MOST_READ: u32 = 500;

/// What a model read for an answer.
#[derive(Clone, Debug)]
pub struct ReadList {
    pub answer: Message,
    pub read: PromptRead,
    /// The newest pin first.
    pub pins: Vec<Message>,
    /// Newest first, at most [`MOST_READ`], without those that were deleted or are hidden.
    pub messages: Vec<Message>,
}

impl Rooms {
    /// The pinned messages of a room or of a conversation of two, the newest pin first.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is no such room.
    pub async fn pinned(&self, current: &CurrentUser, id: &str) -> Result<Vec<Message>, AppError> {
        let grant = self.shared(current, id).await?;
        let ids: Vec<String> = self.chats.pinned(&grant).await?.into_iter().map(|it| it.id).collect();
        let mut messages = self.beginnings(&grant, &ids).await?;
        messages.sort_by_key(|message| ids.iter().position(|id| *id == message.id));
        Ok(messages)
    }

    /// These messages of the room with their first words, newest first. What was deleted or is hidden says nothing.
    ///
    /// # Errors
    ///
    /// The store does not answer.
    pub async fn beginnings(&self, grant: &Grant, ids: &[String]) -> Result<Vec<Message>, AppError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self.chats.beginnings(grant, ids, BEGINNING).await?;
        conceal(&*self.chats, grant, &mut found, None).await?;
        for message in &mut found {
            message.content = markdown::words(&message.content);
        }
        Ok(found)
    }

    /// Which emoji the person reacted with to these messages, by the messages' ids.
    ///
    /// # Errors
    ///
    /// The store does not answer.
    pub async fn own_reactions(
        &self,
        grant: &Grant,
        ids: &[String],
    ) -> Result<Vec<(String, String)>, AppError> {
        Ok(self.chats.own_reactions(grant, ids).await?)
    }

    /// What a model read for an answer of a room or of a conversation of two.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is no such message. One that nothing was read for has no list.
    pub async fn read_for(
        &self,
        current: &CurrentUser,
        id: &str,
        message_id: &str,
    ) -> Result<Option<ReadList>, AppError> {
        let grant = self.shared(current, id).await?;
        let answer = self.chats.message(&grant, message_id).await?.ok_or(AppError::NotFound)?;
        let Some(read) = answer.talk.read.clone() else { return Ok(None) };
        // The messages of a room are one line. Some of them may have been skipped.
        let most = read.messages.saturating_mul(2).clamp(1, MOST_READ);
        let found = self.chats.outlines_back(&grant, Some(&read.last_id), most).await?;
        let mut ids: Vec<String> =
            found.into_iter().map(|it| it.id).take_while(|id| *id >= read.first_id).collect();
        if let Some(question) = answer.talk.reply_to.clone().filter(|question| !ids.contains(question)) {
            ids.push(question);
        }
        let mut messages = self.beginnings(&grant, &ids).await?;
        messages.retain(|message| message.id != answer.id && message.talk.deleted_at.is_none());
        let mut pins = self.beginnings(&grant, &read.pins).await?;
        pins.sort_by_key(|message| read.pins.iter().position(|id| *id == message.id));
        Ok(Some(ReadList { answer, read, pins, messages }))
    }

    /// A message of the room that somebody is about to answer: it is there, and the room shows it.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] of `reply_to`.
    pub async fn to_be_answered(&self, grant: &Grant, id: &str) -> Result<Message, AppError> {
        let found = self.beginnings(grant, &[id.to_owned()]).await?.pop();
        let unknown = || AppError::invalid("reply_to", Reason::new("reply-unknown"));
        let there = found.filter(|message| message.talk.deleted_at.is_none()).ok_or_else(unknown)?;
        let author = self.chats.members_of(grant, std::slice::from_ref(&there.author_id)).await?;
        if is_hidden(&author, &there) { Err(unknown()) } else { Ok(there) }
    }
}
