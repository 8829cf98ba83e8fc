//! Renders markdown off the async threads, a few at a time and in turns, and keeps the HTML of finished messages.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
};

use crate::{
    domain::{Message, Role, Status},
    error::AppError,
    server::markdown,
};

/// What the cache may hold, in bytes of HTML.
const CACHE_BYTES: usize = 16 * 1024 * 1024;
/// Who has worked so long lets those in who wait.
const TURN: Duration = Duration::from_millis(10);
/// Messages are rendered together up to so many bytes, so that a page of short ones is one piece of work.
const TOGETHER: usize = 16 << 10;

pub struct Renderer {
    turns: Arc<Semaphore>,
    /// Who is at work or waits for it: one piece of work at a time for each person.
    persons: Mutex<HashMap<String, Weak<Semaphore>>>,
    cache: Arc<Mutex<Cache>>,
    hashers: (RandomState, RandomState),
}

impl Renderer {
    pub fn new(at_once: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(at_once)),
            persons: Mutex::default(),
            cache: Arc::default(),
            hashers: Default::default(),
        }
    }

    /// Runs rendering work of a person where it holds up nobody. At most `at_once` run, one of each person,
    /// and each gives its turn to the next after [`TURN`]: however much others have to render, and in however
    /// many requests, a person waits for one turn of each of them at most.
    ///
    /// # Errors
    ///
    /// The work panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        person: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let ended = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "rendering ended early");
            AppError::Internal
        };
        let place = self.place(person).acquire_owned().await.map_err(|error| ended(&error))?;
        let permit = self.turns.clone().acquire_owned().await.map_err(|error| ended(&error))?;
        let mut turn = HeldTurn {
            turns: self.turns.clone(),
            permit: Some(permit),
            since: Instant::now(),
            runtime: Handle::current(),
        };
        let result = tokio::task::spawn_blocking(move || {
            let _place = place;
            markdown::with_pauses(move || turn.pass_on(), work)
        });
        result.await.map_err(|error| ended(&error))
    }

    /// The one place at work that a person has.
    fn place(&self, person: &str) -> Arc<Semaphore> {
        let mut persons = self.persons.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = persons.get(person).and_then(Weak::upgrade) {
            return place;
        }
        persons.retain(|_, place| place.strong_count() > 0);
        let place = Arc::new(Semaphore::new(1));
        persons.insert(person.to_owned(), Arc::downgrade(&place));
        place
    }

    /// The HTML of each message, empty for what a person wrote (that is shown as it is). Each content is
    /// rendered once, however often and in however many messages it stands.
    pub async fn messages(&self, person: &str, messages: &[Message]) -> Result<Vec<Arc<str>>, AppError> {
        // Before the lock, which all pages share: a text may be long.
        let keys: Vec<Option<CacheKey>> =
            messages.iter().map(|m| (m.role != Role::User).then(|| self.key(&m.content))).collect();
        let mut found: HashMap<CacheKey, Arc<str>> = HashMap::new();
        let mut missing: HashMap<CacheKey, Missing> = HashMap::new();
        {
            let mut cache = lock(&self.cache);
            for (message, key) in messages.iter().zip(&keys) {
                let Some(key) = *key else { continue };
                // What is still written will not be asked for again.
                let keep = message.status != Status::Generating;
                match cache.get(&key) {
                    Some(html) => drop(found.insert(key, html)),
                    None => {
                        let new = || Missing { key, keep, text: message.content.clone() };
                        missing.entry(key).or_insert_with(new).keep |= keep;
                    }
                }
            }
        }
        let mut missing = missing.into_values().peekable();
        while missing.peek().is_some() {
            let (mut some, mut bytes) = (Vec::new(), 0);
            while let Some(next) = missing.next_if(|next| bytes == 0 || bytes + next.text.len() <= TOGETHER) {
                bytes += next.text.len().max(1);
                some.push(next);
            }
            let cache = self.cache.clone();
            let html =
                self.run(person, move || some.into_iter().map(|one| one.render(&cache)).collect::<Vec<_>>());
            found.extend(html.await?);
        }
        Ok(keys
            .into_iter()
            .map(|key| key.and_then(|key| found.get(&key).cloned()).unwrap_or_default())
            .collect())
    }

    fn key(&self, content: &str) -> CacheKey {
        let (one, two) = &self.hashers;
        (content.len(), one.hash_one(content), two.hash_one(content), markdown::RENDERER_VERSION)
    }
}

