//! [`Providers`]: all providers of this server, and [`Offer`], the models they have together.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use futures::future::join_all;

use super::{LlmError, Provider, demo::Demo};
use crate::domain::{Model, Reason};

pub struct Providers {
    /// Those of the configuration, in its order.
    configured: Vec<Arc<ProviderState>>,
    /// All that are asked, those of the configuration first; the first is the default.
    entries: RwLock<Arc<[Arc<ProviderState>]>>,
    /// Held while the providers are asked for traits, so that this happens once at a time.
    learning: tokio::sync::Mutex<()>,
}

struct ProviderState {
    provider: Arc<dyn Provider>,
    heard: Mutex<LastList>,
}

/// What a provider answered when it was last asked for its models.
#[derive(Default)]
struct LastList {
    /// The last good list; `None` before the first.
    models: Option<Arc<[Model]>>,
    /// The reason of the last answer, if that was an error.
    failure: Option<Reason>,
}

/// What a provider answered when it was last asked, as it is told.
pub struct Heard {
    /// The last good list.
    pub models: Option<Arc<[Model]>>,
    /// The reason of a failure after it.
    pub failure: Option<Reason>,
}

/// The models that people can choose from, and by which a question's model is looked up.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    /// One list per provider, in the order of the configuration.
    lists: Vec<Arc<[Model]>>,
    /// The name of the first provider, whose models may be called without it.
    first: Option<String>,
    /// The names of providers that have never listed their models.
    unheard: Vec<String>,
    /// The reasons of providers that failed to list their models when last asked.
    pub failures: Vec<Reason>,
}

impl Offer {
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.lists.iter().flat_map(|list| list.iter())
    }

    /// The same offer with some of the models.
    #[must_use]
    pub fn only(mut self, takes: impl Fn(&Model) -> bool) -> Self {
        for list in self.lists.iter_mut().filter(|list| !list.iter().all(&takes)) {
            *list = list.iter().filter(|model| takes(model)).cloned().collect();
        }
        self
    }

    /// The model with this id, or with this name at the first provider.
    pub fn find(&self, id: &str) -> Option<&Model> {
        let bare = |model: &&Model| Some(&model.provider) == self.first.as_ref() && model.name == id;
        self.models().find(|model| model.id == id).or_else(|| self.models().find(bare))
    }

    /// The model with this id at a provider that has never listed its models, so that only the provider knows whether
    /// it exists.
    pub fn unheard(&self, id: &str) -> Option<Model> {
        let (provider, name) = match id.split_once('/') {
            Some((provider, name)) => (provider, name),
            None => (self.first.as_deref()?, id),
        };
        let unheard = self.unheard.iter().any(|name| name == provider) && Model::is_name(name);
        unheard.then(|| Model::new(provider, name))
    }

    /// Whether there are models, and all are the one that comes with the site.
    pub fn is_demo_only(&self) -> bool {
        let mut models = self.models().peekable();
        models.peek().is_some() && models.all(|model| model.provider == Demo::NAME)
    }

    /// Whether every provider has listed its models, the last time too.
    pub fn is_whole(&self) -> bool {
        self.unheard.is_empty() && self.failures.is_empty()
    }
}

impl Providers {
    pub fn new(providers: Vec<Arc<dyn Provider>>) -> Self {
        let configured: Vec<_> = providers.into_iter().map(ProviderState::new).collect();
        let entries = RwLock::new(configured.as_slice().into());
        Self { configured, entries, learning: tokio::sync::Mutex::default() }
    }

    fn entries(&self) -> Arc<[Arc<ProviderState>]> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has these beside the providers of the configuration, and no others. Those that were there keep what they listed.
    /// The demo model is there only as long as nothing else is.
    pub fn replace(&self, added: Vec<Arc<dyn Provider>>) {
        let before = self.entries();
        let known = |provider: &Arc<dyn Provider>| {
            before.iter().find(|entry| Arc::ptr_eq(&entry.provider, provider)).cloned()
        };
        let added: Vec<_> = added
            .into_iter()
            .map(|provider| known(&provider).unwrap_or_else(|| ProviderState::new(provider)))
            .collect();
        let configured =
            self.configured.iter().filter(|it| added.is_empty() || it.provider.name() != Demo::NAME);
        let all = configured.cloned().chain(added.iter().cloned()).collect();
        *self.entries.write().unwrap_or_else(PoisonError::into_inner) = all;
    }

