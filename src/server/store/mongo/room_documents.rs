//! What the document of a conversation has in a room.

use serde::{Deserialize, Serialize};

use crate::domain::RoomSettings;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct RoomDoc {
    #[serde(flatten)]
    pub settings: RoomSettings,
    pub member_count: u32,
}
