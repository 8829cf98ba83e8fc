//! [`ModelProviders`]: the providers of models that administrators add while the server runs, beside those of the
//! configuration. Every server of a cluster reads them again every few seconds.

mod choices;
mod maker;
mod places;
mod valid;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

pub use self::choices::{ChoicesPatch, ModelsView, OfferedModel, access_word};
pub use self::maker::{Maker, Unused};
pub use self::valid::{MAX_LABEL_CHARS, MAX_NAME_CHARS, MAX_URL_BYTES, ProviderFields};
use self::valid::{is_inside, is_same_server};
use super::{
    accounts::{
        Accounts,
        audit::{Audit, Note},
    },
    config::{Config, DEMO},
    conversations::ModelList,
    llm::{
        Provider,
        registry::{Heard, Providers},
    },
    ops::clock::Ids,
    store::{self, Facts, ProviderOutcome, StoreError, StoredProvider},
};
use crate::{
    domain::{Admin, AuditKind, ProviderState, ProviderView, Reason},
    error::AppError,
};

/// The most providers that the store has.
pub const MAX_PROVIDERS: usize = 50;
/// How long saving waits for the list of models of a provider.
const FIRST_LIST: Duration = Duration::from_secs(3);

/// One per server.
pub struct ModelProviders {
    store: Arc<dyn store::ModelProviders>,
    facts: Arc<dyn Facts>,
    accounts: Arc<Accounts>,
    audit: Arc<Audit>,
    registry: Arc<Providers>,
    models: Arc<ModelList>,
    ids: Arc<Ids>,
    maker: Maker,
    /// What the registry was given last.
    built: Mutex<Vec<Built>>,
    /// Held while the store is read, so that an older list does not replace a newer one.
    reading: tokio::sync::Mutex<()>,
}

/// A provider of the store, and what is asked for its models; `None`: it cannot be used.
#[derive(Clone)]
struct Built {
    stored: StoredProvider,
    provider: Option<Arc<dyn Provider>>,
}

impl ModelProviders {
    /// `secret` seals the keys.
    pub fn new(
        config: &Config,
        secret: &[u8],
        (store, facts): (Arc<dyn store::ModelProviders>, Arc<dyn Facts>),
        (accounts, audit): (Arc<Accounts>, Arc<Audit>),
        (registry, models): (Arc<Providers>, Arc<ModelList>),
        ids: Arc<Ids>,
    ) -> Self {
        Self {
            store,
            facts,
            accounts,
            audit,
            registry,
            models,
            ids,
            maker: Maker::new(config, secret),
            built: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
        }
    }

