//! Messages and the tails of running answers, in MongoDB.

use std::{sync::atomic::AtomicBool, time::Duration};

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    bson::{Document, doc, to_bson},
    error,
};

use crate::{
    domain::Message,
    server::store::{
        Chunk, Finish, Leftovers, Messages, NewTurn, Recovered, Result, StoreError, TurnOutcome,
    },
};

use super::{Mongo, documents::MessageDoc, error::store_error, tail::End, turns::BeginTurn};

/// How long one answer that was left behind may take.
const LOCKED: Duration = Duration::from_secs(2);

#[async_trait]
impl Messages for Mongo {
    async fn begin_turn(&self, turn: &NewTurn) -> Result<TurnOutcome> {
        self.call(self.transaction(&BeginTurn::new(turn))).await
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

    async fn append_chunks(&self, chunks: &[Chunk]) -> Result<()> {
        self.call(self.append(chunks)).await
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

    async fn interrupt_unfinished(&self, leftovers: Leftovers<'_>) -> Result<u64> {
        let left = self.call(self.left(leftovers)).await?;
        let (mut count, mut failed) = (0, Ok(()));
        for message in left {
            // One that a process was writing when it was killed is locked for up to a minute; the others
            // do not wait for it.
            let interrupted = tokio::time::timeout(LOCKED, self.interrupt(&message)).await;
            match interrupted.map_err(|elapsed| StoreError::Unavailable(elapsed.into())) {
                Ok(Ok(interrupted)) => count += u64::from(interrupted),
                Ok(Err(error)) => failed = Err(store_error(error)),
                Err(error) => failed = Err(error),
            }
        }
        failed?;
        if leftovers == Leftovers::Ownerless {
            self.call(self.drop_strays()).await?;
        }
        Ok(count)
    }

    async fn recover_message(&self, recovered: &Recovered) -> Result<bool> {
        self.call(self.recover(recovered)).await
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
