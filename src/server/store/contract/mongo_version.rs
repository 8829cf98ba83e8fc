//! The versions and the servers that may use a MongoDB database, by what the database says of itself.

use mongodb::{
    Client, Collection,
    bson::{Document, doc},
};

use crate::{
    domain::Status,
    server::store::{Inspection, OpenError, OpenOptions, Orphans, Outlook, inspect, open},
};

use super::{
    fixtures::{Asking, begin, chunk, first_turn, talk, turn, user},
    mongod::{fresh_database, shared},
};

async fn fresh() -> (String, mongodb::Database) {
    let url = shared().await.url(&fresh_database());
    let db = Client::with_uri_str(&url).await.unwrap().default_database().unwrap();
    (url, db)
}

fn with_secret(fingerprint: &str) -> OpenOptions {
    OpenOptions { fingerprint: Some(fingerprint.to_owned()), ..OpenOptions::default() }
}

fn outlook(outlook: Outlook) -> Inspection {
    Inspection { outlook, copy: None, holder: None }
}

#[tokio::test]
async fn a_newer_database_is_refused_and_an_older_one_is_upgraded() {
    let (url, db) = fresh().await;
    let options = OpenOptions::default();
    assert_eq!(inspect(&url, &options).await.unwrap(), outlook(Outlook::New));
    assert!(db.list_collection_names().await.unwrap().is_empty(), "looking makes nothing");
    let store = open(&url, &options).await.unwrap();
    assert_eq!(inspect(&url, &options).await.unwrap(), outlook(Outlook::Ready { schema: 3 }));
    let turn = first_turn(&user(&*store).await);
    begin(&*store, &turn).await;
    store.append_chunks(&[chunk(&turn, 1, 0, "half")]).await.unwrap();

    // The database is as a version left it that stored no schema version.
    let meta: Collection<Document> = db.collection("meta");
    let messages: Collection<Document> = db.collection("messages");
    meta.delete_one(doc! { "_id": "schema" }).await.unwrap();
    messages.drop_indexes().await.unwrap();
    let upgrade = Outlook::Upgrade { from: 0, to: 3 };
    assert_eq!(inspect(&url, &options).await.unwrap(), outlook(upgrade));
    assert_eq!(messages.list_index_names().await.unwrap().len(), 1, "looking changes nothing");
    let next = open(&url, &options).await.unwrap();
    assert_eq!(messages.list_index_names().await.unwrap().len(), 8);
    assert_eq!(next.interrupt_unfinished(Orphans::Of(store.instance())).await.unwrap(), 1);
    let kept = next.stored(&turn.user_id, &turn.answer.id).await.unwrap().unwrap();
    assert_eq!((&*kept.content, kept.status), ("half", Status::Interrupted));

    meta.update_one(doc! { "_id": "schema" }, doc! { "$set": { "version": 4_i64 } }).await.unwrap();
    for error in [open(&url, &options).await.err(), inspect(&url, &options).await.err()] {
        let error = error.expect("a newer one is refused");
        assert!(matches!(error, OpenError::TooNew { .. }), "{error}");
        assert!(error.to_string().contains("test_") && error.to_string().contains("127.0.0.1"), "{error}");
    }
}

/// The messages are from a version in which changes had no numbers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_an_earlier_version_get_numbers() {
    let (url, db) = fresh().await;
    let options = OpenOptions::default();
    let store = open(&url, &options).await.unwrap();
    let ada = user(&*store).await;
    let (first, other) = (first_turn(&ada), first_turn(&ada));
    talk(&*store, &first, "Yes.").await;
    talk(&*store, &other, "No.").await;
    let running = turn(&ada, &first.conversation, Some(&first.answer.id));
    begin(&*store, &running).await;
    let last_seq = store.last_seq(&ada.id, &first.conversation.id).await.unwrap();
    let collection = |name: &str| -> Collection<Document> { db.collection(name) };
    let without = doc! { "$unset": { "revision": "", "began_seq": "" } };
    collection("messages").update_many(doc! {}, without).await.unwrap();
    let without = doc! { "$unset": { "changed_seq": "", "kind": "" } };
    collection("conversations").update_many(doc! {}, without).await.unwrap();
    collection("meta")
        .update_one(doc! { "_id": "schema" }, doc! { "$set": { "version": 1_i64 } })
        .await
        .unwrap();

    // A server of an earlier version may run beside this one and store messages without a number. The store returns
    // such messages each time.
    let grant = store.grant(&ada.id, &first.conversation.id).await.unwrap().unwrap();
    assert_eq!(store.changes_since(&grant, last_seq, 9).await.unwrap().messages.len(), 4);
    let next = open(&url, &options).await.unwrap();
    let changes = next.changes_since(&grant, 0, 9).await.unwrap();
    assert_eq!(changes.messages.iter().map(|it| it.revision).collect::<Vec<_>>(), [last_seq; 4]);
    assert_eq!(changes.seq, last_seq, "the position before the answer that runs");
    assert_eq!(next.interrupt_unfinished(Orphans::Of(store.instance())).await.unwrap(), 1);
    let seq = next.changes_since(&grant, 0, 9).await.unwrap().seq;
    assert!(seq > last_seq && next.changes_since(&grant, seq, 9).await.unwrap().messages.is_empty());
    let beside = next.grant(&ada.id, &other.conversation.id).await.unwrap().unwrap();
    let changes = next.changes_since(&beside, 0, 9).await.unwrap();
    assert_eq!(changes.messages.iter().map(|it| it.revision).max(), Some(beside.last_seq()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_share_a_database_have_the_same_secret() {
    let (url, db) = fresh().await;
    let instances: Collection<Document> = db.collection("instances");
    let one = open(&url, &with_secret("one")).await.unwrap();
    let beating = one.clone();
    let beats = tokio::spawn(async move {
        loop {
            beating.heartbeat().await.unwrap();
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        }
    });
    let same = open(&url, &with_secret("one")).await.unwrap();
    same.close().await;
    for error in
        [open(&url, &with_secret("other")).await.err(), inspect(&url, &with_secret("other")).await.err()]
    {
        let error = error.expect("another secret is refused");
        assert!(matches!(error, OpenError::OtherSecret { .. }), "{error}");
        assert!(error.to_string().contains("INGLENOOK_SECRET"), "{error}");
        assert_eq!(instances.count_documents(doc! {}).await.unwrap(), 1, "the refused one left something");
    }
    // The first server is killed: its last heartbeat stays, and no other follows.
    beats.abort();
    assert_eq!(inspect(&url, &with_secret("other")).await.unwrap(), outlook(Outlook::Ready { schema: 3 }));
    open(&url, &with_secret("other")).await.unwrap().close().await;
    instances.delete_many(doc! {}).await.unwrap();
    // A stopped server leaves no heartbeat that the next server would wait for.
    let begun = std::time::Instant::now();
    open(&url, &with_secret("third")).await.unwrap();
    assert!(begun.elapsed() < std::time::Duration::from_secs(4), "{:?}", begun.elapsed());
    // The database has neither the secret itself nor the fingerprint of an earlier secret.
    let meta: Collection<Document> = db.collection("meta");
    let secret = meta.find_one(doc! { "_id": "secret" }).await.unwrap().unwrap();
    assert_eq!(secret, doc! { "_id": "secret", "fingerprint": "third" });
}
