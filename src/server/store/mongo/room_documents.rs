//! What the document of a conversation has in a room.

use serde::{Deserialize, Serialize};

use crate::domain::{BoardSettings, RoomSettings};

use super::directs::DirectDoc;

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
