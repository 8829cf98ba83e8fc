//! Cases about the queue of jobs.

use std::{collections::HashSet, slice::from_ref};

use futures::future::join_all;

use crate::server::store::{
    Job, Lease, MAX_PAYLOAD_BYTES, NewJob, OpenOptions, QueueView, Store, StoreError, open,
};

use super::{
    fixtures::{NOW, id},
    mongod::{fresh_database, shared},
};

const LEASE: i64 = 30_000;

fn job(kind: &str, key: Option<&str>, run_at: i64) -> NewJob {
    NewJob {
        id: id(),
        kind: kind.to_owned(),
        key: key.map(str::to_owned),
        payload: r#"{"what":"これ"}"#.to_owned(),
        run_at,
        created_at: NOW,
    }
}

/// A job as it is before anybody has taken it.
fn waiting(job: &NewJob) -> Job {
    Job {
        id: job.id.clone(),
        kind: job.kind.clone(),
        key: job.key.clone(),
        payload: job.payload.clone(),
        run_at: job.run_at,
        attempts: 0,
        lease: None,
        last_error: None,
        failed_at: None,
        created_at: job.created_at,
    }
}

async fn put(store: &dyn Store, job: NewJob) -> NewJob {
    assert!(store.enqueue_job(&job).await.unwrap());
    job
}

async fn lease(store: &dyn Store, now: i64, by: &str) -> Option<Job> {
    store.lease_job(&["mail", "import"], now, LEASE, by).await.unwrap()
}

async fn all(store: &dyn Store) -> Vec<Job> {
    store.view_jobs(1000).await.unwrap().jobs
}

pub(super) async fn a_job_waits_for_its_time_and_is_done_once(store: &dyn Store) {
    assert_eq!(store.next_job_at(&["mail"]).await.unwrap(), None);
    let mail = put(store, job("mail", None, NOW + 5)).await;
    assert_eq!(all(store).await, [waiting(&mail)]);
    assert_eq!(store.next_job_at(&["mail", "import"]).await.unwrap(), Some(NOW + 5));
    assert_eq!(lease(store, NOW + 4, "a").await, None);
    let leased = lease(store, NOW + 5, "a").await.unwrap();
    let until = NOW + 5 + LEASE;
    let expected = Job { attempts: 1, lease: Some(Lease { by: "a".to_owned(), until }), ..waiting(&mail) };
    assert_eq!(leased, expected);
    assert_eq!(all(store).await, [expected]);
    assert_eq!(store.next_job_at(&["mail"]).await.unwrap(), Some(until));
    assert_eq!(lease(store, until - 1, "b").await, None);
    assert!(store.complete_job(&leased, None).await.unwrap());
    assert!(!store.complete_job(&leased, None).await.unwrap());
    assert_eq!(all(store).await, []);
    assert_eq!(lease(store, i64::MAX - LEASE, "a").await, None);
}

pub(super) async fn only_the_kinds_that_are_asked_for_are_leased(store: &dyn Store) {
    let foreign = put(store, job("of a newer version", None, NOW)).await;
    let own = put(store, job("import", None, NOW + 1)).await;
    assert_eq!(store.next_job_at(&["mail", "import"]).await.unwrap(), Some(NOW + 1));
    assert_eq!(lease(store, NOW + 9, "a").await.unwrap().id, own.id);
    assert_eq!(lease(store, NOW + 9, "a").await, None);
    assert_eq!(store.lease_job(&[], NOW + 9, LEASE, "a").await.unwrap(), None);
    assert_eq!(store.next_job_at(&[]).await.unwrap(), None);
    assert!(all(store).await.contains(&waiting(&foreign)));
}

pub(super) async fn the_job_that_is_due_longest_comes_first(store: &dyn Store) {
    for run_at in [3, 1, 2] {
        put(store, job("mail", None, NOW + run_at)).await;
    }
    for run_at in [1, 2, 3] {
        assert_eq!(lease(store, NOW + 9, "a").await.unwrap().run_at, NOW + run_at);
    }
}

pub(super) async fn of_many_at_once_one_gets_a_job(store: &dyn Store) {
    const JOBS: usize = 20;
    for _ in 0..JOBS {
        put(store, job("mail", None, NOW)).await;
    }
    let workers: Vec<String> = (0..8).map(|number| format!("worker {number}")).collect();
    let leased = join_all(workers.iter().map(async |by| {
        let mut own = Vec::new();
        while let Some(job) = lease(store, NOW, by).await {
            assert_eq!((job.lease.as_ref().unwrap().by.as_str(), job.attempts), (by.as_str(), 1));
            own.push(job.id);
        }
        own
    }))
    .await
    .concat();
    assert_eq!(leased.len(), JOBS);
    assert_eq!(leased.into_iter().collect::<HashSet<_>>().len(), JOBS);
}

