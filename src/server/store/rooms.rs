//! Rooms without their people and messages, as a trait.

use async_trait::async_trait;

use super::{Changed, ConversationPosition, Grant, Key, Need, Result};
use crate::domain::{
    BoardSettings, Conversation, ConversationKind, Message, Room, RoomEntry, RoomPatch, RoomSettings,
};

/// A room to be made.
#[derive(Clone, Debug)]
pub struct NewRoom<'a> {
    pub owner_id: &'a str,
    /// What the owner is called in it.
    pub owner_name: &'a str,
    /// Its kind is none of a private conversation.
    pub conversation: &'a Conversation,
    pub settings: &'a RoomSettings,
    /// Of the board alone, of which there is at most one.
    pub board: Option<&'a BoardSettings>,
    /// The messages that it begins with, oldest first, of the owner. They were copied from a private conversation now.
    pub copied: Option<&'a [Message]>,
    pub key: Option<&'a Key>,
    /// How many rooms the owner may own, this one included; `None`: any number.
    pub most: Option<u32>,
}

/// The outcome of making a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomOutcome {
    Made,
    /// The key was used before for the same request, which made this room.
    Repeated {
        conversation_id: String,
    },
    /// The key was used before for another request.
    KeyReused,
    /// The person owns as many rooms as they may.
    TooMany,
    /// There is a board already.
    Exists,
}

/// Which listed rooms to list, newest first by `(updated_at, id)`.
#[derive(Clone, Debug, Default)]
pub struct ListedQuery {
    /// Only names that contain this text, regardless of case.
    pub name_contains: Option<String>,
    pub after: Option<ConversationPosition>,
    pub limit: u32,
}

#[async_trait]
pub trait Rooms: Send + Sync {
    /// Makes a room with its owner as its first member.
    async fn create_room(&self, new: &NewRoom<'_>) -> Result<RoomOutcome>;
    /// `None`: it is a private conversation, or gone. A direct conversation is a room here that is called like the other person.
    async fn room(&self, grant: &Grant) -> Result<Option<Room>>;
    /// A room that a person who takes no part may join: it is listed, and the person is not banned.
    async fn listed_room(&self, user_id: &str, id: &str) -> Result<Option<Room>>;
    /// Needs [`super::Need::Manage`], and for whose budget answers count against [`super::Need::Own`]; otherwise `None`.
    /// `updated_at` stays as it is.
    async fn update_room(&self, grant: &Grant, patch: &RoomPatch) -> Result<Option<Changed>>;
    /// The rooms that the person takes part in, without direct conversations, newest first by `(updated_at, id)`.
    async fn rooms_of(
        &self,
        user_id: &str,
        after: Option<&ConversationPosition>,
        limit: u32,
    ) -> Result<Vec<RoomEntry>>;
    /// The listed rooms that the person takes no part in and is not banned from.
    async fn listed_rooms(&self, user_id: &str, query: &ListedQuery) -> Result<Vec<Room>>;
    /// How many rooms the person owns. The board is not one of them.
    async fn rooms_owned(&self, user_id: &str) -> Result<u32>;
}

/// What somebody needs to be to make this change.
pub(super) fn need(patch: &RoomPatch) -> Need {
    if patch.payer.is_some() { Need::Own } else { Need::Manage }
}

/// The room as the person behind the grant knows it: a direct conversation is called like the other person.
pub(super) fn named(mut room: Room, grant: &Grant) -> Room {
    if room.kind == ConversationKind::Direct {
        room.name.clone_from(&grant.conversation().title);
    }
    room
}
