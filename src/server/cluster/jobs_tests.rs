//! Servers on one store: each job is done by one of them, at its time, and no job is lost with a server that dies.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
};

use tokio::sync::{mpsc, oneshot};

use super::*;
use crate::server::{
    ops::tasks::Ended,
    store::{OpenOptions, QueueView, Store, open},
};

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(30);
const LEASE: Duration = Duration::from_secs(1);

struct Site {
    store: Arc<dyn Store>,
    /// How far the test's clock is ahead of the real one, in milliseconds.
    ahead: Arc<AtomicI64>,
}

impl Site {
    async fn start() -> Self {
        let store = open("sqlite::memory:", &OpenOptions::default()).await.unwrap();
        Self { store, ahead: Arc::default() }
    }

    fn clock(&self) -> Clock {
        let (ahead, real) = (self.ahead.clone(), Clock::system());
        Clock::from_fn(move || real.now() + ahead.load(Ordering::SeqCst))
    }

    /// A queue as another server on the same database has it.
    fn server(&self, name: &str, pace: Pace) -> (Jobs, Tasks) {
        let tasks = Tasks::default();
        (Jobs::new(self.store.clone(), name, tasks.clone(), self.clock(), pace), tasks)
    }

    async fn view(&self) -> QueueView {
        self.store.view_jobs(100).await.unwrap()
    }

    async fn until(&self, what: &str, is: impl Fn(&QueueView) -> bool) -> QueueView {
        let begun = Instant::now();
        loop {
            let view = self.view().await;
            if is(&view) {
                return view;
            }
            assert!(begun.elapsed() < LONG / 2, "{what}: {view:?}");
            tokio::time::sleep(SHORT / 3).await;
        }
    }

    async fn until_empty(&self) {
        self.until("all is done", |view| view.jobs.is_empty()).await;
    }
}

/// A server that soon sees the jobs of other servers.
fn quick() -> Pace {
    Pace { lease: LONG, look: SHORT, at_once: 4 }
}

/// A server that sees only jobs that are due or that it enqueued itself.
fn patient() -> Pace {
    Pace { lease: LONG, look: LONG, at_once: 4 }
}

fn short_leases() -> Pace {
    Pace { lease: LEASE, ..quick() }
}

