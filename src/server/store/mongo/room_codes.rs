//! Codes that lead to a room, in MongoDB.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Bson, Document, doc},
    error,
};

use crate::{
    domain::Code,
    server::store::{Grant, Need},
};

use super::{
    Mongo,
    access::is_granted,
    transaction::{Outcome, Transaction},
};

/// Those of these codes that can be used.
pub(super) fn live(mut which: Document, now: i64) -> Document {
    which.extend(doc! {
        "ended_at": null,
        "$or": [{ "expires_at": null }, { "expires_at": { "$gt": now } }],
        "$expr": { "$lt": ["$used", "$uses"] },
    });
    which
}

/// Ends a code that leads to a room.
pub(super) struct EndOfRoom<'a> {
    grant: &'a Grant,
    code_id: &'a str,
    now: i64,
    /// An earlier try reached its commit, and its outcome is unknown.
    tried: AtomicBool,
}

#[async_trait]
impl Transaction for EndOfRoom<'_> {
    type Answer = bool;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<bool>> {
        if !is_granted(mongo, tx, self.grant, Need::Manage).await? {
            return Ok(Outcome::Abort(false));
        }
        let mut which = doc! { "_id": self.code_id, "room_id": self.grant.conversation_id() };
        which.insert("ended_at", Bson::Null);
        let end = doc! { "$set": { "ended_at": self.now } };
        let ended = mongo.code_docs().update_one(which, end).session(tx).await?.matched_count == 1;
        if !ended {
            return Ok(Outcome::Abort(self.tried.load(Ordering::Relaxed)));
        }
        self.tried.store(true, Ordering::Relaxed);
        Ok(Outcome::Commit(true))
    }
}

impl<'a> EndOfRoom<'a> {
    pub(super) fn new(grant: &'a Grant, code_id: &'a str, now: i64) -> Self {
        Self { grant, code_id, now, tried: AtomicBool::default() }
    }
}

impl Mongo {
    pub(super) async fn codes_of_room(&self, grant: &Grant, most: u32, now: i64) -> error::Result<Vec<Code>> {
        // MongoDB takes a limit of 0 for "no limit".
        if most == 0 || !self.may_now(grant, Need::Manage).await? {
            return Ok(Vec::new());
        }
        let codes = self.code_docs();
        let which = live(doc! { "room_id": grant.conversation_id() }, now);
        let found = codes.find(which).sort(doc! { "_id": -1 }).limit(i64::from(most)).await?;
        found.map_ok(Code::from).try_collect().await
    }

    /// Uses a code that leads to a room. For somebody who comes again with it, or registered with it, that is the same use.
    pub(super) async fn use_room_code(
        &self,
        tx: &mut ClientSession,
        code: &Code,
        user_id: &str,
        now: i64,
    ) -> error::Result<()> {
        let known = doc! { "_id": { "c": &code.id, "u": user_id } };
        if self.use_docs().find_one(known).session(&mut *tx).await?.is_some() {
            return Ok(());
        }
        self.use_code(tx, code, user_id, now).await
    }
}
