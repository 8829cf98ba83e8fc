//! [`Sections`]: what `Leptos.toml` may say, one struct for each of its tables.
//!
//! A key is a field. Its doc comment is its meaning in `--help` and in the README. Of its attributes, `default` is the
//! value as a file has it, `range` the limits of the number in the file, and `wanted` the end of the message about a
//! value that is refused, where type and range do not make it.

mod auth;
mod chat;
mod limits;
pub mod provider;
mod server;
pub mod sign_in;
mod store;
mod timeouts;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error};
use toml::Value;

pub use auth::{AuthConfig, EmailRule, PeopleList, Registration};
pub use chat::ChatConfig;
pub use limits::Limits;
pub use server::{ServerConfig, listen};
pub use store::StoreConfig;
pub use timeouts::Timeouts;

/// The whole file, without Leptos's own tables.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Sections {
    pub server: ServerConfig,
    pub store: StoreConfig,
    pub auth: AuthConfig,
    pub chat: ChatConfig,
    pub limits: Limits,
    pub timeouts: Timeouts,
    /// Each [`provider::ProviderTable`] is read on its own, because a problem in one must not hide those of others.
    #[serde(default)]
    #[schemars(with = "Vec<String>", extend("wanted" = "a list of tables: write [[provider]]"))]
    pub provider: Vec<Value>,
    /// Each [`sign_in::SignInTable`], likewise.
    #[serde(default)]
    #[schemars(with = "Vec<String>", extend("wanted" = "a list of tables: write [[sign_in]]"))]
    pub sign_in: Vec<Value>,
}

/// For `deserialize_with`: a text that `parse` understands.
fn text<'de, D: Deserializer<'de>, T>(deserializer: D, parse: fn(&str) -> Option<T>) -> Result<T, D::Error> {
    parse(&String::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("not as wanted"))
}

/// For `deserialize_with`: a time in seconds.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_secs)
}
