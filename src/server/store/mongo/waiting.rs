//! Questions that wait, in MongoDB. Each change is a transaction whose first write is to the conversation, so that two
//! changes of one queue collide, and a change with the begin of an answer.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Document, doc, to_bson},
    error,
    options::ReturnDocument,
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Queued, Reason},
    server::store::{
        ChangeKind, Grant, MOST_STORED, Need, NewQueued, NextQueued, QUEUES_AT_ONCE, QueueChange, QueueFull,
        QueueOutcome, Result, Waiting,
    },
};

use super::{
    Mongo,
    transaction::{Outcome, Transaction},
};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct QueuedDoc {
    #[serde(rename = "_id")]
    id: String,
    conversation_id: String,
    author_id: String,
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    model: Option<String>,
    position: i64,
    #[serde(default)]
    refused: Option<Reason>,
    #[serde(default)]
    waits_until: Option<i64>,
    /// It is asked next, however the running answer ends.
    #[serde(default)]
    send_now: bool,
    created_at: i64,
}

impl QueuedDoc {
    fn at(self, position: u32) -> Queued {
        Queued {
            id: self.id,
            author_id: self.author_id,
            text: self.text,
            message_id: self.message_id,
            model: self.model,
            position,
            refused: self.refused,
            refused_message: None,
            waits_until: self.waits_until,
            waits_message: None,
            created_at: self.created_at,
        }
    }
}

/// The order of a queue.
fn order() -> Document {
    doc! { "position": 1, "_id": 1 }
}

#[async_trait]
impl Waiting for Mongo {
    async fn queued(&self, grant: &Grant) -> Result<Vec<Queued>> {
        let of = doc! { "conversation_id": grant.conversation_id() };
        let found: Vec<QueuedDoc> =
            self.call(async { self.queued_docs().find(of).sort(order()).await?.try_collect().await }).await?;
        Ok((0..).zip(found).map(|(at, doc)| doc.at(at)).collect())
    }

    async fn add_queued(&self, grant: &Grant, new: &NewQueued<'_>) -> Result<QueueOutcome> {
        self.call(self.transaction(&Add { grant, new })).await
    }

    async fn change_queued(&self, grant: &Grant, id: &str, change: QueueChange<'_>) -> Result<QueueOutcome> {
        self.call(self.transaction(&Change { grant, id, change, tried: AtomicBool::default() })).await
    }

    async fn next_queued(&self, conversation_id: &str, passed_over: &[String]) -> Result<Option<NextQueued>> {
        self.call(self.next_in(conversation_id, passed_over)).await
    }

    async fn forget_queued(&self, conversation_id: &str, id: &str) -> Result<Option<u64>> {
        self.call(self.transaction(&Forget { conversation_id, id })).await
    }

    async fn conversations_with_queued(&self, after: &str) -> Result<Vec<String>> {
        let steps = [
            doc! { "$match": { "conversation_id": { "$gt": after } } },
            doc! { "$group": { "_id": "$conversation_id" } },
            doc! { "$sort": { "_id": 1 } },
            doc! { "$limit": QUEUES_AT_ONCE },
        ];
        let found: Vec<Document> = self
            .call(async {
                let queued = self.queued_docs().clone_with_type::<Document>();
                queued.aggregate(steps).await?.try_collect().await
            })
            .await?;
        Ok(found.iter().filter_map(|doc| doc.get_str("_id").ok()).map(str::to_owned).collect())
    }
}

struct Add<'a> {
    grant: &'a Grant,
    new: &'a NewQueued<'a>,
}

