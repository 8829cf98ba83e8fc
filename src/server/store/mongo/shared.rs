//! How processes that share a MongoDB database tell each other about changes.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use futures::{TryStreamExt, stream::BoxStream};
use mongodb::bson::{Bson, doc};
use tokio::sync::watch;

use crate::{
    domain::{Member, Message},
    server::store::{
        Access, ChangeKind, Chunk, ConversationState, Ended, Grant, Heartbeat, Need, Result, Shared,
        StoreChange, is_hidden,
    },
};

use super::{
    Mongo,
    access::MemberDoc,
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

    async fn heartbeat(&self) -> Result<()> {
        self.call(self.write_heartbeat()).await
    }

    async fn heartbeats(&self) -> Result<Vec<Heartbeat>> {
        let found: Vec<_> =
            self.call(async { self.instances().find(doc! {}).await?.try_collect().await }).await?;
        let heartbeat = |doc: mongodb::bson::Document| {
            Some(Heartbeat {
                instance: doc.get_str("_id").ok()?.to_owned(),
                beats: doc.get_i64("beats").ok()?,
            })
        };
        Ok(found.into_iter().filter_map(heartbeat).collect())
    }

    async fn forget(&self, heartbeat: &Heartbeat) -> Result<bool> {
        let which = doc! { "_id": &heartbeat.instance, "beats": heartbeat.beats };
        self.call(async { Ok(self.instances().delete_one(which).await?.deleted_count == 1) }).await
    }

    async fn release(&self, instance: &str) -> Result<()> {
        self.call(self.end_sessions(instance)).await
    }

    async fn request_stop(&self, grant: &Grant, message_id: &str) -> Result<bool> {
        let id = grant.conversation_id();
        let standing = self.standing(grant.user_id(), id).await?;
        if standing.is_none_or(|standing| standing.grant(Need::Write).is_err()) {
            return Ok(false);
        }
        let which = doc! { "_id": message_id, "conversation_id": id, "status": "generating" };
        // The value differs each time, so that other processes see each request.
        let change = doc! { "$set": { "stop": self.revision(ChangeKind::Ended) } };
        self.call(async { Ok(self.messages().update_one(which, change).await?.matched_count == 1) }).await
    }

    async fn tell_writing(&self, conversation_id: &str, user_id: &str, name: &str, now: i64) -> Result<()> {
        // The time makes each an update of its own, which change streams tell.
        let writes = format!("{}:{now}:{name}", self.instance);
        let which = doc! { "_id": { "c": conversation_id, "u": user_id } };
        let set = doc! { "$set": { "writes": writes } };
        self.call(async { self.member_docs().update_one(which, set).await }).await.map(|_| ())
    }

    async fn stops(&self) -> Result<Vec<String>> {
        let which = doc! {
            "status": "generating", "instance": &self.instance, "stop": { "$exists": true }
        };
        let found = self.call(async { self.messages().distinct("_id", which).await }).await?;
        Ok(found.iter().filter_map(Bson::as_str).map(str::to_owned).collect())
    }

    async fn conversation_states(&self, conversation_ids: &[String]) -> Result<Vec<ConversationState>> {
        if conversation_ids.is_empty() {
            return Ok(Vec::new());
        }
        let (conversations, running) = self
            .call(async {
                // The answers are read after the conversations, so an answer that ends in between counts as ended.
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
        let state = |doc: ConversationDoc| {
            let running = running.remove(&doc.id);
            let revision = doc.revision.unwrap_or_default();
            let began = running.as_ref().and_then(|answer| answer.began_seq);
            ConversationState {
                conversation_id: doc.id,
                is_shared: doc.kind.is_shared(),
                title: doc.title,
                foreign: foreign(&revision, &self.instance),
                revision,
                queue_seq: doc.queue_seq.unsigned_abs(),
                hidden_seq: doc.hidden_seq.unsigned_abs(),
                last_seq: began.unwrap_or(doc.last_seq).unsigned_abs(),
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
        Ok(conversations.into_iter().map(state).collect())
    }

    async fn message_for_listeners(&self, message_id: &str) -> Result<Option<Message>> {
        let found = self.call(async { self.messages().find_one(doc! { "_id": message_id }).await }).await?;
        Ok(found.map(Message::from))
    }

    async fn changed_for_listeners(
        &self,
        conversation_id: &str,
        after: u64,
        most: u32,
    ) -> Result<Vec<Message>> {
        let which = doc! { "conversation_id": conversation_id, "revision": { "$gt": after.cast_signed() } };
        let messages = self.messages();
        let find = messages.find(which).sort(doc! { "revision": 1, "_id": 1 }).limit(most.into());
        let found: Vec<MessageDoc> = self.call(async { find.await?.try_collect().await }).await?;
        let mut messages: Vec<Message> = found.into_iter().map(Message::from).collect();
        let authors = messages.iter().map(|message| doc! { "c": conversation_id, "u": &message.author_id });
        let hidden = doc! { "_id": { "$in": authors.collect::<Vec<_>>() }, "hidden": true };
        let hidden: Vec<MemberDoc> =
            self.call(async { self.member_docs().find(hidden).await?.try_collect().await }).await?;
        let hidden: Vec<Member> = hidden.into_iter().map(Member::from).collect();
        for message in messages.iter_mut().filter(|message| is_hidden(&hidden, message)) {
            message.content.clear();
        }
        Ok(messages)
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
