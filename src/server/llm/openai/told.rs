//! [`ToldTraits`]: what a provider tells of its models, in its list and, if it is an Ollama, model by model.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures::{StreamExt, stream};
use http::{Method, StatusCode};
use tokio::time::{Instant, timeout};

use super::{Entry, OpenAi, listing, read_at_most};
use crate::domain::Traits;

/// The most time that an Ollama may take to show one model, and the most bytes of its answer, which holds licence and
/// template.
const SHOW_LIMIT: Duration = Duration::from_secs(5);
const SHOW_MAX_BYTES: usize = 1 << 20;
/// How many models are asked for at once, and how many before the list is asked for again.
const AT_ONCE: usize = 4;
const IN_A_ROW: usize = 64;
/// The age at which told traits are asked for again, because a model may have been rebuilt.
const KNOWN: Duration = Duration::from_secs(600);

#[derive(Debug, Default)]
pub(super) struct ToldTraits {
    /// The last list, by model.
    list: Mutex<HashMap<String, Entry>>,
    /// When the provider's list was last asked for although the configuration lists the models.
    asked: Mutex<Option<Instant>>,
    /// What Ollama showed, by model, and when.
    shown: Mutex<HashMap<String, (Instant, Entry)>>,
    ollama: OnceLock<bool>,
}

impl ToldTraits {
    pub(super) fn list(&self, models: &[Entry]) {
        *locked(&self.list) = models.iter().map(|model| (model.name.clone(), model.clone())).collect();
    }

    /// All that was told of a model.
    pub(super) fn entry(&self, model: &str) -> Entry {
        let listed = locked(&self.list).get(model).cloned().unwrap_or_default();
        let shown = locked(&self.shown);
        let Some((_, shown)) = shown.get(model) else { return listed };
        Entry { chats: listed.chats.or(shown.chats), traits: listed.traits.or(&shown.traits), ..listed }
    }

    pub(super) fn label(&self, model: &str) -> Option<String> {
        locked(&self.list).get(model)?.label.clone()
    }

    /// Whether it is time to ask for a list again. A true answer restarts the time.
    fn list_is_due(&self) -> bool {
        let mut asked = locked(&self.asked);
        let due = asked.is_none_or(|at| at.elapsed() >= KNOWN);
        if due {
            *asked = Some(Instant::now());
        }
        due
    }

    fn is_shown(&self, model: &str) -> bool {
        locked(&self.shown).get(model).is_some_and(|(at, _)| at.elapsed() < KNOWN)
    }
}

impl OpenAi {
    /// Asks for the context of models for which neither the configuration nor the list states it. True if anything
    /// new was told.
    pub(super) async fn learn_more(&self) -> bool {
        let names: Vec<String> = if self.listed.is_empty() {
            locked(&self.told.list).keys().cloned().collect()
        } else {
            self.listed.iter().map(|model| model.name.clone()).collect()
        };
        // The traits of models that are gone are dropped.
        let there: HashSet<&String> = names.iter().collect();
        locked(&self.told.shown).retain(|name, _| there.contains(name));
        let known = |name: &String| (self.traits_of(name), self.told.entry(name).chats);
        let before: Vec<_> = names.iter().map(known).collect();
        let unknown = |name: &&String| self.unsaid(name).context.is_none();
        if !self.listed.is_empty() && names.iter().any(|name| unknown(&name)) && self.told.list_is_due() {
            // Only the traits in the answer are used; the models stay the configured ones.
            if let Err(error) = self.ask_models().await {
                tracing::debug!(
                    provider = self.errors.name,
                    detail = error.detail,
                    "nothing is told of models"
                );
            }
        }
        let mut open: Vec<String> = names.iter().filter(unknown).cloned().collect();
        open.retain(|name| !self.told.is_shown(name));
        open.truncate(IN_A_ROW);
        if !open.is_empty() && self.is_ollama().await {
            let mut shown = stream::iter(open).map(|name| self.show(name)).buffer_unordered(AT_ONCE);
            while let Some(told) = shown.next().await {
                locked(&self.told.shown).extend(told.map(|(name, told)| (name, (Instant::now(), told))));
            }
        }
        names.iter().map(known).ne(before)
    }

    fn traits_of(&self, name: &str) -> Traits {
        super::Provider::traits(self, name)
    }

    /// The traits of a model without those that an Ollama showed, which may be old.
    fn unsaid(&self, name: &str) -> Traits {
        let listed = self.listed.iter().find(|listed| listed.name == name);
        let said = listed.map_or(&self.traits, |listed| &listed.traits).clone();
        let listed = locked(&self.told.list).get(name).cloned().unwrap_or_default();
        said.or(&listed.traits)
    }

    /// Whether the server is an Ollama: it has an API of its own and says its name at the root.
    async fn is_ollama(&self) -> bool {
        if let Some(known) = self.told.ollama.get() {
            return *known;
        }
        match self.own(Method::GET, "/", None).await {
            Some((status, body)) if !status.is_server_error() => {
                *self.told.ollama.get_or_init(|| body.trim_start().starts_with("Ollama"))
            }
            // No answer now may be one the next time.
            _ => false,
        }
    }

    async fn show(&self, name: String) -> Option<(String, Entry)> {
        let (status, body) = self.own(Method::POST, "/api/show", Some(&name)).await?;
        let told = listing::shown(&name, &body).filter(|_| status == StatusCode::OK);
        if told.is_none() {
            tracing::debug!(
                provider = self.errors.name,
                name,
                status = status.as_u16(),
                "a model is not shown"
            );
        }
        // A model that Ollama cannot show counts as shown, so that it is not asked for again at once.
        Some((name, told.unwrap_or_default()))
    }

    /// Calls the server's own API, which lies beside `/v1`; `None` without an answer.
    async fn own(&self, method: Method, path: &str, model: Option<&str>) -> Option<(StatusCode, String)> {
        let given = self.base.given();
        let root = given.strip_suffix("/v1").unwrap_or(given);
        let client = self.client().ok()?;
        let request = self.authorized(client.http.request(method, format!("{root}{path}")));
        let request = match model {
            Some(model) => request.json(&serde_json::json!({ "model": model })),
            None => request,
        };
        let answer = async {
            let response = request.send().await.ok()?;
            let status = response.status();
            Some((status, read_at_most(response, SHOW_MAX_BYTES).await.ok()?))
        };
        timeout(SHOW_LIMIT, answer).await.ok()?
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