/// A handler that reports each job that it gets, and succeeds.
fn telling(kind: &'static str) -> (Handler, mpsc::UnboundedReceiver<Job>) {
    let (tell, told) = mpsc::unbounded_channel();
    let handler = Handler::new(kind, move |job| {
        tell.send(job).unwrap();
        async { Ok(()) }
    });
    (handler, told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_enqueued_here_is_done_at_once_and_a_later_one_at_its_time() {
    let site = Site::start().await;
    let (jobs, tasks) = site.server("a", patient());
    let (handler, mut told) = telling("mail");
    jobs.run(vec![handler]);
    tokio::time::sleep(SHORT).await;
    let begun = Instant::now();
    let now = site.clock().now();
    assert!(jobs.enqueue("mail", None, r#"{"to":"later"}"#.to_owned(), now + 1500).await.unwrap());
    assert!(jobs.enqueue("mail", Some("one"), r#"{"to":"ada"}"#.to_owned(), now).await.unwrap());
    let first = told.recv().await.unwrap();
    assert_eq!((first.payload.as_str(), first.attempts), (r#"{"to":"ada"}"#, 1));
    assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
    assert_eq!(told.recv().await.unwrap().payload, r#"{"to":"later"}"#);
    assert!(site.clock().now() >= now + 1500 && begun.elapsed() < LONG / 2);
    site.until_empty().await;
    assert_eq!(tasks.end(LONG).await, Ended::Softly);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_servers_does_a_periodic_job_in_each_period() {
    let site = Site::start().await;
    let count = Arc::new(AtomicUsize::new(0));
    let mut servers = Vec::new();
    for name in ["a", "b"] {
        let (jobs, tasks) = site.server(name, quick());
        let count = count.clone();
        jobs.run(vec![Handler::periodic("sweep", Duration::from_secs(3600), move |_| {
            let count = count.clone();
            async move {
                count.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }
        })]);
        servers.push(tasks);
    }
    for rounds in 1..=3 {
        let from = site.clock().now();
        site.until("a round", |view| view.waiting == 1 && view.jobs[0].run_at > from + 1_000_000).await;
        tokio::time::sleep(SHORT * 4).await;
        assert_eq!(count.load(Ordering::SeqCst), rounds);
        let view = site.view().await;
        assert_eq!((view.jobs.len(), view.jobs[0].attempts), (1, 0), "{view:?}");
        site.ahead.fetch_add(3_600_001, Ordering::SeqCst);
    }
    for tasks in servers {
        assert_eq!(tasks.end(LONG).await, Ended::Softly);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_fails_is_tried_again_after_a_pause_and_kept_as_failed_in_the_end() {
    let site = Site::start().await;
    let (jobs, tasks) = site.server("a", quick());
    jobs.run(vec![Handler::new("import", |job| async move {
        match job.attempts % 2 {
            0 => panic!("attempt {}", job.attempts),
            _ => Err(format!("The file {} is gone.", job.attempts)),
        }
    })]);
    jobs.enqueue("import", None, "{}".to_owned(), 0).await.unwrap();
    for attempts in 1..MAX_ATTEMPTS {
        let view =
            site.until("an attempt", |view| view.waiting == 1 && view.jobs[0].attempts == attempts).await;
        let job = &view.jobs[0];
        let said = match attempts % 2 {
            0 => format!("It ended in a panic: attempt {attempts}"),
            _ => format!("The file {attempts} is gone."),
        };
        assert_eq!(job.last_error.as_deref(), Some(&*said));
        let pause = job.run_at - site.clock().now();
        assert!(pause > 5_000, "{pause}");
        site.ahead.fetch_add(pause, Ordering::SeqCst);
    }
    let view = site.until("it is kept", |view| view.failed == 1).await;
    assert_eq!(view.jobs[0].attempts, MAX_ATTEMPTS);
    site.ahead.fetch_add(100_000_000, Ordering::SeqCst);
    tokio::time::sleep(SHORT * 4).await;
    assert_eq!(site.view().await, view, "it rests");
    tasks.end(LONG).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_periodic_job_that_fails_is_never_given_up() {
    let site = Site::start().await;
    let (jobs, tasks) = site.server("a", quick());
    let works = Arc::new(AtomicBool::new(false));
    let working = works.clone();
    jobs.run(vec![Handler::periodic("sweep", Duration::from_secs(60), move |_| {
        let works = working.load(Ordering::SeqCst);
        async move { if works { Ok(()) } else { Err("no".to_owned()) } }
    })]);
    for attempts in 1..MAX_ATTEMPTS + 3 {
        let view =
            site.until("an attempt", |view| view.waiting == 1 && view.jobs[0].attempts == attempts).await;
        let pause = view.jobs[0].run_at - site.clock().now();
        assert!((5_000..=60_000).contains(&pause), "{pause}");
        works.store(attempts == MAX_ATTEMPTS + 2, Ordering::SeqCst);
        site.ahead.fetch_add(pause, Ordering::SeqCst);
    }
    let view = site.until("it succeeds", |view| view.jobs[0].last_error.is_none()).await;
    assert_eq!((view.failed, view.waiting, view.jobs[0].attempts), (0, 1, 0));
    tasks.end(LONG).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_of_a_server_that_ended_in_the_middle_is_done_by_another() {
    let site = Site::start().await;
    let (a, a_tasks) = site.server("a", short_leases());
    let (begun, told) = oneshot::channel();
    let begun = Mutex::new(Some(begun));
    a.run(vec![Handler::new("import", move |_| {
        begun.lock().unwrap().take().unwrap().send(()).unwrap();
        std::future::pending()
    })]);
    a.enqueue("import", None, "{}".to_owned(), 0).await.unwrap();
    told.await.unwrap();
    let (b, b_tasks) = site.server("b", short_leases());
    let (handler, mut told) = telling("import");
    b.run(vec![handler]);
    // As long as the first server lives, it has the job.
    assert!(tokio::time::timeout(LEASE * 3, told.recv()).await.is_err());
    assert_eq!(site.view().await.jobs[0].lease.as_ref().unwrap().by, "a");
    assert_eq!(a_tasks.end(Duration::ZERO).await, Ended::Hard);
    let cut = Instant::now();
    assert_eq!(told.recv().await.unwrap().attempts, 2);
    assert!(cut.elapsed() > LEASE / 4, "{:?}", cut.elapsed());
    site.until_empty().await;
    b_tasks.end(LONG).await;
}

/// Reports when it is dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_stops_when_another_server_has_the_lease() {
    let site = Site::start().await;
    let (jobs, tasks) = site.server("a", short_leases());
    let dropped = Arc::new(AtomicBool::new(false));
    let drops = dropped.clone();
    jobs.run(vec![Handler::new("import", move |_| {
        let held = Dropped(drops.clone());
        async move {
            let _held = held;
            std::future::pending().await
        }
    })]);
    jobs.enqueue("import", None, "{}".to_owned(), 0).await.unwrap();
    site.until("it begins", |view| view.leased == 1).await;
    // Server "b" has a clock that is far ahead.
    let late = site.clock().now() + 1_000_000;
    let taken = site.store.lease_job(&["import"], late, 1_000_000, "b").await.unwrap().unwrap();
    let begun = Instant::now();
    while !dropped.load(Ordering::SeqCst) {
        assert!(begun.elapsed() < LONG / 2);
        tokio::time::sleep(SHORT).await;
    }
    assert_eq!(site.view().await.jobs, [taken]);
    assert_eq!(tasks.end(LONG).await, Ended::Softly);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_jobs_run_at_once_than_allowed() {
    let site = Site::start().await;
    let (jobs, tasks) = site.server("a", Pace { at_once: 2, ..patient() });
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (running.clone(), most.clone());
    jobs.run(vec![Handler::new("import", move |_| {
        let (now, peak) = (now.clone(), peak.clone());
        async move {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(SHORT).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        }
    })]);
    for _ in 0..8 {
        jobs.enqueue("import", None, "{}".to_owned(), 0).await.unwrap();
    }
    site.until_empty().await;
    assert_eq!((most.load(Ordering::SeqCst), running.load(Ordering::SeqCst)), (2, 0));
    assert_eq!(tasks.end(LONG).await, Ended::Softly);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_soft_end_a_server_finishes_its_job_and_leaves_the_next_one() {
    let site = Site::start().await;
    let (jobs, tasks) = site.server("a", Pace { at_once: 1, ..patient() });
    let (go_on, told) = oneshot::channel::<()>();
    let told = Mutex::new(Some(told));
    jobs.run(vec![Handler::new("import", move |_| {
        let told = told.lock().unwrap().take().expect("only one begins");
        async move { told.await.map_err(|error| error.to_string()) }
    })]);
    for key in ["first", "second"] {
        jobs.enqueue("import", Some(key), "{}".to_owned(), 0).await.unwrap();
    }
    site.until("it begins", |view| view.leased == 1).await;
    let ending = tasks.clone();
    let end = tokio::spawn(async move { ending.end(LONG).await });
    tokio::time::sleep(SHORT).await;
    go_on.send(()).unwrap();
    assert_eq!(end.await.unwrap(), Ended::Softly);
    let view = site.view().await;
    assert_eq!((view.waiting, view.leased, view.failed), (1, 0, 0));
    let left = &view.jobs[0];
    assert_eq!((left.key.as_deref(), left.attempts), (Some("second"), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_ends_each_server_that_does_it_is_given_up() {
    let site = Site::start().await;
    let (jobs, tasks) = site.server("a", quick());
    jobs.enqueue("import", None, "{}".to_owned(), 0).await.unwrap();
    for attempt in 0..i64::from(MAX_ATTEMPTS) {
        site.store.lease_job(&["import"], attempt, 1, "dead").await.unwrap().unwrap();
    }
    let (handler, mut told) = telling("import");
    jobs.run(vec![handler]);
    let view = site.until("it is kept", |view| view.failed == 1).await;
    let error = view.jobs[0].last_error.as_deref();
    assert_eq!(error, Some("It began 10 times and never came to an end."));
    assert!(told.try_recv().is_err(), "it is not begun once more");
    tasks.end(LONG).await;
}