#[async_trait]
impl Transaction for Add<'_> {
    type Answer = QueueOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<QueueOutcome>> {
        let (grant, new) = (self.grant, self.new);
        let Some(revision) = mongo.change_queue(tx, grant).await? else {
            return Ok(Outcome::Abort(QueueOutcome::Missing));
        };
        let all = mongo.queue_of(tx, grant.conversation_id()).await?;
        if all.iter().any(|queued| queued.id == new.id) {
            // An earlier try has committed.
            return Ok(Outcome::Abort(QueueOutcome::Changed { revision: revision - 1 }));
        }
        let scope = (grant.user_id(), grant.conversation_id());
        if let Some(key) = new.key {
            if let Some(request) = mongo.used_for(tx, scope, key, new.now).await? {
                let same = request.as_ref() == Some(&key.request);
                return Ok(Outcome::Abort(if same {
                    QueueOutcome::Repeated
                } else {
                    QueueOutcome::KeyReused
                }));
            }
            mongo.use_key(tx, scope, key, new.id, new.now).await?;
        }
        if let Some(full) = full(&all, grant, new) {
            return Ok(Outcome::Abort(QueueOutcome::Full(full)));
        }
        mongo.queued_docs().insert_one(behind(&all, grant, new)).session(tx).await?;
        Ok(Outcome::Commit(QueueOutcome::Changed { revision }))
    }
}

/// Why no more questions may wait behind `all`. In a room only what can go on counts for everybody.
fn full(all: &[QueuedDoc], grant: &Grant, new: &NewQueued<'_>) -> Option<QueueFull> {
    let is_room = new.most_own.is_some();
    let counts = |one: &&QueuedDoc| !is_room || one.refused.is_none() && one.waits_until.is_none();
    let own = |one: &&QueuedDoc| one.author_id == grant.user_id();
    let reached = |count: usize, most: u32| count >= usize::try_from(most).unwrap_or(usize::MAX);
    if reached(all.iter().filter(counts).count(), new.most) || reached(all.len(), MOST_STORED) {
        return Some(QueueFull::All);
    }
    new.most_own.filter(|most| reached(all.iter().filter(own).count(), *most)).map(|_| QueueFull::Own)
}

/// The document of a question at the end of the queue `all`.
fn behind(all: &[QueuedDoc], grant: &Grant, new: &NewQueued<'_>) -> QueuedDoc {
    QueuedDoc {
        id: new.id.to_owned(),
        conversation_id: grant.conversation_id().to_owned(),
        author_id: grant.user_id().to_owned(),
        text: new.text.to_owned(),
        message_id: new.message_id.map(str::to_owned),
        model: new.model.map(str::to_owned),
        position: all.last().map_or(0, |last| last.position + 1),
        refused: None,
        waits_until: None,
        send_now: false,
        created_at: new.now,
    }
}

struct Change<'a> {
    grant: &'a Grant,
    id: &'a str,
    change: QueueChange<'a>,
    /// An earlier try reached its commit, and its outcome is unknown.
    tried: AtomicBool,
}

#[async_trait]
impl Transaction for Change<'_> {
    type Answer = QueueOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<QueueOutcome>> {
        let Some(revision) = mongo.change_queue(tx, self.grant).await? else {
            return Ok(Outcome::Abort(QueueOutcome::Missing));
        };
        let which = doc! { "_id": self.id, "conversation_id": self.grant.conversation_id() };
        let queued = mongo.queued_docs();
        let done = match self.change {
            QueueChange::Remove => queued.delete_one(which).session(tx).await?.deleted_count == 1,
            QueueChange::Move(to) => mongo.place(tx, self.grant.conversation_id(), self.id, to).await?,
            QueueChange::TextAt(text, to) => {
                let set = doc! { "$set": { "text": text } };
                queued.update_one(which, set).session(&mut *tx).await?;
                mongo.place(tx, self.grant.conversation_id(), self.id, to).await?
            }
            change => {
                let set = match change {
                    QueueChange::Text(text) => doc! { "text": text, "refused": null, "waits_until": null },
                    QueueChange::Refuse(reason) => {
                        doc! { "refused": to_bson(reason)?, "send_now": false, "waits_until": null }
                    }
                    QueueChange::Delay(until) => doc! { "waits_until": until },
                    _ => doc! { "send_now": true, "refused": null, "waits_until": null },
                };
                queued.update_one(which, doc! { "$set": set }).session(tx).await?.matched_count == 1
            }
        };
        if !done {
            // What is to be removed and is not there was removed by the earlier try.
            let removed = self.change == QueueChange::Remove && self.tried.load(Ordering::Relaxed);
            let earlier = QueueOutcome::Changed { revision: revision - 1 };
            return Ok(Outcome::Abort(if removed { earlier } else { QueueOutcome::Missing }));
        }
        self.tried.store(true, Ordering::Relaxed);
        Ok(Outcome::Commit(QueueOutcome::Changed { revision }))
    }
}

