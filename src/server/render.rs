//! Renders markdown off the async threads, a few at a time, and keeps the HTML of finished messages.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
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

    /// The HTML of each message, empty for what a person wrote (that is shown as it is). Each content is
    /// rendered once, however often and in however many messages it stands.
    pub async fn messages(&self, messages: &[Message]) -> Result<Vec<Arc<str>>, AppError> {
        let keys: Vec<Option<Key>> = {
            let cache = self.lock();
            messages.iter().map(|m| (m.role != Role::User).then(|| cache.key(&m.content))).collect()
        };
        let mut found: HashMap<Key, Arc<str>> = HashMap::new();
        let mut missing: HashMap<Key, String> = HashMap::new();
        {
            let mut cache = self.lock();
            for (message, key) in messages.iter().zip(&keys) {
                let Some(key) = key else { continue };
                match cache.get(key) {
                    Some(html) => drop(found.insert(*key, html)),
                    None => drop(missing.entry(*key).or_insert_with(|| message.content.clone())),
                }
            }
        }
        if !missing.is_empty() {
            let work = move || {
                let html = |text: String| -> Arc<str> { markdown::render(&text).into_string().into() };
                missing.into_iter().map(|(key, text)| (key, html(text))).collect::<Vec<_>>()
            };
            found.extend(self.run(work).await?);
            let mut cache = self.lock();
            for (message, key) in messages.iter().zip(&keys) {
                // What is still written will not be asked for again.
                if let Some((key, html)) = key.and_then(|key| Some((key, found.get(&key)?)))
                    && message.status != Status::Generating
                {
                    cache.put(key, html.clone());
                }
            }
        }
        Ok(keys
            .into_iter()
            .map(|key| key.and_then(|key| found.get(&key).cloned()).unwrap_or_default())
            .collect())
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
    hashers: (RandomState, RandomState),
}

/// A content's length and two hashes, which nobody outside can foresee, and the renderer's version.
type Key = (usize, u64, u64, u32);

impl Cache {
    fn key(&self, content: &str) -> Key {
        let (one, two) = &self.hashers;
        (content.len(), one.hash_one(content), two.hash_one(content), markdown::RENDERER_VERSION)
    }

    fn get(&mut self, key: &Key) -> Option<Arc<str>> {
        if let Some(html) = self.young.get(key) {
            return Some(html.clone());
        }
        let html = self.old.remove(key)?;
        self.put(*key, html.clone());
        Some(html)
    }

    fn put(&mut self, key: Key, html: Arc<str>) {
        if self.young_bytes > CACHE_BYTES / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        let bytes = html.len() + size_of::<Key>();
        if self.young.insert(key, html).is_none() {
            self.young_bytes += bytes;
        }
    }
}
