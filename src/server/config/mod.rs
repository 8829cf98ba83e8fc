//! [`Config`]: what the operator set, from `Leptos.toml` and the environment over it, checked as a whole.

pub mod keys;
mod load;
mod loader;
mod problem;
mod schema;
mod secret;
mod sections;

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod provider_tests;
#[cfg(test)]
mod tests;

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use secrecy::SecretString;

pub use load::{Options, Setting};
pub use problem::{ConfigError, Origin, Problem, without_password};
pub use secret::{
    MIN_SECRET_BYTES, SecretFileError, fingerprint, read_or_make_secret, read_secret, secret_file,
};
pub use sections::{
    AuthConfig, ChatConfig, EmailRule, Limits, PeopleList, Registration, ServerConfig, StoreConfig, Timeouts,
    listen,
    provider::{DEMO, OPENAI_BASE_URL, ProviderConfig},
    sign_in::{SignInConfig, SignInKind, UserFields},
};

#[derive(Clone, Debug)]
pub struct Config {
    /// The file that was read.
    pub file: Option<PathBuf>,
    pub server: ServerConfig,
    pub store: StoreConfig,
    pub auth: AuthConfig,
    pub chat: ChatConfig,
    pub limits: Limits,
    pub timeouts: Timeouts,
    /// Empty: the demo model answers.
    pub providers: Vec<ProviderConfig>,
    /// The providers that people sign in through.
    pub sign_in: Vec<SignInConfig>,
    /// Every key with its value and where that came from, for `inglenook check`.
    pub settings: Vec<Setting>,
}

impl Config {
    /// Reads the file `path`, or the one that `INGLENOOK_CONFIG` names, or `Leptos.toml` if it is there, and puts the
    /// variables of `env` over it. Changes nothing on disk. The error lists every problem, not only the first.
    pub fn load(path: Option<&Path>, env: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Self::load_with(path, env, &[])
    }

    /// As [`Config::load`], with options of the command line before the environment.
    pub fn load_with(
        path: Option<&Path>,
        env: impl Fn(&str) -> Option<String>,
        options: &Options,
    ) -> Result<Self, ConfigError> {
        load::load(path, &env, options)
    }

    /// The secret that signs sessions. Without `auth.secret` it is the one of the data directory, which the first call
    /// makes.
    pub fn signing_secret(&self) -> Result<SecretString, SecretFileError> {
        match &self.auth.secret {
            Some(secret) => Ok(secret.clone()),
            None => read_or_make_secret(&self.server.data_dir),
        }
    }

    /// Whether browsers reach the site over https, so that its cookies can be `Secure`.
    pub fn is_https(&self) -> bool {
        self.server.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    /// Whether others than the people at this machine may reach the server.
    pub fn others_reach_it(&self) -> bool {
        let ServerConfig { listen, public_url, trusted_proxies, .. } = &self.server;
        !listen.ip().is_loopback() || public_url.is_some() || !trusted_proxies.is_empty()
    }

    /// The host of the public address, with its port; empty when no public address is set.
    pub fn public_host(&self) -> &str {
        self.server.public_url.as_deref().and_then(|url| url.split("://").nth(1)).unwrap_or_default()
    }

    /// Whether this peer is a trusted proxy. An IPv4 address in IPv6 form, as a socket for both shows it, counts as IPv4.
    pub fn trusts_proxy(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.server.trusted_proxies.iter().any(|network| network.contains(&peer))
    }
}
