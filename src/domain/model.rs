//! A model that a conversation can be held with, and what is known of it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// The longest name of a model, in characters.
pub const MAX_MODEL_CHARS: usize = 200;

/// The range of [`Traits::context`]: less holds no conversation, and more than this is a mistake.
pub const CONTEXT_TOKENS: std::ops::RangeInclusive<u32> = 256..=10_000_000;

/// A model to choose from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Model {
    /// `provider/name`: what a conversation stores and a caller sends.
    pub id: String,
    /// The name the provider knows it by; it may itself contain slashes.
    pub name: String,
    pub provider: String,
    /// What people call it: the provider's name for it, else the last part of `name`.
    pub label: String,
    /// What people call the provider.
    pub provider_label: String,
    #[serde(flatten)]
    #[schema(inline)]
    pub traits: Traits,
}

/// What is known of a model besides its name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Traits {
    /// The tokens that prompt and answer may have together. Missing, as the next ones are: neither the configuration
    /// nor the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub context: Option<u32>,
    /// Whether it takes images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub vision: Option<bool>,
    /// Whether it can think before it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reasoning: Option<bool>,
    /// Whether it can call tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tools: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub price: Option<Price>,
}

/// What a million tokens cost, as the configuration says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Price {
    /// Of the prompt.
    pub input: f64,
    /// Of the answer.
    pub output: f64,
    /// Three capital letters as ISO 4217 has them, such as USD.
    pub currency: String,
}

/// Who may ask a model, as far as their tier lets them.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ModelAccess {
    #[default]
    Everybody,
    Admins,
    /// It is offered to nobody.
    Nobody,
}

/// What administrators chose among the models.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelChoices {
    /// The id of the model with which new conversations begin.
    pub default_model: Option<String>,
    /// Who may ask the models that not everybody may, by their ids.
    pub access: HashMap<String, ModelAccess>,
}

impl ModelChoices {
    pub fn access_of(&self, model: &str) -> ModelAccess {
        self.access.get(model).copied().unwrap_or_default()
    }

    /// Whether a person may ask the model, as far as their tier lets them.
    pub fn allow(&self, model: &str, is_admin: bool) -> bool {
        match self.access_of(model) {
            ModelAccess::Everybody => true,
            ModelAccess::Admins => is_admin,
            ModelAccess::Nobody => false,
        }
    }
}

/// A model as a provider's list or the configuration names it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listed {
    pub name: String,
    pub traits: Traits,
}

impl Model {
    pub fn new(provider: &str, name: &str) -> Self {
        Self {
            id: format!("{provider}/{name}"),
            name: name.to_owned(),
            provider: provider.to_owned(),
            label: short_name(name).to_owned(),
            provider_label: provider.to_owned(),
            traits: Traits::default(),
        }
    }

    /// Whether a model may be called so: one line of some length, without blanks around it.
    pub fn is_name(name: &str) -> bool {
        let one_line = !name.chars().any(char::is_control) && name.trim() == name;
        !name.is_empty() && name.chars().count() <= MAX_MODEL_CHARS && one_line
    }
}

/// The last part of a model's id or name, which people know it by: `gpt-5` of `openrouter/openai/gpt-5`.
pub fn short_name(id: &str) -> &str {
    id.rsplit('/').find(|part| !part.is_empty()).unwrap_or(id)
}

impl Traits {
    /// These, and the other ones where these say nothing.
    pub fn or(self, other: &Self) -> Self {
        Self {
            context: self.context.or(other.context),
            vision: self.vision.or(other.vision),
            reasoning: self.reasoning.or(other.reasoning),
            tools: self.tools.or(other.tools),
            price: self.price.or_else(|| other.price.clone()),
        }
    }
}
