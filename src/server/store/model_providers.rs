//! Model providers that administrators added in the browser, as a trait.

use std::collections::HashMap;

use async_trait::async_trait;

use super::Result;
use crate::domain::ModelAccess;

/// A provider as it is stored. Its position is its place among the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProvider {
    pub id: String,
    /// Unique among those that are stored.
    pub name: String,
    /// Empty: what is known by its name.
    pub label: String,
    pub base_url: String,
    /// Sealed; `None`: the provider wants no key.
    pub sealed_key: Option<String>,
    /// Empty: the provider is asked for them.
    pub models: Vec<String>,
    pub context: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderOutcome {
    Done,
    /// There is no such provider.
    Missing,
    /// Another one has that name.
    NameTaken,
}

#[async_trait]
pub trait ModelProviders: Send + Sync {
    /// All of them, in the order that administrators chose.
    async fn model_providers(&self) -> Result<Vec<StoredProvider>>;
    /// Adds one after the others.
    async fn add_model_provider(&self, provider: &StoredProvider) -> Result<ProviderOutcome>;
    /// Changes all but the id and the place.
    async fn change_model_provider(&self, provider: &StoredProvider) -> Result<ProviderOutcome>;
    /// Whether there was one.
    async fn remove_model_provider(&self, id: &str) -> Result<bool>;
    /// Who may ask the models that not everybody may.
    async fn model_access(&self) -> Result<HashMap<String, ModelAccess>>;
    /// Sets who may ask a model.
    async fn set_model_access(&self, model: &str, access: ModelAccess) -> Result<()>;
    /// Puts those that are named in this order. Those that are not keep their places.
    async fn order_model_providers(&self, ids: &[String]) -> Result<()>;
}
