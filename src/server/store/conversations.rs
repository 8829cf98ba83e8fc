//! Conversations without their messages, as a trait.

use async_trait::async_trait;

use super::{AccessLevel, Grant, Key, Result, Standing};
use crate::domain::{Binned, Conversation, ConversationPatch, Message};

/// How long what was deleted can be restored, in milliseconds: 30 days.
pub const BIN_LIFE: i64 = 30 * 24 * 60 * 60 * 1000;

/// A position in a listing of conversations: the last conversation that the reader has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationPosition {
    pub updated_at: i64,
    pub id: String,
}

/// A position in a listing of the bin: the last conversation that the reader has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BinPosition {
    pub deleted_at: i64,
    pub id: String,
}

/// Which conversations to list, newest first by `(updated_at, id)`.
#[derive(Clone, Debug, Default)]
pub struct ConversationQuery {
    pub archived: bool,
    /// Only those that are pinned, or only the others; without it, both.
    pub pinned: Option<bool>,
    /// Only titles that contain this text, regardless of case.
    pub title_contains: Option<String>,
    /// Begin after this position.
    pub after: Option<ConversationPosition>,
    pub limit: u32,
}

/// A conversation after a change, and the number of the change, which is the [`crate::domain::Message::revision`] of
/// the messages that the change touched. The event that reports the change has no higher number, except while an answer
/// is being written: the end of the answer raises the revisions of everything that changed meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub conversation: Conversation,
    pub revision: u64,
}

/// The outcome of [`Conversations::create_with_messages`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    New,
    /// The key was used before for the same request, which made this conversation.
    Repeated {
        conversation_id: String,
    },
    /// The key was used before for another request.
    KeyReused,
}

/// The outcome of bringing a conversation back from the bin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restored {
    Back(Box<Conversation>),
    /// It is missing, or somebody else owns it.
    Missing,
    /// It is a room, and the person owns as many as they may. It stays in the bin.
    TooManyRooms,
}

impl Restored {
    pub fn back(self) -> Option<Conversation> {
        if let Self::Back(conversation) = self { Some(*conversation) } else { None }
    }
}

#[async_trait]
pub trait Conversations: Send + Sync {
    async fn create_conversation(&self, owner_id: &str, conversation: &Conversation) -> Result<()>;
    /// Creates a conversation that has messages already, oldest first, or nothing of it. The key counts among those of
    /// requests that begin a conversation, and is free again once the first of the messages is gone.
    async fn create_with_messages(
        &self,
        owner_id: &str,
        conversation: &Conversation,
        messages: &[Message],
        key: Option<&Key>,
    ) -> Result<Created>;
    /// The conversations that the person owns. Those in which the person is only a member are not listed yet.
    async fn conversations(&self, owner_id: &str, query: &ConversationQuery) -> Result<Vec<Conversation>>;
    /// Needs [`super::Need::Manage`], otherwise `None`. `updated_at` stays as it is, because renaming must not reorder
    /// the listing.
    async fn update_conversation(&self, grant: &Grant, patch: &ConversationPatch) -> Result<Option<Changed>>;
    /// Sets the title only while it is still `from`, and answers the revision of that change; `None` when the title is
    /// another one (or the conversation gone). Takes no grant, because the server gives the title by itself, whoever
    /// asked the first question.
    async fn replace_title(&self, conversation_id: &str, from: &str, title: &str) -> Result<Option<u64>>;
    /// Moves the conversation to the bin: from now on it is missing for every call but the next two. Needs
    /// [`super::Need::Own`], otherwise `false`. [`Conversations::purge`] removes it for good after [`BIN_LIFE`].
    async fn delete_conversation(&self, grant: &Grant, now: i64) -> Result<bool>;
    /// Brings a conversation back from the bin, with all that it had; one that is not in the bin stays as it is. `rooms`: how
    /// many rooms the owner may own, with this one, if it is one; `None`: any number.
    async fn restore_conversation(&self, owner_id: &str, id: &str, rooms: Option<u32>) -> Result<Restored>;
    /// The conversations that the person owns and can restore, those deleted last first, by `(deleted_at, id)`; those
    /// after a position, if there is one.
    async fn bin(&self, owner_id: &str, after: Option<&BinPosition>, limit: u32) -> Result<Vec<Binned>>;
    /// As [`Conversations::bin`], with the standing of the owner in each and when it was deleted. An export alone reads what
    /// is in the bin; every call that writes refuses such a standing.
    async fn standings_in_bin(
        &self,
        owner_id: &str,
        after: Option<&BinPosition>,
        limit: u32,
    ) -> Result<Vec<(Standing, i64)>> {
        let standing = |binned: Binned| {
            (Standing::new(binned.conversation, 0, owner_id, AccessLevel::Owner), binned.deleted_at)
        };
        Ok(self.bin(owner_id, after, limit).await?.into_iter().map(standing).collect())
    }
    /// Removes some of what has been in the bin for [`BIN_LIFE`] at `now`: conversations with all they have, and deleted
    /// messages. `true` when there is more.
    async fn purge(&self, now: i64) -> Result<bool>;
    /// The owner has seen what there is: [`Conversation::unread`] becomes false. Takes no number, because nobody else
    /// sees it, and writes nothing when it is false already. `false`: the person behind the grant is not the owner.
    async fn mark_seen(&self, grant: &Grant) -> Result<bool>;
}
