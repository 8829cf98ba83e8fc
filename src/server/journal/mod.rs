//! The local journal: each piece of an answer is appended here before listeners are shown it, so that a killed
//! process loses nothing that anybody saw.
//!
//! Each process has a folder, `{data_dir}/journal/<instance>/`, which it holds locked while it lives. One thread
//! writes the pieces of all answers, as many as wait in one `write`. Nothing is synced to the disk, because the
//! journal guards against the death of the process, not of the machine: the page cache survives the former, and the
//! store has the text 200 ms later. The next process to start reads the folders that nobody holds ([`Leftover`]), has
//! their text stored, and deletes them.

mod leftover;
mod queue;
mod record;
mod segments;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::sync::oneshot;

use super::ops::disk;

pub use leftover::{Leftover, RecoveredAnswer};
use queue::{Closing, Sink, WriteQueue, Written};
use record::Record;
use segments::Segments;

/// The file in the folder that its process holds locked.
const LOCK: &str = "lock";

/// The journal of this process. Dropping it ends its thread and leaves the folder for the next start.
pub struct Journal {
    queue: Arc<WriteQueue>,
    /// The number of answers that the store does not have in full yet.
    unstored: Arc<AtomicUsize>,
    next_answer: AtomicU32,
    dir: PathBuf,
    _lock: fs::File,
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
    unstored: Arc<AtomicUsize>,
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
            closing.0.run(sink);
        })?;
        Ok(Self { queue, unstored: Arc::default(), next_answer: AtomicU32::new(0), dir, _lock: lock })
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
            unstored: self.unstored.clone(),
        };
        self.unstored.fetch_add(1, Ordering::Relaxed);
        records.push(0, content, reasoning, None);
        records
    }

    /// The number of answers with records here that the store does not have in full.
    pub fn unstored(&self) -> usize {
        self.unstored.load(Ordering::Relaxed)
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
    pub async fn append(&self, seq: u64, text: &str, reasoning: &str) -> Written {
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
        self.unstored.fetch_sub(1, Ordering::Relaxed);
        self.queue.end(self.answer);
    }

    fn push(&self, seq: u64, text: &str, reasoning: &str, done: Option<oneshot::Sender<Written>>) {
        let record = Record {
            answer: self.answer,
            message_id: Some(self.message_id.as_str().into()),
            seq,
            text_at: Some(self.text_end.fetch_add(text.len() as u64, Ordering::Relaxed)),
            text: text.into(),
            reasoning_at: Some(self.reasoning_end.fetch_add(reasoning.len() as u64, Ordering::Relaxed)),
            reasoning: reasoning.into(),
        };
        self.queue.push(self.answer, |bytes| record.write(bytes), done);
    }
}

/// The locks of [`queue`], which a test replaces by others.
mod sync {
    pub(super) use std::sync::{Arc, Condvar, Mutex, MutexGuard};
}

#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod tests;
