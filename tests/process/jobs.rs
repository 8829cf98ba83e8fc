//! The queue of jobs over real servers: of two servers one does each job, and a job of a server that is killed is
//! done by the other, or by the next process on its database.

use std::time::{Duration, Instant, SystemTime};

use futures::TryStreamExt;
use mongodb::{
    Client, Database,
    bson::{Document, doc},
};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    mongod::{self, Mongod},
    site::{PATIENCE, Site},
};

/// The number of periodic jobs.
const JOBS: usize = 7;
/// How many of them one server does at once.
const AT_ONCE: usize = 4;
/// What the log says of a job that was done, at the level `debug`.
const DONE: &str = "a job was attended to";
/// The length of a lease.
const LEASE_MS: i64 = 30_000;
/// A lease, two looks of a server, and more because the machine may be busy.
const TAKEN_OVER: Duration = Duration::from_secs(90);

fn now() -> i64 {
    i64::try_from(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}

async fn database(url: &str) -> Database {
    Client::with_uri_str(url).await.unwrap().default_database().unwrap()
}

async fn site(url: &str) -> Site {
    let secret = "c2VjcmV0LW9mLWJvdGgtc2VydmVycy0wMTIzNDU2Nzg5";
    let settings = [("INGLENOOK_STORE", url), ("INGLENOOK_SECRET", secret), ("RUST_LOG", "inglenook=debug")];
    Site::start(&settings).await
}

async fn jobs(db: &Database) -> Vec<Document> {
    db.collection("jobs").find(doc! {}).await.unwrap().try_collect().await.unwrap()
}

fn number(job: &Document, field: &str) -> i64 {
    job.get_i64(field).or_else(|_| job.get_i32(field).map(i64::from)).unwrap_or_else(|_| panic!("{job}"))
}

/// Adds an old idempotency key, which one of the jobs removes.
async fn put_old_key(db: &Database) {
    let id = doc! { "u": "ada", "c": "", "k": format!("{}", now()) };
    let key = doc! { "_id": id, "request": "", "answer_id": "none", "created_at": 1_i64 };
    db.collection("keys").insert_one(key).await.unwrap();
}

async fn old_keys(db: &Database) -> u64 {
    db.collection::<Document>("keys").count_documents(doc! {}).await.unwrap()
}

/// Waits until each job is done and is due again after `after`.
async fn until_done(db: &Database, after: i64) -> Vec<Document> {
    let begun = Instant::now();
    loop {
        let jobs = jobs(db).await;
        let rests = |job: &Document| number(job, "due_at") > after && !job.contains_key("leased_by");
        if jobs.len() >= JOBS && jobs.iter().all(rests) {
            return jobs;
        }
        assert!(begun.elapsed() < TAKEN_OVER, "{jobs:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_one_does_each_job() {
    let url = mongod::shared().await.url(&mongod::fresh_database());
    let db = database(&url).await;
    let begun = now();
    let sites = [site(&url).await, site(&url).await];
    let done = || sites.iter().map(|site| site.server.log().matches(DONE).count()).sum::<usize>();
    for round in 1..=3 {
        let jobs = until_done(&db, begun + 1_000_000).await;
        assert_eq!(jobs.len(), JOBS);
        // The log is written a moment later. A server that did a job twice has done so by then too.
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(done(), JOBS * round);
        assert_eq!(old_keys(&db).await, 0);
        put_old_key(&db).await;
        let due = doc! { "$set": { "run_at": 0_i64, "due_at": 0_i64 } };
        db.collection::<Document>("jobs").update_many(doc! {}, due).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_of_a_killed_server_is_done_by_the_other_after_its_lease() {
    let mongod = Mongod::start(&["--replSet", "rs0", "--setParameter", "enableTestCommands=1"]).await;
    let url = mongod.url("site");
    let db = database(&url).await;
    put_old_key(&db).await;
    // The first server's jobs hang, because each of them deletes something, and its deletes take a minute.
    let data = doc! { "failCommands": ["delete"], "appName": "slow", "blockConnection": true, "blockTimeMS": 60_000 };
    let hang = doc! { "configureFailPoint": "failCommand", "mode": "alwaysOn", "data": data };
    db.client().database("admin").run_command(hang).await.unwrap();
    let mut a = site(&format!("{url}?appName=slow")).await;
    let begun = Instant::now();
    let leased = loop {
        let leased: Vec<Document> =
            jobs(&db).await.into_iter().filter(|job| job.contains_key("leased_by")).collect();
        if leased.len() == AT_ONCE {
            break leased;
        }
        assert!(begun.elapsed() < PATIENCE, "{leased:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    a.server.kill();
    // The leases end soon: what is left of half a minute is not waited for.
    let until = now() + 3_000;
    for job in &leased {
        let left = number(job, "due_at") - now();
        assert!((1..=LEASE_MS).contains(&left), "{left} ms are left of a lease");
        let soon = doc! { "$set": { "due_at": until } };
        db.collection::<Document>("jobs").update_one(doc! { "_id": job.get("_id") }, soon).await.unwrap();
    }

    let b = site(&url).await;
    let jobs = until_done(&db, now() + 1_000_000).await;
    assert_eq!(jobs.len(), JOBS);
    assert!(now() >= until, "the lease was taken before its end");
    assert!(
        jobs.iter().all(|job| number(job, "attempts") == 0 && !job.contains_key("last_error")),
        "{jobs:?}"
    );
    assert!(b.server.log().matches(DONE).count() >= leased.len());
    assert_eq!(old_keys(&db).await, 0);
}

/// What `inglenook check` says of the jobs.
fn checked(site: &Site) -> String {
    let (_, said) = site.command(&["check"], "");
    let line = said.lines().find(|line| line.contains("  jobs: "));
    line.unwrap_or_else(|| panic!("{said}")).trim().to_owned()
}

async fn until_checked(site: &Site, line: &str) {
    let begun = Instant::now();
    loop {
        let said = checked(site);
        if said == line {
            return;
        }
        assert!(begun.elapsed() < TAKEN_OVER, "{said}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn open(site: &Site) -> SqliteConnection {
    SqliteConnectOptions::new().filename(site.data().join("inglenook.db")).connect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_the_next_process_does_what_a_killed_one_left() {
    let mut site = Site::start(&[]).await;
    let rest = "ok    jobs: 7 waiting, 0 running, 0 failed";
    until_checked(&site, rest).await;
    site.server.kill();
    // One job as a process leaves it that dies while doing it, one that is due, and one that failed for good.
    let mut file = open(&site).await;
    let lease_end = now() + 8_000;
    for (kind, change) in [
        (
            "remove ended sessions",
            format!("leased_by = 'dead', attempts = 1, run_at = 0, due_at = {lease_end}"),
        ),
        ("remove old idempotency keys", "run_at = 0, due_at = 0".to_owned()),
    ] {
        let change = format!("UPDATE jobs SET {change} WHERE kind = '{kind}'");
        let changed = sqlx::query(sqlx::AssertSqlSafe(change)).execute(&mut file).await.unwrap();
        assert_eq!(changed.rows_affected(), 1);
    }
    sqlx::query(
        "INSERT INTO jobs (id, kind, payload, run_at, attempts, last_error, failed_at, created_at)
            VALUES ('1', 'import', '{}', 0, 10, 'The file is gone.', 1, 1)",
    )
    .execute(&mut file)
    .await
    .unwrap();
    // Closed to its end, so that the command does not find a write-ahead log that is being removed.
    file.close().await.unwrap();
    assert_eq!(
        checked(&site),
        "note  jobs: 6 waiting, 1 running, 1 failed: “import” given up after 10 attempts (The file is gone.)"
    );
    site.start_again();
    until_checked(
        &site,
        "note  jobs: 7 waiting, 0 running, 1 failed: “import” given up after 10 attempts (The file is gone.)",
    )
    .await;
    let mut file = open(&site).await;
    let done = "SELECT kind FROM jobs WHERE failed_at IS NULL AND run_at > ?1 AND attempts = 0 ORDER BY kind";
    let begun = Instant::now();
    loop {
        let done: Vec<String> =
            sqlx::query_scalar(done).bind(lease_end + 1_000_000).fetch_all(&mut file).await.unwrap();
        if done.len() == JOBS {
            break;
        }
        assert!(begun.elapsed() < TAKEN_OVER, "{done:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(now() >= lease_end);
}
