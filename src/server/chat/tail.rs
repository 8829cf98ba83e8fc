//! What the store has not got yet of running answers. All of it goes there in one write, a few times a
//! second; what cannot be stored now stays here and goes with the next.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::server::{
    ops::tasks,
    store::{Chats, Chunk, Mark, Result, StoreError},
};

/// Text reaches the store within 200 ms: this pause and the write.
const STORE_EVERY: Duration = Duration::from_millis(150);
/// A database that is slow to take it has so many times as long for everything else: new questions come
/// first, and the journal has the text.
const SHARE: u32 = 4;
/// While the database is away.
const AWAY: Duration = Duration::from_secs(1);
/// How often the database may refuse the text of an answer. After that it gets only the whole, at the end.
const REFUSALS: u32 = 5;
/// How long the text of an answer waits after a refusal, times the refusals so far.
const AFTER_REFUSAL: Duration = Duration::from_secs(2);

/// One per server.
pub struct Tails {
    store: Arc<dyn Chats>,
    queue: Mutex<Queue>,
    /// Held during a write.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Queue {
    tails: Vec<Arc<Tail>>,
    /// A task looks after the queue.
    attended: bool,
}

/// The unstored text of one answer.
pub struct Tail {
    unstored: Mutex<Unstored>,
}

struct Unstored {
    chunk: Chunk,
    /// How far the answer goes, in bytes.
    text_end: u64,
    reasoning_end: u64,
    /// Of the chunk before, which another process may not have read when the answer ends.
    marks_before: Vec<Mark>,
    queued: bool,
    /// Its parts are not stored any more: the whole answer is about to be, or the parts were refused too often.
    settled: bool,
    /// How often the database refused it, and the time before which it is not tried again.
    refusals: u32,
    not_before: Option<Instant>,
}

impl Tail {
    /// Of the answer `message_id`, which has so many bytes of text and reasoning already.
    pub fn new(message_id: &str, text_end: usize, reasoning_end: usize) -> Arc<Self> {
        let (text_end, reasoning_end) = (text_end as u64, reasoning_end as u64);
        let chunk = Chunk {
            message_id: message_id.to_owned(),
            text_at: text_end,
            reasoning_at: reasoning_end,
            ..Chunk::default()
        };
        let unstored = Unstored {
            chunk,
            text_end,
            reasoning_end,
            marks_before: Vec::new(),
            queued: false,
            settled: false,
            refusals: 0,
            not_before: None,
        };
        Arc::new(Self { unstored: Mutex::new(unstored) })
    }

    fn lock(&self) -> MutexGuard<'_, Unstored> {
        self.unstored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unstored {
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

    /// A chunk that was not stored, or perhaps was: a part that comes again counts once.
    fn put_back(&mut self, mut earlier: Chunk) {
        earlier.text.push_str(&self.chunk.text);
        earlier.reasoning.push_str(&self.chunk.reasoning);
        earlier.marks.append(&mut self.chunk.marks);
        earlier.seq = earlier.seq.max(self.chunk.seq);
        self.chunk = earlier;
    }
}

/// How a write went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    All,
    /// Some of it was refused, or waits after a refusal.
    Some,
    /// The database does not answer.
    Nothing,
}

impl Tails {
    pub fn new(store: Arc<dyn Chats>) -> Arc<Self> {
        Arc::new(Self { store, queue: Mutex::default(), writing: tokio::sync::Mutex::default() })
    }

    /// More of an answer, told by the events up to `seq`; it is stored soon.
    pub fn add(self: &Arc<Self>, tail: &Arc<Tail>, seq: u64, text: &str, reasoning: &str) {
        {
            let mut unstored = tail.lock();
            unstored.push(seq, text, reasoning);
            if std::mem::replace(&mut unstored.queued, true) {
                return;
            }
        }
        self.enqueue(tail.clone());
    }

    /// Stores what there is of one answer now; `false` when the database does not take it.
    pub async fn store_now(self: &Arc<Self>, tail: &Arc<Tail>) -> bool {
        self.write(vec![tail.clone()]).await == Written::All
    }

