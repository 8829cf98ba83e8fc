//! The local journal: what an answer's listeners are shown is appended here first, so that a killed
//! process loses none of it.
//!
//! One folder per process, `{data_dir}/journal/<instance>/`, locked while the process lives. Appends of
//! many answers go out in one `write`, by a thread of its own; the page cache is enough, as only the
//! process is expected to die (the store has the text 200 ms later). The next process that starts reads
//! the folders that nobody locks, has their text stored ([`Leftover`]), and removes them.

mod leftover;
mod record;
mod segments;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::sync::oneshot;

use super::ops::disk;

pub use leftover::{Leftover, RecoveredAnswer};
use record::Record;
use segments::Segments;

/// Locked as long as the folder's process lives.
const LOCK: &str = "lock";

/// One per process. Dropping it ends its thread; the folder stays for whoever starts next.
pub struct Journal {
    queue: Arc<WriteQueue>,
    next_answer: AtomicU32,
    dir: PathBuf,
    _lock: fs::File,
}

#[derive(Default)]
struct WriteQueue {
    pending: Mutex<Batch>,
    filled: Condvar,
    /// Answers that the store has not got.
    unstored: AtomicUsize,
}

/// What waits for the thread.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// Answers that the bytes are of.
    touched: Vec<u32>,
    /// Answers whose records are not needed any more.
    ended: Vec<u32>,
    waiting: Vec<oneshot::Sender<Result<(), Arc<io::Error>>>>,
    closed: bool,
}

/// The records of one answer. Without [`AnswerRecords::stored`] they stay for the next start.
pub struct AnswerRecords {
    answer: u32,
    message_id: String,
    /// How far the answer went when it was last appended to, in bytes; also what could not be written
    /// counts, so that the journal shows where something is missing.
    text_end: AtomicU64,
    reasoning_end: AtomicU64,
    is_stored: AtomicBool,
    queue: Arc<WriteQueue>,
}

/// Where the records go.
trait Sink {
    /// One write for all of `bytes`, which are whole records of the `touched` answers.
    fn append(&mut self, bytes: &[u8], touched: &[u32]) -> io::Result<()>;
    /// These answers are stored.
    fn end(&mut self, answers: &[u32]);
}

impl Journal {
    /// Makes the folder of this process below `root`, and finds what dead ones left there.
    ///
    /// # Errors
    ///
    /// The folder cannot be made or locked. What cannot be read of a dead process is logged and left.
    pub fn open(root: &Path, instance: &str) -> io::Result<(Self, Vec<Leftover>)> {
        disk::make_dir(root)?;
        disk::narrow(root);
        let leftovers = leftover::find(root);
        let dir = root.join(instance);
        disk::make_dir(&dir)?;
        let lock = disk::private().create(true).append(true).open(dir.join(LOCK))?;
        lock.try_lock()?;
        let segments = Segments::new(dir.clone())?;
        Ok((Self::start(dir, lock, segments)?, leftovers))
    }

    fn start(dir: PathBuf, lock: fs::File, sink: impl Sink + Send + 'static) -> io::Result<Self> {
        let queue = Arc::new(WriteQueue::default());
        let closing = Closing(queue.clone());
        std::thread::Builder::new().name("journal".into()).spawn(move || {
            let closing = closing;
            run(&closing.0, sink);
        })?;
        Ok(Self { queue, next_answer: AtomicU32::new(0), dir, _lock: lock })
    }

    /// Begins the records of an answer. `content` and `reasoning` are what it has already.
    pub fn begin(&self, message_id: &str, content: &str, reasoning: &str) -> AnswerRecords {
        let records = AnswerRecords {
            answer: self.next_answer.fetch_add(1, Ordering::Relaxed),
            message_id: message_id.to_owned(),
            text_end: AtomicU64::new(0),
            reasoning_end: AtomicU64::new(0),
            is_stored: AtomicBool::new(false),
            queue: self.queue.clone(),
        };
        self.queue.unstored.fetch_add(1, Ordering::Relaxed);
        records.push(0, content, reasoning, None);
        records
    }