    /// Reads the providers and what was chosen among the models from the store, and uses them from now on. Answers that are
    /// being written keep theirs.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let _reading = self.reading.lock().await;
        self.models.choose(self.stored_choices().await?);
        let stored = self.store.model_providers().await?;
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if built.iter().map(|it| &it.stored).eq(stored.iter()) {
            return Ok(());
        }
        *built = stored.into_iter().map(|stored| self.build(stored, &built)).collect();
        self.registry.replace(built.iter().filter_map(|it| it.provider.clone()).collect());
        Ok(())
    }

    /// The provider of a row. One that did not change stays what it is, with all that it learned.
    fn build(&self, stored: StoredProvider, before: &[Built]) -> Built {
        if let Some(same) = before.iter().find(|it| it.stored == stored) {
            return same.clone();
        }
        let provider = self.maker.used(&stored, self.default_model().as_deref());
        if provider.as_ref().is_err_and(|why| *why == Unused::KeyLost) {
            tracing::error!(provider = %stored.name, "the key of a provider cannot be opened; give it again");
        }
        Built { provider: provider.ok().map(|provider| Arc::new(provider) as Arc<dyn Provider>), stored }
    }

    /// The model with which conversations begin, if one was chosen.
    fn default_model(&self) -> Option<String> {
        let configured = self.models.configured_default().map(str::to_owned);
        configured.or_else(|| self.models.choices().default_model.clone())
    }

    /// What to tell an operator whose configuration names a default model of a provider that is neither configured nor
    /// stored, as it is known after [`Self::refresh`].
    pub fn missing_default(&self) -> Option<String> {
        let id = self.models.configured_default()?;
        let (name, _) = id.split_once('/')?;
        let built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known =
            name == DEMO || self.maker.is_hidden(name) || built.iter().any(|it| it.stored.name == name);
        (!is_known).then(|| {
            format!(
                "chat.default_model is {id}, and no provider is called {name}, neither in the configuration nor in the browser; until one is, conversations begin with another model"
            )
        })
    }

    /// All providers in the order in which their models are offered: those of the configuration first.
    ///
    /// # Errors
    ///
    /// The store does not answer.
    pub async fn list(&self, _: &Admin) -> Result<Vec<ProviderView>, AppError> {
        self.refresh().await?;
        let built = self.built.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let configured = self.maker.configured.iter().map(|it| {
            let view = ProviderView {
                id: None,
                name: it.name.clone(),
                label: it.label.clone().unwrap_or_default(),
                base_url: it.base_url.clone(),
                has_key: it.api_key.is_some(),
                inside: is_inside(&it.base_url),
                models: it.models.iter().map(|model| model.name.clone()).collect(),
                context: it.traits.context,
                state: ProviderState::Waiting,
                offered: Vec::new(),
                failure: None,
            };
            self.with_state(view, true)
        });
        let added = built.iter().map(|it| {
            let stored = it.stored.clone();
            let state = match &it.provider {
                None if self.maker.is_hidden(&stored.name) => ProviderState::Hidden,
                None => ProviderState::KeyLost,
                Some(_) => ProviderState::Waiting,
            };
            let view = ProviderView {
                id: Some(stored.id),
                inside: is_inside(&stored.base_url),
                name: stored.name,
                label: stored.label,
                base_url: stored.base_url,
                has_key: stored.sealed_key.is_some(),
                models: stored.models,
                context: stored.context,
                state,
                offered: Vec::new(),
                failure: None,
            };
            self.with_state(view, it.provider.is_some())
        });
        Ok(configured.chain(added).collect())
    }

    /// The view of a provider that is used has what it said when it was asked last.
    fn with_state(&self, mut view: ProviderView, is_used: bool) -> ProviderView {
        if let Some(Heard { models, failure }) = self.registry.heard_of(&view.name).filter(|_| is_used) {
            view.state = match (&models, &failure) {
                (_, Some(_)) => ProviderState::Failed,
                (Some(_), None) => ProviderState::Listed,
                (None, None) => ProviderState::Waiting,
            };
            view.offered = models.iter().flat_map(|models| models.iter()).map(|it| it.id.clone()).collect();
            view.failure = failure;
        }
        view
    }

    /// One that was added in the browser.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`].
    pub async fn open(&self, admin: &Admin, id: &str) -> Result<ProviderView, AppError> {
        let all = self.list(admin).await?;
        all.into_iter().find(|it| it.id.as_deref() == Some(id)).ok_or(AppError::NotFound)
    }

    /// Asks a provider for its models without keeping it, and gives their names; or an [`AppError::Invalid`] of `api_key`
    /// where the provider refused the key, and of `base_url` where it did not answer as it should.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] names the field; [`AppError::ProofRequired`].
    pub async fn attempt(
        &self,
        admin: &Admin,
        fields: ProviderFields,
    ) -> Result<Result<Vec<String>, AppError>, AppError> {
        self.accounts.proved(admin.current())?;
        let (stored, key) = self.described(None, fields).await?;
        Ok(self.ask(&stored, key).await)
    }

    async fn ask(&self, stored: &StoredProvider, key: Option<SecretString>) -> Result<Vec<String>, AppError> {
        // Without the models that were named, because with them nobody is asked.
        let provider = self.maker.make(stored, key, Vec::new(), self.default_model().as_deref());
        match provider.models().await {
            Ok(models) => Ok(models),
            Err(error) if error.failure.reason.key() == "provider-no-list" && !stored.models.is_empty() => {
                Ok(stored.models.clone())
            }
            Err(error) => {
                let field = match error.failure.reason.key() {
                    "provider-bad-key" => "api_key",
                    _ => "base_url",
                };
                Err(AppError::invalid(field, error.failure.reason))
            }
        }
    }

    /// The row that the fields describe, and the key in plain.
    async fn described(
        &self,
        id: Option<&str>,
        fields: ProviderFields,
    ) -> Result<(StoredProvider, Option<SecretString>), AppError> {
        let all = self.store.model_providers().await?;
        let before = match id {
            Some(id) => Some(all.iter().find(|it| it.id == id).ok_or(AppError::NotFound)?),
            None => None,
        };
        let ProviderFields { name, label, base_url, api_key, models, context } = fields.valid()?;
        let taken = all.iter().any(|it| it.name == name && Some(it.id.as_str()) != id);
        if taken || (before.is_none_or(|it| it.name != name) && self.maker.is_hidden(&name)) {
            return Err(AppError::invalid("name", Reason::new("providers-name-taken")));
        }
        let key = match (api_key, before.filter(|it| it.sealed_key.is_some())) {
            (Some(key), _) => Some(key).filter(|key| !key.expose_secret().is_empty()),
            (None, None) => None,
            // Whoever changes the address does not thereby learn the key.
            (None, Some(before)) if !is_same_server(&before.base_url, &base_url) => {
                return Err(AppError::invalid("api_key", Reason::new("providers-key-for-new-address")));
            }
            (None, Some(before)) => match self.maker.key_of(before) {
                Some(key) => Some(key),
                None => return Err(AppError::invalid("api_key", Reason::new("providers-key-lost"))),
            },
        };
        let id = before.map_or_else(|| self.ids.next(), |it| it.id.clone());
        let sealed_key = match &key {
            Some(key) => Some(self.maker.seal(key, &id).ok_or(AppError::Internal)?),
            None => None,
        };
        Ok((StoredProvider { id, name, label, base_url, sealed_key, models, context }, key))
    }

    /// Adds a provider, or changes the one with this id. It is asked for its models first, unless it is to be saved
    /// `anyway`.
    ///
    /// # Errors
    ///
    /// As [`Self::attempt`], also where the provider lists no models; [`AppError::Conflict`] for too many; [`AppError::NotFound`].
    pub async fn save(
        &self,
        admin: &Admin,
        id: Option<&str>,
        fields: ProviderFields,
        anyway: bool,
    ) -> Result<ProviderView, AppError> {
        self.accounts.proved(admin.current())?;
        if id.is_none() && self.store.model_providers().await?.len() >= MAX_PROVIDERS {
            let reason = Reason::new("providers-too-many").with("most", MAX_PROVIDERS);
            return Err(AppError::Conflict { reason });
        }
        let (stored, key) = self.described(id, fields).await?;
        if !anyway {
            self.ask(&stored, key).await?;
        }
        let outcome = match id {
            None => self.store.add_model_provider(&stored).await?,
            Some(_) => self.store.change_model_provider(&stored).await?,
        };
        match outcome {
            ProviderOutcome::Done => {}
            ProviderOutcome::Missing => return Err(AppError::NotFound),
            ProviderOutcome::NameTaken => {
                return Err(AppError::invalid("name", Reason::new("providers-name-taken")));
            }
        }
        let what = if id.is_none() { "audit-provider-added" } else { "audit-provider-edited" };
        self.note(admin, &stored, what).await;
        self.use_it_now().await;
        self.open(admin, &stored.id).await
    }

    /// Removes one. Answers that are being written with it go on.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`].
    pub async fn remove(&self, admin: &Admin, id: &str) -> Result<(), AppError> {
        let all = self.store.model_providers().await?;
        let stored = all.into_iter().find(|it| it.id == id).ok_or(AppError::NotFound)?;
        if !self.store.remove_model_provider(id).await? {
            return Err(AppError::NotFound);
        }
        self.note(admin, &stored, "audit-provider-removed").await;
        self.use_it_now().await;
        Ok(())
    }

    async fn note(&self, admin: &Admin, stored: &StoredProvider, what: &'static str) {
        tracing::info!(admin = %admin.id(), provider = %stored.name, what, "the providers of models changed");
        let note = Note::by(admin.current(), AuditKind::ProviderChanged).to_thing(&stored.id, &stored.name);
        self.audit.note(note.saying(Reason::new(what))).await;
    }

    /// What was stored counts at once on this server. A failure is made up for by the next look at the store.
    async fn use_it_now(&self) {
        if let Err(error) = self.refresh().await {
            tracing::warn!(%error, "the providers of models could not be read again");
        }
        let _ = timeout(FIRST_LIST, self.registry.ask_new()).await;
    }
}