    /// Forgets what is unstored of an answer but the last marks, as all of it is about to be stored; after
    /// this no write of its parts is on its way.
    pub async fn settle(&self, tail: &Tail) -> Vec<Mark> {
        let marks = {
            let mut unstored = tail.lock();
            unstored.settled = true;
            let mut marks = std::mem::take(&mut unstored.marks_before);
            marks.extend(unstored.take().marks);
            marks
        };
        drop(self.writing.lock().await);
        marks
    }

    /// How many answers have parts that the next write is to store.
    pub fn waiting(&self) -> usize {
        self.lock().tails.len()
    }

    async fn attend(self: Arc<Self>) {
        let mut pause = STORE_EVERY;
        loop {
            tokio::time::sleep(pause).await;
            let tails = {
                let mut queue = self.lock();
                if queue.tails.is_empty() {
                    queue.attended = false;
                    return;
                }
                std::mem::take(&mut queue.tails)
            };
            let began = Instant::now();
            let written = tasks::caught(self.write(tails.clone())).await.unwrap_or_else(|panic| {
                tracing::error!(panic, "the chunk writer panicked; what was not stored is tried again");
                for tail in tails {
                    tail.lock().queued = false;
                    self.again(tail);
                }
                Written::Nothing
            });
            pause = if written == Written::Nothing { AWAY } else { STORE_EVERY.max(began.elapsed() * SHARE) };
        }
    }

    async fn write(self: &Arc<Self>, tails: Vec<Arc<Tail>>) -> Written {
        let _writing = self.writing.lock().await;
        fail::fail_point!("chunks");
        let (mut taken, mut chunks) = (Vec::with_capacity(tails.len()), Vec::with_capacity(tails.len()));
        let mut written = Written::All;
        for tail in tails {
            let mut unstored = tail.lock();
            unstored.queued = false;
            if unstored.settled {
                // Those whose parts were refused too often are not stored; all others have nothing to store.
                written = if unstored.refusals < REFUSALS { written } else { Written::Some };
            } else if unstored.waits() {
                written = Written::Some;
                drop(unstored);
                self.again(tail);
            } else if !unstored.chunk.marks.is_empty() {
                chunks.push(unstored.take());
                drop(unstored);
                taken.push(tail);
            }
        }
        if chunks.is_empty() {
            return written;
        }
        let Err(error) = self.append(&chunks).await else { return written };
        if !matches!(error, StoreError::Broken(_)) {
            tracing::warn!(%error, answers = taken.len(), "parts of answers wait for the database");
            taken.into_iter().zip(chunks).for_each(|(tail, chunk)| self.put_back(tail, chunk, false));
            return Written::Nothing;
        }
        // One that is refused does not hold back the others.
        tracing::warn!(%error, answers = taken.len(), "parts of answers are refused, and tried one by one");
        for (tail, chunk) in taken.into_iter().zip(chunks) {
            match self.append(std::slice::from_ref(&chunk)).await {
                Ok(()) => {}
                Err(error) => self.put_back(tail, chunk, matches!(error, StoreError::Broken(_))),
            }
        }
        Written::Some
    }

    /// A panic of the store is as good as a refusal.
    async fn append(&self, chunks: &[Chunk]) -> Result<()> {
        tasks::caught(self.store.append_chunks(chunks))
            .await
            .unwrap_or_else(|panic| Err(StoreError::Broken(panic.into())))
    }

    fn put_back(self: &Arc<Self>, tail: Arc<Tail>, chunk: Chunk, refused: bool) {
        let mut unstored = tail.lock();
        if unstored.settled {
            return;
        }
        unstored.put_back(chunk);
        if refused {
            unstored.refuse();
        }
        if !unstored.settled {
            drop(unstored);
            self.again(tail);
        }
    }

    /// Once more with the next write.
    fn again(self: &Arc<Self>, tail: Arc<Tail>) {
        if !std::mem::replace(&mut tail.lock().queued, true) {
            self.enqueue(tail);
        }
    }

    fn enqueue(self: &Arc<Self>, tail: Arc<Tail>) {
        let mut queue = self.lock();
        queue.tails.push(tail);
        if !std::mem::replace(&mut queue.attended, true) {
            tasks::spawn("chunk writer", self.clone().attend());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
