//! A conversation (its messages are separate, see [`super::message`]) and a page of a listing.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::params::{Params, stored};

/// The longest title, in characters.
pub const MAX_TITLE_CHARS: usize = 200;
/// The longest system prompt, in bytes.
pub const MAX_SYSTEM_PROMPT_BYTES: usize = 32 * 1024;

/// A conversation, without its messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Conversation {
    pub id: String,
    /// Who may take part.
    #[serde(default)]
    #[schema(required)]
    pub kind: ConversationKind,
    /// Empty until the model, or the first question, has given one.
    pub title: String,
    /// The model that answers; without one the server's default.
    #[schema(required)]
    pub model: Option<String>,
    #[schema(required)]
    pub system_prompt: Option<String>,
    /// How the model answers here. What is missing is as the person whom it answers has chosen for all conversations.
    #[serde(default, deserialize_with = "stored")]
    #[schema(required)]
    pub params: Params,
    pub pinned: bool,
    pub archived: bool,
    /// An answer has ended since its owner last looked at it.
    #[serde(default)]
    #[schema(required)]
    pub unread: bool,
    /// An answer is being written.
    #[serde(default)]
    #[schema(required)]
    pub running: bool,
    /// The newest message of the branch on screen.
    #[schema(required)]
    pub leaf_id: Option<String>,
    /// UTC milliseconds since 1970.
    pub created_at: i64,
    /// When a message was last added, in UTC milliseconds since 1970. Listings are newest first by it, and then by id.
    pub updated_at: i64,
}

/// A conversation that was deleted and can still be restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Binned {
    #[serde(flatten)]
    pub conversation: Conversation,
    /// When it was deleted, in UTC milliseconds since 1970. It is removed for good 30 days later.
    pub deleted_at: i64,
}

/// Who may take part in a conversation: the owner alone (`private`), the owner and the members (`room`), everybody on
/// the site (`board`), or two people (`direct`).
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
pub enum ConversationKind {
    /// The owner alone.
    #[default]
    Private,
    /// The owner and the members.
    Room,
    /// Two people.
    Direct,
    /// Everybody on the site.
    Board,
}

impl ConversationKind {
    /// Whether several people may take part. Then the messages are one line.
    pub fn is_shared(self) -> bool {
        self != Self::Private
    }

    /// Whether it is a room, with settings, moderators and people who come and go.
    pub fn is_room(self) -> bool {
        matches!(self, Self::Room | Self::Board)
    }
}

/// What an owner may change. A field that is left out stays as it is.
// `Some(None)` clears `model`, `system_prompt` and `params`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConversationPatch {
    /// Blanks around it are left out.
    #[schema(max_length = 200)]
    pub title: Option<String>,
    /// `null`: the server's default model.
    #[serde(default, deserialize_with = "given")]
    pub model: Option<Option<String>>,
    /// At most 32 KiB; `null`: none.
    #[serde(default, deserialize_with = "given")]
    pub system_prompt: Option<Option<String>>,
    /// Replaces all parameters; `null`: none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Params>)]
    pub params: Option<Option<Params>>,
    pub pinned: Option<bool>,
    pub archived: Option<bool>,
}

/// Tells an absent field, which is left as it is (`None`), from `null`, which clears it (`Some(None)`).
pub fn given<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// One page of a listing. `next_cursor` leads to the next page and is opaque; `None` at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next_cursor: Option<String>,
}
