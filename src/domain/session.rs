//! A browser or a program that is signed in.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// What signs in.
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
pub enum SessionKind {
    /// Signed in with a password or in another way; lives as long as it is used.
    #[default]
    Browser,
    /// An API key that the person made for a program.
    Key,
}

/// What a session may do, from least to most. A browser may do all that its person may.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Scope {
    /// Read conversations and one's own account.
    Read,
    /// Also ask, and change conversations.
    Chat,
    /// All that the person may.
    #[default]
    All,
}
