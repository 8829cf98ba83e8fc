//! [`Jobs`]: does the jobs of the store's queue; of several servers, one does each job.
//!
//! When a server dies, or ends before its job does, another server takes the job as soon as the lease has run out.
//! [`crate::server::store::Queue`] says what the work must allow for.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{FutureExt, future::BoxFuture};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::server::{
    ops::{
        clock::{Clock, Ids},
        tasks::{Tasks, caught},
    },
    store::{Job, MAX_ATTEMPTS, NewJob, Queue, Result, retry_at},
};

/// The key of periodic jobs: with it there is one job of each kind.
const PERIODIC: &str = "periodic";

/// How long leases and pauses are. The defaults are for servers; tests use shorter ones.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The length of a lease, which is renewed after a third of it. So servers whose clocks differ by less than half of
    /// it do not do a job twice.
    pub lease: Duration,
    /// The pause between two looks for jobs that other servers enqueued. A server's own jobs do not wait for it.
    pub look: Duration,
    /// How many jobs one server does at once.
    pub at_once: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { lease: Duration::from_secs(30), look: Duration::from_secs(10), at_once: 4 }
    }
}

type Work = dyn Fn(Job) -> BoxFuture<'static, std::result::Result<(), String>> + Send + Sync;

/// Does the jobs of one kind.
#[derive(Clone)]
pub struct Handler {
    kind: &'static str,
    /// `Some` for a periodic kind, which always has one job: how long after one run the next begins.
    every: Option<Duration>,
    work: Arc<Work>,
}

