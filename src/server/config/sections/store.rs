//! `[store]`: where conversations and accounts are kept.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::text;
use crate::server::config::problem::without_password;

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// sqlite:FILE, or mongodb://HOST/DATABASE?replicaSet=NAME for more than one machine.
    // May hold a password: [`StoreConfig::shown`] does not show it.
    #[serde(deserialize_with = "store_url")]
    #[schemars(extend(
        "default" = "sqlite:{data_dir}/inglenook.db",
        "wanted" = "sqlite:FILE, mongodb://HOST/DATABASE or mongodb+srv://HOST/DATABASE"
    ))]
    pub url: String,
}

impl StoreConfig {
    /// The URL without its password.
    pub fn shown(&self) -> String {
        without_password(&self.url)
    }
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig").field("url", &self.shown()).finish()
    }
}

fn store_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer, |text| {
        let (scheme, rest) = text.split_once(':')?;
        let is_whole = match scheme {
            "sqlite" => !rest.trim_start_matches('/').is_empty(),
            "mongodb" | "mongodb+srv" => rest.strip_prefix("//").is_some_and(|host| !host.is_empty()),
            _ => false,
        };
        is_whole.then(|| text.to_owned())
    })
}
