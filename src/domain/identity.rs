//! An identity at a provider, with which a person signs in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who a person is at a provider. Provider and subject together are one person's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub id: String,
    pub user_id: String,
    /// The provider's name in the configuration.
    pub provider: String,
    /// What the provider calls the person; it never changes.
    pub subject: String,
    /// UTC milliseconds since 1970.
    pub made_at: i64,
    /// When the person last signed in with it, in UTC milliseconds since 1970.
    pub used_at: i64,
}

/// An identity as its person sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectedIdentity {
    pub id: String,
    /// The provider's name in the configuration.
    pub provider: String,
    /// What people read; the name where the provider is not configured any more.
    pub label: String,
    /// When it was connected, in UTC milliseconds since 1970.
    pub made_at: i64,
    /// When the person last signed in with it, in UTC milliseconds since 1970.
    pub used_at: i64,
}
