//! Whether somebody is here.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// Whether a person has a page open.
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
pub enum PresenceState {
    /// The person looks at one of their pages.
    Online,
    /// All of their pages are hidden, or nothing was done there for a while.
    Away,
    /// No page is open, or the person lets nobody know.
    #[default]
    Offline,
}

/// What others are told of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Presence {
    #[serde(rename = "presence")]
    pub state: PresenceState,
    /// When a page of the person was open last, to a minute, in UTC milliseconds since 1970; `null` when nobody knows, or the
    /// person lets nobody know.
    #[schema(required)]
    pub last_seen_at: Option<i64>,
}
