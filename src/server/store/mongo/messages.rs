//! Messages and the tails of running answers, in MongoDB.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Bson, Document, doc, to_bson},
    error,
};

use crate::{
    domain::{Message, Status},
    server::store::{Finish, Messages, NewTurn, Result, SEQ_GAP, TurnOutcome},
};

use super::{
    Mongo,
    documents::{ChunkDoc, MessageDoc},
    error::is_duplicate,
    transaction::{Step, Work},
    turns::BeginTurn,
};

/// Sets the end of a running answer; `false` when it is not running.
struct End<'a> {
    message_id: &'a str,
    set: Document,
    /// The least that the conversation's `last_seq` is afterwards, and what is added on top.
    seq: i64,
    gap: i64,
}

#[async_trait]
impl Work for End<'_> {
    type Answer = bool;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Step<bool>> {
        let running = doc! { "_id": self.message_id, "status": "generating" };
        let end = doc! { "$set": &self.set };
        let Some(message) = mongo.messages().find_one_and_update(running, end).session(&mut *tx).await?
        else {
            return Ok(Step::Abort(false));
        };
        // A pipeline, since $max and $inc cannot change one field together.
        let seq = doc! { "$add": [{ "$max": ["$last_seq", self.seq] }, self.gap] };
        let conversation = doc! { "_id": &message.conversation_id };
        mongo
            .conversation_docs()
            .update_one(conversation, vec![doc! { "$set": { "last_seq": seq } }])
            .session(&mut *tx)
            .await?;
        mongo.chunks().delete_many(doc! { "message_id": self.message_id }).session(&mut *tx).await?;
        Ok(Step::Commit(true))
    }
}

#[async_trait]
impl Messages for Mongo {
    async fn begin_turn(&self, turn: &NewTurn) -> Result<TurnOutcome> {
        self.call(self.transaction(&BeginTurn(turn))).await
    }

    async fn message(&self, user_id: &str, id: &str) -> Result<Option<Message>> {
        let which = doc! { "_id": id, "user_id": user_id };
        let found = self.call(async { self.messages().find_one(which).await }).await?;
        Ok(found.map(Message::from))
    }

    async fn messages_back(
        &self,
        conversation_id: &str,
        upto: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Message>> {
        if limit == 0 {
            return Ok(Vec::new()); // which MongoDB takes for "no limit"
        }
        let mut which = doc! { "conversation_id": conversation_id };
        if let Some(upto) = upto {
            which.insert("_id", doc! { "$lte": upto });
        }
        let found: Vec<MessageDoc> = self
            .call(async {
                let messages = self.messages();
                let found = messages.find(which).sort(doc! { "_id": -1 }).limit(limit.into());
                found.await?.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(Message::from).collect())
    }

    async fn append_chunk(&self, message_id: &str, seq: u64, text: &str) -> Result<()> {
        let chunk = ChunkDoc {
            id: format!("{message_id}:{seq}"),
            message_id: message_id.to_owned(),
            seq: seq.cast_signed(),
            text: text.to_owned(),
        };
        self.call(async {
            match self.chunks().insert_one(chunk).await {
                Err(error) if !is_duplicate(&error) => return Err(error),
                _ => {}
            }
            // Looked at after the insert: who finishes or deletes the message in between drops its
            // chunks after that, so one of the two sees this one.
            let running = doc! { "_id": message_id, "status": "generating" };
            if self.messages().find_one(running).await?.is_none() {
                self.drop_chunks(message_id).await?;
            }
            Ok(())
        })
        .await
    }

    async fn finish_message(&self, message_id: &str, finish: &Finish) -> Result<bool> {
        self.call(async {
            let set = ending(finish)?;
            self.end(End { message_id, set, seq: finish.seq.cast_signed(), gap: 0 }).await
        })
        .await
    }

    async fn interrupt_unfinished(&self) -> Result<u64> {
        let running = doc! { "status": "generating" };
        let left: Vec<MessageDoc> =
            self.call(async { self.messages().find(running).await?.try_collect().await }).await?;
        let mut count = 0;
        for message in left {
            count += u64::from(self.call(self.interrupt(&message)).await?);
        }
        self.call(self.drop_strays()).await?;
        Ok(count)
    }
}

impl Mongo {
    async fn end(&self, end: End<'_>) -> error::Result<bool> {
        let ended = self.transaction(&end).await?;
        // Those that came while the transaction ran, which it could not see.
        self.drop_chunks(end.message_id).await?;
        Ok(ended)
    }

    async fn interrupt(&self, message: &MessageDoc) -> error::Result<bool> {
        let tail = doc! { "message_id": &message.id };
        let tail = self.chunks().find(tail).sort(doc! { "seq": 1 }).await?;
        let chunks: Vec<ChunkDoc> = tail.try_collect().await?;
        let seq = chunks.last().map_or(0, |chunk| chunk.seq);
        let mut content = message.content.clone();
        content.extend(chunks.into_iter().map(|chunk| chunk.text));
        let set = doc! { "content": content, "status": to_bson(&Status::Interrupted)? };
        self.end(End { message_id: &message.id, set, seq, gap: SEQ_GAP }).await
    }

    async fn drop_chunks(&self, message_id: &str) -> error::Result<()> {
        self.chunks().delete_many(doc! { "message_id": message_id }).await.map(|_| ())
    }

    /// Chunks of messages that are gone or finished: a server died before it could drop them.
    async fn drop_strays(&self) -> error::Result<()> {
        let owners = self.chunks().distinct("message_id", doc! {}).await?;
        if owners.is_empty() {
            return Ok(());
        }
        let running = doc! { "status": "generating", "_id": { "$in": &owners } };
        let running = self.messages().distinct("_id", running).await?;
        let strays: Vec<Bson> = owners.into_iter().filter(|owner| !running.contains(owner)).collect();
        self.chunks().delete_many(doc! { "message_id": { "$in": strays } }).await.map(|_| ())
    }
}

fn ending(finish: &Finish) -> error::Result<Document> {
    Ok(doc! {
        "content": &finish.content,
        "reasoning": &finish.reasoning,
        "status": to_bson(&finish.status)?,
        "usage": to_bson(&finish.usage)?,
        "failure": to_bson(&finish.failure)?,
        "length_limited": finish.length_limited,
    })
}
