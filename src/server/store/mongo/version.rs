//! What a MongoDB database says of itself, in `meta`: the version of its schema, and which secret signs
//! the sessions of its servers.

use std::time::{Duration, Instant};

use futures::TryStreamExt;
use mongodb::{
    bson::{Bson, Document, doc},
    error::Result,
    options::ReturnDocument,
};

use super::{Mongo, error::is_duplicate};

/// Of what this version writes. It grows by one with each change that earlier versions would not
/// understand.
pub(super) const SCHEMA: i64 = 2;
/// How long the others are watched: longer than two signs of life are apart.
const WATCHED: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The schema of what is there: `None` in an empty database, 0 where versions were not kept yet.
pub(super) async fn schema(mongo: &Mongo) -> Result<Option<i64>> {
    if let Some(found) = mongo.meta().find_one(doc! { "_id": "schema" }).await? {
        return Ok(Some(number(&found)));
    }
    let there = mongo.db.list_collection_names().await?;
    Ok(there.iter().any(|name| name == "users").then_some(0))
}

/// Tools that edit a database by hand write any kind of number. What is none is newer than all that is known, since
/// this version never wrote it.
fn number(found: &Document) -> i64 {
    match found.get("version") {
        Some(Bson::Int64(version)) => *version,
        Some(Bson::Int32(version)) => i64::from(*version),
        Some(Bson::Double(version)) if version.is_finite() => version.ceil() as i64,
        _ => i64::MAX,
    }
}

/// Notes that everything is as this version wants it.
pub(super) async fn note(mongo: &Mongo) -> Result<()> {
    let newest = doc! { "$max": { "version": SCHEMA } };
    mongo.meta().update_one(doc! { "_id": "schema" }, newest).upsert(true).await.map(|_| ())
}

/// Notes which secret this server has, unless others that live have another one: then `false`.
pub(super) async fn agree(mongo: &Mongo, fingerprint: &str) -> Result<bool> {
    // Before looking, so that of two servers that start at once each sees the other.
    mongo.write_heartbeat().await?;
    let meta = mongo.meta();
    let known = loop {
        let first = doc! { "$setOnInsert": { "fingerprint": fingerprint } };
        let noted = meta.find_one_and_update(doc! { "_id": "secret" }, first);
        match noted.upsert(true).return_document(ReturnDocument::After).await {
            Ok(found) => break found.unwrap_or_default(),
            // Another one has just noted its own.
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

/// As [`agree`], without changing anything.
pub(super) async fn would_agree(mongo: &Mongo, fingerprint: &str) -> Result<bool> {
    let known = mongo.meta().find_one(doc! { "_id": "secret" }).await?;
    let same = known.is_none_or(|known| known.get_str("fingerprint") == Ok(fingerprint));
    Ok(same || !others_live(mongo).await?)
}

/// Whether another server gives signs of life. One that was killed left its last one behind.
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