impl Handler {
    /// A handler of jobs that are enqueued one by one. Its error is a sentence for the operator.
    pub fn new<F>(kind: &'static str, work: impl Fn(Job) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = std::result::Result<(), String>> + Send + 'static,
    {
        Self { kind, every: None, work: Arc::new(move |job| work(job).boxed()) }
    }

    /// A handler of a periodic job: one of all servers does it once in each period.
    pub fn periodic<F>(
        kind: &'static str,
        every: Duration,
        work: impl Fn(Job) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = std::result::Result<(), String>> + Send + 'static,
    {
        Self { every: Some(every), ..Self::new(kind, work) }
    }

    /// When a job is tried again after a failed attempt. A periodic job is never given up, and is tried at its next
    /// regular time at the latest.
    fn retry_at(&self, attempts: u32, now: i64) -> Option<i64> {
        let retry = retry_at(attempts, now);
        match self.every {
            Some(every) => Some(retry.unwrap_or(i64::MAX).min(now.saturating_add(millis(every)))),
            None => retry,
        }
    }
}

/// A server's access to the queue. Cheap to clone.
#[derive(Clone)]
pub struct Jobs(Arc<Parts>);

struct Parts {
    queue: Arc<dyn Queue>,
    /// The name of the process in its leases.
    instance: String,
    tasks: Tasks,
    clock: Clock,
    ids: Ids,
    pace: Pace,
    permits: Arc<Semaphore>,
    /// Notified when this server enqueues a job.
    enqueued: Notify,
}

impl Jobs {
    pub fn new(queue: Arc<dyn Queue>, instance: &str, tasks: Tasks, clock: Clock, pace: Pace) -> Self {
        Self(Arc::new(Parts {
            queue,
            instance: instance.to_owned(),
            tasks,
            ids: Ids::new(clock.clone()),
            clock,
            pace,
            permits: Arc::new(Semaphore::new(pace.at_once)),
            enqueued: Notify::new(),
        }))
    }

    /// Puts a job into the queue for any server that has a handler of the kind; `payload` is JSON, `run_at` in UTC
    /// milliseconds. `false`: a job with this key exists already.
    ///
    /// # Errors
    ///
    /// Those of [`Queue::enqueue_job`]; then nothing was enqueued.
    pub async fn enqueue(&self, kind: &str, key: Option<&str>, payload: String, run_at: i64) -> Result<bool> {
        let job = NewJob {
            id: self.0.ids.next(),
            kind: kind.to_owned(),
            key: key.map(str::to_owned),
            payload,
            run_at,
            created_at: self.0.clock.now(),
        };
        let new = self.0.queue.enqueue_job(&job).await?;
        self.0.enqueued.notify_one();
        Ok(new)
    }

    /// Starts doing jobs, until the server ends. Call it once.
    pub fn run(&self, handlers: Vec<Handler>) {
        let with = (self.clone(), handlers);
        self.0.tasks.keep("jobs", with, |(jobs, handlers)| jobs.serve(handlers).boxed());
    }

    async fn serve(&self, handlers: &[Handler]) {
        let parts = &*self.0;
        let kinds: Vec<&str> = handlers.iter().map(|handler| handler.kind).collect();
        let mut placed = false;
        while !parts.tasks.is_ending() {
            let permit = parts.tasks.unless_ending(parts.permits.clone().acquire_owned()).await;
            let Some(Ok(permit)) = permit else { return };
            let taken = async {
                if !placed {
                    self.place(handlers).await?;
                }
                parts
                    .queue
                    .lease_job(&kinds, parts.clock.now(), millis(parts.pace.lease), &parts.instance)
                    .await
            };
            match taken.await {
                Ok(Some(job)) => {
                    placed = true;
                    self.begin(job, handlers, permit);
                }
                Ok(None) => {
                    placed = true;
                    drop(permit);
                    self.wait(&kinds).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "jobs wait for the database");
                    parts.tasks.pause(parts.pace.look).await;
                }
            }
        }
    }

    /// Makes sure that there is one job of each periodic kind.
    async fn place(&self, handlers: &[Handler]) -> Result<()> {
        for handler in handlers.iter().filter(|handler| handler.every.is_some()) {
            self.enqueue(handler.kind, Some(PERIODIC), "{}".to_owned(), self.0.clock.now()).await?;
        }
        Ok(())
    }

    /// Waits until a job is due, this server enqueues a job, or it is time to look for jobs of other servers.
    async fn wait(&self, kinds: &[&str]) {
        let Parts { queue, tasks, clock, pace, enqueued, .. } = &*self.0;
        let due = queue.next_job_at(kinds).await.ok().flatten();
        let until = due.map_or(i64::MAX, |at| at.saturating_sub(clock.now())).max(0).unsigned_abs();
        let pause = pace.look.min(Duration::from_millis(until));
        tasks.unless_ending(tokio::time::timeout(pause, enqueued.notified())).await;
    }

    fn begin(&self, job: Job, handlers: &[Handler], permit: OwnedSemaphorePermit) {
        let Some(handler) = handlers.iter().find(|handler| handler.kind == job.kind).cloned() else { return };
        let jobs = self.clone();
        self.0.tasks.spawn(handler.kind, async move {
            jobs.attempt(&job, &handler).await;
            drop(permit);
        });
    }

    /// One attempt: does the leased job and stores the outcome.
    async fn attempt(&self, job: &Job, handler: &Handler) {
        let begun = Instant::now();
        let work = async {
            // Every server that had the job before ended in the middle of it, perhaps because of the job.
            if job.attempts > MAX_ATTEMPTS && handler.every.is_none() {
                return Err(format!("It began {} times and never came to an end.", job.attempts - 1));
            }
            let work = caught(async { (handler.work)(job.clone()).await }).await;
            work.unwrap_or_else(|panic| Err(format!("It ended in a panic: {panic}")))
        };
        let outcome = tokio::select! {
            outcome = work => outcome,
            () = self.hold(job) => {
                tracing::warn!(job = job.kind, id = job.id, "a job is left to another server, which has the lease now");
                return;
            }
        };
        let now = self.0.clock.now();
        let settled = match &outcome {
            Ok(()) => {
                let next = handler.every.map(|every| now.saturating_add(millis(every)));
                self.0.queue.complete_job(job, next).await
            }
            Err(error) => {
                let retry_at = handler.retry_at(job.attempts, now);
                tracing::warn!(
                    job = job.kind,
                    id = job.id,
                    attempt = job.attempts,
                    retry_at,
                    error,
                    "a job failed"
                );
                self.0.queue.fail_job(job, now, retry_at, error).await
            }
        };
        match settled {
            Ok(true) => {
                tracing::debug!(job = job.kind, id = job.id, took = ?begun.elapsed(), "a job was attended to")
            }
            Ok(false) => tracing::warn!(
                job = job.kind,
                id = job.id,
                "a job ended after its lease; it may be done again"
            ),
            Err(error) => {
                tracing::warn!(job = job.kind, id = job.id, %error, "a job is done again after its lease")
            }
        }
    }

    /// Renews a job's lease in time; returns when this server no longer has the lease.
    async fn hold(&self, job: &Job) {
        let lease = self.0.pace.lease;
        let mut renewed = Instant::now();
        loop {
            tokio::time::sleep(lease / 3).await;
            let asked = Instant::now();
            match self.0.queue.renew_job(job, self.0.clock.now().saturating_add(millis(lease))).await {
                Ok(true) => renewed = asked,
                Ok(false) => return,
                // While the database is away, no other server can take the job; but the database may be back for
                // another server first.
                Err(_) if renewed.elapsed() >= lease => return,
                Err(error) => {
                    tracing::debug!(%error, job = job.kind, "the lease of a job could not be renewed yet")
                }
            }
        }
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "jobs_tests.rs"]
mod tests;
