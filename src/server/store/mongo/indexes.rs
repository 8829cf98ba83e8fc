//! The collections and their indexes. Creating an existing one changes nothing.

use std::time::Duration;

use futures::future::try_join_all;
use mongodb::{
    IndexModel,
    bson::{Document, doc},
    error::{Error, ErrorKind, Result},
    options::IndexOptions,
};

use super::Mongo;

/// "NamespaceExists": the collection is there already.
const EXISTS: i32 = 48;
/// "IndexNotFound".
const NO_INDEX: i32 = 27;
const OLD_KEY: &str = "message_id_1_seq_1";
/// The indexes of versions that stored idempotency keys on the answers.
const OLD_KEYS: [&str; 2] = ["user_id_1_key_1", "user_id_1_continue_keys_1"];
/// Collections without an index of their own. They are created here and not by their first write, because inside a
/// transaction creating one would block other transactions.
const OTHERS: [&str; 8] =
    ["meta", "instances", "chunks", "deleted", "exports", "second_factors", "model_access", "ended_visits"];

/// The collections that have indexes, and those.
fn indexes() -> [(&'static str, Vec<IndexModel>); 27] {
    let plain = |keys: Document| index(keys, IndexOptions::default());
    let expires = IndexOptions::builder().expire_after(Duration::ZERO).build();
    let listing = doc! { "user_id": 1, "archived": 1, "updated_at": -1, "_id": -1 };
    // It names `pinned` among its fields, because MongoDB takes no second index on the fields of the listing.
    let pinned = doc! { "user_id": 1, "pinned": 1, "archived": 1, "updated_at": -1, "_id": -1 };
    let audit = ["kind", "actor.id", "subject.id"].map(|field| plain(doc! { field: 1, "_id": -1 }));
    let counted = index(doc! { "counted_as": 1 }, unique_where(doc! { "counted_as": { "$exists": true } }));
    [
        (
            "users",
            vec![
                index(doc! { "email": 1 }, unique()),
                // The accounts that are to be deleted, which are few.
                index(doc! { "deletes_at": 1 }, only_where(doc! { "deletes_at": { "$gt": 0_i64 } })),
                index(doc! { "tier": 1 }, only_where(doc! { "tier": { "$exists": true } })),
            ],
        ),
        ("resets", vec![index(doc! { "hash": 1 }, unique())]),
        ("sessions", vec![plain(doc! { "user_id": 1 }), index(doc! { "expires": 1 }, expires)]),
        (
            "conversations",
            vec![
                plain(listing),
                index(pinned, only_where(doc! { "pinned": true })),
                // There is one board at most.
                index(doc! { "kind": 1 }, unique_where(doc! { "kind": "board" })),
                index(
                    doc! { "room.listed": 1, "updated_at": -1, "_id": -1 },
                    only_where(doc! { "room.listed": true }),
                ),
                // Of each pair of people one.
                index(
                    doc! { "room.direct.pair": 1 },
                    unique_where(doc! { "room.direct.pair": { "$exists": true } }),
                ),
            ],
        ),
        (
            "messages",
            vec![
                plain(doc! { "conversation_id": 1, "_id": 1 }),
                plain(doc! { "conversation_id": 1, "parent_id": 1, "_id": 1 }),
                plain(doc! { "conversation_id": 1, "revision": 1 }),
                // The messages of a room that mention a person.
                index(
                    doc! { "conversation_id": 1, "talk.mentions": 1, "_id": 1 },
                    only_where(doc! { "talk.mentions": { "$exists": true } }),
                ),
                // The pinned messages of a room.
                index(
                    doc! { "conversation_id": 1, "talk.pinned.at": -1 },
                    only_where(doc! { "talk.pinned.at": { "$gt": 0_i64 } }),
                ),
                // Allows one running answer per conversation; a search for orphans uses the index, too.
                index(
                    doc! { "status": 1, "conversation_id": 1 },
                    unique_where(doc! { "status": "generating" }),
                ),
                // Counts the running answers of a person.
                index(doc! { "user_id": 1, "status": 1 }, only_where(doc! { "status": "generating" })),
            ],
        ),
        ("removed_messages", vec![plain(doc! { "conversation_id": 1, "revision": 1 })]),
        ("bin", vec![plain(doc! { "binned_at": 1 }), plain(doc! { "user_id": 1, "binned_at": -1 })]),
        ("deleted_messages", vec![plain(doc! { "conversation_id": 1 }), plain(doc! { "deleted_at": 1 })]),
        ("queued", vec![plain(doc! { "conversation_id": 1, "position": 1, "_id": 1 })]),
        ("versions", vec![plain(doc! { "_id.m": 1 })]),
        ("reactions", vec![plain(doc! { "_id.m": 1, "_id.e": 1, "at": 1 }), plain(doc! { "_id.u": 1 })]),
        (
            "reports",
            vec![
                index(doc! { "message_id": 1, "reporter_id": 1 }, unique()),
                plain(doc! { "conversation_id": 1, "_id": -1 }),
                plain(doc! { "reporter_id": 1 }),
            ],
        ),
        ("export_parts", vec![plain(doc! { "_id.run": 1 })]),
        ("model_providers", vec![index(doc! { "name": 1 }, unique())]),
        (
            "identities",
            vec![index(doc! { "provider": 1, "subject": 1 }, unique()), plain(doc! { "user_id": 1 })],
        ),
        ("device_links", vec![index(doc! { "code_hash": 1 }, unique())]),
        (
            "members",
            vec![
                plain(doc! { "_id.u": 1 }),
                plain(doc! { "_id.c": 1, "name_key": 1, "_id.u": 1 }),
                index(doc! { "_id.c": 1, "name_key": 1 }, unique_where(doc! { "state": "active" })),
            ],
        ),
        ("blocks", vec![plain(doc! { "_id.u": 1 }), plain(doc! { "_id.b": 1 })]),
        ("notes", vec![plain(doc! { "wall_id": 1, "_id": -1 }), plain(doc! { "author_id": 1, "_id": -1 })]),
        (
            "tiers",
            vec![index(doc! { "name_lower": 1 }, unique_where(doc! { "name_lower": { "$exists": true } }))],
        ),
        (
            "codes",
            vec![
                index(doc! { "hash": 1 }, unique()),
                plain(doc! { "batch_id": 1 }),
                plain(doc! { "tier": 1 }),
                index(doc! { "room_id": 1 }, only_where(doc! { "room_id": { "$gt": "" } })),
            ],
        ),
        ("code_uses", vec![plain(doc! { "_id.c": 1, "at": -1, "_id.u": -1 })]),
        ("budgets", vec![plain(doc! { "day": 1 })]),
        ("presences", vec![plain(doc! { "active_until": 1 }), plain(doc! { "connected_until": 1 })]),
        ("keys", vec![plain(doc! { "created_at": 1 })]),
        ("audit", audit.into_iter().chain([plain(doc! { "at": 1 }), counted]).collect()),
        (
            "jobs",
            vec![
                index(doc! { "kind": 1, "key": 1 }, unique_where(doc! { "key": { "$exists": true } })),
                // Jobs kept as failed have no `due_at`, because they are never due.
                index(doc! { "due_at": 1, "_id": 1 }, only_where(doc! { "due_at": { "$exists": true } })),
            ],
        ),
    ]
}

/// Several at once, because MongoDB answers each only when it is on the disk of most members.
pub(super) async fn make(mongo: &Mongo) -> Result<()> {
    let there = mongo.db.list_collection_names().await?;
    let missing = OTHERS.into_iter().filter(|name| !there.iter().any(|it| it == name));
    try_join_all(missing.map(async |name| mongo.db.create_collection(name).await.or_else(already_there)))
        .await?;
    try_join_all(indexes().into_iter().map(async |(name, indexes)| {
        mongo.db.collection::<Document>(name).create_indexes(indexes).await.map(|_| ())
    }))
    .await?;
    let old = mongo.messages().list_index_names().await?;
    let old: Vec<&str> = OLD_KEYS.into_iter().filter(|name| old.iter().any(|it| it == name)).collect();
    if !old.is_empty() {
        mongo.move_old_keys().await?;
    }
    for name in old {
        mongo.messages().drop_index(name).await.or_else(not_there)?;
    }
    // The index of versions that stored message and number outside the key. The list is read first, because dropping an
    // index waits for all transactions and blocks new ones, even when there is no index to drop.
    if mongo.chunks().list_index_names().await?.iter().any(|name| name == OLD_KEY) {
        mongo.chunks().drop_index(OLD_KEY).await.or_else(not_there)?;
    }
    // The old chunks move after the index is dropped, because for that index all chunks in the new form are the same
    // one.
    mongo.move_old_chunks().await
}

fn index(keys: Document, options: IndexOptions) -> IndexModel {
    IndexModel::builder().keys(keys).options(options).build()
}

fn unique() -> IndexOptions {
    IndexOptions::builder().unique(true).build()
}

fn only_where(filter: Document) -> IndexOptions {
    IndexOptions::builder().partial_filter_expression(filter).build()
}

fn unique_where(filter: Document) -> IndexOptions {
    IndexOptions::builder().unique(true).partial_filter_expression(filter).build()
}

fn already_there(error: Error) -> Result<()> {
    match &*error.kind {
        ErrorKind::Command(command) if command.code == EXISTS => Ok(()),
        _ => Err(error),
    }
}

fn not_there(error: Error) -> Result<()> {
    match &*error.kind {
        ErrorKind::Command(command) if command.code == NO_INDEX => Ok(()),
        _ => Err(error),
    }
}