pub(super) async fn an_expired_lease_is_taken_again_and_the_old_one_no_longer_counts(store: &dyn Store) {
    put(store, job("mail", None, NOW)).await;
    let old = lease(store, NOW, "a").await.unwrap();
    // A renewed lease lasts longer.
    assert!(store.renew_job(&old, NOW + LEASE + 7).await.unwrap());
    assert_eq!(lease(store, NOW + LEASE + 6, "b").await, None);
    let new = lease(store, NOW + LEASE + 7, "b").await.unwrap();
    assert_eq!((new.id.as_str(), new.attempts), (old.id.as_str(), 2));
    let then = NOW + LEASE + 8;
    assert!(!store.renew_job(&old, then + LEASE).await.unwrap());
    assert!(!store.complete_job(&old, None).await.unwrap());
    assert!(!store.complete_job(&old, Some(then)).await.unwrap());
    assert!(!store.fail_job(&old, then, Some(then), "late").await.unwrap());
    assert!(!store.fail_job(&old, then, None, "late").await.unwrap());
    assert_eq!(all(store).await, from_ref(&new));
    // An old lease does not count even if the same process leases the job again.
    let newest = lease(store, then + LEASE, "b").await.unwrap();
    assert_eq!(newest.attempts, 3);
    assert!(!store.complete_job(&new, None).await.unwrap());
    assert!(store.complete_job(&newest, None).await.unwrap());
    // Nobody can change a job without a lease.
    let free = waiting(&put(store, job("mail", None, NOW)).await);
    assert!(!store.renew_job(&free, then).await.unwrap());
    assert!(!store.complete_job(&free, None).await.unwrap());
    assert_eq!(all(store).await, [free]);
}

pub(super) async fn one_job_exists_for_a_kind_and_key(store: &dyn Store) {
    let hourly = put(store, job("mail", Some("hourly"), NOW)).await;
    assert!(!store.enqueue_job(&job("mail", Some("hourly"), NOW - 50)).await.unwrap());
    assert!(!store.enqueue_job(&hourly).await.unwrap(), "the same again");
    assert_eq!(all(store).await, [waiting(&hourly)], "the first one stays as it is");
    let leased = lease(store, NOW, "a").await.unwrap();
    assert!(!store.enqueue_job(&job("mail", Some("hourly"), NOW)).await.unwrap());
    assert_eq!(all(store).await, from_ref(&leased));
    for (kind, key) in [("mail", Some("daily")), ("import", Some("hourly")), ("mail", None), ("mail", None)] {
        put(store, job(kind, key, NOW)).await;
    }
    assert!(store.complete_job(&leased, None).await.unwrap());
    put(store, job("mail", Some("hourly"), NOW)).await;

    let new: Vec<NewJob> = (0..20).map(|_| job("import", Some("once"), NOW)).collect();
    let put = join_all(new.iter().map(async |job| store.enqueue_job(job).await.unwrap())).await;
    assert_eq!(put.iter().filter(|put| **put).count(), 1);
}

pub(super) async fn a_periodic_job_waits_for_its_next_time(store: &dyn Store) {
    let hourly = put(store, job("mail", Some("hourly"), NOW)).await;
    let leased = lease(store, NOW, "a").await.unwrap();
    assert!(store.fail_job(&leased, NOW + 1, Some(NOW + 2), "no room").await.unwrap());
    let again = lease(store, NOW + 2, "b").await.unwrap();
    assert_eq!((again.attempts, again.last_error.as_deref()), (2, Some("no room")));
    assert!(store.complete_job(&again, Some(NOW + 500)).await.unwrap());
    assert!(!store.complete_job(&again, Some(NOW + 501)).await.unwrap());
    assert_eq!(all(store).await, [Job { run_at: NOW + 500, ..waiting(&hourly) }]);
    assert_eq!(lease(store, NOW + 499, "a").await, None);
    assert_eq!(lease(store, NOW + 500, "a").await.unwrap().attempts, 1);
}

