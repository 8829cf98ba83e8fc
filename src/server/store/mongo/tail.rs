//! The tails of running answers, in MongoDB.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Bson, Document, doc, to_bson},
    error::{ErrorKind, Result},
    options::ReturnDocument,
};

use crate::{
    domain::Status,
    server::store::{ChangeKind, Chunk, Mark, Orphans, Recovered, SEQ_GAP, fold},
};

use super::{
    Mongo,
    chunk_documents::{ChunkDoc, OldChunkDoc, packed},
    documents::MessageDoc,
    error::DUPLICATE_KEY,
    transaction::{Outcome, Transaction},
};

/// Ends a running answer; `false` when it is not running, or gone.
pub(super) struct End<'a> {
    pub message_id: &'a str,
    /// With `Some`, ends the answer only if this process writes it.
    pub instance: Option<&'a str>,
    pub set: Document,
    /// The conversation's `last_seq` becomes at least `seq`, with `gap` added on top.
    pub seq: u64,
    pub gap: i64,
    pub marks: &'a [Mark],
    /// An earlier try reached its commit, and its outcome is unknown.
    pub tried: AtomicBool,
}

#[async_trait]
impl Transaction for End<'_> {
    type Answer = bool;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<Outcome<bool>> {
        let mut running = doc! { "_id": self.message_id, "status": "generating" };
        if let Some(instance) = self.instance {
            running.insert("instance", instance);
        }
        let end = doc! { "$set": &self.set, "$unset": { "stop": "" } };
        let Some(message) = mongo.messages().find_one_and_update(running, end).session(&mut *tx).await?
        else {
            return Ok(Outcome::Abort(self.tried.load(Ordering::Relaxed) && self.is_there(mongo, tx).await?));
        };
        mongo.raise(tx, &message, self).await?;
        mongo.chunks().delete_many(of_message(self.message_id)).session(&mut *tx).await?;
        self.tried.store(true, Ordering::Relaxed);
        Ok(Outcome::Commit(true))
    }
}

impl End<'_> {
    async fn is_there(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<bool> {
        let mut ended = doc! { "_id": self.message_id };
        ended.extend(self.set.clone());
        Ok(mongo.messages().find_one(ended).session(tx).await?.is_some())
    }
}

/// Ends an answer that a lost process left running, with the recovered chunks and the stored ones.
struct Complete<'a> {
    recovered: &'a Recovered,
    tried: AtomicBool,
}

#[async_trait]
impl Transaction for Complete<'_> {
    type Answer = bool;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<Outcome<bool>> {
        let Recovered { message_id, instance, .. } = self.recovered;
        let running = doc! { "_id": message_id, "status": "generating", "instance": instance };
        let Some(old) = mongo.messages().find_one(running).session(&mut *tx).await? else {
            let ended = doc! { "_id": message_id, "status": "interrupted", "instance": instance };
            let tried = self.tried.load(Ordering::Relaxed);
            let ended = tried && mongo.messages().find_one(ended).session(tx).await?.is_some();
            return Ok(Outcome::Abort(ended));
        };
        let mut stored = mongo.chunks().find(of_message(message_id)).session(&mut *tx).await?;
        let stored: Vec<ChunkDoc> = stored.stream(&mut *tx).try_collect().await?;
        let stored: Vec<Chunk> = stored.into_iter().map(Chunk::from).collect();
        let (content, reasoning, seq) = self.recovered.over(&old.content, &old.reasoning, &stored);
        let end = End {
            message_id,
            instance: Some(instance),
            set: interrupted(&content, &reasoning)?,
            seq,
            gap: 0,
            marks: &[],
            tried: AtomicBool::default(),
        };
        let step = end.run(mongo, tx).await?;
        self.tried.store(true, Ordering::Relaxed);
        Ok(step)
    }
}

/// Gives an interrupted answer text that was recovered later.
struct Lengthen<'a>(&'a Recovered);

#[async_trait]
impl Transaction for Lengthen<'_> {
    type Answer = bool;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<Outcome<bool>> {
        let recovered = self.0;
        let which = doc! { "_id": &recovered.message_id, "status": "interrupted" };
        let Some(old) = mongo.messages().find_one(which.clone()).session(&mut *tx).await? else {
            return Ok(Outcome::Abort(false));
        };
        let (content, reasoning, seq) = recovered.over(&old.content, &old.reasoning, &[]);
        if (&content, &reasoning) == (&old.content, &old.reasoning) {
            return Ok(Outcome::Abort(false));
        }
        // The conversation is written first, so that a turn that begins below the answer collides here.
        let next = doc! { "$max": [{ "$add": ["$last_seq", 1_i64] }, seq.cast_signed()] };
        let change =
            vec![doc! { "$set": { "last_seq": next, "revision": mongo.revision(ChangeKind::Ended) } }];
        let conversation = mongo
            .conversation_docs()
            .find_one_and_update(doc! { "_id": &old.conversation_id }, change)
            .return_document(ReturnDocument::After)
            .session(&mut *tx)
            .await?;
        let revision = conversation.map(|conversation| conversation.last_seq);
        let below = doc! { "conversation_id": &old.conversation_id, "parent_id": &old.id };
        if mongo.messages().find_one(below).session(&mut *tx).await?.is_some() {
            return Ok(Outcome::Abort(false));
        }
        let set = doc! { "content": content, "reasoning": reasoning, "revision": revision };
        mongo.messages().update_one(which, doc! { "$set": set }).session(&mut *tx).await?;
        Ok(Outcome::Commit(true))
    }
}

