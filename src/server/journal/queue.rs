//! [`WriteQueue`]: gathers the records of all answers for the one thread that writes them.
//!
//! `interleavings` compiles this file once more, with locks that let a test explore every order in which its threads
//! can run. So the locks come from `super::sync`.

use std::io;
use std::sync::PoisonError;

use tokio::sync::oneshot;

use super::sync::{Arc, Condvar, Mutex, MutexGuard};

/// Whether a write succeeded; shared by all who waited for it.
pub(super) type Written = Result<(), std::sync::Arc<io::Error>>;

/// Where the thread writes records: files, and in tests a disk that fails.
pub(super) trait Sink {
    /// Appends whole records, all of the `touched` answers, in one write.
    fn append(&mut self, bytes: &[u8], touched: &[u32]) -> io::Result<()>;
    /// Told when the store has these answers in full.
    fn end(&mut self, answers: &[u32]);
}

#[derive(Default)]
pub(super) struct WriteQueue {
    pending: Mutex<Batch>,
    /// Notified when the thread has something to do.
    filled: Condvar,
}

/// What the thread writes next, and who waits for it.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// The answers whose records are in `bytes`.
    touched: Vec<u32>,
    /// Answers that the store has in full, so that their records may go.
    ended: Vec<u32>,
    waiting: Vec<oneshot::Sender<Written>>,
    closed: bool,
}

impl Batch {
    /// Whether the thread can sleep. Records that nobody waits for are written with the next ones.
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.ended.is_empty() && !self.closed
    }
}

impl WriteQueue {
    /// Adds a record of an answer, which `write` appends to the bytes. `done` is told when it is written, or dropped
    /// when it will never be.
    pub(super) fn push(
        &self,
        answer: u32,
        write: impl FnOnce(&mut Vec<u8>),
        done: Option<oneshot::Sender<Written>>,
    ) {
        let mut batch = self.lock();
        if batch.closed {
            return;
        }
        write(&mut batch.bytes);
        batch.touched.push(answer);
        let wakes = done.is_some();
        batch.waiting.extend(done);
        drop(batch);
        if wakes {
            self.filled.notify_one();
        }
    }

    /// Says that the store has an answer in full.
    pub(super) fn end(&self, answer: u32) {
        let mut batch = self.lock();
        if !batch.closed {
            batch.ended.push(answer);
            drop(batch);
            self.filled.notify_one();
        }
    }

    /// Refuses further records. The thread writes what is pending and ends.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    /// Writes what was added since the last write, again and again, until the queue is closed.
    pub(super) fn run(&self, mut sink: impl Sink) {
        let mut batch = Batch::default();
        loop {
            self.take(&mut batch);
            let written = append(&mut sink, &batch).map_err(std::sync::Arc::new);
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

    /// Waits for something to do, and swaps it for `batch`, which must be empty.
    fn take(&self, batch: &mut Batch) {
        let mut pending = self.lock();
        while pending.is_idle() {
            pending = self.filled.wait(pending).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut *pending, batch);
    }

    fn lock(&self) -> MutexGuard<'_, Batch> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held by the thread. Whichever way the thread ends, dropping this refuses the waiting records and all later ones,
/// so that nobody waits for ever and answers go to the database first.
pub(super) struct Closing(pub(super) Arc<WriteQueue>);

impl Drop for Closing {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("the journal ended in a panic; answers go to the database first");
        }
        *self.0.lock() = Batch { closed: true, ..Batch::default() };
    }
}

fn append(sink: &mut impl Sink, batch: &Batch) -> io::Result<()> {
    fail::fail_point!("journal", |_| Err(io::ErrorKind::StorageFull.into()));
    sink.append(&batch.bytes, &batch.touched)
}
