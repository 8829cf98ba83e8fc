//! What an administrator says of a provider, checked field by field.

use std::net::IpAddr;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    domain::{Model, Reason, model::CONTEXT_TOKENS},
    error::AppError,
    server::{accounts::valid::plain, config::DEMO},
};

pub const MAX_NAME_CHARS: usize = 40;
pub const MAX_LABEL_CHARS: usize = 40;
pub const MAX_URL_BYTES: usize = 500;
const MAX_KEY_BYTES: usize = 1000;
const MAX_MODELS: usize = 200;

/// A provider as somebody describes it.
#[derive(Clone, Debug, Default)]
pub struct ProviderFields {
    pub name: String,
    /// Empty: what is known by its name.
    pub label: String,
    pub base_url: String,
    /// `None` keeps the one that there is; an empty one takes it away.
    pub api_key: Option<SecretString>,
    /// Empty: the provider is asked for them.
    pub models: Vec<String>,
    pub context: Option<u32>,
}

impl ProviderFields {
    /// The same in the form in which it is stored.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] names the field.
    pub(super) fn valid(mut self) -> Result<Self, AppError> {
        self.name = self.name.trim().to_owned();
        let is_name = self.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if self.name.is_empty() || self.name.len() > MAX_NAME_CHARS || !is_name {
            let reason = Reason::new("providers-name-not-valid").with("most", MAX_NAME_CHARS);
            return Err(AppError::invalid("name", reason));
        }
        if self.name == DEMO {
            return Err(AppError::invalid("name", Reason::new("providers-name-demo")));
        }
        let label_reason = || Reason::new("providers-label-not-valid").with("most", MAX_LABEL_CHARS);
        self.label = plain(&self.label, MAX_LABEL_CHARS)
            .ok_or_else(|| AppError::invalid("label", label_reason()))?
            .to_owned();
        self.base_url = address(&self.base_url).map_err(|reason| AppError::invalid("base_url", reason))?;
        if let Some(key) = &self.api_key {
            let key = key.expose_secret().trim();
            if key.len() > MAX_KEY_BYTES || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
                let reason = Reason::new("providers-key-not-valid").with("most", MAX_KEY_BYTES);
                return Err(AppError::invalid("api_key", reason));
            }
            self.api_key = Some(key.to_owned().into());
        }
        self.models = models(self.models)?;
        if self.context.is_some_and(|context| !CONTEXT_TOKENS.contains(&context)) {
            let reason = Reason::new("providers-context-not-valid")
                .with("least", *CONTEXT_TOKENS.start())
                .with("most", *CONTEXT_TOKENS.end());
            return Err(AppError::invalid("context", reason));
        }
        Ok(self)
    }
}

fn models(names: Vec<String>) -> Result<Vec<String>, AppError> {
    let mut models: Vec<String> = Vec::new();
    for name in names.iter().map(|name| name.trim()) {
        if !Model::is_name(name) {
            let reason =
                Reason::new("model-name-too-long").with("most", crate::domain::model::MAX_MODEL_CHARS);
            return Err(AppError::invalid("models", reason));
        }
        if !models.iter().any(|model| model == name) {
            models.push(name.to_owned());
        }
        if models.len() > MAX_MODELS {
            let reason = Reason::new("providers-models-too-many").with("most", MAX_MODELS);
            return Err(AppError::invalid("models", reason));
        }
    }
    Ok(models)
}

/// The address without a slash at its end, and without the path of a call, because manuals show whole calls.
fn address(text: &str) -> Result<String, Reason> {
    let not_valid = || Reason::new("providers-url-not-valid").with("most", MAX_URL_BYTES);
    let text = text.trim();
    if text.len() > MAX_URL_BYTES || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(not_valid());
    }
    let url = Url::parse(text).map_err(|_| not_valid())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(not_valid());
    }
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(Reason::new("providers-url-too-much"));
    }
    let base = url.as_str().trim_end_matches('/');
    let call = ["/chat/completions", "/models"].iter().find_map(|call| base.strip_suffix(call));
    Ok(call.unwrap_or(base).trim_end_matches('/').to_owned())
}

/// Whether two addresses are of the same server, so that one may be sent the key of the other.
pub(super) fn is_same_server(one: &str, other: &str) -> bool {
    match (Url::parse(one), Url::parse(other)) {
        (Ok(one), Ok(other)) => one.origin() == other.origin(),
        _ => false,
    }
}

/// Whether an address is, as far as it says itself, on this machine or in a private network.
pub(super) fn is_inside(url: &str) -> bool {
    let url = Url::parse(url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    let host = host.trim_matches(['[', ']']).trim_end_matches('.');
    match host.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(it)) => {
            it.is_loopback() || it.is_private() || it.is_link_local() || it.is_unspecified()
        }
        Ok(IpAddr::V6(it)) => {
            it.is_loopback() || it.is_unique_local() || it.is_unicast_link_local() || it.is_unspecified()
        }
        Err(_) => {
            !host.contains('.')
                || [".localhost", ".local", ".internal", ".lan", ".home.arpa"]
                    .iter()
                    .any(|end| host.ends_with(end))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_the_web_and_hold_no_secret() {
        for (typed, stored) in [
            ("http://localhost:11434/v1/", "http://localhost:11434/v1"),
            (" https://a.example/v1/chat/completions ", "https://a.example/v1"),
            ("https://a.example/v1/models", "https://a.example/v1"),
            ("HTTPS://A.example", "https://a.example"),
        ] {
            assert_eq!(address(typed).as_deref(), Ok(stored), "{typed}");
        }
        for wrong in [
            "",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "a.example",
            "http://",
            "http://a b",
            "http://a\0",
            "http://x:y@a.example",
            "https://a.example/?key=1",
            "https://a.example/#x",
            &format!("https://a.example/{}", "x".repeat(MAX_URL_BYTES)),
        ] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_inside_the_network_is_known_by_its_address() {
        for inside in [
            "http://localhost:1/v1",
            "http://127.0.0.1",
            "http://10.1.2.3",
            "http://192.168.0.2:80",
            "http://169.254.169.254",
            "http://[::1]:8080",
            "http://[fd00::1]",
            "http://[::ffff:10.0.0.1]",
            "http://ollama:11434",
            "http://box.local",
        ] {
            assert!(is_inside(inside), "{inside}");
        }
        for outside in ["https://api.openai.com/v1", "http://8.8.8.8", "http://[2606:4700::1]"] {
            assert!(!is_inside(outside), "{outside}");
        }
        assert!(is_same_server("https://a.example/v1", "https://a.example:443/v2"));
        assert!(!is_same_server("https://a.example/v1", "https://b.example/v1"));
        assert!(!is_same_server("https://a.example/v1", "http://a.example/v1"));
    }
}
