//! Rooms: conversations that several people share.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::{ConversationKind, MemberRole, Notify, PictureColour, conversation::given};

/// The longest topic, in characters.
pub const MAX_TOPIC_CHARS: usize = 500;
/// The longest pause of [`RoomSettings::slow_seconds`]: an hour.
pub const MAX_SLOW_SECONDS: u32 = 60 * 60;
/// Unread messages are counted up to here.
pub const MOST_UNREAD: u32 = 100;

/// When the model answers in a room.
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
pub enum RoomAnswers {
    /// To a message that mentions it.
    #[default]
    Mention,
    /// To every message.
    Always,
    /// To a message that is sent with the button for it.
    Asked,
}

/// Whose daily budget an answer counts against.
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
pub enum RoomPayer {
    /// That of the person who asked.
    #[default]
    Asker,
    /// That of the room's owner.
    Owner,
}

/// What moderators decide about a room, besides the name, the model and the instructions, which every conversation has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoomSettings {
    /// May be empty.
    pub topic: String,
    /// One or two letters, or an emoji; `null`: the first letter of the name.
    #[schema(required)]
    pub initial: Option<String>,
    /// `null`: one that is made of the id.
    #[schema(required)]
    pub colour: Option<PictureColour>,
    /// Whether everybody who is signed in finds the room and may join it.
    pub listed: bool,
    pub answers: RoomAnswers,
    pub payer: RoomPayer,
    /// How many seconds a member waits between two messages; 0: none. Moderators do not wait.
    pub slow_seconds: u32,
}

/// A room as everybody who may see it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Room {
    /// The id of its conversation.
    pub id: String,
    pub kind: ConversationKind,
    pub name: String,
    #[serde(flatten)]
    #[schema(inline)]
    pub settings: RoomSettings,
    pub owner_id: String,
    /// How many people take part.
    pub member_count: u32,
    /// When its first messages were copied from a private conversation, in UTC milliseconds since 1970; `null`: it began empty.
    #[schema(required)]
    pub copied_at: Option<i64>,
    /// The id of the person who copied them.
    #[schema(required)]
    pub copied_by: Option<String>,
    /// UTC milliseconds since 1970.
    pub created_at: i64,
    /// When a message was last added, in UTC milliseconds since 1970.
    pub updated_at: i64,
}

/// A room with what it is to one of its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoomEntry {
    #[serde(flatten)]
    #[schema(inline)]
    pub room: Room,
    pub role: MemberRole,
    pub notify: Notify,
    /// How many messages of others the member has not seen; 100 stands for more, too.
    pub unread: u32,
    /// How many of them mention the member.
    pub mentions: u32,
    /// An answer is being written.
    pub running: bool,
}

impl RoomEntry {
    /// How much of it the member is told of, as they chose: messages that they have not seen, and how many of them mention
    /// the member.
    pub fn told(&self) -> (u32, u32) {
        self.notify.told(self.unread, self.mentions)
    }

    /// What it adds to the number in the title of a tab. A message that mentions the member counts once.
    pub fn counted(&self) -> u32 {
        let (unread, mentions) = self.told();
        unread.max(mentions)
    }
}

/// What a moderator may change. A field that is left out stays as it is.
// `Some(None)` clears a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoomPatch {
    /// Blanks around it are left out.
    #[schema(max_length = 200)]
    pub name: Option<String>,
    #[schema(max_length = 500)]
    pub topic: Option<String>,
    /// `null`: the first letter of the name.
    #[serde(default, deserialize_with = "given")]
    pub initial: Option<Option<String>>,
    /// `null`: one that is made of the id.
    #[serde(default, deserialize_with = "given")]
    pub colour: Option<Option<PictureColour>>,
    pub listed: Option<bool>,
    pub answers: Option<RoomAnswers>,
    pub payer: Option<RoomPayer>,
    #[schema(maximum = 3600)]
    pub slow_seconds: Option<u32>,
    /// `null`: the server's default model.
    #[serde(default, deserialize_with = "given")]
    pub model: Option<Option<String>>,
    /// At most 32 KiB; `null`: none.
    #[serde(default, deserialize_with = "given")]
    pub system_prompt: Option<Option<String>>,
}

impl RoomSettings {
    /// The settings with what the patch changes.
    #[must_use]
    pub fn patched(mut self, patch: &RoomPatch) -> Self {
        if let Some(topic) = &patch.topic {
            self.topic.clone_from(topic);
        }
        if let Some(initial) = &patch.initial {
            self.initial.clone_from(initial);
        }
        self.colour = patch.colour.unwrap_or(self.colour);
        self.listed = patch.listed.unwrap_or(self.listed);
        self.answers = patch.answers.unwrap_or(self.answers);
        self.payer = patch.payer.unwrap_or(self.payer);
        self.slow_seconds = patch.slow_seconds.unwrap_or(self.slow_seconds);
        self
    }
}
