//! `[timeouts]`: how long a provider may take, and a client of this server.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::seconds;

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// To reach a provider.
    #[serde(rename = "connect_seconds", deserialize_with = "seconds")]
    #[schemars(with = "u64", range(min = 1, max = 600), extend("default" = 10))]
    pub connect: Duration,
    /// Silence before an answer; local models may load first. Ten times as long while a server says that it is alive.
    #[serde(rename = "first_token_seconds", deserialize_with = "seconds")]
    #[schemars(with = "u64", range(min = 1, max = 3600), extend("default" = 60))]
    pub first_token: Duration,
    /// Silence between two pieces of an answer; again tenfold with signs of life.
    #[serde(rename = "idle_seconds", deserialize_with = "seconds")]
    #[schemars(with = "u64", range(min = 1, max = 3600), extend("default" = 60))]
    pub idle: Duration,
    /// For each answer of a provider that people sign in through.
    #[serde(rename = "sign_in_seconds", deserialize_with = "seconds")]
    #[schemars(with = "u64", range(min = 1, max = 60), extend("default" = 10))]
    pub sign_in: Duration,
    /// For a request's head, and for its body until that must come with 1 KiB a second.
    #[serde(rename = "head_seconds", deserialize_with = "seconds")]
    #[schemars(with = "u64", range(min = 1, max = 3600), extend("default" = 10))]
    pub head: Duration,
    /// Between two requests on one connection; longer than a proxy keeps its own.
    #[serde(rename = "keep_alive_seconds", deserialize_with = "seconds")]
    #[schemars(with = "u64", range(min = 1, max = 3600), extend("default" = 65))]
    pub keep_alive: Duration,
    /// While a client takes nothing of the answer that waits for it.
    #[serde(rename = "stall_seconds", deserialize_with = "seconds")]
    #[schemars(with = "u64", range(min = 1, max = 3600), extend("default" = 60))]
    pub stall: Duration,
}
