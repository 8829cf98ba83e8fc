//! Renders markdown off the async threads, a few at a time, and keeps the HTML of finished messages.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Semaphore;

use super::markdown;
use crate::{
    domain::{Message, Role, Status},
    error::AppError,
};

/// What the cache may hold, in bytes of HTML.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

pub struct Renderer {
    permits: Arc<Semaphore>,
    cache: Mutex<Cache>,
}

impl Renderer {
    pub fn new(at_once: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(at_once)), cache: Mutex::default() }
    }

    /// Runs rendering work where it holds up nobody. At most `at_once` run; the others wait.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let permit = self.permits.clone().acquire_owned().await;
        let result = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        result.await.map_err(|error| {
            tracing::error!(%error, "rendering ended early");
            AppError::Internal
        })
    }

    /// The HTML of each message, empty for what a person wrote (that is shown as it is).
    pub async fn messages(&self, messages: &[Message]) -> Result<Vec<Arc<str>>, AppError> {
        let mut html: Vec<Option<Arc<str>>> = {
            let mut cache = self.lock();
            messages
                .iter()
                .map(|m| if m.role == Role::User { Some(Arc::from("")) } else { cache.get(m) })
                .collect()
        };
        let missing: Vec<(usize, String)> = html
            .iter()
            .enumerate()
            .filter(|(_, html)| html.is_none())
            .map(|(at, _)| (at, messages[at].content.clone()))
            .collect();
        if !missing.is_empty() {
            let rendered = self
                .run(move || {
                    missing
                        .into_iter()
                        .map(|(at, text)| (at, markdown::render(&text).into_string()))
                        .collect::<Vec<_>>()
                })
                .await?;
            let mut cache = self.lock();
            for (at, text) in rendered {
                let text: Arc<str> = text.into();
                cache.put(&messages[at], text.clone());
                html[at] = Some(text);
            }
        }
        Ok(html.into_iter().map(Option::unwrap_or_default).collect())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two generations: when the young one is full it becomes the old one, and what was not asked for
/// meanwhile is dropped. A look-up moves an entry back into the young one.
#[derive(Default)]
struct Cache {
    young: HashMap<Key, Arc<str>>,
    old: HashMap<Key, Arc<str>>,
    young_bytes: usize,
}

/// A finished message changes only by growing, so its length tells its versions apart.
type Key = (String, usize);

impl Cache {
    fn get(&mut self, message: &Message) -> Option<Arc<str>> {
        let key = (message.id.clone(), message.content.len());
        if let Some(html) = self.young.get(&key) {
            return Some(html.clone());
        }
        let html = self.old.remove(&key)?;
        self.insert(key, html.clone());
        Some(html)
    }

    fn put(&mut self, message: &Message, html: Arc<str>) {
        if message.status != Status::Generating {
            self.insert((message.id.clone(), message.content.len()), html);
        }
    }

    fn insert(&mut self, key: Key, html: Arc<str>) {
        if self.young_bytes > CACHE_BYTES / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += html.len() + key.0.len();
        self.young.insert(key, html);
    }
}
