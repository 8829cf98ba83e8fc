//! What only a MongoDB server can do: be away, go away, come back, be of the wrong kind.

use std::time::{Duration, Instant};

use futures::{TryStreamExt, future::join_all};
use mongodb::{
    Client,
    bson::{Bson, Document, doc},
};

use crate::{
    domain::{Failure, FailureCode},
    server::store::{
        BIN_LIFE, ContinueOutcome, NewQueued, OpenError, OpenOptions, Orphans, QueueChange, QueueOutcome,
        Store, StoreError, Tree, TreeOutcome, Visit, Waiting, mongo::Mongo, open,
    },
};

use super::{
    fixtures::{
        Asking, HASH, LATER, NOW, NewTurn, TurnOutcome, begin, chunk, conversation, finish, first_turn, id,
        interrupt, key, session, talk, turn, user,
    },
    mongod::{Mongod, fresh_database, shared},
    people::erased_with_rows_everywhere,
};

async fn refusal(url: &str) -> OpenError {
    match open(url, &OpenOptions::default()).await {
        Ok(_) => panic!("it was opened"),
        Err(error) => error,
    }
}

async fn assert_unavailable(store: &dyn Store) {
    let begun = Instant::now();
    let (ping, turn) = (store.ping().await, store.begin_turn(&first_turn_of_nobody()).await);
    assert!(matches!(ping, Err(StoreError::Unavailable(_))), "{ping:?}");
    assert!(matches!(turn, Err(StoreError::Unavailable(_))), "{turn:?}");
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
}

fn first_turn_of_nobody() -> NewTurn {
    let nobody = crate::domain::User {
        id: "nobody".to_owned(),
        login: String::new(),
        email: None,
        email_verified: false,
        name: String::new(),
        role: crate::domain::UserRole::Member,
        state: crate::domain::UserState::Active,
        tier: None,
        tier_until: None,
        language: None,
        preferences: Default::default(),
        created_at: NOW,
        seen_at: None,
        deletes_at: None,
    };
    first_turn(&nobody)
}

