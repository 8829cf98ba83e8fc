//! `[server]` and `[server.log]`: where the site is served, under which address, and what is logged.

#![allow(rustdoc::bare_urls, reason = "`--help` and the README show the words of a field as they are")]

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use ipnet::IpNet;
use reqwest::Url;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error};
use tracing::Level;

use super::{seconds, text};
use crate::server::ops::telemetry::{LogConfig, LogFormat};

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Address and port; 0.0.0.0:3000 for the whole network.
    #[serde(deserialize_with = "address")]
    #[schemars(with = "String", extend(
        "default" = "127.0.0.1:3000",
        "wanted" = "an address and a port, such as 127.0.0.1:3000, 0.0.0.0:3000 or [::]:3000"
    ))]
    pub listen: SocketAddr,
    /// The address people type, such as https://chat.example.org; https makes cookies Secure.
    // Scheme, host and port, without a slash at the end.
    #[serde(default, deserialize_with = "public_url")]
    #[schemars(with = "String", extend(
        "wanted" = "an http or https address without a path, such as https://chat.example.org"
    ))]
    pub public_url: Option<String>,
    /// Directory for the embedded database, the journal of running answers and the made secret.
    #[serde(deserialize_with = "directory")]
    #[schemars(with = "String", extend("default" = "data", "wanted" = "a directory"))]
    pub data_dir: PathBuf,
    /// Addresses or networks (10.0.0.0/8) whose X-Forwarded-For, -Proto and -Host are believed; commas between.
    #[serde(default, deserialize_with = "networks")]
    #[schemars(with = "Vec<String>", extend(
        "wanted" = "a list of addresses or networks, such as [\"127.0.0.1\", \"10.0.0.0/8\"]"
    ))]
    pub trusted_proxies: Vec<IpNet>,
    #[serde(with = "LogTable")]
    pub log: LogConfig,
    /// How long running answers may finish when the server is stopped.
    #[serde(rename = "shutdown_seconds", deserialize_with = "seconds")]
    #[schemars(with = "u64", range(max = 3600), extend("default" = 30))]
    pub shutdown: Duration,
}

#[derive(Deserialize, JsonSchema)]
#[serde(remote = "LogConfig", deny_unknown_fields)]
struct LogTable {
    /// error, warn, info, debug or trace; RUST_LOG goes finer.
    #[serde(deserialize_with = "level")]
    #[schemars(with = "String", extend("default" = "info", "enum" = ["error", "warn", "info", "debug", "trace"]))]
    level: Level,
    /// text or json, one line per event, to standard error.
    #[serde(with = "Format")]
    #[schemars(extend("default" = "text"))]
    format: LogFormat,
}

#[derive(Deserialize, JsonSchema)]
#[serde(remote = "LogFormat", rename_all = "lowercase")]
enum Format {
    Text,
    Json,
}

/// An address and a port. `localhost` is understood; other names are not, because they would have to be looked up.
pub fn listen(text: &str) -> Option<SocketAddr> {
    let numeric = match text.split_once(':') {
        Some(("localhost", port)) => format!("127.0.0.1:{port}"),
        _ => text.to_owned(),
    };
    numeric.parse().ok()
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    text(deserializer, listen)
}

fn public_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text(deserializer, |text| {
        let url = Url::parse(text).ok()?;
        let is_plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_anonymous = url.username().is_empty() && url.password().is_none();
        let is_web = matches!(url.scheme(), "http" | "https");
        (is_web && is_plain && is_anonymous).then(|| Some(url.origin().ascii_serialization()))
    })
}

fn directory<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    text(deserializer, |text| (!text.is_empty() && !text.contains('\0')).then(|| PathBuf::from(text)))
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let network = |text: &String| text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let networks = Vec::<String>::deserialize(deserializer)?.iter().map(network).collect::<Option<_>>();
    networks.ok_or_else(|| D::Error::custom("not as wanted"))
}

fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
    // `Level` reads numbers, too.
    text(deserializer, |text| text.parse().ok().filter(|_| text.starts_with(char::is_alphabetic)))
}
