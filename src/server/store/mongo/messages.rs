//! Messages and the tails of running answers, in MongoDB.

use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use mongodb::{
    bson::{Document, doc, to_bson},
    error,
};

use crate::{
    domain::Message,
    server::store::{
        AddOutcome, BeginOutcome, Changes, Chunk, Finish, Grant, Key, Messages, NewAnswer, NewMessage,
        Opening, Orphans, Outline, Recovered, Result, Run, Spent, Texts,
    },
};

use super::{
    Mongo,
    documents::{FailureDoc, MessageDoc},
    outlines::{OpeningDoc, OutlineDoc, SpentDoc, opening, outline},
    tail::End,
    turns::{Add, AddedWith, Begin},
};

/// How many orphans are ended at a time, so that a locked answer does not hold up the others.
const AT_ONCE: usize = 8;

#[async_trait]
impl Messages for Mongo {
    async fn add_message(&self, grant: &Grant, new: &NewMessage) -> Result<AddOutcome> {
        self.call(self.transaction(&Add::new(grant, new))).await
    }

    async fn added_with(&self, grant: &Grant, key: &Key, now: i64) -> Result<Option<AddOutcome>> {
        self.call(self.transaction(&AddedWith { grant, key, now })).await
    }

    async fn begin_answer(&self, new: &NewAnswer) -> Result<BeginOutcome> {
        self.call(self.transaction(&Begin::new(new))).await
    }

    async fn message(&self, grant: &Grant, id: &str) -> Result<Option<Message>> {
        let which = doc! { "_id": id, "conversation_id": grant.conversation_id() };
        let found = self.call(async { self.messages().find_one(which).await }).await?;
        Ok(found.map(Message::from))
    }

    async fn spent(&self, grant: &Grant, id: &str) -> Result<Option<Spent>> {
        let which = doc! { "_id": id, "conversation_id": grant.conversation_id() };
        let found = self
            .call(async {
                let messages = self.messages().clone_with_type::<SpentDoc>();
                messages.find_one(which).projection(doc! { "usage": 1, "left_out": 1, "run": 1 }).await
            })
            .await?;
        Ok(found.map(Spent::from))
    }

    async fn outlines_back(&self, grant: &Grant, upto: Option<&str>, limit: u32) -> Result<Vec<Outline>> {
        if limit == 0 {
            return Ok(Vec::new()); // MongoDB refuses a limit of 0.
        }
        let mut which = doc! { "conversation_id": grant.conversation_id() };
        if let Some(upto) = upto {
            which.insert("_id", doc! { "$lte": upto });
        }
        let found: Vec<OutlineDoc> = self
            .call(async {
                let steps = [
                    doc! { "$match": which },
                    doc! { "$sort": { "_id": -1 } },
                    doc! { "$limit": i64::from(limit) },
                    outline(),
                ];
                self.messages().aggregate(steps).with_type().await?.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(Outline::from).collect())
    }

    async fn openings(&self, grant: &Grant, ids: &[String], chars: u32) -> Result<Vec<Opening>> {
        let which =
            doc! { "_id": { "$in": ids }, "conversation_id": grant.conversation_id(), "role": "user" };
        let found: Vec<OpeningDoc> = self
            .call(async {
                let steps = [doc! { "$match": which }, doc! { "$sort": { "_id": 1 } }, opening(chars)];
                self.messages().aggregate(steps).with_type().await?.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(Opening::from).collect())
    }

    async fn messages_of(&self, grant: &Grant, ids: &[String], texts: Texts) -> Result<Vec<Message>> {
        let which = doc! { "_id": { "$in": ids }, "conversation_id": grant.conversation_id() };
        let found: Vec<MessageDoc> = self
            .call(async {
                let messages = self.messages();
                let mut find = messages.find(which).sort(doc! { "_id": -1 });
                if texts == Texts::WithoutReasoning {
                    find = find.projection(doc! { "reasoning": 0 });
                }
                find.await?.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(Message::from).collect())
    }

    async fn changes_since(&self, grant: &Grant, seq: u64, limit: u32) -> Result<Changes> {
        self.call(self.changes(grant, seq, limit)).await
    }

    async fn append_chunks(&self, chunks: &[Chunk]) -> Result<()> {
        self.call(self.append(chunks)).await
    }

    async fn set_left_out(&self, message_id: &str, left_out: u32) -> Result<()> {
        let (which, change) = (doc! { "_id": message_id }, doc! { "$set": { "left_out": left_out } });
        self.call(async { self.messages().update_one(which, change).await }).await.map(|_| ())
    }

    async fn finish_message(&self, message_id: &str, finish: &Finish) -> Result<bool> {
        self.call(async {
            let set = ending(finish)?;
            let Finish { seq, marks, .. } = finish;
            let (instance, tried) = (Some(&*self.instance), AtomicBool::default());
            self.end(End { message_id, instance, set, seq: *seq, gap: 0, marks, tried }).await
        })
        .await
    }

    async fn interrupt_unfinished(&self, orphans: Orphans<'_>) -> Result<u64> {
        let left = self.call(self.left(orphans)).await?;
        let (mut count, mut failed) = (0, Ok(()));
        let interrupt = async |message: MessageDoc| self.call(self.interrupt(&message)).await;
        let mut interrupted = stream::iter(left).map(interrupt).buffer_unordered(AT_ONCE);
        while let Some(interrupted) = interrupted.next().await {
            match interrupted {
                Ok(interrupted) => count += u64::from(interrupted),
                Err(error) => failed = Err(error),
            }
        }
        failed?;
        if orphans == Orphans::Ownerless {
            self.call(self.drop_strays()).await?;
        }
        Ok(count)
    }

    async fn recover_message(&self, recovered: &Recovered) -> Result<bool> {
        self.call(self.recover(recovered)).await
    }

    async fn running_answers(&self, user_id: &str) -> Result<u32> {
        let running = doc! { "user_id": user_id, "status": "generating" };
        let count = self.call(async { self.messages().count_documents(running).await }).await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    async fn own_runs(&self) -> Result<Vec<Run>> {
        let own = doc! { "status": "generating", "instance": &self.instance };
        let found: Vec<MessageDoc> =
            self.call(async { self.messages().find(own).await?.try_collect().await }).await?;
        let run = |doc: MessageDoc| Run {
            run: doc.run.unwrap_or_else(|| doc.id.clone()),
            message_id: doc.id,
            conversation_id: doc.conversation_id,
        };
        Ok(found.into_iter().map(run).collect())
    }

    async fn forget_keys(&self, now: i64) -> Result<u64> {
        self.call(self.drop_keys(now)).await
    }
}

fn ending(finish: &Finish) -> error::Result<Document> {
    Ok(doc! {
        "content": &finish.content,
        "reasoning": &finish.reasoning,
        "status": to_bson(&finish.status)?,
        "usage": to_bson(&finish.usage)?,
        "failure": to_bson(&finish.failure.clone().map(FailureDoc::from))?,
        "length_limited": finish.length_limited,
        "timings": to_bson(&finish.timings)?,
    })
}
