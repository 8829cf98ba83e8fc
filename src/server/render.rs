//! [`Renderer`]: renders markdown off the async threads, fairly between people, and caches the HTML of finished
//! messages.

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

/// The most bytes of HTML in the cache.
const CACHE_BYTES: usize = 16 * 1024 * 1024;
/// After this much work a task lets those that wait go first.
const TURN: Duration = Duration::from_millis(10);
/// Messages up to this many bytes together are rendered in one task, so that a page of short ones is one task.
const TOGETHER: usize = 16 << 10;

pub struct Renderer {
    turns: Arc<Semaphore>,
    /// For each person whose work runs or waits a semaphore of one permit, because each has one task running at a
    /// time.
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

    /// Runs rendering work of a person on a blocking thread. At most `at_once` tasks run, one per person, and each
    /// goes to the end of the queue after [`TURN`]. So a person waits at most for one turn of everybody else, however
    /// much others render and in however many requests.
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
        let own = self.semaphore(person).acquire_owned().await.map_err(|error| ended(&error))?;
        let permit = self.turns.clone().acquire_owned().await.map_err(|error| ended(&error))?;
        let mut turn = HeldTurn {
            turns: self.turns.clone(),
            permit: Some(permit),
            since: Instant::now(),
            runtime: Handle::current(),
        };
        let result = tokio::task::spawn_blocking(move || {
            let _own = own;
            markdown::with_pauses(move || turn.pass_on(), work)
        });
        result.await.map_err(|error| ended(&error))
    }

    /// The semaphore of a person.
    fn semaphore(&self, person: &str) -> Arc<Semaphore> {
        let mut persons = self.persons.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = persons.get(person).and_then(Weak::upgrade) {
            return own;
        }
        persons.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Semaphore::new(1));
        persons.insert(person.to_owned(), Arc::downgrade(&own));
        own
    }

    /// The HTML of each message; without `all` it is empty for what people wrote, which is shown as it is. Messages with the
    /// same content are rendered once.
    pub async fn messages(
        &self,
        person: &str,
        messages: &[Message],
        all: bool,
    ) -> Result<Vec<Arc<str>>, AppError> {
        // The text of an answer that is still being written will not be asked for again.
        let texts = messages
            .iter()
            .map(|m| (all || m.role != Role::User).then_some((&*m.content, m.status != Status::Generating)))
            .collect::<Vec<_>>();
        self.html(person, &texts).await
    }

    /// The HTML of each text, empty where there is none; a text comes with whether its HTML is worth keeping. The same text is
    /// rendered once.
    pub async fn html(
        &self,
        person: &str,
        texts: &[Option<(&str, bool)>],
    ) -> Result<Vec<Arc<str>>, AppError> {
        // Hashed before the lock is taken, because all pages share the lock and a text may be long.
        let keys: Vec<Option<CacheKey>> =
            texts.iter().map(|text| text.map(|(text, _)| self.key(text))).collect();
        let mut found: HashMap<CacheKey, Arc<str>> = HashMap::new();
        let mut missing: HashMap<CacheKey, Missing> = HashMap::new();
        {
            let mut cache = lock(&self.cache);
            for (text, key) in texts.iter().zip(&keys) {
                let (Some((text, keep)), Some(key)) = (*text, *key) else { continue };
                match cache.get(&key) {
                    Some(html) => drop(found.insert(key, html)),
                    None => {
                        let new = || Missing { key, keep, text: text.to_owned() };
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

/// The permit of a running task, and since when it has held it.
struct HeldTurn {
    turns: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
    since: Instant,
    runtime: Handle,
}

impl HeldTurn {
    /// Goes to the end of the queue, which is served in order, once the turn has lasted [`TURN`].
    fn pass_on(&mut self) {
        if self.since.elapsed() >= TURN {
            self.permit = None;
            self.permit = self.runtime.block_on(self.turns.clone().acquire_owned()).ok();
            self.since = Instant::now();
        }
    }
}

/// A text that the cache lacks.
struct Missing {
    key: CacheKey,
    /// Whether the text is complete, so that its HTML is worth keeping.
    keep: bool,
    text: String,
}

impl Missing {
    /// Renders the text, unless another request of the same person has meanwhile.
    fn render(self, cache: &Mutex<Cache>) -> (CacheKey, Arc<str>) {
        let meanwhile = lock(cache).get(&self.key);
        let html = meanwhile.unwrap_or_else(|| {
            let render = if self.keep { markdown::render } else { markdown::render_unfinished };
            let html: Arc<str> = render(&self.text).into_string().into();
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

/// A cache of two generations: when the young one is full it becomes the old one, and the old one is dropped. A
/// look-up moves an entry from the old one to the young one, so entries in use stay.
#[derive(Default)]
struct Cache {
    young: HashMap<CacheKey, Arc<str>>,
    old: HashMap<CacheKey, Arc<str>>,
    young_bytes: usize,
}

/// The content's length, two hashes with random keys (so that nobody can make texts that collide), and the version of
/// the renderer.
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
        // All long tasks are still running: they let the short one go first, which plain queueing would not do.
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
