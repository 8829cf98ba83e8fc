//! Removing conversations for good, in MongoDB: the messages go some at a time, because a single transaction for very
//! many messages would exceed its time limit.

use futures::TryStreamExt;
use mongodb::{
    bson::{Document, doc},
    error::Result,
};
use serde::Deserialize;

use super::{Mongo, access::of_conversation};

/// How many messages one write removes, and how many such writes one call makes.
const BATCH: i64 = 1_000;
const BATCHES: usize = 5;

#[derive(Deserialize)]
struct Id {
    #[serde(rename = "_id")]
    id: String,
}

impl Mongo {
    /// Removes messages of deleted conversations, whichever process deleted them; `true` when there are more.
    pub(super) async fn purge_some(&self) -> Result<bool> {
        for _ in 0..BATCHES {
            let Some(conversation) = self.deleted().find_one(doc! {}).await? else { return Ok(false) };
            let Ok(id) = conversation.get_str("_id") else { return Ok(false) };
            if !self.purge_batch(id).await? {
                self.member_docs().delete_many(of_conversation(id)).await?;
                let of = doc! { "conversation_id": id };
                self.removed().delete_many(of.clone()).await?;
                self.deleted_messages().delete_many(of.clone()).await?;
                self.queued_docs().delete_many(of).await?;
                self.deleted().delete_one(doc! { "_id": id }).await?;
            }
        }
        Ok(self.deleted().find_one(doc! {}).await?.is_some())
    }

    /// Removes some messages; `false` when the conversation has none left.
    async fn purge_batch(&self, conversation_id: &str) -> Result<bool> {
        let of = doc! { "conversation_id": conversation_id };
        // A running answer goes first, because only running answers have chunks, and so its writer notices the deletion
        // soon.
        let mut running: Document = of.clone();
        running.insert("status", "generating");
        let running = self.messages().distinct("_id", running).await?;
        for message in running.iter().filter_map(|id| id.as_str()) {
            self.messages().delete_one(doc! { "_id": message }).await?;
            self.drop_chunks(message).await?;
        }
        let messages = self.messages().clone_with_type::<Id>();
        let some = messages.find(of).projection(doc! { "_id": 1 }).limit(BATCH).await?;
        let some: Vec<Id> = some.try_collect().await?;
        let ids: Vec<&str> = some.iter().map(|message| message.id.as_str()).collect();
        if !ids.is_empty() {
            let of_messages = doc! { "_id.m": { "$in": &ids } };
            self.version_docs().delete_many(of_messages.clone()).await?;
            self.reaction_docs().delete_many(of_messages).await?;
            self.report_docs().delete_many(doc! { "message_id": { "$in": &ids } }).await?;
            self.messages().delete_many(doc! { "_id": { "$in": ids } }).await?;
        }
        Ok(!some.is_empty())
    }
}