/// A person's turn at work.
struct HeldTurn {
    turns: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
    since: Instant,
    runtime: Handle,
}

impl HeldTurn {
    /// Goes to the end of those who wait, who are served as they came, once it has lasted long enough.
    fn pass_on(&mut self) {
        if self.since.elapsed() >= TURN {
            self.permit = None;
            self.permit = self.runtime.block_on(self.turns.clone().acquire_owned()).ok();
            self.since = Instant::now();
        }
    }
}

/// A text that the cache does not have.
struct Missing {
    key: CacheKey,
    /// Whether its HTML goes into the cache.
    keep: bool,
    text: String,
}

impl Missing {
    /// Renders it, unless another request of the same person has meanwhile.
    fn render(self, cache: &Mutex<Cache>) -> (CacheKey, Arc<str>) {
        let meanwhile = lock(cache).get(&self.key);
        let html = meanwhile.unwrap_or_else(|| {
            let html: Arc<str> = markdown::render(&self.text).into_string().into();
            if self.keep {
                lock(cache).put(self.key, html.clone());
            }
            html
        });
        (self.key, html)
    }
}

fn lock(cache: &Mutex<Cache>) -> MutexGuard<'_, Cache> {
    cache.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Two generations: when the young one is full it becomes the old one, and what was not asked for
/// meanwhile is dropped. A look-up moves an entry back into the young one.
#[derive(Default)]
struct Cache {
    young: HashMap<CacheKey, Arc<str>>,
    old: HashMap<CacheKey, Arc<str>>,
    young_bytes: usize,
}

/// A content's length and two hashes, which nobody outside can foresee, and the renderer's version.
type CacheKey = (usize, u64, u64, u32);

impl Cache {
    fn get(&mut self, key: &CacheKey) -> Option<Arc<str>> {
        if let Some(html) = self.young.get(key) {
            return Some(html.clone());
        }
        let html = self.old.remove(key)?;
        self.put(*key, html.clone());
        Some(html)
    }

    fn put(&mut self, key: CacheKey, html: Arc<str>) {
        if self.young_bytes > CACHE_BYTES / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        let bytes = html.len() + size_of::<CacheKey>();
        if self.young.insert(key, html).is_none() {
            self.young_bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text that takes some 100 ms and more, in blocks that are short.
    fn long() -> String {
        "a *b* `c` [d](https://e.example)\n\n".repeat(9_000)
    }

    #[tokio::test]
    async fn a_short_text_waits_for_no_long_one_of_others() {
        let renderer = Arc::new(Renderer::new(1));
        let busy: Vec<_> = (0..4)
            .map(|number| {
                let renderer = renderer.clone();
                tokio::spawn(async move {
                    let text = long();
                    renderer.run(&format!("busy {number}"), move || markdown::render(&text)).await
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(20)).await;
        let html = renderer.run("short", || markdown::render("*a*")).await.unwrap();
        assert_eq!(html.as_str(), "<p><em>a</em></p>");
        // All of the long ones go on: they let the short one in, where first come first served lets it wait.
        assert_eq!(busy.iter().filter(|task| task.is_finished()).count(), 0);
        for task in busy {
            assert!(task.await.unwrap().unwrap().as_str().ends_with("</p>"));
        }
    }

    #[tokio::test]
    async fn a_person_has_one_turn_however_much_they_ask_for() {
        let renderer = Arc::new(Renderer::new(2));
        let (at_once, most) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (renderer, at_once, most) = (renderer.clone(), at_once.clone(), most.clone());
                tokio::spawn(async move {
                    let count = move || {
                        let mut now = at_once.lock().unwrap();
                        *now += 1;
                        let mut most = most.lock().unwrap();
                        *most = (*now).max(*most);
                        drop((now, most));
                        std::thread::sleep(Duration::from_millis(5));
                        *at_once.lock().unwrap() -= 1;
                    };
                    renderer.run("one", count).await.unwrap();
                })
            })
            .collect();
        renderer.run("other", || ()).await.unwrap();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*most.lock().unwrap(), 1);
        renderer.run("next", || ()).await.unwrap();
        assert_eq!(renderer.persons.lock().unwrap().len(), 1, "who is done is forgotten");
    }

    #[tokio::test]
    async fn work_that_panics_gives_its_turn_back() {
        let renderer = Renderer::new(1);
        assert!(renderer.run("a", || panic!("on purpose")).await.is_err());
        for person in ["a", "b"] {
            assert_eq!(renderer.run(person, || 1).await.unwrap(), 1);
        }
    }
}
