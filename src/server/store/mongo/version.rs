//! The facts that a MongoDB database has about itself, in `meta`: the version of its schema, and the secret that signs
//! the sessions of its servers.

use std::time::{Duration, Instant};

use futures::TryStreamExt;
use mongodb::{
    bson::{Bson, Document, doc},
    error::Result,
    options::ReturnDocument,
};

use super::{Mongo, error::is_duplicate};

/// The schema that this version writes. It grows by one with each change that earlier versions would not understand.
pub(super) const SCHEMA: i64 = 3;
/// How long other servers are watched: longer than the time between two heartbeats.
const WATCHED: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The schema of the database: `None` if the database is empty, 0 if it was written before schemas had versions.
pub(super) async fn schema(mongo: &Mongo) -> Result<Option<i64>> {
    if let Some(found) = mongo.meta().find_one(doc! { "_id": "schema" }).await? {
        return Ok(Some(number(&found)));
    }
    let there = mongo.db.list_collection_names().await?;
    Ok(there.iter().any(|name| name == "users").then_some(0))
}

/// The version in a document. Tools that edit a database by hand write any type of number. Any other value counts as
/// newer than all known versions, because this version never wrote it.
fn number(found: &Document) -> i64 {
    match found.get("version") {
        Some(Bson::Int64(version)) => *version,
        Some(Bson::Int32(version)) => i64::from(*version),
        Some(Bson::Double(version)) if version.is_finite() => version.ceil() as i64,
        _ => i64::MAX,
    }
}

/// Stores that the database has the schema of this version.
pub(super) async fn note(mongo: &Mongo) -> Result<()> {
    let newest = doc! { "$max": { "version": SCHEMA } };
    mongo.meta().update_one(doc! { "_id": "schema" }, newest).upsert(true).await.map(|_| ())
}

/// Stores which secret this server has. `false` when other live servers have another secret.
pub(super) async fn agree(mongo: &Mongo, fingerprint: &str) -> Result<bool> {
    // The heartbeat is stored before the check, so that two servers that start at once see each other.
    mongo.write_heartbeat().await?;
    let meta = mongo.meta();
    let known = loop {
        let first = doc! { "$setOnInsert": { "fingerprint": fingerprint } };
        let noted = meta.find_one_and_update(doc! { "_id": "secret" }, first);
        match noted.upsert(true).return_document(ReturnDocument::After).await {
            Ok(found) => break found.unwrap_or_default(),
            // Another server has just stored its secret.
            Err(error) if is_duplicate(&error) => {}
            Err(error) => return Err(error),
        }
    };
    if known.get_str("fingerprint") == Ok(fingerprint) {
        return Ok(true);
    }
    if others_live(mongo).await? {
        return Ok(false);
    }
    let change = doc! { "$set": { "fingerprint": fingerprint } };
    if meta.update_one(known, change).await?.matched_count == 0 {
        return Ok(false);
    }
    tracing::warn!("the secret that signs sessions is another one than before: everybody signs in again");
    Ok(true)
}

/// The answer that [`agree`] would give; changes nothing.
pub(super) async fn would_agree(mongo: &Mongo, fingerprint: &str) -> Result<bool> {
    let known = mongo.meta().find_one(doc! { "_id": "secret" }).await?;
    let same = known.is_none_or(|known| known.get_str("fingerprint") == Ok(fingerprint));
    Ok(same || !others_live(mongo).await?)
}

/// Whether another server sends heartbeats. A heartbeat that does not change belongs to a killed server.
async fn others_live(mongo: &Mongo) -> Result<bool> {
    let others = async || -> Result<Vec<Document>> {
        let others = doc! { "_id": { "$ne": &mongo.instance } };
        let instances = mongo.instances();
        let beats = instances.find(others).projection(doc! { "beats": 1 });
        beats.await?.try_collect().await
    };
    let known = others().await?;
    let begun = Instant::now();
    while !known.is_empty() && begun.elapsed() < WATCHED {
        tokio::time::sleep(LOOK_EVERY).await;
        if others().await?.iter().any(|beat| !known.contains(beat)) {
            return Ok(true);
        }
    }
    Ok(false)
}
