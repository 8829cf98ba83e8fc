//! The orders in which the threads of the journal's queue can run, explored by loom.

use std::io;
use std::sync::{Arc as StdArc, Mutex as StdMutex};

use tokio::sync::oneshot;

mod sync {
    pub(super) use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
}
#[expect(clippy::duplicate_mod, reason = "this copy of the queue has loom's locks")]
#[path = "queue.rs"]
mod queue;

use queue::{Closing, Sink, WriteQueue, Written};

/// What a sink was given: the bytes of its writes, and the answers that ended.
#[derive(Default)]
struct Log {
    bytes: Vec<u8>,
    ended: Vec<u32>,
}

/// Writes to memory, and panics at a byte of 0.
struct Memory(StdArc<StdMutex<Log>>);

impl Sink for Memory {
    fn append(&mut self, bytes: &[u8], touched: &[u32]) -> io::Result<()> {
        assert_eq!(bytes.len(), touched.len(), "each record is of one byte here");
        assert!(!bytes.contains(&0), "as told");
        self.0.lock().unwrap().bytes.extend(bytes);
        Ok(())
    }

    fn end(&mut self, answers: &[u32]) {
        self.0.lock().unwrap().ended.extend(answers);
    }
}

/// The queue, its running thread, and what that wrote.
struct Running {
    queue: sync::Arc<WriteQueue>,
    thread: loom::thread::JoinHandle<()>,
    log: StdArc<StdMutex<Log>>,
}

impl Running {
    fn start() -> Self {
        let queue = sync::Arc::new(WriteQueue::default());
        let log = StdArc::<StdMutex<Log>>::default();
        let (closing, sink) = (Closing(queue.clone()), Memory(log.clone()));
        let thread = loom::thread::spawn(move || {
            // A panic ends the real thread alone; loom would take it for the test's.
            let work = std::panic::AssertUnwindSafe(|| {
                let closing = closing;
                closing.0.run(sink);
            });
            let _ = std::panic::catch_unwind(work);
        });
        Self { queue, thread, log }
    }
}

/// Appends one byte and waits for the answer; `None` when the queue refused it.
fn append(queue: &WriteQueue, answer: u32, byte: u8) -> Option<Written> {
    let (done, written) = oneshot::channel();
    queue.push(answer, |bytes| bytes.push(byte), Some(done));
    loom::future::block_on(written).ok()
}

/// Runs a test in every order in which a thread loses its turn at most twice where it could go on. Without that limit
/// there are too many orders; with it nearly every mistake in locking is found.
fn explore(test: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(test);
}

#[test]
fn whoever_appends_is_answered_and_what_was_answered_is_written() {
    explore(|| {
        let running = Running::start();
        let queue = running.queue.clone();
        let other = loom::thread::spawn(move || append(&queue, 1, 1));
        let own = append(&running.queue, 2, 2);
        running.queue.end(2);
        running.queue.close();
        let other = other.join().unwrap();
        running.thread.join().unwrap();
        assert!(own.unwrap().is_ok(), "nobody had closed the queue yet");
        assert!(append(&running.queue, 3, 3).is_none());
        let log = running.log.lock().unwrap();
        assert_eq!(log.bytes.iter().filter(|byte| **byte == 2).count(), 1);
        let found = log.bytes.iter().filter(|byte| **byte == 1).count();
        assert_eq!(found, usize::from(other.is_some_and(|written| written.is_ok())));
        assert_eq!(log.ended, [2]);
    });
}

#[test]
fn a_thread_that_panics_leaves_nobody_waiting() {
    explore(|| {
        let running = Running::start();
        let queue = running.queue.clone();
        let other = loom::thread::spawn(move || append(&queue, 1, 1));
        assert!(append(&running.queue, 2, 0).is_none());
        let other = other.join().unwrap();
        running.thread.join().unwrap();
        assert!(append(&running.queue, 3, 3).is_none());
        let log = running.log.lock().unwrap();
        assert_eq!(log.bytes.len(), usize::from(other.is_some_and(|written| written.is_ok())));
    });
}

#[test]
fn records_that_nobody_waits_for_are_written_before_the_end() {
    explore(|| {
        let running = Running::start();
        running.queue.push(1, |bytes| bytes.push(1), None);
        running.queue.close();
        running.thread.join().unwrap();
        assert_eq!(running.log.lock().unwrap().bytes, [1]);
    });
}
