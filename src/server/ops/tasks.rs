//! Tasks that run behind everybody's back, none of which dies unseen: a panic is logged with the task's name.

use std::{any::Any, future::Future, panic::AssertUnwindSafe, time::Duration};

use futures::{FutureExt, future::BoxFuture};

/// Between the end of a task that should not end, and its next beginning.
const AGAIN: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 1000 });

/// Runs work that has an end.
pub fn spawn(name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(async move {
        if let Err(panic) = caught(work).await {
            tracing::error!(task = name, panic, "a task ended in a panic");
        }
    });
}

/// Runs work on `with` (the server's state, above all) that lasts as long as the server: begins it again when it ends
/// or panics.
pub fn keep<T: Send + Sync + 'static>(
    name: &'static str,
    with: T,
    work: impl for<'a> Fn(&'a T) -> BoxFuture<'a, ()> + Send + Sync + 'static,
) {
    tokio::spawn(async move {
        loop {
            match caught(work(&with)).await {
                Ok(()) => tracing::warn!(task = name, "a task ended and begins again"),
                Err(panic) => tracing::error!(task = name, panic, "a task ended in a panic and begins again"),
            }
            tokio::time::sleep(AGAIN).await;
        }
    });
}

/// What the work comes to, or what it said in its panic. What it shared must bear that it stops anywhere.
pub async fn caught<T>(work: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| said(&*panic))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word").to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn what_panics_or_ends_begins_again_and_leaves_the_others_alone() {
        let counts = [(); 3].map(|()| Arc::new(AtomicUsize::new(0)));
        let [ends, panics, beats] = counts.each_ref().map(Arc::clone);
        let more = |count: &AtomicUsize| count.fetch_add(1, Ordering::Relaxed);
        keep("ends", ends, move |count| {
            async move {
                more(count);
            }
            .boxed()
        });
        keep("panics", panics, move |count| async move { panic!("time {}", more(count)) }.boxed());
        keep("beats", beats, move |count| {
            let beat = async move {
                loop {
                    more(count);
                    tokio::time::sleep(AGAIN).await;
                }
            };
            beat.boxed()
        });
        tokio::time::sleep(AGAIN * 10).await;
        let counts = counts.map(|count| count.load(Ordering::Relaxed));
        assert!(counts.iter().all(|count| (3..=11).contains(count)), "{counts:?}");
    }

    #[tokio::test]
    async fn a_panic_says_what_it_said() {
        assert_eq!(caught(async { 7 }).await, Ok(7));
        assert_eq!(caught(async { panic!("plain") }).await, Err::<(), _>("plain".to_owned()));
        assert_eq!(caught(async { panic!("number {}", 7) }).await, Err::<(), _>("number 7".to_owned()));
    }
}
