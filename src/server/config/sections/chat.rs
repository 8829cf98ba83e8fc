//! `[chat]`: the model of a new conversation.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::{
    super::{ProviderConfig, loader::Loader},
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
    /// Reports a default model that its provider lists its models without. A provider that is none of these may be one that
    /// is added in the browser, which the server knows when it has started.
    pub fn check(&self, providers: &[ProviderConfig], loader: &mut Loader<'_>) {
        let Some(given) = self.default_model.as_deref() else { return };
        let Some((name, model)) = given.split_once('/') else { return };
        let Some(provider) = providers.iter().find(|provider| provider.name == name) else { return };
        let listed = provider.models.iter();
        let offered: Vec<String> = listed.map(|listed| format!("{name}/{}", listed.name)).collect();
        if !offered.is_empty() && !offered.contains(&format!("{name}/{model}")) {
            let wanted = offered.join(", ");
            loader.problem("chat.default_model", format!("found {given:?}, wanted {wanted}"));
        }
    }
}
