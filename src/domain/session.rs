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

/// When a session ends that does not end by itself, in UTC milliseconds since 1970: the end of the year 9999.
pub const NEVER: i64 = 253_402_300_799_999;

/// A browser in which a person is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Device {
    pub id: String,
    /// Such as `Firefox, Windows`; empty when it does not say what it is.
    pub name: String,
    /// The address of the network that it was used from last: an IPv4 address, or a network of IPv6.
    pub address: String,
    /// When the person signed in, in UTC milliseconds since 1970.
    pub created_at: i64,
    /// To within some minutes, in UTC milliseconds since 1970.
    pub last_seen_at: i64,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// An API key, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    pub id: String,
    pub name: String,
    pub scope: Scope,
    /// UTC milliseconds since 1970.
    pub created_at: i64,
    /// When it was used last, to within some minutes, in UTC milliseconds since 1970; `null`: never.
    #[schema(required)]
    pub used_at: Option<i64>,
    /// The address of the network that it was used from last.
    #[schema(required)]
    pub used_from: Option<String>,
    /// When it ends, in UTC milliseconds since 1970; `null`: not by itself.
    #[schema(required)]
    pub expires_at: Option<i64>,
}
