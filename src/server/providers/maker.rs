//! [`Maker`]: from a provider as it is stored to one that can be asked.

use secrecy::{ExposeSecret, SecretString};

use crate::{
    domain::{Listed, Traits},
    server::{
        config::{Config, ProviderConfig},
        llm::{OpenAi, OpenAiConfig, ProviderTimeouts},
        ops::seal::Seal,
        store::StoredProvider,
    },
};

/// Why a provider that is stored is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unused {
    /// The configuration has one of the same name.
    Hidden,
    /// Its key was sealed with another secret.
    KeyLost,
}

/// What the configuration says of all of them, and what opens their keys.
pub struct Maker {
    /// Of the keys, each bound to its provider's id.
    keys: Seal,
    pub(super) configured: Vec<ProviderConfig>,
    timeouts: ProviderTimeouts,
}

impl Maker {
    /// `secret` seals the keys.
    pub fn new(config: &Config, secret: &[u8]) -> Self {
        Self {
            keys: Seal::new(secret, "keys of model providers"),
            configured: config.providers.clone(),
            timeouts: ProviderTimeouts {
                connect: config.timeouts.connect,
                first_token: config.timeouts.first_token,
                idle: config.timeouts.idle,
            },
        }
    }

    /// The provider of a row; `default_model` is the one with which conversations begin.
    ///
    /// # Errors
    ///
    /// [`Unused`].
    pub fn used(&self, stored: &StoredProvider, default_model: Option<&str>) -> Result<OpenAi, Unused> {
        if self.is_hidden(&stored.name) {
            return Err(Unused::Hidden);
        }
        let key = self.key_of(stored);
        if stored.sealed_key.is_some() && key.is_none() {
            return Err(Unused::KeyLost);
        }
        Ok(self.make(stored, key, stored.models.clone(), default_model))
    }

    /// The same with another key and other models.
    pub(super) fn make(
        &self,
        stored: &StoredProvider,
        key: Option<SecretString>,
        models: Vec<String>,
        default_model: Option<&str>,
    ) -> OpenAi {
        let kept = default_model.and_then(|id| id.split_once('/'));
        let kept = kept.filter(|(provider, _)| *provider == stored.name).map(|(_, model)| model.to_owned());
        let listed = models.into_iter().map(|name| {
            let traits = Traits { context: stored.context, ..Traits::default() };
            Listed { name, traits }
        });
        OpenAi::new(OpenAiConfig {
            name: stored.name.clone(),
            label: Some(stored.label.clone()).filter(|label| !label.is_empty()),
            base_url: stored.base_url.clone(),
            api_key: key,
            models: listed.collect(),
            kept,
            traits: Traits { context: stored.context, ..Traits::default() },
            title_model: None,
            timeouts: self.timeouts,
        })
    }

    pub(super) fn key_of(&self, stored: &StoredProvider) -> Option<SecretString> {
        let key = self.keys.open(stored.sealed_key.as_deref()?, &stored.id)?;
        String::from_utf8(key).ok().map(Into::into)
    }

    /// The key of the provider with this id as it is stored.
    pub(super) fn seal(&self, key: &SecretString, id: &str) -> Option<String> {
        self.keys.seal(key.expose_secret().as_bytes(), id)
    }

    /// Whether the configuration has a provider of this name.
    pub(super) fn is_hidden(&self, name: &str) -> bool {
        self.configured.iter().any(|configured| configured.name == name)
    }
}