pub(super) async fn a_failed_job_is_tried_again_and_then_kept(store: &dyn Store) {
    let import = put(store, job("import", Some("file"), NOW)).await;
    let leased = lease(store, NOW, "a").await.unwrap();
    assert!(store.fail_job(&leased, NOW + 1, Some(NOW + 10), "first").await.unwrap());
    let tried =
        Job { run_at: NOW + 10, attempts: 1, last_error: Some("first".to_owned()), ..waiting(&import) };
    assert_eq!(all(store).await, from_ref(&tried));
    assert_eq!(lease(store, NOW + 9, "a").await, None);
    let leased = lease(store, NOW + 10, "b").await.unwrap();
    let long = "長".repeat(2000);
    assert!(store.fail_job(&leased, NOW + 11, None, &long).await.unwrap());
    let kept = all(store).await.remove(0);
    let error = kept.last_error.clone().unwrap();
    assert!(long.starts_with(&error) && (1000..=1024).contains(&error.len()), "{}", error.len());
    let expected = Job { attempts: 2, last_error: Some(error), failed_at: Some(NOW + 11), ..tried };
    assert_eq!(kept, expected);
    assert_eq!(lease(store, NOW + 1_000_000_000, "a").await, None);
    assert_eq!(store.next_job_at(&["mail", "import"]).await.unwrap(), None);

    // A failed job that is put into the queue again begins anew.
    let anew = NewJob { payload: "[2]".to_owned(), ..job("import", Some("file"), NOW + 20) };
    assert!(store.enqueue_job(&anew).await.unwrap());
    assert!(!store.enqueue_job(&anew).await.unwrap());
    let begun = Job { id: import.id, ..waiting(&anew) };
    assert_eq!(all(store).await, from_ref(&begun));
    assert_eq!(lease(store, NOW + 20, "a").await.unwrap().id, begun.id);
}

pub(super) async fn an_operator_sees_failed_jobs_first(store: &dyn Store) {
    assert_eq!(store.view_jobs(9).await.unwrap(), QueueView::default());
    let ids: Vec<String> = {
        let mut ids = Vec::new();
        for run_at in [1, 2, 3, 4, 5] {
            ids.push(put(store, job("mail", None, NOW + run_at)).await.id);
        }
        ids
    };
    for error in [None, Some(None), Some(Some(NOW + 90)), Some(None)] {
        let leased = lease(store, NOW + 9, "a").await.unwrap();
        match error {
            None => {}
            Some(retry) => assert!(store.fail_job(&leased, NOW + 9, retry, "no").await.unwrap()),
        }
    }
    let view = store.view_jobs(9).await.unwrap();
    assert_eq!((view.waiting, view.leased, view.failed), (2, 1, 2));
    let shown: Vec<&String> = view.jobs.iter().map(|job| &job.id).collect();
    assert_eq!(shown, [&ids[1], &ids[3], &ids[2], &ids[0], &ids[4]]);
    let few = store.view_jobs(2).await.unwrap();
    assert_eq!(few, QueueView { jobs: view.jobs[..2].to_vec(), ..view.clone() });
    assert_eq!(store.view_jobs(0).await.unwrap(), QueueView { jobs: Vec::new(), ..view });
}

pub(super) async fn a_payload_has_a_limit(store: &dyn Store) {
    let long = |bytes| NewJob { payload: "x".repeat(bytes), ..job("mail", None, NOW) };
    let refused = store.enqueue_job(&long(MAX_PAYLOAD_BYTES + 1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Broken(_)), "{refused}");
    assert_eq!(all(store).await, []);
    let most = put(store, long(MAX_PAYLOAD_BYTES)).await;
    assert_eq!(lease(store, NOW, "a").await.unwrap().payload, most.payload);
}

/// Each server has a connection of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_on_one_database_one_gets_a_job() {
    let url = shared().await.url(&fresh_database());
    let mut servers = Vec::new();
    for _ in 0..2 {
        servers.push(open(&url, &OpenOptions::default()).await.unwrap());
    }
    let put = join_all((0..30).map(|number| {
        let store = &servers[number % 2];
        async move { store.enqueue_job(&job("mail", Some("hourly"), NOW)).await.unwrap() }
    }));
    assert_eq!(put.await.into_iter().filter(|put| *put).count(), 1);
    for _ in 0..40 {
        assert!(servers[0].enqueue_job(&job("mail", None, NOW)).await.unwrap());
    }
    let leased = join_all((0..10).map(async |number| {
        let store = &servers[number % 2];
        let mut count = 0;
        while let Some(job) = lease(&**store, NOW, store.instance()).await {
            assert!(store.complete_job(&job, None).await.unwrap(), "{job:?}");
            count += 1;
        }
        count
    }));
    assert_eq!(leased.await.into_iter().sum::<usize>(), 41);
    for server in servers {
        server.close().await;
    }
}
