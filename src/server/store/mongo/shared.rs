//! What processes that share a MongoDB tell each other through it.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use futures::{TryStreamExt, stream::BoxStream};
use mongodb::bson::{Bson, doc};
use tokio::sync::watch;

use crate::server::store::{Beat, Chunk, Ended, Result, Seen, Shared, StoreChange, What};

use super::{
    Mongo,
    chunk_documents::{ChunkDoc, unpack},
    documents::{ConversationDoc, MessageDoc},
    revision::foreign,
    watch as changes,
};

#[async_trait]
impl Shared for Mongo {
    fn instance(&self) -> &str {
        &self.instance
    }

    fn is_alone(&self) -> bool {
        false
    }

    async fn beat(&self) -> Result<()> {
        self.call(self.sign()).await
    }

    async fn beats(&self) -> Result<Vec<Beat>> {
        let found: Vec<_> =
            self.call(async { self.instances().find(doc! {}).await?.try_collect().await }).await?;
        let beat = |doc: mongodb::bson::Document| {
            Some(Beat { instance: doc.get_str("_id").ok()?.to_owned(), beats: doc.get_i64("beats").ok()? })
        };
        Ok(found.into_iter().filter_map(beat).collect())
    }

    async fn forget(&self, beat: &Beat) -> Result<bool> {
        let which = doc! { "_id": &beat.instance, "beats": beat.beats };
        self.call(async { Ok(self.instances().delete_one(which).await?.deleted_count == 1) }).await
    }

    async fn release(&self, instance: &str) -> Result<()> {
        self.call(self.end_sessions(instance)).await
    }

    async fn request_stop(&self, message_id: &str) -> Result<bool> {
        let which = doc! { "_id": message_id, "status": "generating" };
        // A new word each time, so that others see it each time.
        let change = doc! { "$set": { "stop": self.revision(What::Ended) } };
        self.call(async { Ok(self.messages().update_one(which, change).await?.matched_count == 1) }).await
    }

    async fn stops(&self) -> Result<Vec<String>> {
        let which = doc! {
            "status": "generating", "instance": &self.instance, "stop": { "$exists": true }
        };
        let found = self.call(async { self.messages().distinct("_id", which).await }).await?;
        Ok(found.iter().filter_map(Bson::as_str).map(str::to_owned).collect())
    }

    async fn seen(&self, conversation_ids: &[String]) -> Result<Vec<Seen>> {
        if conversation_ids.is_empty() {
            return Ok(Vec::new());
        }
        let (conversations, running) = self
            .call(async {
                // The answers after the conversations: one that ends in between is not running.
                let which = doc! { "_id": { "$in": conversation_ids } };
                let found: Vec<ConversationDoc> =
                    self.conversation_docs().find(which).await?.try_collect().await?;
                let running = doc! {
                    "status": "generating",
                    "conversation_id": { "$in": conversation_ids },
                    "instance": { "$ne": &self.instance },
                };
                let running: Vec<MessageDoc> = self.messages().find(running).await?.try_collect().await?;
                Ok((found, running))
            })
            .await?;
        let mut running: HashMap<String, MessageDoc> =
            running.into_iter().map(|message| (message.conversation_id.clone(), message)).collect();
        let seen = |doc: ConversationDoc| {
            let running = running.remove(&doc.id);
            let revision = doc.revision.unwrap_or_default();
            Seen {
                conversation_id: doc.id,
                user_id: doc.user_id,
                title: doc.title,
                foreign: foreign(&revision, &self.instance),
                revision,
                last_seq: doc.last_seq.unsigned_abs(),
                question_id: running.as_ref().and_then(|message| message.question_id.clone()),
                running: running.map(Into::into),
                ended: doc.ended.map(|ended| Ended {
                    message_id: ended.message_id,
                    after: ended.after.unsigned_abs(),
                    seq: ended.seq.unsigned_abs(),
                    marks: unpack(&ended.marks.bytes),
                }),
            }
        };
        Ok(conversations.into_iter().map(seen).collect())
    }

    async fn chunks(&self, message_id: &str, after: u64) -> Result<Vec<Chunk>> {
        let after = doc! { "m": message_id, "s": after.cast_signed() };
        let last = doc! { "m": message_id, "s": Bson::MaxKey };
        let which = doc! { "_id": { "$gt": after, "$lte": last } };
        let found: Vec<ChunkDoc> = self
            .call(async { self.chunks().find(which).sort(doc! { "_id": 1 }).await?.try_collect().await })
            .await?;
        Ok(found.into_iter().map(Chunk::from).collect())
    }

    fn watch(&self, texts: watch::Receiver<Arc<HashSet<String>>>) -> BoxStream<'static, StoreChange> {
        changes::watch(self.db.clone(), self.instance.clone(), texts)
    }
}
