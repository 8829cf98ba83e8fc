//! The models to choose from, cached so that no page waits for a provider. The models that are shown are the models
//! that are accepted.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{
    sync::{Mutex, watch},
    time::{Instant, timeout_at},
};

use super::allowance::Allowances;
use crate::{
    domain::{
        Model, ModelChoices, Preferences, PreferencesPatch, Reason, Tier, User, UserRole,
        model::MAX_MODEL_CHARS,
    },
    error::AppError,
    server::{
        llm::registry::{Offer, Providers},
        ops::tasks::Tasks,
    },
};

/// How old the list may be before the server asks the providers again.
const FRESH: Duration = Duration::from_secs(60);
/// The same when a provider failed or has no models, because it may be starting up.
const SOON: Duration = Duration::from_secs(4);
/// How long a caller that has no model to choose from waits for slow providers.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// How long a caller waits for a provider that failed, if other providers have models.
const SHORT_PATIENCE: Duration = Duration::from_millis(300);

pub struct ModelList {
    providers: Arc<Providers>,
    allowances: Arc<Allowances>,
    /// The id of the model that the operator chose as default.
    default_model: Option<String>,
    /// What administrators chose in the browser.
    choices: RwLock<Arc<ModelChoices>>,
    /// When the providers were asked last. Locked while they are asked.
    asked: Arc<Mutex<Option<Instant>>>,
    /// When the last request to the providers began. Changes when a request begins and when it ends.
    began: watch::Sender<Instant>,
    tasks: Tasks,
}

impl ModelList {
    pub fn new(
        providers: Arc<Providers>,
        allowances: Arc<Allowances>,
        default_model: Option<String>,
        tasks: Tasks,
    ) -> Self {
        let began = watch::channel(Instant::now()).0;
        let choices = RwLock::default();
        Self { providers, allowances, default_model, choices, asked: Arc::default(), began, tasks }
    }

    /// The models that this person may ask.
    ///
    /// # Errors
    ///
    /// The store does not say what the person's tier is.
    pub async fn of(&self, user: &User) -> Result<AllowedModels<'_>, AppError> {
        let (tier, choices) = (self.allowances.tier_of(user).await?, self.choices());
        Ok(AllowedModels { list: self, tier, choices, is_admin: user.role == UserRole::Admin })
    }

    /// What administrators chose in the browser.
    pub fn choices(&self) -> Arc<ModelChoices> {
        self.choices.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts from now on.
    pub fn choose(&self, choices: ModelChoices) {
        *self.choices.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(choices);
    }

    /// The default model that the configuration names, which goes before the one of the browser.
    pub fn configured_default(&self) -> Option<&str> {
        self.default_model.as_deref()
    }

    /// The context of a model in tokens, if it is known; whoever may ask it.
    pub async fn context_of(&self, id: &str) -> Option<u32> {
        self.offer().await.find(id)?.traits.context
    }

    /// All models, as the providers last listed them, whoever may ask them. If the list is old, the server asks the
    /// providers again in the background; a caller waits (briefly) only if the list is empty or lacks a provider.
    pub async fn offer(&self) -> Offer {
        let known = self.providers.offer();
        let (age, patience) = match &known {
            known if known.models().next().is_none() => (SOON, PATIENCE),
            known if !known.is_whole() => (SOON, SHORT_PATIENCE),
            _ => (FRESH, Duration::ZERO),
        };
        if self.ask_again(age, patience).await { self.providers.offer() } else { known }
    }

    /// Those of the ids that no provider offers.
    pub async fn missing(&self, ids: &[String]) -> Vec<String> {
        let offer = self.offer().await;
        ids.iter().filter(|id| offer.models().all(|model| model.id != **id)).cloned().collect()
    }

    /// Asks the providers unless they were asked within `age`, and waits for their answers until `patience` after the
    /// request began. Callers share one request. `false`: the providers were asked recently, so none was sent.
    async fn ask_again(&self, age: Duration, patience: Duration) -> bool {
        if let Ok(mut asked) = self.asked.clone().try_lock_owned() {
            if asked.is_some_and(|at| at.elapsed() < age) {
                return false;
            }
            let (providers, began) = (self.providers.clone(), self.began.clone());
            began.send_replace(Instant::now());
            self.tasks.spawn("list of models", async move {
                providers.ask().await;
                *asked = Some(Instant::now());
                drop(asked);
                began.send_modify(|_| {});
                // Callers that waited for the list have it by now.
                providers.learn().await;
            });
        }
        let mut began = self.began.subscribe();
        let until = *began.borrow_and_update() + patience;
        // The request ended before this caller subscribed, so there is nothing to wait for.
        if self.asked.try_lock().is_err() {
            let _ = timeout_at(until, began.changed()).await;
        }
        true
    }
}