async fn wait_until_it_answers(store: &dyn Store) {
    let begun = Instant::now();
    while let Err(error) = store.ping().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "{error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A URL with short time limits, of which a call may take twice as long.
fn hasty(mongod: &Mongod) -> String {
    format!("{}?serverSelectionTimeoutMS=1000&connectTimeoutMS=1000", mongod.url("inglenook"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_is_unavailable_and_comes_back() {
    let mongod = Mongod::start(&["--replSet", "rs0"]).await;
    let store = open(&hasty(&mongod), &OpenOptions::default()).await.unwrap();
    let ada = user(&*store).await;
    mongod.signal("STOP");
    assert_unavailable(&*store).await;
    mongod.signal("CONT");
    wait_until_it_answers(&*store).await;
    assert_eq!(store.user(&ada.id).await.unwrap(), Some(ada.clone()));
    begin(&*store, &first_turn(&ada)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_is_unavailable_and_comes_back_with_everything() {
    let mut mongod = Mongod::start(&["--replSet", "rs0"]).await;
    let store = open(&hasty(&mongod), &OpenOptions::default()).await.unwrap();
    let ada = user(&*store).await;
    let turn = first_turn(&ada);
    begin(&*store, &turn).await;
    store.append_chunks(&[chunk(&turn, 1, 0, "half")]).await.unwrap();
    mongod.kill();
    assert_unavailable(&*store).await;
    mongod.spawn(&["--replSet", "rs0"]).await;
    wait_until_it_answers(&*store).await;
    assert_eq!(interrupt(&*store).await, 1);
    assert_eq!(store.stored(&ada.id, &turn.answer.id).await.unwrap().unwrap().content, "half");
}

#[tokio::test]
async fn a_missing_server_is_reported_in_time() {
    let begun = Instant::now();
    let error = refusal("mongodb://me:secret@127.0.0.1:1/?serverSelectionTimeoutMS=500").await;
    assert!(begun.elapsed() < Duration::from_secs(3));
    let said = error.to_string();
    assert!(said.contains("127.0.0.1:1 does not answer within 500 ms"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}

#[tokio::test]
async fn a_single_server_is_told_how_to_become_a_replica_set() {
    let mongod = Mongod::start(&[]).await;
    let error = refusal(&mongod.url("inglenook")).await;
    assert!(matches!(error, OpenError::NotAReplicaSet { .. }), "{error}");
    assert!(error.to_string().contains("--replSet rs0"), "{error}");
}

/// A collection of a test's database, on a connection that is not the store's.
async fn documents(url: &str, collection: &str) -> mongodb::Collection<Document> {
    Client::with_uri_str(url).await.unwrap().default_database().unwrap().collection(collection)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_chunk_outlives_its_answer() {
    let url = shared().await.url(&fresh_database());
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    let chunks = documents(&url, "chunks").await;
    let ada = user(&*store).await;
    for delete in [false, true] {
        let turn = first_turn(&ada);
        begin(&*store, &turn).await;
        let some: Vec<_> = (1..30).map(|seq| [chunk(&turn, seq, seq - 1, "x")]).collect();
        let append = join_all(some.iter().map(|chunk| store.append_chunks(chunk)));
        let end = async {
            if delete {
                assert!(store.delete(&ada.id, &turn.conversation.id).await.unwrap());
            } else {
                assert!(store.finish_message(&turn.answer.id, &finish("Yes.", 30)).await.unwrap());
            }
        };
        let (appended, ()) = futures::join!(append, end);
        assert!(appended.iter().all(Result::is_ok));
        while store.purge(NOW + BIN_LIFE).await.unwrap() {}
        assert_eq!(chunks.count_documents(doc! {}).await.unwrap(), 0, "delete: {delete}");
    }
    for key in [Bson::from(doc! { "m": "x", "s": 1_i64 }), "x:1".into()] {
        chunks.insert_one(doc! { "_id": key, "at": 0_i64, "text": "stray" }).await.unwrap();
    }
    assert_eq!(store.interrupt_unfinished(Orphans::Ownerless).await.unwrap(), 0);
    assert_eq!(chunks.count_documents(doc! {}).await.unwrap(), 0);
}

#[tokio::test]
async fn a_failure_that_an_earlier_version_stored_keeps_its_sentence() {
    let url = shared().await.url(&fresh_database());
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    let turn = first_turn(&user(&*store).await);
    begin(&*store, &turn).await;
    let failure = doc! { "code": "refused", "message": "acme refused the key.", "retryable": false };
    documents(&url, "messages")
        .await
        .update_one(
            doc! { "_id": &turn.answer.id },
            doc! { "$set": { "status": "failed", "failure": failure } },
        )
        .await
        .unwrap();
    let stored = store.stored(&turn.user_id, &turn.answer.id).await.unwrap().unwrap().failure;
    assert_eq!(stored, Some(Failure::earlier(FailureCode::Refused, "acme refused the key.", false)));
}

#[tokio::test]
async fn sessions_carry_the_date_at_which_mongodb_removes_them() {
    let url = shared().await.url(&fresh_database());
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    let session = session(&user(&*store).await);
    store.create_session(&session, Some(HASH)).await.unwrap();
    let sessions = documents(&url, "sessions").await;
    let expires = async || {
        let stored = sessions.find_one(doc! {}).await.unwrap().unwrap();
        stored.get_datetime("expires").unwrap().timestamp_millis()
    };
    assert_eq!(expires().await, session.expires_at);
    let visit = Visit { at: NOW, expires_at: session.expires_at + 5, address: "" };
    store.touch_session(&session.id, visit).await.unwrap();
    assert_eq!(expires().await, session.expires_at + 5);
}

#[tokio::test]
async fn opening_twice_makes_the_same_indexes() {
    let url = shared().await.url(&fresh_database());
    let mut counts = Vec::new();
    for _ in 0..2 {
        let store = open(&url, &OpenOptions::default()).await.unwrap();
        let mut count = Vec::new();
        for collection in ["users", "sessions", "conversations", "messages", "chunks", "keys"] {
            count.push(documents(&url, collection).await.list_index_names().await.unwrap().len());
        }
        counts.push(count);
        store.close().await;
    }
    assert_eq!(counts, [[4, 3, 6, 8, 1, 2], [4, 3, 6, 8, 1, 2]]);
}

/// The conversation has so many messages that one transaction to delete all of them would take longer than a call may.
#[tokio::test(flavor = "multi_thread")]
async fn a_very_long_conversation_is_gone_at_once_and_its_messages_soon() {
    let url = shared().await.url(&fresh_database());
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    let ada = user(&*store).await;
    let (long, other) = (first_turn(&ada), first_turn(&ada));
    talk(&*store, &long, "Yes.").await;
    talk(&*store, &other, "No.").await;
    let messages = documents(&url, "messages").await;
    let one = messages.find_one(doc! { "_id": &long.answer.id }).await.unwrap().unwrap();
    for batch in 0..20 {
        let many = (0..5_000).map(|at| {
            let mut message = one.clone();
            message.insert("_id", format!("{}-{batch}-{at}", long.answer.id));
            message
        });
        messages.insert_many(many).await.unwrap();
    }
    let begun = Instant::now();
    assert!(store.delete(&ada.id, &long.conversation.id).await.unwrap());
    println!("deleted within {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(store.conversation(&ada.id, &long.conversation.id).await.unwrap().is_none());
    assert!(!store.delete(&ada.id, &long.conversation.id).await.unwrap());
    assert!(messages.count_documents(doc! {}).await.unwrap() > 2, "the rest waits");
    // The next process goes on with the deletion, as after a crash.
    store.close().await;
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    while store.purge(NOW + BIN_LIFE).await.unwrap() {}
    println!("purged within {:?}", begun.elapsed());
    assert_eq!(messages.count_documents(doc! {}).await.unwrap(), 2);
    assert!(!store.purge(NOW + BIN_LIFE).await.unwrap());
    let kept = store.back(&other.user_id, &other.conversation.id, None, 10).await.unwrap();
    assert_eq!(kept.len(), 2, "others are left alone");
}

/// A database of a version that stored the idempotency keys on the answers, with its own indexes.
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_an_earlier_version_still_count() {
    let url = shared().await.url(&fresh_database());
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    let ada = user(&*store).await;
    let now = i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let first = first_turn(&ada);
    talk(&*store, &first, "Yes.").await;
    interrupt(&*store).await;
    let messages = documents(&url, "messages").await;
    let which = doc! { "_id": &first.answer.id };
    let old = doc! { "$set": {
        "key": "k", "continue_keys": ["c"], "created_at": now - 1000, "status": "interrupted"
    } };
    messages.update_one(which, old).await.unwrap();
    for field in ["key", "continue_keys"] {
        let some = mongodb::options::IndexOptions::builder().unique(true);
        let some = some.partial_filter_expression(doc! { field: { "$exists": true } }).build();
        let index =
            mongodb::IndexModel::builder().keys(doc! { "user_id": 1, field: 1 }).options(some).build();
        messages.create_index(index).await.unwrap();
    }
    store.close().await;
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    assert_eq!(messages.list_index_names().await.unwrap().len(), 8);
    let asked = |text: &str, new: bool| {
        let base = turn(&ada, &first.conversation, Some(&first.answer.id));
        let mut turn = if new { first_turn(&ada) } else { base };
        turn.question.as_mut().unwrap().content = text.to_owned();
        NewTurn { key: Some(key("k", text)), now, ..turn }
    };
    for new in [false, true] {
        let again = store.begin_turn(&asked(&first.question.as_ref().unwrap().content, new)).await.unwrap();
        assert!(matches!(&again, TurnOutcome::Repeated { answer_id, .. } if *answer_id == first.answer.id));
        assert_eq!(store.begin_turn(&asked("another", new)).await.unwrap(), TurnOutcome::KeyReused);
    }
    let go_on = async |name: &str| {
        let key = key(name, "continue");
        store.go_on(&ada.id, &first.answer.id, Some(&key), &id(), 1000, now).await.unwrap()
    };
    assert!(matches!(go_on("c").await, ContinueOutcome::Repeated(_)));
    assert!(matches!(go_on("new").await, ContinueOutcome::Begun { .. }));
    assert!(store.forget_keys(LATER).await.unwrap() > 0);
}

/// The work of a transaction runs again when nobody knows whether its commit took effect. What it has done then counts as
/// done, and not as missing.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_try_has_done_is_done() {
    let url = shared().await.url(&fresh_database());
    let mongo = Mongo::open(&url, &OpenOptions::default()).await.unwrap();
    let ada = user(&mongo).await;
    let turn = first_turn(&ada);
    talk(&mongo, &turn, "Yes.").await;
    let grant = mongo.grant(&ada.id, &turn.conversation.id).await.unwrap().unwrap();
    let queued = id();
    let new = NewQueued { id: &queued, text: "Later", most: 9, now: NOW, ..NewQueued::default() };
    mongo.add_queued(&grant, &new).await.unwrap();
    let [first, again] = mongo.change_queued_twice(&grant, &queued, QueueChange::Remove).await.unwrap();
    assert!(matches!(first, QueueOutcome::Changed { .. }));
    assert_eq!(again, first);
    let gone = mongo.change_queued(&grant, &queued, QueueChange::Remove).await.unwrap();
    assert_eq!(gone, QueueOutcome::Missing);
    let [first, again] = mongo.delete_message_twice(&grant, &turn.answer.id, NOW).await.unwrap();
    assert!(matches!(first, TreeOutcome::Changed(_)) && again == first, "{again:?}");
    assert_eq!(mongo.delete_message(&grant, &turn.answer.id, NOW).await.unwrap(), TreeOutcome::Missing);
    let [first, again] = mongo.put_back_twice(&grant, &turn.answer.id).await.unwrap();
    assert!(matches!(first, TreeOutcome::Changed(_)) && again == first, "{again:?}");
    assert_eq!(mongo.restore_message(&grant, &turn.answer.id).await.unwrap(), TreeOutcome::Missing);
}

#[tokio::test]
async fn no_document_names_an_erased_account() {
    let url = shared().await.url(&fresh_database());
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    let id = erased_with_rows_everywhere(&*store).await;
    // As if this had been begun before the account was closed, and stored after it was erased.
    let late = conversation("Late");
    store.create_conversation(&id, &late).await.unwrap();
    while store.purge(NOW).await.unwrap() {}
    let db = Client::with_uri_str(&url).await.unwrap().default_database().unwrap();
    let names = db.list_collection_names().await.unwrap();
    assert!(names.len() > 20);
    for name in names {
        let all: Vec<Document> =
            db.collection(&name).find(doc! {}).await.unwrap().try_collect().await.unwrap();
        let named: Vec<&Document> = all.iter().filter(|found| found.to_string().contains(&id)).collect();
        assert!(named.is_empty(), "{name}: {named:?}");
    }
    store.close().await;
}
