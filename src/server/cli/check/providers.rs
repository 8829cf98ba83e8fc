//! The lines of `inglenook check` on the providers of models: those of the configuration, and those that administrators
//! added in the browser, as far as the database and the secret say what they are.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::{Finding, good, warning};
use crate::server::{
    config::Config,
    llm::{Provider, registry::Providers},
    providers::{Maker, Unused},
    store::{self, OpenError, OpenOptions, Outlook, StoredProvider},
    words::Words,
};

/// What the database says of the providers that were added.
pub(super) enum Added {
    /// There is no database yet.
    None,
    /// They are read when the database has the schema of this version.
    Later,
    Read(Result<Vec<StoredProvider>, OpenError>),
}

impl Added {
    /// Reads them from a database with this outlook; without one it cannot be read, which is told elsewhere.
    pub(super) async fn read(config: &Config, outlook: Option<Outlook>, options: &OpenOptions) -> Self {
        match outlook {
            Some(Outlook::Ready { .. }) => {
                Self::Read(store::inspect_providers(&config.store.url, options).await)
            }
            Some(Outlook::Upgrade { .. }) => Self::Later,
            Some(Outlook::New) | None => Self::None,
        }
    }
}

/// How many models each provider offers, and whether the default model is one of them.
pub(super) async fn check(config: &Config, secret: Option<&SecretString>, added: Added) -> Vec<Finding> {
    let (mut findings, stored) = match added {
        Added::None => (Vec::new(), Vec::new()),
        Added::Later => {
            let text = "those that were added in the browser are looked at when the database is upgraded";
            (vec![good("provider", text)], Vec::new())
        }
        Added::Read(Ok(stored)) => (Vec::new(), stored),
        Added::Read(Err(error)) => {
            let text = format!("those that were added in the browser cannot be looked at: {error}");
            (vec![warning("provider", text)], Vec::new())
        }
    };
    let maker = Maker::new(config, secret.map_or(&[], |secret| secret.expose_secret().as_bytes()));
    let mut addresses: Vec<String> = config.providers.iter().map(|it| it.base_url.to_string()).collect();
    let mut used: Vec<Arc<dyn Provider>> = Vec::new();
    for stored in &stored {
        match maker.used(stored, config.chat.default_model.as_deref()) {
            Ok(provider) => {
                addresses.push(stored.base_url.clone());
                used.push(Arc::new(provider));
            }
            Err(why) => findings.push(unused(&stored.name, why)),
        }
    }
    if addresses.is_empty() {
        findings.push(none());
    }
    let providers = Providers::new(crate::server::lifecycle::providers(config));
    providers.replace(used);
    let answers = providers.ask().await;
    // Where there is no provider, the demo model answers, which has no address.
    for ((name, answer), address) in answers.into_iter().zip(addresses) {
        findings.push(match answer {
            Ok(models) => {
                let first = models.first().map_or("none", |first| &first.name);
                good("provider", format!("{name}: {} models, such as {first}", models.len()))
            }
            Err(error) => {
                let reason = Words::english().text(&error.failure.reason);
                warning("provider", format!("{name} at {address}: {reason}"))
            }
        });
    }
    let offer = providers.offer();
    let missing = config.chat.default_model.as_ref();
    let missing = missing.filter(|id| offer.find(id).is_none() && offer.unheard(id).is_none());
    findings.extend(
        missing.map(|id| warning("default_model", format!("{id} is not offered: the first model is used"))),
    );
    findings
}

/// Why a provider that was added is not used.
fn unused(name: &str, why: Unused) -> Finding {
    let why = match why {
        Unused::Hidden => "not used, because the configuration has a provider of this name",
        Unused::KeyLost => {
            "not used, because its key was stored with another secret; give the key again at /admin/models"
        }
    };
    warning("provider", format!("{name}, added in the browser: {why}"))
}

fn none() -> Finding {
    warning(
        "provider",
        "none: the demo model answers; set OPENAI_API_KEY or OPENAI_BASE_URL, add a [[provider]], or add one at /admin/models",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{cli::check::Verdict, ops::seal::Seal};

    const SECRET: &str = "Zk3vQ8xw1LrT0mYc7NfHs5Jd9PbEgUaW";

    fn config(providers: &str) -> Config {
        let load = |name: &str| (name == "INGLENOOK_PROVIDERS").then(|| providers.to_owned());
        Config::load(None, load).unwrap()
    }

    fn stored(name: &str, key: Option<&str>) -> StoredProvider {
        let seal = Seal::new(SECRET.as_bytes(), "keys of model providers");
        StoredProvider {
            id: "1".to_owned(),
            name: name.to_owned(),
            label: String::new(),
            base_url: "http://127.0.0.1:9/v1".to_owned(),
            sealed_key: key.and_then(|key| seal.seal(key.as_bytes(), "1")),
            models: vec!["one".to_owned()],
            context: None,
        }
    }

    async fn said(providers: &str, secret: &str, added: Vec<StoredProvider>) -> (Vec<Verdict>, String) {
        let secret = SecretString::from(secret);
        let found = check(&config(providers), Some(&secret), Added::Read(Ok(added))).await;
        (found.iter().map(|it| it.verdict).collect(), found.iter().map(|it| format!("{it}\n")).collect())
    }

    #[tokio::test]
    async fn providers_that_were_added_are_looked_at_as_far_as_their_keys_open() {
        let (verdicts, text) = said("[]", SECRET, vec![stored("mine", Some("sk-private"))]).await;
        assert_eq!(verdicts, [Verdict::Good], "{text}");
        assert!(text.contains("mine: 1 models, such as one") && !text.contains("sk-private"), "{text}");
        let (verdicts, text) = said("[]", "another secret", vec![stored("mine", Some("sk-private"))]).await;
        assert_eq!(verdicts, [Verdict::Warning; 2], "{text}");
        assert!(text.contains("mine, added in the browser: not used") && text.contains("another secret"));
        assert!(text.contains("the demo model answers"), "{text}");
        let (_, text) = said("[]", "another secret", vec![stored("mine", None)]).await;
        assert!(text.contains("mine: 1 models"), "without a key there is nothing to open: {text}");
        let own = r#"[{ "name": "mine", "base_url": "http://127.0.0.1:9/v1", "models": ["x"] }]"#;
        let (verdicts, text) = said(own, SECRET, vec![stored("mine", None)]).await;
        assert_eq!(verdicts, [Verdict::Warning, Verdict::Good], "{text}");
        assert!(text.contains("the configuration has a provider of this name"), "{text}");
    }

    #[tokio::test]
    async fn what_cannot_be_looked_at_is_said() {
        let found = check(&config("[]"), None, Added::Later).await;
        assert!(found.iter().any(|it| it.text.contains("when the database is upgraded")), "{found:?}");
        let error = store::inspect_providers("nonsense", &OpenOptions::default()).await.unwrap_err();
        let found = check(&config("[]"), None, Added::Read(Err(error))).await;
        assert!(found.iter().any(|it| it.text.contains("cannot be looked at")), "{found:?}");
        let found = check(&config("[]"), None, Added::None).await;
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
