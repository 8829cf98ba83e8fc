//! All providers of this server, and the models they have together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::join_all;

use super::{LlmError, Provider};
use crate::domain::Model;

pub struct Providers {
    /// In the order of the configuration; the first is the default.
    entries: Vec<Entry>,
}

struct Entry {
    provider: Arc<dyn Provider>,
    /// Its last answer was an error, and the log has it.
    warned: AtomicBool,
}

impl Providers {
    pub fn new(providers: Vec<Arc<dyn Provider>>) -> Self {
        let entry = |provider| Entry { provider, warned: AtomicBool::new(false) };
        Self { entries: providers.into_iter().map(entry).collect() }
    }

    /// What each provider says when asked for its models, by its name; all are asked at once.
    pub async fn check(&self) -> Vec<(String, Result<Vec<String>, LlmError>)> {
        join_all(self.entries.iter().map(async |entry| {
            let provider = &entry.provider;
            (provider.name().to_owned(), provider.models().await)
        }))
        .await
    }

    /// The models of all providers that answer, in the order of the configuration. One that does not
    /// answer is left out; the log is told when that begins.
    pub async fn models(&self) -> Vec<Model> {
        let mut models = Vec::new();
        for (entry, (name, result)) in self.entries.iter().zip(self.check().await) {
            match result {
                Ok(names) => {
                    entry.warned.store(false, Ordering::Relaxed);
                    models.extend(names.iter().map(|model| Model::new(&name, model)));
                }
                Err(error) if !entry.warned.swap(true, Ordering::Relaxed) => {
                    tracing::warn!(provider = name, detail = error.detail, "{}", error.failure.message);
                }
                Err(_) => {}
            }
        }
        models
    }

    /// The provider of a model and the name it knows it by. `provider/name` asks for both; a bare name
    /// is the first provider's. `None`: no such provider, or an empty name.
    pub fn find(&self, model_id: &str) -> Option<(Arc<dyn Provider>, String)> {
        let (entry, name) = match model_id.split_once('/') {
            Some((prefix, name)) => {
                (self.entries.iter().find(|entry| entry.provider.name() == prefix)?, name)
            }
            None => (self.entries.first()?, model_id),
        };
        (!name.is_empty()).then(|| (entry.provider.clone(), name.to_owned()))
    }

    /// The first of [`Providers::models`].
    pub async fn default_model(&self) -> Option<Model> {
        self.models().await.into_iter().next()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_trait::async_trait;

    use super::Providers;
    use crate::domain::FailureCode;
    use crate::server::llm::{ChatRequest, DeltaStream, LlmError, Provider};

    /// Lists these models, or fails when there are none.
    struct Fixed(&'static str, &'static [&'static str]);

    #[async_trait]
    impl Provider for Fixed {
        fn name(&self) -> &str {
            self.0
        }
        async fn models(&self) -> Result<Vec<String>, LlmError> {
            if self.1.is_empty() {
                return Err(LlmError::new(FailureCode::Unreachable, "gone", true, "refused"));
            }
            Ok(self.1.iter().map(|name| (*name).to_owned()).collect())
        }
        async fn chat(&self, _: ChatRequest) -> Result<DeltaStream, LlmError> {
            Ok(Box::pin(futures::stream::empty()))
        }
    }

    fn providers() -> Providers {
        Providers::new(vec![
            Arc::new(Fixed("down", &[])),
            Arc::new(Fixed("a", &["x", "org/y"])),
            Arc::new(Fixed("b", &["x"])),
        ])
    }

    #[tokio::test]
    async fn models_of_all_that_answer() {
        let providers = providers();
        let ids: Vec<String> = providers.models().await.into_iter().map(|model| model.id).collect();
        assert_eq!(ids, ["a/x", "a/org/y", "b/x"]);
        assert_eq!(providers.default_model().await.unwrap().id, "a/x");
        let checked = providers.check().await;
        assert_eq!(checked[0].0, "down");
        assert_eq!(checked[0].1.as_ref().unwrap_err().failure.message, "gone");
        assert!(Providers::new(Vec::new()).default_model().await.is_none());
    }

    #[test]
    fn a_model_is_found_by_its_prefix() {
        let found = |id: &str| providers().find(id).map(|(p, name)| (p.name().to_owned(), name));
        assert_eq!(found("b/x"), Some(("b".into(), "x".into())));
        assert_eq!(found("a/org/y"), Some(("a".into(), "org/y".into())));
        assert_eq!(found("x"), Some(("down".into(), "x".into())));
        for nobody in ["", "c/x", "b/", "/x"] {
            assert_eq!(found(nobody), None, "{nobody}");
        }
        assert!(Providers::new(Vec::new()).find("x").is_none());
    }
}