impl Mongo {
    pub(super) async fn append(&self, chunks: &[Chunk]) -> Result<()> {
        if chunks.is_empty() {
            return Ok(());
        }
        self.insert(chunks).await?;
        // The server looks after the insert: a transaction that ends or deletes the message in between drops the chunks
        // after its commit, so at least one of the two sees this chunk.
        let of: Vec<&str> = chunks.iter().map(|chunk| chunk.message_id.as_str()).collect();
        let running = doc! { "status": "generating", "instance": &self.instance, "_id": { "$in": of } };
        let running = self.messages().distinct("_id", running).await?;
        let running: HashSet<&str> = running.iter().filter_map(Bson::as_str).collect();
        let strays = chunks.iter().filter(|chunk| !running.contains(chunk.message_id.as_str()));
        let strays: Vec<Document> =
            strays.map(|chunk| doc! { "m": &chunk.message_id, "s": chunk.seq.cast_signed() }).collect();
        if !strays.is_empty() {
            self.chunks().delete_many(doc! { "_id": { "$in": strays } }).await?;
        }
        Ok(())
    }

    /// Inserts chunks. A duplicate is no error, because the chunk was sent before.
    async fn insert(&self, chunks: &[Chunk]) -> Result<()> {
        let inserted = self.chunks().insert_many(chunks.iter().map(ChunkDoc::from)).ordered(false).await;
        let Err(error) = inserted else { return Ok(()) };
        match &*error.kind {
            ErrorKind::InsertMany(many)
                if many.write_concern_error.is_none()
                    && many.write_errors.iter().flatten().all(|error| error.code == DUPLICATE_KEY) =>
            {
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// Moves chunks of versions that stored message and number outside the key and no offset: each chunk follows the
    /// one before. A second run changes nothing.
    pub(super) async fn move_old_chunks(&self) -> Result<()> {
        let which = doc! { "_id": { "$type": "string" } };
        let chunks = self.db.collection::<OldChunkDoc>("chunks");
        let mut found = chunks.find(which.clone()).sort(doc! { "message_id": 1, "seq": 1 }).await?;
        let mut moved: Vec<Chunk> = Vec::new();
        while let Some(OldChunkDoc { message_id, seq, text }) = found.try_next().await? {
            let before = moved.last().filter(|last| last.message_id == message_id);
            let text_at = before.map_or(0, |last| last.text_at + last.text.len() as u64);
            moved.push(Chunk { message_id, seq: seq.cast_unsigned(), text_at, text, ..Chunk::default() });
        }
        if moved.is_empty() {
            return Ok(());
        }
        self.insert(&moved).await?;
        chunks.delete_many(which).await.map(|_| ())
    }

    pub(super) async fn end(&self, end: End<'_>) -> Result<bool> {
        let ended = self.transaction(&end).await?;
        if ended {
            // Drops chunks that were stored while the transaction ran, because it could not see them.
            self.drop_chunks(end.message_id).await?;
        }
        Ok(ended)
    }

    pub(super) async fn left(&self, orphans: Orphans<'_>) -> Result<Vec<MessageDoc>> {
        let mut left = match orphans {
            Orphans::Of(instance) => doc! { "instance": instance },
            Orphans::Run(run) => {
                doc! { "_id": &run.message_id, "run": &run.run, "instance": &self.instance }
            }
            Orphans::Ownerless => {
                let mut known = self.instances().distinct("_id", doc! {}).await?;
                known.push(self.instance.as_str().into());
                doc! { "instance": { "$nin": known } }
            }
        };
        left.insert("status", "generating");
        self.messages().find(left).await?.try_collect().await
    }

    pub(super) async fn interrupt(&self, message: &MessageDoc) -> Result<bool> {
        let (mut content, mut reasoning) = (message.content.clone(), message.reasoning.clone());
        let tail = self.chunks().find(of_message(&message.id)).sort(doc! { "_id": 1 }).await?;
        let tail: Vec<ChunkDoc> = tail.try_collect().await?;
        let tail: Vec<Chunk> = tail.into_iter().map(Chunk::from).collect();
        let seq = fold(&mut content, &mut reasoning, &tail);
        let set = interrupted(&content, &reasoning)?;
        let (instance, tried) = (message.instance.as_deref(), AtomicBool::default());
        self.end(End { message_id: &message.id, instance, set, seq, gap: SEQ_GAP, marks: &[], tried }).await
    }

    pub(super) async fn recover(&self, recovered: &Recovered) -> Result<bool> {
        if self.transaction(&Complete { recovered, tried: AtomicBool::default() }).await? {
            self.drop_chunks(&recovered.message_id).await?;
            return Ok(true);
        }
        self.transaction(&Lengthen(recovered)).await
    }

    /// Ends a run, which its owner has not seen yet: raises the conversation's number to at least that of the end, with
    /// the gap on top, and gives the new number to everything that changed since the run began. While an answer runs, its
    /// writer publishes other people's changes with numbers beyond those that the store knows, perhaps the last of them
    /// after the answer's end; so the new number leaves room for each of them. Other processes see that the answer ended.
    async fn raise(&self, tx: &mut ClientSession, answer: &MessageDoc, end: &End<'_>) -> Result<()> {
        let began: Bson = answer.began_seq.map_or_else(|| "$last_seq".into(), Bson::from);
        let late = doc! { "$subtract": ["$last_seq", &began] };
        let began_seq = answer.began_seq.unwrap_or(i64::MAX);
        let last = doc! { "$add": [{ "$max": ["$last_seq", end.seq.cast_signed()] }, late, end.gap] };
        let ended = doc! {
            "message_id": { "$literal": end.message_id },
            "after": began,
            "seq": end.seq.cast_signed(),
            "marks": packed(end.marks),
        };
        let set = doc! {
            "last_seq": last, "revision": self.revision(ChangeKind::Ended), "ended": ended, "running": false,
            "unread": true
        };
        let raised = |seq: &str| doc! { "$cond": [{ "$gte": [seq, began_seq] }, "$last_seq", seq] };
        let late = doc! {
            "changed_seq": "$last_seq", "queue_seq": raised("$queue_seq"), "members_seq": raised("$members_seq"),
            "hidden_seq": raised("$hidden_seq"),
        };
        let change = vec![doc! { "$set": set }, doc! { "$set": late }];
        let mut conversation = None;
        // An answer also ends in a conversation that was deleted while it was written.
        for docs in [self.conversation_docs(), self.bin_docs()] {
            let which = doc! { "_id": &answer.conversation_id };
            let end = docs.find_one_and_update(which, change.clone());
            conversation = end.return_document(ReturnDocument::After).session(&mut *tx).await?;
            if conversation.is_some() {
                break;
            }
        }
        let Some(conversation) = conversation else { return Ok(()) };
        let raised = doc! { "$set": { "revision": conversation.last_seq } };
        let Some(began) = answer.began_seq else {
            // A server of an earlier version began this answer, so its `began_seq` is unknown.
            let which = doc! { "_id": &answer.id };
            return self.messages().update_one(which, raised).session(tx).await.map(|_| ());
        };
        let since = doc! { "conversation_id": &answer.conversation_id, "revision": { "$gte": began } };
        self.messages().update_many(since.clone(), raised.clone()).session(&mut *tx).await?;
        self.removed().update_many(since, raised).session(tx).await.map(|_| ())
    }

    pub(super) async fn drop_chunks(&self, message_id: &str) -> Result<()> {
        self.chunks().delete_many(of_message(message_id)).await.map(|_| ())
    }

    /// Drops chunks of messages that are gone or ended, because a server may have died before it could drop them.
    pub(super) async fn drop_strays(&self) -> Result<()> {
        let owners = self.chunks().distinct("_id.m", doc! {}).await?;
        let running = doc! { "status": "generating", "_id": { "$in": &owners } };
        let running = self.messages().distinct("_id", running).await?;
        for stray in owners.iter().filter(|owner| !running.contains(owner)).filter_map(Bson::as_str) {
            self.drop_chunks(stray).await?;
        }
        // Chunks of versions that stored message and number outside the key.
        self.chunks().delete_many(doc! { "_id": { "$type": "string" } }).await.map(|_| ())
    }
}

/// The chunks of a message, by their key.
pub(super) fn of_message(id: &str) -> Document {
    doc! { "_id": { "$gte": { "m": id, "s": Bson::MinKey }, "$lte": { "m": id, "s": Bson::MaxKey } } }
}

fn interrupted(content: &str, reasoning: &str) -> Result<Document> {
    Ok(doc! { "content": content, "reasoning": reasoning, "status": to_bson(&Status::Interrupted)? })
}
