//! The models to choose from, kept at hand so that no page waits for a provider.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{llm::registry::Providers, tasks};
use crate::domain::Model;

const FRESH: Duration = Duration::from_secs(60);
/// How long the first page after the start waits for slow providers.
const PATIENCE: Duration = Duration::from_millis(1_500);

pub struct ModelList {
    providers: Arc<Providers>,
    asked: Mutex<Option<Instant>>,
    known: watch::Sender<Option<Arc<[Model]>>>,
}

impl ModelList {
    pub fn new(providers: Arc<Providers>) -> Self {
        Self { providers, asked: Mutex::default(), known: watch::channel(None).0 }
    }

    /// What the providers answered last. When that is a minute old they are asked again, behind the
    /// caller's back; only the very first caller waits, and not for long.
    pub async fn list(&self) -> Arc<[Model]> {
        if self.is_due() {
            let (providers, known) = (self.providers.clone(), self.known.clone());
            tasks::spawn("list of models", async move {
                let models = providers.models().await;
                known.send_replace(Some(models.into()));
            });
        }
        let mut known = self.known.subscribe();
        let first = tokio::time::timeout(PATIENCE, known.wait_for(Option::is_some)).await;
        first.ok().and_then(Result::ok).and_then(|models| models.clone()).unwrap_or_default()
    }

    fn is_due(&self) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = asked.is_none_or(|asked| asked.elapsed() > FRESH);
        if due {
            *asked = Some(Instant::now());
        }
        due
    }
}
