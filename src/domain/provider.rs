//! A provider of models as administrators see it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reason::Reason;

/// What is known of a provider now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderState {
    /// It was not asked for its models yet.
    Waiting,
    /// It listed its models when it was asked last.
    Listed,
    /// It failed when it was asked last, and `failure` says why.
    Failed,
    /// The configuration has a provider with the same name, which is used in its place.
    Hidden,
    /// The server's secret is another one than when the key was given, so the key has to be given again.
    KeyLost,
}

/// A provider of models. Its key is never told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderView {
    /// `null` for one of the configuration, which only the configuration can change.
    #[schema(required)]
    pub id: Option<String>,
    /// What the ids of its models begin with.
    pub name: String,
    /// What people call it.
    pub label: String,
    pub base_url: String,
    /// Whether it is sent a key.
    pub has_key: bool,
    /// Whether its address is on this machine or in a private network.
    pub inside: bool,
    /// The models that were named for it; empty: it is asked for them.
    pub models: Vec<String>,
    /// The context of its models in tokens; `null`: what the provider says.
    #[schema(required)]
    pub context: Option<u32>,
    pub state: ProviderState,
    /// The ids of its models, as it listed them last.
    pub offered: Vec<String>,
    /// Why it failed, as a sentence's key with parameters.
    #[schema(required)]
    pub failure: Option<Reason>,
}
