//! [`Export`]: an archive of all that a person has, made in the background and kept for some days.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::reason::Reason;

/// How far an export is.
#[derive(
    Clone,
    Copy,
    Debug,
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
pub enum ExportState {
    /// A server will begin it soon.
    Waiting,
    Running,
    /// It can be downloaded.
    Ready,
    Failed,
}

/// A person's export. Each person has one of them at the most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    pub id: String,
    pub state: ExportState,
    /// How many conversations are in it so far.
    pub done: u32,
    /// How many there are; 0 until they are counted.
    pub total: u32,
    /// The bytes of the archive so far.
    pub bytes: u64,
    /// Why it failed, and what to do about it.
    pub reason: Option<Reason>,
    /// When the person asked for it, in UTC milliseconds since 1970.
    pub made_at: i64,
    /// Until when it is kept, in UTC milliseconds since 1970.
    pub ends_at: i64,
}

impl Export {
    /// Whether it is still to be made, or is being made.
    pub fn is_under_way(&self) -> bool {
        matches!(self.state, ExportState::Waiting | ExportState::Running)
    }
}
