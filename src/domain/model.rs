//! A model that a conversation can be held with.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// `provider/name`: what a conversation stores and a caller sends.
    pub id: String,
    /// The name the provider knows it by; it may itself contain slashes.
    pub name: String,
    pub provider: String,
}

impl Model {
    pub fn new(provider: &str, name: &str) -> Self {
        Self { id: format!("{provider}/{name}"), name: name.to_owned(), provider: provider.to_owned() }
    }
}