    /// How many answers have records here that the store has not got.
    pub fn unstored(&self) -> usize {
        self.queue.unstored.load(Ordering::Relaxed)
    }

    /// Ends it, and removes the folder if everything in it is stored.
    pub fn close(&self) {
        self.queue.close();
        if self.unstored() > 0 {
            tracing::warn!(
                "answers that the database did not take are kept in the journal for the next start"
            );
            return;
        }
        if let Err(error) = fs::remove_dir_all(&self.dir) {
            tracing::debug!(%error, "the journal's folder could not be removed");
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl AnswerRecords {
    /// Returns once this text would survive the process. `seq` is the highest event number it covers.
    ///
    /// # Errors
    ///
    /// The disk is full or broken; the text is not safe.
    pub async fn append(&self, seq: u64, text: &str, reasoning: &str) -> Result<(), Arc<io::Error>> {
        let (done, written) = oneshot::channel();
        self.push(seq, text, reasoning, Some(done));
        // Dropped, should the journal end before it has written this.
        written.await.unwrap_or_else(|_| Err(Arc::new(io::Error::other("the journal is closed"))))
    }

    /// The store has all of the answer. It may be said again.
    pub fn stored(&self) {
        if self.is_stored.swap(true, Ordering::Relaxed) {
            return;
        }
        self.queue.unstored.fetch_sub(1, Ordering::Relaxed);
        let mut queue = self.queue.lock();
        if !queue.closed {
            queue.ended.push(self.answer);
            self.queue.filled.notify_one();
        }
    }

    fn push(
        &self,
        seq: u64,
        text: &str,
        reasoning: &str,
        done: Option<oneshot::Sender<Result<(), Arc<io::Error>>>>,
    ) {
        let record = Record {
            answer: self.answer,
            message_id: Some(self.message_id.as_str().into()),
            seq,
            text_at: Some(self.text_end.fetch_add(text.len() as u64, Ordering::Relaxed)),
            text: text.into(),
            reasoning_at: Some(self.reasoning_end.fetch_add(reasoning.len() as u64, Ordering::Relaxed)),
            reasoning: reasoning.into(),
        };
        let mut queue = self.queue.lock();
        if queue.closed {
            // The dropped sender tells.
            return;
        }
        record.write(&mut queue.bytes);
        queue.touched.push(self.answer);
        let wakes = done.is_some();
        queue.waiting.extend(done);
        drop(queue);
        if wakes {
            self.queue.filled.notify_one();
        }
    }
}

impl WriteQueue {
    fn lock(&self) -> MutexGuard<'_, Batch> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }
}

/// Held by the journal's thread. However that ends, nobody waits for it after that: what is appended then
/// is refused, and answers go to the database first.
struct Closing(Arc<WriteQueue>);

impl Drop for Closing {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("the journal ended in a panic; answers go to the database first");
        }
        *self.0.lock() = Batch { closed: true, ..Batch::default() };
    }
}

/// Writes what has come together since the last write, until the journal is closed.
fn run(queue: &WriteQueue, mut sink: impl Sink) {
    let mut batch = Batch::default();
    loop {
        {
            let idle =
                |queue: &mut Batch| queue.waiting.is_empty() && queue.ended.is_empty() && !queue.closed;
            let queue = queue.filled.wait_while(queue.lock(), idle);
            std::mem::swap(&mut *queue.unwrap_or_else(PoisonError::into_inner), &mut batch);
        }
        let written = append(&mut sink, &batch).map_err(Arc::new);
        for waiting in batch.waiting.drain(..) {
            let _ = waiting.send(written.clone());
        }
        sink.end(&batch.ended);
        if batch.closed {
            return;
        }
        batch.bytes.clear();
        batch.touched.clear();
        batch.ended.clear();
        if batch.bytes.capacity() > 1 << 20 {
            batch.bytes = Vec::new();
        }
    }
}

fn append(sink: &mut impl Sink, batch: &Batch) -> io::Result<()> {
    fail::fail_point!("journal", |_| Err(io::ErrorKind::StorageFull.into()));
    sink.append(&batch.bytes, &batch.touched)
}

#[cfg(test)]
mod tests;
