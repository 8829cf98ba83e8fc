//! What the document of a conversation has in a room.

use serde::{Deserialize, Serialize};

use crate::domain::{BoardSettings, RoomSettings};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct RoomDoc {
    #[serde(flatten)]
    pub settings: RoomSettings,
    pub member_count: u32,
    /// In a direct conversation: its two people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct: Option<DirectDoc>,
    /// Of the board alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board: Option<BoardSettings>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copied_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copied_by: Option<String>,
}

/// The two people of a direct conversation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct DirectDoc {
    /// Both ids, the lower one first.
    pub pair: String,
    pub people: [DirectPerson; 2],
}

/// What somebody was called when the conversation began, for when their account is gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct DirectPerson {
    pub id: String,
    pub name: String,
}

impl DirectDoc {
    pub(super) fn other(&self, user_id: &str) -> Option<&DirectPerson> {
        self.people.iter().find(|person| person.id != user_id)
    }
}
