//! The supervisor: what begins again, what may finish, what is cut, and what the log says of it.

use std::{
    io::Write,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use futures::FutureExt;
use tokio::sync::oneshot;
use tracing::subscriber::DefaultGuard;

use super::*;

/// What is logged on this thread while it lives.
struct Logged(Arc<Mutex<Vec<u8>>>, #[expect(dead_code, reason = "its end is what it is for")] DefaultGuard);

impl Logged {
    fn begin() -> Self {
        let lines = Arc::<Mutex<Vec<u8>>>::default();
        let writer = Lines(lines.clone());
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        Self(lines, tracing::subscriber::set_default(subscriber))
    }

    /// How many lines have all these parts.
    fn count(&self, parts: &[&str]) -> usize {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| parts.iter().all(|part| line.contains(part))).count()
    }
}

#[derive(Clone)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Says when it is dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_panics_or_ends_begins_again_and_leaves_the_others_alone() {
    let (logged, began) = (Logged::begin(), Instant::now());
    let tasks = Tasks::default();
    let counts = [(); 4].map(|()| Arc::new(AtomicUsize::new(0)));
    let [ends, panics, rounds, beats] = counts.each_ref().map(Arc::clone);
    let more = |count: &AtomicUsize| count.fetch_add(1, Ordering::Relaxed);
    tasks.keep("ends", ends, move |count| {
        async move {
            more(count);
        }
        .boxed()
    });
    tasks.keep("panics", panics, move |count| async move { panic!("time {}", more(count)) }.boxed());
    // Before it is a future.
    tasks.every("panicking rounds", AGAIN, rounds, move |count| panic!("round {}", more(count)));
    tasks.keep("beats", beats, move |count| {
        let beat = async move {
            loop {
                more(count);
                tokio::time::sleep(AGAIN).await;
            }
        };
        beat.boxed()
    });
    // Until each has begun three times, however busy the machine is, and none without its pause.
    while counts.iter().any(|count| count.load(Ordering::Relaxed) < 3) {
        tokio::time::sleep(AGAIN / 5).await;
    }
    let counts = counts.map(|count| count.load(Ordering::Relaxed));
    let most = began.elapsed().as_millis() / AGAIN.as_millis() + 2;
    assert!(counts.iter().all(|count| *count as u128 <= most), "{counts:?}, at most {most}");
    assert_eq!(tasks.running(), 4);
    assert_eq!(logged.count(&["task=\"ends\"", "begins again"]), counts[0]);
    assert_eq!(logged.count(&["task=\"panics\"", "panic=\"time 1\"", "begins again"]), 1);
    assert_eq!(logged.count(&["task=\"panicking rounds\"", "panic=\"round 2\""]), 1);
    assert_eq!(logged.count(&["beats"]), 0);
}

#[tokio::test]
async fn the_soft_end_lets_what_runs_finish_and_begins_nothing() {
    let logged = Logged::begin();
    let tasks = Tasks::default();
    let finished = Arc::new(AtomicBool::new(false));
    let (go_on, told) = oneshot::channel::<()>();
    let done = finished.clone();
    assert!(tasks.spawn("finishes", async move {
        told.await.unwrap();
        done.store(true, Ordering::SeqCst);
    }));
    let ending = tasks.clone();
    let end = tokio::spawn(async move { ending.end(LONG).await });
    tokio::time::sleep(AGAIN).await;
    assert!(tasks.is_ending() && !end.is_finished());

    let dropped = Arc::new(AtomicBool::new(false));
    let late = Dropped(dropped.clone());
    let begun = tasks.spawn("late", async move {
        let _late = late;
        unreachable!("it begins after the soft end");
    });
    assert!(!begun && dropped.load(Ordering::SeqCst));
    tasks.keep("late loop", (), |()| async { unreachable!("it begins after the soft end") }.boxed());
    assert_eq!(tasks.running(), 1);
    assert_eq!(logged.count(&["task=\"late\"", "does not begin"]), 1);
    assert_eq!(logged.count(&["task=\"late loop\"", "does not begin"]), 1);

    go_on.send(()).unwrap();
    assert_eq!(end.await.unwrap(), Ended::Softly);
    assert!(finished.load(Ordering::SeqCst));
    assert_eq!(logged.count(&["unreachable"]), 0);
}

