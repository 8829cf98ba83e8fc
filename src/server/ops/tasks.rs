//! [`Tasks`]: the one supervisor of all that runs behind everybody's back. No task dies unseen: a panic is logged with
//! the task's name.

use std::{any::Any, future::Future, panic::AssertUnwindSafe, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Between the end of a task that should not end, and its next beginning.
const AGAIN: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 1000 });
/// How long the hard end waits for tasks to be cut: each is at its next pause, unless it computes without one.
const CUT: Duration = Duration::from_secs(1);

/// The tasks of one server. Cheap to clone; services get it in their constructor.
///
/// It ends in two steps. From the soft end on nothing new begins, and what runs goes on to its end; loops stop at their
/// next pause, see [`Tasks::unless_ending`]. The hard end cuts what is left.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    soft: CancellationToken,
    hard: CancellationToken,
}

/// How the tasks came to their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Each by itself.
    Softly,
    /// Some were cut; their names are in the log.
    Hard,
    /// So many compute without a pause and still run.
    Stuck(usize),
}

impl Tasks {
    /// Runs work that has an end. `false`: the soft end came before it, so the work is dropped, which the log tells.
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) -> bool {
        if self.is_ending() {
            tracing::warn!(task = name, "a task does not begin any more, because the server ends");
            return false;
        }
        let hard = self.hard.clone();
        self.tracker.spawn(async move {
            match hard.run_until_cancelled(caught(work)).await {
                Some(Ok(())) => {}
                Some(Err(panic)) => tracing::error!(task = name, panic, "a task ended in a panic"),
                None => tracing::warn!(task = name, "a task was cut, because the server ends"),
            }
        });
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

    /// Runs a round of work on `with` now and then once in each `period`, until the soft end. A round that panics is
    /// logged, and the next one comes in its turn.
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

    /// What `waiting` comes to; `None` at the soft end, at once. For the pauses of a loop: `waiting` is dropped in the
    /// middle.
    pub async fn unless_ending<T>(&self, waiting: impl Future<Output = T>) -> Option<T> {
        // Also where both have come, the loop should stop.
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

    /// Ends all tasks: softly, and after `soft_time` hard. Whoever calls it while it runs waits for the same end.
    pub async fn end(&self, soft_time: Duration) -> Ended {
        self.soft.cancel();
        self.tracker.close();
        if tokio::time::timeout(soft_time, self.tracker.wait()).await.is_ok() {
            return Ended::Softly;
        }
        self.hard.cancel();
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

/// Runs work that has an end, under no supervisor: nothing waits for it when the server ends.
pub fn spawn(name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
    Tasks::default().spawn(name, work);
}

/// [`Tasks::keep`] under no supervisor: the work is not told when the server ends.
pub fn keep<T: Send + Sync + 'static>(
    name: &'static str,
    with: T,
    work: impl for<'a> Fn(&'a T) -> BoxFuture<'a, ()> + Send + Sync + 'static,
) {
    Tasks::default().keep(name, with, work);
}

/// What the work comes to, or what it said in its panic. What it shared must bear that it stops anywhere.
pub async fn caught<T>(work: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| panic_message(&*panic))
}

/// What a panic says.
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word").to_owned()
}

#[cfg(test)]
#[path = "tasks_tests.rs"]
mod tests;
