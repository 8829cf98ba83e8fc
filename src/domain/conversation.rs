//! A conversation (its messages are separate, see [`super::message`]) and a page of a listing.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// The longest title, in characters.
pub const MAX_TITLE_CHARS: usize = 200;
/// The longest system prompt, in bytes.
pub const MAX_SYSTEM_PROMPT_BYTES: usize = 32 * 1024;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    pub id: String,
    #[serde(default)]
    pub kind: ConversationKind,
    /// Empty until the model (or the first words) has given one.
    pub title: String,
    /// `None`: the server's default model.
    pub model: Option<String>,
    pub system_prompt: Option<String>,
    pub pinned: bool,
    pub archived: bool,
    /// The newest message of the branch on screen.
    pub leaf_id: Option<String>,
    pub created_at: i64,
    /// When a message was last added; listings are newest first by `(updated_at, id)`.
    pub updated_at: i64,
}

/// Who may take part in a conversation. Only private ones are made so far.
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
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum ConversationKind {
    /// The owner alone.
    #[default]
    Private,
    /// The owner and the members.
    Room,
    /// Two people.
    Direct,
    /// A room with topics.
    Board,
}

/// What an owner may change; `None` leaves a field as it is. The inner `None` of `model` and
/// `system_prompt` clears them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationPatch {
    pub title: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub model: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    pub system_prompt: Option<Option<String>>,
    pub pinned: Option<bool>,
    pub archived: Option<bool>,
}

/// JSON `null` is "clear it", an absent field is "leave it".
pub fn present<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(d).map(Some)
}

/// One page of a listing. `next_cursor` is opaque; `None` at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next_cursor: Option<String>,
}