#[tokio::test]
async fn loops_stop_at_their_next_pause() {
    let logged = Logged::begin();
    let tasks = Tasks::default();
    let rounds = Arc::new(Mutex::new(Vec::new()));
    tasks.every("rounds", LONG, rounds.clone(), |rounds| {
        let round = async {
            rounds.lock().unwrap().push("begins");
            tokio::time::sleep(AGAIN * 2).await;
            rounds.lock().unwrap().push("ends");
        };
        round.boxed()
    });
    tasks.keep("waits", tasks.clone(), |tasks| {
        async { while tasks.unless_ending(std::future::pending::<()>()).await.is_some() {} }.boxed()
    });
    // One in the pause before its next beginning.
    tasks.keep("restarts", (), |()| async { panic!("again") }.boxed());
    // Not a fixed time, because the first panic of a process takes long to tell of.
    while logged.count(&["panic=\"again\""]) == 0 || rounds.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (begun, told) = (Instant::now(), logged.count(&["panic=\"again\""]));
    assert_eq!(tasks.end(LONG).await, Ended::Softly);
    assert!(begun.elapsed() < LONG / 10, "{:?}", begun.elapsed());
    assert_eq!(*rounds.lock().unwrap(), ["begins", "ends"]);
    assert_eq!((tasks.running(), logged.count(&["panic=\"again\""])), (0, told));
    assert!(!tasks.pause(Duration::ZERO).await);
    assert_eq!(tasks.unless_ending(async { 7 }).await, None);
}

#[tokio::test]
async fn the_hard_end_cuts_what_is_left() {
    let logged = Logged::begin();
    let tasks = Tasks::default();
    let dropped = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
    let [work, looped] = dropped.each_ref().map(|it| Dropped(it.clone()));
    tasks.spawn("endless work", async move {
        let _work = work;
        std::future::pending::<()>().await;
    });
    tasks.keep("deaf loop", looped, |_| std::future::pending().boxed());
    assert_eq!(tasks.end(AGAIN).await, Ended::Hard);
    assert!(dropped.iter().all(|it| it.load(Ordering::SeqCst)));
    assert_eq!(tasks.running(), 0);
    for name in ["endless work", "deaf loop"] {
        assert_eq!(logged.count(&[&format!("task=\"{name}\""), "was cut"]), 1);
    }
    assert_eq!(tasks.end(AGAIN).await, Ended::Softly, "nothing is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_computes_without_a_pause_does_not_hold_up_the_end() {
    let tasks = Tasks::default();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    tasks.spawn("computes", async move {
        while !stopped.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    assert_eq!(tasks.end(Duration::ZERO).await, Ended::Stuck(1));
    stop.store(true, Ordering::SeqCst);
    assert_eq!(tasks.end(LONG).await, Ended::Softly);
}

#[tokio::test]
async fn a_panic_says_what_it_said() {
    let logged = Logged::begin();
    assert_eq!(caught(async { 7 }).await, Ok(7));
    assert_eq!(caught(async { panic!("plain") }).await, Err::<(), _>("plain".to_owned()));
    assert_eq!(caught(async { panic!("number {}", 7) }).await, Err::<(), _>("number 7".to_owned()));
    let tasks = Tasks::default();
    tasks.spawn("falls", async { panic!("number {}", 8) });
    assert_eq!(tasks.end(LONG).await, Ended::Softly);
    assert_eq!(logged.count(&["task=\"falls\"", "panic=\"number 8\"", "ended in a panic"]), 1);
}
