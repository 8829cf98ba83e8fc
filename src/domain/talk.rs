//! [`Talk`]: what a message has besides when several people write in its conversation.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::RoomPayer;

/// The most people whom one message mentions.
pub const MOST_MENTIONS: usize = 50;

/// What a message of a room has besides. In a private conversation all of it is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Talk {
    /// The message that this one answers, which may stand anywhere above it; of an answer the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reply_to: Option<String>,
    /// The ids of the members whom it mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<String>,
    /// When its author last changed it, in UTC milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub edited_at: Option<i64>,
    /// When its author or a moderator deleted it, in UTC milliseconds since 1970. Its text is empty then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub deleted_at: Option<i64>,
    /// On an answer: what the model read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub read: Option<PromptRead>,
}

impl Talk {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a model read for an answer in a room, and whose budget it counted against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PromptRead {
    /// How many messages, the question included.
    pub messages: u32,
    /// The first and the last of them. What stands between them was read, too, apart from what was deleted or is hidden; the
    /// question may stand above the first.
    pub first_id: String,
    pub last_id: String,
    /// When the first of them was written, in UTC milliseconds since 1970.
    pub since: i64,
    pub payer: RoomPayer,
}

/// What a message said before it was changed or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Version {
    /// Markdown.
    pub content: String,
    /// When it ceased to say so, in UTC milliseconds since 1970.
    pub until: i64,
    /// Who changed or deleted it.
    pub changed_by: String,
}
