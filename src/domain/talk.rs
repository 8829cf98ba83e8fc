//! [`Talk`]: what a message has besides when several people write in its conversation.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::RoomPayer;

/// How often a message is changed at the most. Each version is kept for moderators, so that nobody can push one out.
pub const MOST_EDITS: u32 = 50;
/// The most people whom one message mentions.
pub const MOST_MENTIONS: usize = 50;

/// How many kinds of reactions one message has at the most.
pub const MOST_REACTIONS: usize = 20;
/// How many people a [`Reaction`] names.
pub const REACTION_NAMES: usize = 5;
/// How many messages of one room are pinned at the most.
pub const MOST_PINS: usize = 50;

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
    /// In the order in which their emoji came, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// Who pinned it, and when; missing: it is not pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pinned: Option<Pinned>,
}

/// How many people reacted to a message with one emoji.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reaction {
    pub emoji: String,
    pub count: u32,
    /// The ids of the first of them, at most five.
    pub first: Vec<String>,
}

/// Who pinned a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pinned {
    pub by: String,
    /// UTC milliseconds since 1970.
    pub at: i64,
}

/// One person's reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reacted {
    pub emoji: String,
    pub user_id: String,
    /// UTC milliseconds since 1970.
    pub at: i64,
}

impl Talk {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The reactions with this emoji are so many now, and these people were the first.
    pub fn count_reactions(&mut self, emoji: &str, count: u32, first: Vec<String>) {
        let known = self.reactions.iter().position(|reaction| reaction.emoji == emoji);
        match (known, count) {
            (None, 0) => {}
            (Some(at), 0) => drop(self.reactions.remove(at)),
            (None, _) => self.reactions.push(Reaction { emoji: emoji.to_owned(), count, first }),
            (Some(_), _) => {
                let same = self.reactions.iter_mut().find(|reaction| reaction.emoji == emoji);
                if let Some(reaction) = same {
                    (reaction.count, reaction.first) = (count, first);
                }
            }
        }
    }

    /// Whether no further kind of reaction may come.
    pub fn has_all_reactions(&self, emoji: &str) -> bool {
        let is_known = self.reactions.iter().any(|reaction| reaction.emoji == emoji);
        !is_known && self.reactions.len() >= MOST_REACTIONS
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
    /// The ids of the pinned messages that it read besides, wherever they stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<String>,
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
