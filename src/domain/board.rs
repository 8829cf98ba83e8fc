//! The board: the room of the whole site, of which there is at most one.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::Role;

/// The most notes that the start page shows.
pub const MOST_ON_START: u32 = 10;

/// Who may write on the board.
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
pub enum BoardWriters {
    /// Everybody who is signed in, unless a moderator made them a reader.
    #[default]
    Everybody,
    /// Administrators and the board's moderators.
    Moderators,
}

/// What administrators decide about the board, besides its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BoardSettings {
    /// Whether there is a board for anybody. What is written on one that is switched off stays.
    pub on: bool,
    pub writers: BoardWriters,
    /// Whether those may read it who are not signed in.
    pub guests: bool,
    /// How many of the newest notes the start page shows.
    #[schema(maximum = 10)]
    pub on_start: u32,
}

impl Default for BoardSettings {
    fn default() -> Self {
        Self { on: true, writers: BoardWriters::default(), guests: false, on_start: 0 }
    }
}

/// The board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Board {
    /// The id of its room, and of its conversation.
    pub id: String,
    pub name: String,
    #[serde(flatten)]
    #[schema(inline)]
    pub settings: BoardSettings,
    /// UTC milliseconds since 1970.
    pub created_at: i64,
}

/// What an administrator changes about the board. A field that is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BoardPatch {
    /// Blanks around it are left out. Needed where there is no board yet.
    #[schema(max_length = 200)]
    pub name: Option<String>,
    pub on: Option<bool>,
    pub writers: Option<BoardWriters>,
    pub guests: Option<bool>,
    #[schema(maximum = 10)]
    pub on_start: Option<u32>,
}

impl BoardSettings {
    /// The settings with what the patch changes.
    #[must_use]
    pub fn patched(self, patch: &BoardPatch) -> Self {
        Self {
            on: patch.on.unwrap_or(self.on),
            writers: patch.writers.unwrap_or(self.writers),
            guests: patch.guests.unwrap_or(self.guests),
            on_start: patch.on_start.unwrap_or(self.on_start),
        }
    }
}

/// A message of the board as it is shown outside its thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardNote {
    pub id: String,
    /// What the person is called who wrote it; of an answer, who asked for it. `None`: their account is gone.
    pub author: Option<String>,
    pub author_id: String,
    pub role: Role,
    pub model: Option<String>,
    /// Markdown.
    pub text: String,
    /// Whether the text goes on.
    pub cut: bool,
    /// UTC milliseconds since 1970.
    pub created_at: i64,
    pub edited_at: Option<i64>,
}
