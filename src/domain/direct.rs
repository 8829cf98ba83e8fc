//! Direct messages: a conversation of two people, which nobody else ever joins.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::{Notify, PictureColour};

/// Whether one may write in a direct conversation.
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
pub enum DirectState {
    #[default]
    Open,
    /// You have blocked the other person.
    Blocked,
    /// The other person cannot be written to.
    Unavailable,
    /// The account of the other person was closed.
    Closed,
}

impl DirectState {
    /// The key of the sentence that says why one cannot write; `None`: one can.
    pub fn why_not(self) -> Option<&'static str> {
        match self {
            Self::Open => None,
            Self::Blocked => Some("direct-blocked"),
            Self::Unavailable => Some("direct-unavailable"),
            Self::Closed => Some("direct-closed"),
        }
    }
}

/// The other person of a direct conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Partner {
    pub id: String,
    /// As it was, when the account was closed.
    pub name: String,
    pub state: DirectState,
}

/// A direct conversation in the list of one of its two people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectEntry {
    /// The id of its conversation.
    pub id: String,
    /// The other person.
    pub person_id: String,
    /// The other person's name.
    pub name: String,
    /// One or two letters, or an emoji, for the other person's picture.
    pub initial: String,
    /// The colour of the picture.
    pub colour: PictureColour,
    /// How many messages of the other person or the model you have not seen; 100 stands for more, too.
    pub unread: u32,
    /// How many of them mention you.
    pub mentions: u32,
    /// Of which messages you want to be told.
    pub notify: Notify,
    /// An answer is being written.
    pub running: bool,
    /// When a message was last added, in UTC milliseconds since 1970.
    pub updated_at: i64,
}