struct Forget<'a> {
    conversation_id: &'a str,
    id: &'a str,
}

#[async_trait]
impl Transaction for Forget<'_> {
    type Answer = Option<u64>;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<Option<u64>>> {
        if mongo.take_message(tx, (self.conversation_id, self.id)).await?.is_none() {
            return Ok(Outcome::Abort(None));
        }
        Ok(Outcome::Commit(mongo.number_queue(tx, doc! { "_id": self.conversation_id }).await?))
    }
}

impl Mongo {
    /// Gives the queue's conversation the number of a change; `None`: the person may not write in it (any more).
    async fn change_queue(&self, tx: &mut ClientSession, grant: &Grant) -> error::Result<Option<u64>> {
        let Some(which) = self.granted(tx, grant, Need::Write).await? else { return Ok(None) };
        self.number_queue(tx, which).await
    }

    async fn number_queue(&self, tx: &mut ClientSession, which: Document) -> error::Result<Option<u64>> {
        let next = doc! { "$add": ["$last_seq", 1_i64] };
        let heard = doc! { "$literal": self.revision(ChangeKind::Queue) };
        let change = vec![doc! { "$set": { "last_seq": &next, "queue_seq": &next, "revision": heard } }];
        let conversations = self.conversation_docs();
        let changed = conversations.find_one_and_update(which, change);
        let changed = changed.return_document(ReturnDocument::After).session(tx).await?;
        Ok(changed.map(|conversation| conversation.last_seq.unsigned_abs()))
    }

    async fn queue_of(&self, tx: &mut ClientSession, conversation_id: &str) -> error::Result<Vec<QueuedDoc>> {
        let of = doc! { "conversation_id": conversation_id };
        let mut found = self.queued_docs().find(of).sort(order()).session(&mut *tx).await?;
        found.stream(tx).try_collect().await
    }

    /// Moves a question; `false` when it is not there.
    async fn place(
        &self,
        tx: &mut ClientSession,
        conversation_id: &str,
        id: &str,
        to: u32,
    ) -> error::Result<bool> {
        let mut all = self.queue_of(tx, conversation_id).await?;
        let Some(from) = all.iter().position(|one| one.id == id) else { return Ok(false) };
        let moved = all.remove(from);
        all.insert(usize::try_from(to).unwrap_or(usize::MAX).min(all.len()), moved);
        for (at, one) in (0_i64..).zip(&all) {
            let mut set = doc! { "position": at };
            if one.id == id {
                set.insert("refused", None::<String>);
                set.insert("waits_until", None::<i64>);
            }
            let which = doc! { "_id": &one.id };
            self.queued_docs().update_one(which, doc! { "$set": set }).session(&mut *tx).await?;
        }
        Ok(true)
    }

