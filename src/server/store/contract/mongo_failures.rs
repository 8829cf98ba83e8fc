//! Failures that pass: a command that fails once, a primary that steps down, a primary that is killed.

use std::{
    collections::HashMap,
    fmt::Debug,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures::future::join_all;
use mongodb::{
    Client, Database,
    bson::{Document, doc},
    options::{CollectionOptions, ReadConcern},
};

use crate::{
    domain::{Status, User},
    server::store::{OpenOptions, Orphans, Recovered, Store, StoreError, open},
};

use super::{
    fixtures::{
        Asking, HASH, NewTurn, TurnOutcome, begin, chunk, finish, first_run, first_turn, key, session,
        unnumbered, user,
    },
    mongod::Mongod,
};

const PATIENCE: Duration = Duration::from_secs(60);

/// Tries again as long as the database is away, as a server does.
async fn stubborn<T>(mut work: impl AsyncFnMut() -> Result<T, StoreError>) -> T {
    let begun = Instant::now();
    loop {
        match work().await {
            Ok(done) => return done,
            Err(StoreError::Unavailable(error)) => assert!(begun.elapsed() < PATIENCE, "{error}"),
            Err(error) => panic!("{error:?}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_fails_once_is_tried_again() {
    let mongod = Mongod::start(&["--replSet", "rs0", "--setParameter", "enableTestCommands=1"]).await;
    // The driver learns of a real change of primaries at once, but of a simulated one only at its next heartbeat.
    let url = format!("{}?heartbeatFrequencyMS=500", mongod.url("inglenook"));
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    let ada = user(&*store).await;
    let admin = Client::with_uri_str(&url).await.unwrap().database("admin");
    let code = |code: i32| doc! { "errorCode": code };
    let concern = doc! { "code": 91, "errmsg": "stopping", "errorLabels": ["RetryableWriteError"] };
    let ways = [
        doc! { "closeConnection": true },
        code(10107),
        code(11600),
        code(91),
        code(112),
        doc! { "writeConcernError": concern },
    ];
    let mut met = 0;
    for command in ["find", "insert", "update", "findAndModify", "delete", "commitTransaction", "distinct"] {
        for how in &ways {
            let only_commit = how.contains_key("writeConcernError");
            let only_inside = how.get_i32("errorCode") == Ok(112);
            if only_commit && command != "commitTransaction" || only_inside && command == "distinct" {
                continue; // MongoDB does not fail like this
            }
            let about = format!("{command}: {how}");
            let mut data = doc! { "failCommands": [command] };
            data.extend(how.clone());
            let failing = doc! { "configureFailPoint": "failCommand", "mode": { "times": 1 }, "data": data };
            let before = count(&admin.run_command(failing).await.unwrap());
            let turn = first_turn(&ada);
            let begun = store.begin_turn(&turn).await;
            assert!(matches!(begun, Ok(TurnOutcome::Begun)), "{about}: {begun:?}");
            let appended = store.append_chunks(&[chunk(&turn, 1, 0, "half")]).await;
            assert!(appended.is_ok(), "{about}: {appended:?}");
            let finished = store.finish_message(&turn.answer.id, &finish("Whole.", 2)).await;
            assert!(matches!(finished, Ok(true)), "{about}: {finished:?}");
            let off = doc! { "configureFailPoint": "failCommand", "mode": "off" };
            met += usize::from(count(&admin.run_command(off).await.unwrap()) > before);
            let stored = store.back(&turn.user_id, &turn.conversation.id, None, 10).await.unwrap();
            assert_eq!(stored.len(), 2, "{about}");
            assert_eq!(
                (stored[0].content.as_str(), stored[0].status),
                ("Whole.", Status::Complete),
                "{about}"
            );
        }
    }
    println!("{met} failures met");
    assert!(met > 20, "{met}: the failures did not happen");
}

/// Runs `act` while `command` fails as on a full disk, and once more when there is room. Returns 1 if `act` met the
/// failure, else 0.
async fn meets_full<T: Debug>(
    admin: &Database,
    command: &str,
    name: &str,
    act: impl AsyncFn() -> Result<T, StoreError>,
) -> usize {
    let data = doc! { "failCommands": [command], "errorCode": 14031 };
    let failing = doc! { "configureFailPoint": "failCommand", "mode": "alwaysOn", "data": data };
    admin.run_command(failing).await.unwrap();
    let mut failed = act().await;
    let met = failed.is_err();
    if met {
        assert!(matches!(failed, Err(StoreError::Full(_))), "{command}, {name}: {failed:?}");
        failed = act().await;
    }
    admin.run_command(doc! { "configureFailPoint": "failCommand", "mode": "off" }).await.unwrap();
    if !met {
        return 0;
    }
    assert!(matches!(failed, Err(StoreError::Full(_))), "{command}, {name}: {failed:?}");
    // The next try works at once, and not only when MongoDB gives up the transaction that was left open.
    let begun = Instant::now();
    act().await.unwrap_or_else(|error| panic!("{command}, {name}: {error:?}"));
    assert!(begun.elapsed() < Duration::from_secs(5), "{command}, {name}: {:?}", begun.elapsed());
    1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_leaves_nothing_behind() {
    let mongod = Mongod::start(&["--replSet", "rs0", "--setParameter", "enableTestCommands=1"]).await;
    let url = mongod.url("inglenook");
    let store = &*open(&url, &OpenOptions::default()).await.unwrap();
    let admin = &Client::with_uri_str(&url).await.unwrap().database("admin");
    let ada = &user(store).await;
    let mut met = 0;
    for command in ["insert", "update", "findAndModify", "delete", "commitTransaction"] {
        let (whole, cut) = (first_turn(ada), first_turn(ada));
        met += meets_full(admin, command, "probe", async || store.probe().await).await;
        met += meets_full(admin, command, "begin_turn", async || store.begin_turn(&whole).await).await;
        let more = [chunk(&whole, 1, 0, "half")];
        met += meets_full(admin, command, "append_chunks", async || store.append_chunks(&more).await).await;
        let (id, end) = (&*whole.answer.id, finish("Whole.", 2));
        met += meets_full(admin, command, "finish", async || store.finish_message(id, &end).await).await;
        let _ = store.begin_turn(&cut).await;
        let id = &*cut.answer.id;
        let run = first_run(&cut);
        let left = Orphans::Run(&run);
        met += meets_full(admin, command, "interrupt", async || store.interrupt_unfinished(left).await).await;
        let again = async || store.go_on(&ada.id, id, None, "again", 1000, 7).await;
        met += meets_full(admin, command, "continue", again).await;
        let found = Recovered::whole(id, store.instance(), "Half.", "", 9);
        met += meets_full(admin, command, "recover", async || store.recover_message(&found).await).await;
        met += meets_full(admin, command, "select", async || store.select(&ada.id, id).await).await;
        met += meets_full(admin, command, "delete", async || store.remove(&ada.id, id).await).await;
        let session = session(ada);
        met +=
            meets_full(admin, command, "session", async || store.create_session(&session, Some(HASH)).await)
                .await;

        let stored = store.back(&whole.user_id, &whole.conversation.id, None, 10).await.unwrap();
        let stored: Vec<_> = stored.iter().map(|it| (&*it.content, it.status)).collect();
        assert_eq!(stored.len(), 2, "{command}");
        assert_eq!(stored[0], ("Whole.", Status::Complete), "{command}");
    }
    println!("{met} failures met");
    assert!(met > 20, "{met}: the failures did not happen");
}

/// A process that is killed in the middle of a transaction leaves its changes locked for a minute, unless the next one
/// releases them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_of_a_lost_process_block_nobody() {
    let mongod = Mongod::start(&["--replSet", "rs0", "--setParameter", "enableTestCommands=1"]).await;
    let url = mongod.url("inglenook");
    let lost = open(&format!("{url}?appName=lost"), &OpenOptions::default()).await.unwrap();
    lost.heartbeat().await.unwrap();
    let ada = user(&*lost).await;
    let turns = [first_turn(&ada), first_turn(&ada)];
    for turn in &turns {
        begin(&*lost, turn).await;
        lost.append_chunks(&[chunk(turn, 1, 0, "Half.")]).await.unwrap();
    }
    // The transactions of the lost process stop just before they commit or abort.
    let data = doc! { "failCommands": ["commitTransaction", "abortTransaction"], "appName": "lost",
    "blockConnection": true, "blockTimeMS": 100_000 };
    let admin = Client::with_uri_str(&url).await.unwrap().database("admin");
    let failing = doc! { "configureFailPoint": "failCommand", "mode": "alwaysOn", "data": data };
    let before = count(&admin.run_command(failing).await.unwrap());
    let ending = turns.each_ref().map(|turn| {
        let (lost, id) = (lost.clone(), turn.answer.id.clone());
        tokio::spawn(async move { lost.finish_message(&id, &finish("Half. Whole.", 2)).await })
    });
    let wait = doc! { "waitForFailPoint": "failCommand", "timesEntered": before + 2, "maxTimeMS": 60_000 };
    admin.run_command(wait).await.unwrap();
    ending.iter().for_each(tokio::task::JoinHandle::abort);

    let next = open(&url, &OpenOptions::default()).await.unwrap();
    next.release(lost.instance()).await.unwrap();
    let [one, other] = &turns;
    let content = "Half. More".to_owned();
    let recovered = Recovered::whole(&one.answer.id, lost.instance(), &content, "", 9);
    assert!(next.recover_message(&recovered).await.unwrap());
    assert_eq!(next.interrupt_unfinished(Orphans::Of(lost.instance())).await.unwrap(), 1);
    for (turn, content) in [(one, &*content), (other, "Half.")] {
        let stored = next.stored(&ada.id, &turn.answer.id).await.unwrap().unwrap();
        assert_eq!((&*stored.content, stored.status), (content, Status::Interrupted));
    }
    next.release("nobody").await.unwrap();
    let off = doc! { "configureFailPoint": "failCommand", "mode": "off" };
    admin.run_command(off).await.unwrap();
}

/// How often a fail point was met so far.
fn count(answer: &Document) -> i64 {
    answer.get_i64("count").or_else(|_| answer.get_i32("count").map(i64::from)).unwrap()
}

/// Asks whole turns, one after the other, until `enough` is set. Returns the turns that the store acknowledged, with
/// their texts.
async fn busy_with(
    store: &dyn Store,
    ada: &User,
    enough: &AtomicBool,
    done: &AtomicUsize,
) -> Vec<(NewTurn, String)> {
    let mut all = Vec::new();
    while !enough.load(Ordering::Relaxed) {
        let turn = first_turn(ada);
        // The same turn is begun again with its idempotency key until the store has it.
        let keyed = NewTurn { key: Some(key(&turn.answer.id, "asked")), ..turn };
        let begun = stubborn(async || store.begin_turn(&keyed).await).await;
        assert!(matches!(begun, TurnOutcome::Begun | TurnOutcome::Repeated { .. }), "{begun:?}");
        let mut content = String::new();
        for seq in 1..=4 {
            let part = format!("part {seq} of {}, ", keyed.answer.id);
            let chunks = [chunk(&keyed, seq, content.len() as u64, &part)];
            stubborn(async || store.append_chunks(&chunks).await).await;
            content += &part;
        }
        stubborn(async || store.finish_message(&keyed.answer.id, &finish(&content, 5)).await).await;
        done.fetch_add(1, Ordering::Relaxed);
        all.push((keyed, content));
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_primary_loses_no_data() {
    let (mut members, url) = Mongod::start_three("inglenook").await;
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    let ada = user(&*store).await;
    let admin = Client::with_uri_str(&url).await.unwrap().database("admin");
    let (enough, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let trouble = async {
        let mut counts = Vec::new();
        for round in 0..4 {
            // This much work is done before the first failure, between two, and after the last.
            let before = done.load(Ordering::Relaxed);
            let begun = Instant::now();
            while done.load(Ordering::Relaxed) < before + 20 {
                assert!(begun.elapsed() < PATIENCE * 2, "nothing goes on after {counts:?}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            counts.push(done.load(Ordering::Relaxed));
            match round {
                0 | 1 => {
                    let down = doc! { "replSetStepDown": 5, "secondaryCatchUpPeriodSecs": 5 };
                    admin.run_command(down).await.unwrap();
                }
                2 => {
                    let hello = admin.run_command(doc! { "hello": 1 }).await.unwrap();
                    let primary = hello.get_str("primary").unwrap().to_owned();
                    let at = |it: &Mongod| primary == it.address();
                    let place = members.iter().position(at).expect("one of them is the primary");
                    members[place].kill();
                }
                _ => enough.store(true, Ordering::Relaxed),
            }
        }
        counts
    };
    let workers = (0..6).map(|_| busy_with(&*store, &ada, &enough, &done));
    let (written, counts) = futures::join!(join_all(workers), trouble);
    println!("turns before each trouble: {counts:?}");
    let written: Vec<_> = written.into_iter().flatten().collect();
    for (turn, content) in &written {
        let stored = store.back(&turn.user_id, &turn.conversation.id, None, 10).await.unwrap();
        let [answer, question] = &stored[..] else { panic!("{stored:?}") };
        assert_eq!(unnumbered(question.clone()), *turn.question.as_ref().unwrap());
        assert_eq!(
            (&answer.id, &answer.content, answer.status),
            (&turn.answer.id, content, Status::Complete)
        );
    }
    // Nothing is stored twice or left over, although requests were sent again.
    let documents = |name: &str| {
        let of = CollectionOptions::builder().read_concern(ReadConcern::majority()).build();
        let client = Client::with_uri_str(url.clone());
        let name = name.to_owned();
        async move {
            let db = client.await.unwrap().default_database().unwrap();
            db.collection_with_options::<Document>(&name, of).count_documents(doc! {}).await.unwrap()
        }
    };
    let counts: HashMap<&str, u64> = HashMap::from([
        ("messages", documents("messages").await),
        ("conversations", documents("conversations").await),
        ("chunks", documents("chunks").await),
    ]);
    let turns = written.len() as u64;
    assert_eq!((counts["messages"], counts["conversations"], counts["chunks"]), (turns * 2, turns, 0));
}
