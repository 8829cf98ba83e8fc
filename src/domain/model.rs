//! A model that a conversation can be held with.

use serde::{Deserialize, Serialize};

/// The longest name of a model, in characters.
pub const MAX_MODEL_CHARS: usize = 200;

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

    /// Whether a model may be called so: one line of some length, without blanks around it.
    pub fn is_name(name: &str) -> bool {
        let one_line = !name.chars().any(char::is_control) && name.trim() == name;
        !name.is_empty() && name.chars().count() <= MAX_MODEL_CHARS && one_line
    }
}
