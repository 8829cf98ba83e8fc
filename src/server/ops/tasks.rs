//! [`Tasks`]: the supervisor of all background tasks. No task dies unseen: a panic is logged with the task's name.

use std::{
    any::Any,
    collections::HashMap,
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use tokio::task::AbortHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The pause before a task that should not have ended begins again.
const AGAIN: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 1000 });
/// How long the hard end waits for tasks to be cut. A task is cut at its next `await`, unless it computes without one.
const CUT: Duration = Duration::from_secs(1);

/// The tasks of one server. Cheap to clone; services get it in their constructor.
///
/// They end in two steps. From the soft end on no task begins and running ones go on to their end; loops stop at their next
/// pause, see [`Tasks::unless_ending`]. The hard end cuts the tasks that still run.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    soft: CancellationToken,
    running: Arc<Running>,
}

/// What the hard end cuts. There is a list, because a token would be asked with each step of each task.
#[derive(Debug, Default)]
struct Running(Mutex<List>);

#[derive(Debug, Default)]
struct List {
    next: u64,
    /// A task that is being spawned has no handle yet.
    tasks: HashMap<u64, Option<AbortHandle>>,
    /// The hard end has come.
    is_cut: bool,
}

impl Running {
    fn begin(self: &Arc<Self>, name: &'static str) -> Listed {
        let mut list = self.lock();
        list.next += 1;
        let number = list.next;
        list.tasks.insert(number, None);
        Listed { name, number, running: self.clone(), has_ended: false }
    }

    /// Lists the handle of a task, unless the task has ended already.
    fn has_begun(&self, number: u64, task: AbortHandle) {
        let mut list = self.lock();
        if list.is_cut {
            // A task that is cut here may be dropped in this call, and then takes the lock.
            drop(list);
            task.abort();
        } else if let Some(handle) = list.tasks.get_mut(&number) {
            *handle = Some(task);
        }
    }

    fn cut(&self) {
        let tasks: Vec<AbortHandle> = {
            let mut list = self.lock();
            list.is_cut = true;
            list.tasks.values().flatten().cloned().collect()
        };
        tasks.iter().for_each(AbortHandle::abort);
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task's place in the list. Dropped before the task has ended, it logs that the task was cut.
struct Listed {
    name: &'static str,
    number: u64,
    running: Arc<Running>,
    has_ended: bool,
}

impl Listed {
    fn end(mut self) {
        self.has_ended = true;
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.running.lock().tasks.remove(&self.number);
        if !self.has_ended {
            tracing::warn!(task = self.name, "a task was cut, because the server ends");
        }
    }
}

/// How the tasks came to their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All ended by themselves.
    Softly,
    /// Some were cut; their names are in the log.
    Hard,
    /// So many cannot be cut, because they compute without a pause.
    Stuck(usize),
}

impl Tasks {
    /// Runs work that has an end. `false`: the soft end has come, so the work is dropped, which is logged.
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) -> bool {
        if self.is_ending() {
            tracing::warn!(task = name, "a task does not begin any more, because the server ends");
            return false;
        }
        // In a box of its own, because each layer around it would hold it once more, and there are thousands of tasks.
        let work = Box::pin(caught(work));
        let listed = self.running.begin(name);
        let number = listed.number;
        let task = self.tracker.spawn(async move {
            if let Err(panic) = work.await {
                tracing::error!(task = name, panic, "a task ended in a panic");
            }
            listed.end();
        });
        self.running.has_begun(number, task.abort_handle());
        true
    }

    /// Runs work on `with` that lasts as long as the server: begins it again after a pause when it ends or panics,
    /// until the soft end. The work wraps its pauses in [`Tasks::unless_ending`]; one that does not is cut at the hard
    /// end.
    pub fn keep<T: Send + Sync + 'static>(
        &self,
        name: &'static str,
        with: T,
        work: impl for<'a> Fn(&'a T) -> BoxFuture<'a, ()> + Send + Sync + 'static,
    ) {
        let tasks = self.clone();
        self.spawn(name, async move {
            loop {
                let ended = caught(async { work(&with).await }).await;
                let ending = tasks.is_ending();
                match ended {
                    Ok(()) if ending => return,
                    Ok(()) => tracing::warn!(task = name, "a task ended and begins again"),
                    Err(panic) if ending => {
                        tracing::error!(task = name, panic, "a task ended in a panic");
                        return;
                    }
                    Err(panic) => {
                        tracing::error!(task = name, panic, "a task ended in a panic and begins again");
                    }
                }
                if !tasks.pause(AGAIN).await {
                    return;
                }
            }
        });
    }

    /// Runs a round of work on `with` at once and then once in each `period`, until the soft end. After a round that panics,
    /// which is logged, the next one comes at its time.
    pub fn every<T: Send + Sync + 'static>(
        &self,
        name: &'static str,
        period: Duration,
        with: T,
        round: impl for<'a> Fn(&'a T) -> BoxFuture<'a, ()> + Send + Sync + 'static,
    ) {
        let tasks = self.clone();
        self.spawn(name, async move {
            let mut rounds = tokio::time::interval(period);
            rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            while tasks.unless_ending(rounds.tick()).await.is_some() {
                if let Err(panic) = caught(async { round(&with).await }).await {
                    tracing::error!(task = name, panic, "a round of a task ended in a panic");
                }
            }
        });
    }

    /// The result of `waiting`, or `None` as soon as the soft end comes; `waiting` is then dropped in the middle. For the
    /// pauses of a loop.
    pub async fn unless_ending<T>(&self, waiting: impl Future<Output = T>) -> Option<T> {
        // `biased`, so that the loop stops even if both are ready.
        tokio::select! {
            biased;
            () = self.soft.cancelled() => None,
            came = waiting => Some(came),
        }
    }

    /// `false`: the soft end came before the pause was over.
    pub async fn pause(&self, time: Duration) -> bool {
        self.unless_ending(tokio::time::sleep(time)).await.is_some()
    }

    /// Whether the soft end has come.
    pub fn is_ending(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// How many tasks run.
    pub fn running(&self) -> usize {
        self.tracker.len()
    }

    /// Ends all tasks: softly, and hard after `soft_time`. A second caller waits for the same end.
    pub async fn end(&self, soft_time: Duration) -> Ended {
        self.soft.cancel();
        self.tracker.close();
        if tokio::time::timeout(soft_time, self.tracker.wait()).await.is_ok() {
            return Ended::Softly;
        }
        self.running.cut();
        match tokio::time::timeout(CUT, self.tracker.wait()).await {
            Ok(()) => Ended::Hard,
            Err(_) => {
                let running = self.running();
                tracing::error!(running, "tasks compute without a pause and cannot be cut");
                Ended::Stuck(running)
            }
        }
    }
}

/// The result of the work, or the message of its panic. What the work shares with others must be sound wherever it stops.
pub fn caught<T>(work: impl Future<Output = T>) -> impl Future<Output = Result<T, String>> {
    // Not an async function, which would hold the work twice.
    AssertUnwindSafe(work).catch_unwind().map(|ended| ended.map_err(|panic| panic_message(&*panic)))
}

/// The message of a panic.
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word").to_owned()
}

#[cfg(test)]
#[path = "tasks_tests.rs"]
mod tests;
