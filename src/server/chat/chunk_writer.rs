//! [`ChunkWriter`]: stores the text of running answers. All new text goes into one write, a few times a second; text
//! that cannot be stored now stays here for the next write.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::server::{
    ops::tasks::{Tasks, caught},
    store::{Chats, Chunk, Mark, Result, StoreError},
};

/// Text reaches the store within 200 ms, which is this pause and the write.
const STORE_EVERY: Duration = Duration::from_millis(150);
/// After a write the next one waits this many times as long as the write took: chunks use at most a fifth of the
/// database's time, because questions come first and the text is safe in the journal.
const SHARE: u32 = 4;
/// The pause between two tries while the database is away.
const AWAY: Duration = Duration::from_secs(1);
/// How often the database may refuse the text of an answer. After that it gets only the whole answer, at its end.
const REFUSALS: u32 = 5;
/// How long the text of an answer waits after a refusal, multiplied by the number of refusals so far.
const AFTER_REFUSAL: Duration = Duration::from_secs(2);

/// The writer of all running answers. One per server.
pub struct ChunkWriter {
    store: Arc<dyn Chats>,
    tasks: Tasks,
    queue: Mutex<Queue>,
    /// Held during a write.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Queue {
    texts: Vec<Arc<UnstoredText>>,
    /// Whether a task writes the queued texts.
    is_running: bool,
}

/// The unstored text of one answer.
pub struct UnstoredText {
    state: Mutex<State>,
}

struct State {
    chunk: Chunk,
    /// The length of the answer so far, in bytes.
    text_end: u64,
    reasoning_end: u64,
    /// The marks of the last chunk taken for a write, because another process may not have read them when the answer
    /// ends.
    marks_before: Vec<Mark>,
    queued: bool,
    /// No further chunks are stored, because the whole answer is about to be stored, or because the database refused
    /// the chunks too often.
    settled: bool,
    /// How often the database refused the text, and the time before which the writer does not try again.
    refusals: u32,
    not_before: Option<Instant>,
}

impl UnstoredText {
    /// The unstored text of the answer `message_id`, which has this many bytes of text and reasoning already.
    pub fn new(message_id: &str, text_end: usize, reasoning_end: usize) -> Arc<Self> {
        let (text_end, reasoning_end) = (text_end as u64, reasoning_end as u64);
        let chunk = Chunk {
            message_id: message_id.to_owned(),
            text_at: text_end,
            reasoning_at: reasoning_end,
            ..Chunk::default()
        };
        let state = State {
            chunk,
            text_end,
            reasoning_end,
            marks_before: Vec::new(),
            queued: false,
            settled: false,
            refusals: 0,
            not_before: None,
        };
        Arc::new(Self { state: Mutex::new(state) })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, seq: u64, text: &str, reasoning: &str) {
        self.text_end += text.len() as u64;
        self.reasoning_end += reasoning.len() as u64;
        let Self { chunk, text_end, reasoning_end, settled, .. } = self;
        if !*settled {
            chunk.text.push_str(text);
            chunk.reasoning.push_str(reasoning);
        }
        chunk.seq = seq;
        chunk.marks.push(Mark { seq, text_end: *text_end, reasoning_end: *reasoning_end });
    }

    fn take(&mut self) -> Chunk {
        let next = Chunk {
            message_id: self.chunk.message_id.clone(),
            text_at: self.text_end,
            reasoning_at: self.reasoning_end,
            ..Chunk::default()
        };
        let chunk = std::mem::replace(&mut self.chunk, next);
        self.marks_before.clone_from(&chunk.marks);
        chunk
    }

    fn waits(&self) -> bool {
        self.not_before.is_some_and(|time| Instant::now() < time)
    }

    fn refuse(&mut self) {
        self.refusals += 1;
        self.not_before = Some(Instant::now() + AFTER_REFUSAL * self.refusals);
        if self.refusals >= REFUSALS {
            tracing::error!(message = %self.chunk.message_id, "the database refuses parts of an answer; it gets the whole at its end");
            self.settled = true;
            (self.chunk.text, self.chunk.reasoning) = (String::new(), String::new());
        }
    }

    /// Takes back a chunk that was not stored, or perhaps was: the store counts a text that is sent twice once.
    fn put_back(&mut self, mut earlier: Chunk) {
        earlier.text.push_str(&self.chunk.text);
        earlier.reasoning.push_str(&self.chunk.reasoning);
        earlier.marks.append(&mut self.chunk.marks);
        earlier.seq = earlier.seq.max(self.chunk.seq);
        self.chunk = earlier;
    }
}

/// How much of a write was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    All,
    /// Some text was refused, or waits after a refusal.
    Some,
    /// The database does not answer.
    Nothing,
}

impl ChunkWriter {
    pub fn new(store: Arc<dyn Chats>, tasks: Tasks) -> Arc<Self> {
        Arc::new(Self { store, tasks, queue: Mutex::default(), writing: tokio::sync::Mutex::default() })
    }

