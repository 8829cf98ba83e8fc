//! Reports: what members of a room tell its moderators about a message.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// The longest reason, in characters.
pub const MAX_REASON_CHARS: usize = 500;
/// Open reports are counted up to here.
pub const MOST_REPORTS: u32 = 100;

/// How a report was settled.
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
pub enum ReportEnd {
    /// A moderator left the message as it is.
    Dismissed,
    /// The message was deleted.
    Deleted,
}

/// A report of a message, as moderators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    pub id: String,
    pub message_id: String,
    /// Who reported it; `null` to whoever wrote the message.
    #[schema(required)]
    pub reporter_id: Option<String>,
    /// Why, in the words of whoever reported it; may be empty.
    pub reason: String,
    /// UTC milliseconds since 1970.
    pub created_at: i64,
    /// Missing while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub settled: Option<Settled>,
}

/// Who settled a report, when and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Settled {
    pub by: String,
    /// UTC milliseconds since 1970.
    pub at: i64,
    pub how: ReportEnd,
}