    /// Asks the providers that were never asked for their models.
    pub async fn ask_new(&self) {
        join_all(self.entries().iter().filter(|entry| entry.is_new()).map(|entry| entry.ask())).await;
    }

    /// What a provider answered when it was last asked: the last good list, and the reason of a failure after it.
    pub fn heard_of(&self, name: &str) -> Option<Heard> {
        let entries = self.entries();
        let heard = entries.iter().find(|entry| entry.provider.name() == name)?.heard();
        Some(Heard { models: heard.models.clone(), failure: heard.failure.clone() })
    }

    /// Asks all providers for their models at once. Gives each one's name and answer.
    pub async fn ask(&self) -> Vec<(String, Result<Vec<Model>, LlmError>)> {
        join_all(self.entries().iter().map(|entry| entry.ask())).await
    }

    /// Asks all providers for traits that their lists lack; does nothing while another call does that.
    pub async fn learn(&self) {
        let Ok(_learning) = self.learning.try_lock() else { return };
        join_all(self.entries().iter().map(async |entry| {
            if entry.provider.learn().await {
                entry.hear_more();
            }
        }))
        .await;
    }

    /// The models of all providers as they were last listed. A provider that fails keeps its models, so that a person
    /// who uses one of them is told the reason instead of finding it gone.
    pub fn offer(&self) -> Offer {
        let mut offer = Offer::default();
        for entry in self.entries().iter() {
            let name = entry.provider.name();
            offer.first.get_or_insert_with(|| name.to_owned());
            let heard = entry.heard();
            match &heard.models {
                Some(models) => offer.lists.push(models.clone()),
                None => offer.unheard.push(name.to_owned()),
            }
            offer.failures.extend(heard.failure.clone());
        }
        offer
    }

    /// The provider of a model.
    pub fn of(&self, model: &Model) -> Option<Arc<dyn Provider>> {
        let entries = self.entries();
        let found = entries.iter().find(|entry| entry.provider.name() == model.provider)?;
        Some(found.provider.clone())
    }
}

impl ProviderState {
    fn new(provider: Arc<dyn Provider>) -> Arc<Self> {
        Arc::new(Self { provider, heard: Mutex::default() })
    }

    fn is_new(&self) -> bool {
        let heard = self.heard();
        heard.models.is_none() && heard.failure.is_none()
    }

    async fn ask(&self) -> (String, Result<Vec<Model>, LlmError>) {
        let answer = self.provider.models().await.map(|names| usable(&*self.provider, names));
        self.hear(&answer);
        (self.provider.name().to_owned(), answer)
    }

    fn heard(&self) -> MutexGuard<'_, LastList> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Updates the traits of the listed models after the provider told more.
    fn hear_more(&self) {
        let mut heard = self.heard();
        if let Some(models) = &heard.models {
            let offered = models.iter().filter(|model| self.provider.offers(&model.name));
            heard.models = Some(offered.map(|model| known(&*self.provider, &model.name)).collect());
        }
    }

    /// Keeps an answer, and logs when a provider begins to fail.
    fn hear(&self, answer: &Result<Vec<Model>, LlmError>) {
        let mut heard = self.heard();
        match answer {
            Ok(models) => *heard = LastList { models: Some(models.as_slice().into()), failure: None },
            Err(error) => {
                if heard.failure.replace(error.failure.reason.clone()).is_none() {
                    let provider = self.provider.name();
                    tracing::warn!(provider, detail = ?error.detail, "{}", error.failure.reason);
                }
            }
        }
    }
}

/// The models with these names in their order, without duplicates and names that no model can have.
fn usable(provider: &dyn Provider, names: Vec<String>) -> Vec<Model> {
    let mut seen = HashSet::new();
    let names = names.into_iter().filter(|name| Model::is_name(name) && seen.insert(name.clone()));
    names.map(|name| known(provider, &name)).collect()
}