/// The models that one person may ask: those of the list that their tier and the administrators allow.
pub struct AllowedModels<'a> {
    list: &'a ModelList,
    tier: Tier,
    choices: Arc<ModelChoices>,
    is_admin: bool,
}

impl AllowedModels<'_> {
    /// The models, as the providers last listed them.
    pub async fn offer(&self) -> Offer {
        self.list.offer().await.only(|model| self.allows(&model.id))
    }

    fn allows(&self, model: &str) -> bool {
        self.tier.allows(model) && self.choices.allow(model, self.is_admin)
    }

    fn allowed(&self, model: Option<Model>) -> Option<Model> {
        model.filter(|model| self.allows(&model.id))
    }

    /// The offered model with this id, or with this name at the first provider. An unknown model may be new, so the
    /// server asks the providers, but at most every few seconds however often callers try.
    pub async fn find(&self, id: &str) -> Option<Model> {
        let found = match self.list.offer().await.find(id) {
            Some(model) => Some(model.clone()),
            None => {
                self.list.ask_again(SOON, PATIENCE).await;
                self.list.providers.offer().find(id).cloned()
            }
        };
        self.allowed(found)
    }

    /// The same for a model that a person or the operator has chosen already. Before its provider has answered once,
    /// the server cannot know that the model is not offered, so it accepts it.
    pub async fn find_chosen(&self, id: &str) -> Option<Model> {
        let found = self.find(id).await;
        found.or_else(|| self.allowed(self.list.providers.offer().unheard(id)))
    }

    /// Looks up the models that a change of preferences names, and puts down their whole ids. A favourite that was one
    /// before stays one, also while no provider offers it.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`]: a model that is not offered, or more favourites than may be.
    pub async fn look_up(&self, patch: &mut PreferencesPatch, now: &Preferences) -> Result<(), AppError> {
        if let Some(Some(model)) = &mut patch.last_model {
            *model = self.chosen_id(model).await?;
        }
        if let Some((model, true)) = &mut patch.favourite {
            *model = self.chosen_id(model).await?;
        }
        // Each is looked up, so their number is limited first.
        patch.thin_out().map_err(|reason| AppError::invalid("preferences.favourites", reason))?;
        let favourites = patch.favourites.iter_mut().flatten().flatten();
        for model in favourites.filter(|model| !now.favourites.contains(model)) {
            *model = self.chosen_id(model).await?;
        }
        Ok(())
    }

    /// The whole id of a model that somebody names.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`]: the id cannot be one, or the model is not offered.
    pub async fn chosen_id(&self, id: &str) -> Result<String, AppError> {
        let id = valid_model(id)?;
        Ok(self.find_chosen(id).await.ok_or_else(|| unknown_model(id))?.id)
    }

    /// The model with which a person's new conversation begins: the one that they chose last as long as it is offered,
    /// else the default one. Nobody is asked for a model that has gone.
    pub async fn first_for(&self, person: &Preferences) -> Option<Model> {
        if let Some(id) = &person.last_model
            && let Some(model) = self.known(id).await
        {
            return Some(model);
        }
        self.default().await
    }

    /// A model as the providers last listed it, or one of a provider that has not listed any yet.
    async fn known(&self, id: &str) -> Option<Model> {
        let offer = self.offer().await;
        offer.find(id).cloned().or_else(|| self.allowed(offer.unheard(id)))
    }

    /// The model of the configuration, else that of the administrators, else the first that the person may ask.
    pub async fn default(&self) -> Option<Model> {
        let chosen = self.list.configured_default().or(self.choices.default_model.as_deref());
        if let Some(id) = chosen
            && let Some(model) = self.known(id).await
        {
            return Some(model);
        }
        self.offer().await.models().next().cloned()
    }
}

/// A model id as a caller sends it, without the blanks around it.
pub fn valid_model(id: &str) -> Result<&str, AppError> {
    // The id may contain the provider's name and a slash besides the model's name.
    const MOST: usize = MAX_MODEL_CHARS + 41;
    let id = id.trim();
    if id.chars().any(char::is_control) || id.chars().nth(MOST).is_some() {
        let reason = Reason::new("model-name-too-long").with("most", MAX_MODEL_CHARS);
        return Err(AppError::invalid("model", reason));
    }
    Ok(id)
}

/// The error for a model that is not in the list.
pub fn unknown_model(id: &str) -> AppError {
    AppError::invalid("model", Reason::new("model-unknown").with("model", id))
}
