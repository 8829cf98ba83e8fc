//! What the configuration says of one provider.

use std::time::Duration;

use secrecy::SecretString;

use crate::domain::{Listed, Traits};

#[derive(Clone, Debug)]
pub struct OpenAiConfig {
    pub name: String,
    /// What people call it; `None` for what is known by its name.
    pub label: Option<String>,
    /// With or without a slash and a version at its end; `/chat/completions` is added.
    pub base_url: String,
    pub api_key: Option<SecretString>,
    /// Empty to ask `/models` for them.
    pub models: Vec<Listed>,
    /// A model that is offered whenever it is in the list, although its name says that it cannot chat.
    pub kept: Option<String>,
    /// The traits of all its models that state none of their own.
    pub traits: Traits,
    /// The model that names conversations; `None` for the one that answers.
    pub title_model: Option<String>,
    pub timeouts: ProviderTimeouts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderTimeouts {
    pub connect: Duration,
    /// The limit from the request to the first part of the answer, all attempts and pauses included.
    pub first_token: Duration,
    /// The limit between two parts of the answer.
    pub idle: Duration,
}

impl Default for ProviderTimeouts {
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self { connect: Duration::from_secs(10), first_token: minute, idle: minute }
    }
}
