//! A person's part in a conversation that several share.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// What a member may do in a room, from least to most. The owner of a room is one of its moderators.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum MemberRole {
    /// Reads, and writes nothing.
    Reader,
    /// Reads and writes.
    Member,
    /// Also manages the room and its members.
    Moderator,
}

/// Whether a person takes part in a room.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum MemberState {
    /// The only state that gives access.
    Active,
    /// The person left, and may come again.
    Left,
    /// A moderator removed the person, who may come again.
    Removed,
    /// A moderator banned the person, who may not come again.
    Banned,
}

/// Of which messages of a room a member is told.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Notify {
    Nothing,
    /// Of those that mention the member.
    Mentions,
    #[default]
    All,
}

impl Notify {
    /// How much somebody is told of who has not seen `unread` messages, of which `mentions` mention them.
    pub fn told(self, unread: u32, mentions: u32) -> (u32, u32) {
        match self {
            Self::Nothing => (0, 0),
            Self::Mentions => (0, mentions),
            Self::All => (unread, mentions),
        }
    }
}

/// A person who takes part in a room, or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    pub user_id: String,
    /// What the person is called in this room. No two members have names that look the same.
    pub name: String,
    pub role: MemberRole,
    pub state: MemberState,
    /// UTC milliseconds since 1970.
    pub joined_at: i64,
    /// Whether the room shows nothing of what the person wrote. Only of somebody who is banned.
    pub hidden: bool,
}

/// What a member has of a room alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnPart {
    /// The newest message that the member has seen. The messages of a room follow one another by their ids.
    #[schema(required)]
    pub read_id: Option<String>,
    pub notify: Notify,
}
