//! A person with an account. The password hash is never part of it.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::Preferences;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    pub id: String,
    /// In lower case; unique.
    pub email: String,
    pub name: String,
    pub role: UserRole,
    pub state: UserState,
    /// The tag of the language that the person chose; without one `Accept-Language` counts.
    #[serde(default)]
    #[schema(required)]
    pub language: Option<String>,
    #[serde(default)]
    #[schema(required)]
    pub preferences: Preferences,
    /// UTC milliseconds since 1970.
    pub created_at: i64,
}

/// The first person to register is the administrator.
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
pub enum UserRole {
    Admin,
    Member,
}

/// A disabled account cannot sign in, and its sessions end at once.
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
pub enum UserState {
    Active,
    Disabled,
}

/// Who asks, as the server found out from their session. Every service takes one.
#[derive(Clone, Debug)]
pub struct CurrentUser {
    pub user: User,
    pub session_id: String,
}

impl CurrentUser {
    pub fn id(&self) -> &str {
        &self.user.id
    }
}