/// A model with all that its provider knows of it.
fn known(provider: &dyn Provider, name: &str) -> Model {
    let model = Model::new(provider.name(), name);
    Model {
        label: provider.model_label(name).unwrap_or(model.label),
        provider_label: provider.label().to_owned(),
        traits: provider.traits(name),
        ..model
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use async_trait::async_trait;

    use super::{Model, Offer, Providers};
    use crate::domain::{FailureCode, Reason};
    use crate::server::llm::{ChatRequest, DeltaStream, LlmError, Provider};

    /// A provider that lists what the test sets; `None` makes it fail.
    struct Scripted(&'static str, Mutex<Option<Vec<String>>>);

    impl Scripted {
        fn new(name: &'static str, models: Option<&[&str]>) -> Arc<Self> {
            let told = Self(name, Mutex::default());
            told.tell(models);
            Arc::new(told)
        }

        fn tell(&self, models: Option<&[&str]>) {
            *self.1.lock().unwrap() = models.map(|names| names.iter().map(|&name| name.to_owned()).collect());
        }
    }

    #[async_trait]
    impl Provider for Scripted {
        fn name(&self) -> &str {
            self.0
        }
        async fn models(&self) -> Result<Vec<String>, LlmError> {
            let told = self.1.lock().unwrap().clone();
            told.ok_or_else(|| {
                LlmError::new(FailureCode::Unreachable, Reason::new("error-not-found"), true, "refused")
            })
        }
        async fn chat(&self, _: ChatRequest) -> Result<DeltaStream, LlmError> {
            Ok(Box::pin(futures::stream::empty()))
        }
    }

    fn ids(offer: &Offer) -> Vec<&str> {
        offer.models().map(|model| model.id.as_str()).collect()
    }

    #[tokio::test]
    async fn models_of_all_in_their_order_and_each_once() {
        let providers = Providers::new(vec![
            Scripted::new("down", None),
            Scripted::new("a", Some(&["x", "org/y", "x", "", " z", "a\nb", &"l".repeat(201)])),
            Scripted::new("b", Some(&["x", &"k".repeat(200)])),
        ]);
        assert!(providers.offer().models().next().is_none() && !providers.offer().is_whole());
        let answers = providers.ask().await;
        assert_eq!(answers[0].0, "down");
        assert_eq!(answers[0].1.as_ref().unwrap_err().failure.reason, Reason::new("error-not-found"));
        let offer = providers.offer();
        assert_eq!(ids(&offer), ["a/x", "a/org/y", "b/x", &format!("b/{}", "k".repeat(200))]);
        assert_eq!(offer.failures, [Reason::new("error-not-found")]);
        for model in offer.models() {
            assert_eq!(providers.of(model).unwrap().name(), model.provider);
        }
    }

    #[tokio::test]
    async fn only_what_is_offered_is_found() {
        let providers = Providers::new(vec![
            Scripted::new("a", Some(&["x", "b/x", "org/y"])),
            Scripted::new("b", Some(&["x", "z"])),
        ]);
        providers.ask().await;
        let offer = providers.offer();
        let found = |id: &str| offer.find(id).map(|model| model.id.as_str());
        for (id, model) in [
            ("a/x", "a/x"),
            ("x", "a/x"),
            ("b/x", "b/x"),
            ("a/b/x", "a/b/x"),
            ("org/y", "a/org/y"),
            ("b/z", "b/z"),
        ] {
            assert_eq!(found(id), Some(model), "{id}");
        }
        for nobody in ["", "z", "c/x", "b/", "/x", "a/z", "a", "A/X", "a/x ", "a//x", "a/x\0"] {
            assert_eq!(found(nobody), None, "{nobody}");
            assert_eq!(offer.unheard(nobody), None, "{nobody}");
        }
        assert!(Providers::new(Vec::new()).offer().find("x").is_none());
    }

    #[tokio::test]
    async fn a_provider_that_fails_keeps_the_models_it_had() {
        let (a, b) = (Scripted::new("a", Some(&["x"])), Scripted::new("b", None));
        let providers = Providers::new(vec![a.clone(), b.clone()]);
        providers.ask().await;
        a.tell(None);
        providers.ask().await;
        let offer = providers.offer();
        assert_eq!(ids(&offer), ["a/x"]);
        assert!(!offer.is_whole());
        assert_eq!(offer.unheard("a/z"), None, "what it has was heard");
        assert_eq!(offer.unheard("b/z"), Some(Model::new("b", "z")));
        assert_eq!((offer.unheard("z"), offer.unheard("c/z"), offer.unheard("b/")), (None, None, None));
        a.tell(Some(&["y"]));
        b.tell(Some(&[]));
        providers.ask().await;
        let offer = providers.offer();
        assert!(offer.is_whole() && offer.unheard("b/z").is_none());
        assert_eq!(ids(&offer), ["a/y"]);
    }
}
