//! `[chat]`: what a new conversation begins with.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::{
    super::{DEMO, ProviderConfig, loader::Loader},
    text,
};

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatConfig {
    /// PROVIDER/MODEL of new chats; unset, the first one.
    #[serde(default, deserialize_with = "model")]
    #[schemars(with = "String", extend("wanted" = "a model as PROVIDER/MODEL"))]
    pub default_model: Option<String>,
}

fn model<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text(deserializer, |text| {
        let (provider, model) = text.split_once('/')?;
        (!provider.is_empty() && !model.is_empty()).then(|| Some(text.to_owned()))
    })
}

impl ChatConfig {
    /// Tells when the default model's provider is none of these, or lists models and not this one.
    pub fn check(&self, providers: &[ProviderConfig], loader: &mut Loader<'_>) {
        let Some(given) = self.default_model.as_deref() else { return };
        let Some((name, model)) = given.split_once('/') else { return };
        let offered: Vec<String> = match providers.iter().find(|provider| provider.name == name) {
            Some(provider) => {
                provider.models.iter().map(|listed| format!("{name}/{}", listed.name)).collect()
            }
            None if providers.is_empty() && name == DEMO => return,
            None if providers.is_empty() => vec!["a configured provider; there is none".to_owned()],
            None => providers.iter().map(|provider| format!("{}/MODEL", provider.name)).collect(),
        };
        if !offered.is_empty() && !offered.contains(&format!("{name}/{model}")) {
            let wanted = offered.join(", ");
            loader.problem("chat.default_model", format!("found {given:?}, wanted {wanted}"));
        }
    }
}