    /// Adds text of an answer, published with events up to `seq`; it is stored soon.
    pub fn add(self: &Arc<Self>, unstored: &Arc<UnstoredText>, seq: u64, text: &str, reasoning: &str) {
        {
            let mut state = unstored.lock();
            state.push(seq, text, reasoning);
            if std::mem::replace(&mut state.queued, true) {
                return;
            }
        }
        self.enqueue(unstored.clone());
    }

    /// Stores the unstored text of one answer now; `false` when the database does not take it.
    pub async fn store_now(self: &Arc<Self>, unstored: &Arc<UnstoredText>) -> bool {
        self.write(vec![unstored.clone()]).await == Written::All
    }

    /// Drops the unstored text of an answer, because the whole answer is about to be stored, and answers its last
    /// marks. When this returns, no write of its chunks is under way.
    pub async fn settle(&self, unstored: &UnstoredText) -> Vec<Mark> {
        let marks = {
            let mut state = unstored.lock();
            state.settled = true;
            let mut marks = std::mem::take(&mut state.marks_before);
            marks.extend(state.take().marks);
            marks
        };
        drop(self.writing.lock().await);
        marks
    }

    /// How many answers have text that the next write stores.
    pub fn waiting(&self) -> usize {
        self.lock().texts.len()
    }

    async fn run(self: Arc<Self>) {
        let mut pause = STORE_EVERY;
        loop {
            tokio::time::sleep(pause).await;
            let texts = {
                let mut queue = self.lock();
                if queue.texts.is_empty() {
                    queue.is_running = false;
                    return;
                }
                std::mem::take(&mut queue.texts)
            };
            let began = Instant::now();
            let written = caught(self.write(texts.clone())).await.unwrap_or_else(|panic| {
                tracing::error!(panic, "the chunk writer panicked; what was not stored is tried again");
                for unstored in texts {
                    unstored.lock().queued = false;
                    self.again(unstored);
                }
                Written::Nothing
            });
            pause = if written == Written::Nothing { AWAY } else { STORE_EVERY.max(began.elapsed() * SHARE) };
        }
    }

    async fn write(self: &Arc<Self>, texts: Vec<Arc<UnstoredText>>) -> Written {
        let _writing = self.writing.lock().await;
        fail::fail_point!("chunks");
        let (mut taken, mut chunks) = (Vec::with_capacity(texts.len()), Vec::with_capacity(texts.len()));
        let mut written = Written::All;
        for unstored in texts {
            let mut state = unstored.lock();
            state.queued = false;
            if state.settled {
                // Text that was refused too often is not stored; every other settled answer has nothing to store.
                written = if state.refusals < REFUSALS { written } else { Written::Some };
            } else if state.waits() {
                written = Written::Some;
                drop(state);
                self.again(unstored);
            } else if !state.chunk.marks.is_empty() {
                chunks.push(state.take());
                drop(state);
                taken.push(unstored);
            }
        }
        if chunks.is_empty() {
            return written;
        }
        let Err(error) = self.append(&chunks).await else { return written };
        if !matches!(error, StoreError::Broken(_)) {
            tracing::warn!(%error, answers = taken.len(), "parts of answers wait for the database");
            taken.into_iter().zip(chunks).for_each(|(unstored, chunk)| self.put_back(unstored, chunk, false));
            return Written::Nothing;
        }
        // The chunks are tried one by one, so that a refused one does not hold up the others.
        tracing::warn!(%error, answers = taken.len(), "parts of answers are refused, and tried one by one");
        for (unstored, chunk) in taken.into_iter().zip(chunks) {
            match self.append(std::slice::from_ref(&chunk)).await {
                Ok(()) => {}
                Err(error) => self.put_back(unstored, chunk, matches!(error, StoreError::Broken(_))),
            }
        }
        Written::Some
    }

    /// Stores chunks. A panic of the store counts as a refusal.
    async fn append(&self, chunks: &[Chunk]) -> Result<()> {
        caught(self.store.append_chunks(chunks))
            .await
            .unwrap_or_else(|panic| Err(StoreError::Broken(panic.into())))
    }

    fn put_back(self: &Arc<Self>, unstored: Arc<UnstoredText>, chunk: Chunk, refused: bool) {
        let mut state = unstored.lock();
        if state.settled {
            return;
        }
        state.put_back(chunk);
        if refused {
            state.refuse();
        }
        if !state.settled {
            drop(state);
            self.again(unstored);
        }
    }

    /// Queues the text for the next write.
    fn again(self: &Arc<Self>, unstored: Arc<UnstoredText>) {
        if !std::mem::replace(&mut unstored.lock().queued, true) {
            self.enqueue(unstored);
        }
    }

    fn enqueue(self: &Arc<Self>, unstored: Arc<UnstoredText>) {
        let mut queue = self.lock();
        queue.texts.push(unstored);
        if !std::mem::replace(&mut queue.is_running, true) {
            self.tasks.spawn("chunk writer", self.clone().run());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