    async fn next_in(
        &self,
        conversation_id: &str,
        passed_over: &[String],
    ) -> error::Result<Option<NextQueued>> {
        let of = doc! { "conversation_id": conversation_id };
        let Some(conversation) = self.conversation_docs().find_one(doc! { "_id": conversation_id }).await?
        else {
            return Ok(None);
        };
        let sorted = doc! { "send_now": -1, "position": 1, "_id": 1 };
        let queued: Vec<QueuedDoc> =
            self.queued_docs().find(of.clone()).sort(sorted).await?.try_collect().await?;
        let is_shared = conversation.kind.is_shared();
        let turn = |one: &QueuedDoc| !is_shared || !passed_over.contains(&one.author_id);
        // In a room, what was refused or waits for a day holds nobody else up.
        let held =
            |one: &QueuedDoc| (is_shared && one.refused.is_some(), is_shared && one.waits_until.is_some());
        let Some(first) = queued.into_iter().filter(turn).min_by_key(held) else { return Ok(None) };
        let running = doc! { "conversation_id": conversation_id, "status": "generating" };
        let messages = self.messages().clone_with_type::<Document>();
        if first.refused.is_some() || messages.find_one(running).await?.is_some() {
            return Ok(None);
        }
        let newest = messages.find_one(of).sort(doc! { "_id": -1 });
        let newest = newest.projection(doc! { "role": 1, "status": 1 }).await?;
        let goes_on = newest.is_none_or(|newest| {
            let is = |field: &str, word: &str| newest.get_str(field) == Ok(word);
            is("role", "assistant")
                && is("status", "complete")
                && newest.get_str("_id").ok() == conversation.leaf_id.as_deref()
        });
        let ready = first.send_now || goes_on || is_shared;
        Ok(ready.then(|| NextQueued { queued: first.at(0), after: conversation.leaf_id, is_shared }))
    }

    /// Takes a question out of the queue as its answer begins; `false`: it is not the turn of this question (any more).
    pub(super) async fn take_queued(
        &self,
        tx: &mut ClientSession,
        (conversation_id, id): (&str, &str),
        text: &str,
    ) -> error::Result<bool> {
        let which = doc! { "_id": id, "conversation_id": conversation_id, "text": text };
        Ok(self.queued_docs().delete_one(which).session(tx).await?.deleted_count == 1)
    }

    /// Takes a question out of the queue; answers the message that it is in a room. `None`: it is not there (any more).
    pub(super) async fn take_message(
        &self,
        tx: &mut ClientSession,
        (conversation_id, id): (&str, &str),
    ) -> error::Result<Option<Option<String>>> {
        let which = doc! { "_id": id, "conversation_id": conversation_id };
        let taken = self.queued_docs().find_one_and_delete(which).session(tx).await?;
        Ok(taken.map(|taken| taken.message_id))
    }

    /// Puts a question at the end of a queue whose conversation has been written, unless no more may wait.
    pub(super) async fn wait(
        &self,
        tx: &mut ClientSession,
        grant: &Grant,
        new: &NewQueued<'_>,
    ) -> error::Result<Option<QueueFull>> {
        let all = self.queue_of(tx, grant.conversation_id()).await?;
        let full = full(&all, grant, new);
        if full.is_none() {
            self.queued_docs().insert_one(behind(&all, grant, new)).session(tx).await?;
        }
        Ok(full)
    }

    /// A message that waits as a question says something else (`Some`), or nothing any more. Answers whether it waits.
    pub(super) async fn says_otherwise(
        &self,
        tx: &mut ClientSession,
        (conversation_id, message_id): (&str, &str),
        text: Option<&str>,
    ) -> error::Result<bool> {
        let (which, queued) =
            (doc! { "conversation_id": conversation_id, "message_id": message_id }, self.queued_docs());
        Ok(match text {
            Some(text) => {
                let set = doc! { "$set": { "text": text, "refused": null, "waits_until": null } };
                queued.update_many(which, set).session(tx).await?.matched_count > 0
            }
            None => queued.delete_many(which).session(tx).await?.deleted_count > 0,
        })
    }
}

#[cfg(test)]
impl Mongo {
    /// Changes the queue, and runs the same work once more, as after a commit whose outcome is not known.
    pub(in crate::server::store) async fn change_queued_twice(
        &self,
        grant: &Grant,
        id: &str,
        change: QueueChange<'_>,
    ) -> Result<[QueueOutcome; 2]> {
        let change = Change { grant, id, change, tried: AtomicBool::default() };
        Ok([self.call(self.transaction(&change)).await?, self.call(self.transaction(&change)).await?])
    }
}
