//! Whom a person has blocked, in MongoDB.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Document, doc},
    error,
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::Block,
    server::store::{BlockOutcome, Blocks, Result},
};

use super::{
    Mongo,
    transaction::{Outcome, Transaction},
};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BlockDoc {
    #[serde(rename = "_id")]
    pub id: BlockId,
    at: i64,
}

/// Who has blocked, and whom.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BlockId {
    pub u: String,
    pub b: String,
}

fn of(user_id: &str, other_id: &str) -> Document {
    doc! { "_id": { "u": user_id, "b": other_id } }
}

struct Add<'a> {
    user_id: &'a str,
    other_id: &'a str,
    most: u32,
    now: i64,
}

#[async_trait]
impl Transaction for Add<'_> {
    type Answer = BlockOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<BlockOutcome>> {
        let Self { user_id, other_id, most, now } = *self;
        let blocks = mongo.block_docs();
        if blocks.find_one(of(user_id, other_id)).session(&mut *tx).await?.is_some() {
            return Ok(Outcome::Abort(BlockOutcome::Blocked));
        }
        if !mongo.touch(tx, [user_id, other_id]).await? {
            return Ok(Outcome::Abort(BlockOutcome::Missing));
        }
        let count = blocks.count_documents(doc! { "_id.u": user_id }).session(&mut *tx).await?;
        if count >= u64::from(most) {
            return Ok(Outcome::Abort(BlockOutcome::TooMany));
        }
        let id = BlockId { u: user_id.to_owned(), b: other_id.to_owned() };
        blocks.insert_one(BlockDoc { id, at: now }).session(tx).await?;
        Ok(Outcome::Commit(BlockOutcome::Blocked))
    }
}

#[async_trait]
impl Blocks for Mongo {
    async fn block(&self, user_id: &str, other_id: &str, most: u32, now: i64) -> Result<BlockOutcome> {
        self.call(self.transaction(&Add { user_id, other_id, most, now })).await
    }

    async fn unblock(&self, user_id: &str, other_id: &str) -> Result<bool> {
        let gone = async { self.block_docs().delete_one(of(user_id, other_id)).await };
        Ok(self.call(gone).await?.deleted_count == 1)
    }

    async fn has_blocked(&self, user_id: &str, other_id: &str) -> Result<bool> {
        Ok(self.call(async { self.block_docs().find_one(of(user_id, other_id)).await }).await?.is_some())
    }

    async fn blocks(&self, user_id: &str) -> Result<Vec<Block>> {
        let found: Vec<BlockDoc> = self
            .call(async {
                let blocks = self.block_docs();
                let found = blocks.find(doc! { "_id.u": user_id }).sort(doc! { "at": -1, "_id.b": -1 });
                found.await?.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(|block| Block { user_id: block.id.b, at: block.at }).collect())
    }
}

impl Mongo {
    /// The blocks between a person and these others, in either direction.
    pub(super) async fn blocked_with(
        &self,
        user_id: &str,
        others: &[String],
    ) -> error::Result<Vec<BlockDoc>> {
        let ids = others
            .iter()
            .flat_map(|other| [doc! { "u": user_id, "b": other }, doc! { "u": other, "b": user_id }]);
        let which = doc! { "_id": { "$in": ids.collect::<Vec<_>>() } };
        self.block_docs().find(which).await?.try_collect().await
    }

    /// Those whom a person has blocked, or who have blocked the person.
    pub(super) async fn blocked_ids(&self, user_id: &str) -> error::Result<Vec<String>> {
        let which = doc! { "$or": [{ "_id.u": user_id }, { "_id.b": user_id }] };
        let found: Vec<BlockDoc> = self.block_docs().find(which).await?.try_collect().await?;
        Ok(found
            .into_iter()
            .map(|block| if block.id.u == user_id { block.id.b } else { block.id.u })
            .collect())
    }

    /// Writes to the active accounts of two people, so that the transaction collides with the end of one of them and with another
    /// that does the same. `false`: one is not active.
    pub(super) async fn touch(&self, tx: &mut ClientSession, people: [&str; 2]) -> error::Result<bool> {
        for id in people {
            let active = doc! { "_id": id, "state": "active" };
            let counted = doc! { "$inc": { "touched": 1_i64 } };
            if self.users().update_one(active, counted).session(&mut *tx).await?.matched_count == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
