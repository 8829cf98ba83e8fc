//! The models to choose from, kept at hand so that no page waits for a provider. What is shown and what is
//! taken is one list.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Mutex, watch},
    time::{Instant, timeout_at},
};

use crate::{
    domain::{Model, Reason, model::MAX_MODEL_CHARS},
    error::AppError,
    server::{
        llm::registry::{Offer, Providers},
        ops::tasks::Tasks,
    },
};

/// After how long providers are asked again.
const FRESH: Duration = Duration::from_secs(60);
/// The same where one of them failed or has nothing: it may just be coming up.
const SOON: Duration = Duration::from_secs(4);
/// How long somebody who has nothing to choose from waits for slow providers.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// How long somebody waits for a provider that failed, where others have models.
const SHORT_PATIENCE: Duration = Duration::from_millis(300);

pub struct ModelList {
    providers: Arc<Providers>,
    /// The id of the model that the operator chose as default.
    default_model: Option<String>,
    /// Held while the providers are asked; when they were last.
    asked: Arc<Mutex<Option<Instant>>>,
    /// When they were begun to be asked; changes when that begins and when it ends.
    began: watch::Sender<Instant>,
    tasks: Tasks,
}

impl ModelList {
    pub fn new(providers: Arc<Providers>, default_model: Option<String>, tasks: Tasks) -> Self {
        let began = watch::channel(Instant::now()).0;
        Self { providers, default_model, asked: Arc::default(), began, tasks }
    }

    /// What may be asked, as the providers said last. When that is old they are asked again, behind the
    /// caller's back: who waits, and not for long, is who would miss something.
    pub async fn offer(&self) -> Offer {
        let known = self.providers.offer();
        let (age, patience) = match &known {
            known if known.models().next().is_none() => (SOON, PATIENCE),
            known if !known.is_whole() => (SOON, SHORT_PATIENCE),
            _ => (FRESH, Duration::ZERO),
        };
        if self.ask_again(age, patience).await { self.providers.offer() } else { known }
    }

    /// The offered model of this id, or of this name at the first provider. One that is not known may be
    /// new, so its provider is asked, however often callers try every few seconds at the most.
    pub async fn find(&self, id: &str) -> Option<Model> {
        if let Some(model) = self.offer().await.find(id) {
            return Some(model.clone());
        }
        self.ask_again(SOON, PATIENCE).await;
        self.providers.offer().find(id).cloned()
    }

    /// The same for a model that somebody has chosen already, or the operator has: while its provider was
    /// never heard, nobody can say that it is not offered.
    pub async fn find_chosen(&self, id: &str) -> Option<Model> {
        let found = self.find(id).await;
        found.or_else(|| self.providers.offer().unheard(id))
    }

    /// The configured one, or the first that is offered.
    pub async fn default(&self) -> Option<Model> {
        if let Some(id) = &self.default_model
            && let Some(model) = self.find_chosen(id).await
        {
            return Some(model);
        }
        self.offer().await.models().next().cloned()
    }

    /// Has the providers asked unless they were within `age`, and waits for their answers until `patience` after
    /// that began; whether they were asked. One caller's question is the question of all.
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
                // Who waited for the list has it.
                providers.learn().await;
            });
        }
        let mut began = self.began.subscribe();
        let until = *began.borrow_and_update() + patience;
        // Ended before this caller could listen: there is nothing to wait for.
        if self.asked.try_lock().is_err() {
            let _ = timeout_at(until, began.changed()).await;
        }
        true
    }
}

/// A model as a caller names it, without the blanks around it.
pub fn valid_model(id: &str) -> Result<&str, AppError> {
    // Beside the name there is the provider's, with a slash.
    const MOST: usize = MAX_MODEL_CHARS + 41;
    let id = id.trim();
    if id.chars().any(char::is_control) || id.chars().nth(MOST).is_some() {
        let reason = Reason::new("model-name-too-long").with("most", MAX_MODEL_CHARS);
        return Err(AppError::invalid("model", reason));
    }
    Ok(id)
}

/// What somebody is told who asks for a model that is not in the list.
pub fn unknown_model(id: &str) -> AppError {
    AppError::invalid("model", Reason::new("model-unknown").with("model", id))
}
