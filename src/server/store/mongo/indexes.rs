//! The collections and their indexes. Creating an existing one changes nothing.

use std::time::Duration;

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
/// Collections that are created here and not by their first write, because inside a transaction creating one would
/// block other transactions.
const COLLECTIONS: [&str; 25] = [
    "meta",
    "instances",
    "chunks",
    "keys",
    "deleted",
    "jobs",
    "members",
    "removed_messages",
    "bin",
    "deleted_messages",
    "queued",
    "resets",
    "audit",
    "tiers",
    "codes",
    "code_uses",
    "budgets",
    "second_factors",
    "device_links",
    "exports",
    "export_parts",
    "model_providers",
    "model_access",
    "identities",
    "ended_visits",
];

pub(super) async fn make(mongo: &Mongo) -> Result<()> {
    let there = mongo.db.list_collection_names().await?;
    for name in COLLECTIONS.into_iter().filter(|name| !there.iter().any(|it| it == name)) {
        mongo.db.create_collection(name).await.or_else(already_there)?;
    }
    mongo
        .users()
        .create_indexes([
            index(doc! { "email": 1 }, unique()),
            // The accounts that are to be deleted, which are few.
            index(doc! { "deletes_at": 1 }, only_where(doc! { "deletes_at": { "$gt": 0_i64 } })),
        ])
        .await?;
    mongo.resets().create_index(index(doc! { "hash": 1 }, unique())).await?;
    mongo
        .sessions()
        .create_indexes([
            index(doc! { "user_id": 1 }, IndexOptions::default()),
            index(doc! { "expires": 1 }, IndexOptions::builder().expire_after(Duration::ZERO).build()),
        ])
        .await?;
    let listing = doc! { "user_id": 1, "archived": 1, "updated_at": -1, "_id": -1 };
    // It names `pinned` among its fields, because MongoDB takes no second index on the fields of the listing.
    let pinned = doc! { "user_id": 1, "pinned": 1, "archived": 1, "updated_at": -1, "_id": -1 };
    mongo
        .conversation_docs()
        .create_indexes([
            index(listing, IndexOptions::default()),
            index(pinned, only_where(doc! { "pinned": true })),
        ])
        .await?;
    mongo
        .messages()
        .create_indexes([
            index(doc! { "conversation_id": 1, "_id": 1 }, IndexOptions::default()),
            index(doc! { "conversation_id": 1, "parent_id": 1, "_id": 1 }, IndexOptions::default()),
            index(doc! { "conversation_id": 1, "revision": 1 }, IndexOptions::default()),
            // Allows one running answer per conversation; a search for orphans uses the index, too.
            index(doc! { "status": 1, "conversation_id": 1 }, unique_where(doc! { "status": "generating" })),
            // Counts the running answers of a person.
            index(doc! { "user_id": 1, "status": 1 }, only_where(doc! { "status": "generating" })),
        ])
        .await?;
    let removed = index(doc! { "conversation_id": 1, "revision": 1 }, IndexOptions::default());
    mongo.removed().create_index(removed).await?;
    let ages = [doc! { "binned_at": 1 }, doc! { "user_id": 1, "binned_at": -1 }];
    mongo.bin_docs().create_indexes(ages.map(|keys| index(keys, IndexOptions::default()))).await?;
    let kept = [doc! { "conversation_id": 1 }, doc! { "deleted_at": 1 }];
    mongo.deleted_messages().create_indexes(kept.map(|keys| index(keys, IndexOptions::default()))).await?;
    let order = doc! { "conversation_id": 1, "position": 1, "_id": 1 };
    mongo.queued_docs().create_index(index(order, IndexOptions::default())).await?;
    mongo.part_docs().create_index(index(doc! { "_id.run": 1 }, IndexOptions::default())).await?;
    mongo.provider_docs().create_index(index(doc! { "name": 1 }, unique())).await?;
    mongo
        .identity_docs()
        .create_indexes([
            index(doc! { "provider": 1, "subject": 1 }, unique()),
            index(doc! { "user_id": 1 }, IndexOptions::default()),
        ])
        .await?;
    mongo.device_link_docs().create_index(index(doc! { "code_hash": 1 }, unique())).await?;
    mongo.member_docs().create_index(index(doc! { "_id.u": 1 }, IndexOptions::default())).await?;
    mongo
        .tier_docs()
        .create_index(index(
            doc! { "name_lower": 1 },
            unique_where(doc! { "name_lower": { "$exists": true } }),
        ))
        .await?;
    mongo
        .users()
        .create_index(index(doc! { "tier": 1 }, only_where(doc! { "tier": { "$exists": true } })))
        .await?;
    mongo
        .code_docs()
        .create_indexes([
            index(doc! { "hash": 1 }, unique()),
            index(doc! { "batch_id": 1 }, IndexOptions::default()),
            index(doc! { "tier": 1 }, IndexOptions::default()),
        ])
        .await?;
    let by_time = doc! { "_id.c": 1, "at": -1, "_id.u": -1 };
    mongo.use_docs().create_index(index(by_time, IndexOptions::default())).await?;
    mongo.budget_docs().create_index(index(doc! { "day": 1 }, IndexOptions::default())).await?;
    mongo.keys().create_index(index(doc! { "created_at": 1 }, IndexOptions::default())).await?;
    let listings = ["kind", "actor.id", "subject.id"].map(|field| doc! { field: 1, "_id": -1 });
    let counted = unique_where(doc! { "counted_as": { "$exists": true } });
    let audit =
        listings.into_iter().chain([doc! { "at": 1 }]).map(|keys| index(keys, IndexOptions::default()));
    let audit = audit.chain([index(doc! { "counted_as": 1 }, counted)]);
    mongo.audit_docs().create_indexes(audit).await?;
    mongo
        .jobs()
        .create_indexes([
            index(doc! { "kind": 1, "key": 1 }, unique_where(doc! { "key": { "$exists": true } })),
            // Jobs kept as failed have no `due_at`, because they are never due.
            index(doc! { "due_at": 1, "_id": 1 }, only_where(doc! { "due_at": { "$exists": true } })),
        ])
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
