//! The local journal: each piece of an answer is appended here before listeners are shown it, so that a killed
//! process loses nothing that anybody saw.
//!
//! Each process has a folder, `{data_dir}/journal/<instance>/`, which it holds locked while it lives. One thread
//! writes the pieces of all answers, as many as wait in one `write`. Nothing is synced to the disk, because the
//! journal guards against the death of the process, not of the machine: the page cache survives the former, and the
//! store has the text 200 ms later. The next process to start reads the folders that nobody holds ([`Leftover`]), has
//! their text stored, and deletes them.

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

/// The file in the folder that its process holds locked.
const LOCK: &str = "lock";

/// The journal of this process. Dropping it ends its thread and leaves the folder for the next start.
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
    /// The number of answers that the store does not have in full yet.
    unstored: AtomicUsize,
}

/// What the thread writes next, and who waits for it.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// The answers whose records are in `bytes`.
    touched: Vec<u32>,
    /// Answers that the store has in full, so that their records may go.
    ended: Vec<u32>,
    waiting: Vec<oneshot::Sender<Result<(), Arc<io::Error>>>>,
    closed: bool,
}

/// The records of one answer. They stay for the next start unless [`AnswerRecords::stored`] is called.
pub struct AnswerRecords {
    answer: u32,
    message_id: String,
    /// Where the answer's text ended after the last append, in bytes. Text that the disk refused counts too, so that
    /// a gap between two records shows what is missing.
    text_end: AtomicU64,
    reasoning_end: AtomicU64,
    is_stored: AtomicBool,
    queue: Arc<WriteQueue>,
}

/// Where the thread writes records: files, and in tests a disk that fails.
trait Sink {
    /// Appends whole records, all of the `touched` answers, in one write.
    fn append(&mut self, bytes: &[u8], touched: &[u32]) -> io::Result<()>;
    /// Told when the store has these answers in full.
    fn end(&mut self, answers: &[u32]);
}

impl Journal {
    /// Makes the folder of this process below `root`, and finds the folders of dead processes beside it.
    ///
    /// # Errors
    ///
    /// The folder cannot be made or locked. The folder of a dead process that cannot be read is logged and left.
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

    /// Begins the records of an answer. `content` and `reasoning` are what an answer that is continued has already.
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

    /// The number of answers with records here that the store does not have in full.
    pub fn unstored(&self) -> usize {
        self.queue.unstored.load(Ordering::Relaxed)
    }

    /// Ends the thread, and deletes the folder if the store has all answers.
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
    /// Appends text to the answer and returns once it would survive the death of the process. `seq` is the highest
    /// event number that the text covers.
    ///
    /// # Errors
    ///
    /// The disk is full or broken, or the journal is closed: the text is not safe here and must go to the store.
    pub async fn append(&self, seq: u64, text: &str, reasoning: &str) -> Result<(), Arc<io::Error>> {
        let (done, written) = oneshot::channel();
        self.push(seq, text, reasoning, Some(done));
        // The thread drops the sender if it ends before it has written this.
        written.await.unwrap_or_else(|_| Err(Arc::new(io::Error::other("the journal is closed"))))
    }

    /// To be called when the store has the whole answer. Further calls do nothing.
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
            // Dropping `done` tells the caller that nothing was written.
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

/// Held by the journal's thread. Whichever way the thread ends, dropping this refuses the waiting appends and all
/// later ones, so that nobody waits for ever and answers go to the database first.
struct Closing(Arc<WriteQueue>);

impl Drop for Closing {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("the journal ended in a panic; answers go to the database first");
        }
        *self.0.lock() = Batch { closed: true, ..Batch::default() };
    }
}

/// Writes what was appended since the last write, again and again, until the journal is closed.
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
