//! The tree of messages, in MongoDB: each change is one transaction whose first write is the
//! conversation, so that it collides with whatever else changes it.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Document, doc},
    error,
    options::ReturnDocument,
};
use serde::Deserialize;

use crate::{
    domain::{Conversation, Message},
    server::store::{Child, ContinueOutcome, Key, Result, Tree, TreeOutcome, What},
};

use super::{
    Mongo,
    documents::{ConversationDoc, MessageDoc},
    transaction::{Step, Work},
    turns::TURN_GAP,
};

#[derive(Deserialize)]
struct ChildDoc {
    #[serde(rename = "_id")]
    id: String,
    parent_id: Option<String>,
}

#[async_trait]
impl Tree for Mongo {
    async fn children(&self, conversation_id: &str, parents: &[Option<String>]) -> Result<Vec<Child>> {
        let which = doc! { "conversation_id": conversation_id, "parent_id": { "$in": parents } };
        let found: Vec<ChildDoc> = self
            .call(async {
                let messages = self.messages().clone_with_type::<ChildDoc>();
                let found = messages.find(which).projection(doc! { "parent_id": 1 }).sort(doc! { "_id": 1 });
                found.await?.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(|doc| Child { parent_id: doc.parent_id, id: doc.id }).collect())
    }

    async fn select_branch(&self, user_id: &str, message_id: &str) -> Result<TreeOutcome> {
        self.call(self.transaction(&Select { user_id, message_id })).await
    }

    async fn delete_message(&self, user_id: &str, message_id: &str) -> Result<TreeOutcome> {
        self.call(self.transaction(&Delete { user_id, message_id })).await
    }

    async fn continue_answer(
        &self,
        user_id: &str,
        message_id: &str,
        key: Option<&Key>,
        run: &str,
        most_running: u32,
        now: i64,
    ) -> Result<ContinueOutcome> {
        let tried = AtomicBool::default();
        let work = Continue { user_id, message_id, key, run, most_running, now, tried };
        self.call(self.transaction(&work)).await
    }
}

struct Select<'a> {
    user_id: &'a str,
    message_id: &'a str,
}

#[async_trait]
impl Work for Select<'_> {
    type Answer = TreeOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Step<TreeOutcome>> {
        let Some(message) = message(mongo, tx, self.user_id, self.message_id).await? else {
            return Ok(Step::Abort(TreeOutcome::Missing));
        };
        let Some(_) = take(mongo, tx, &message, changed(mongo)).await? else {
            return Ok(Step::Abort(TreeOutcome::Missing));
        };
        if is_busy(mongo, tx, &message.conversation_id).await? {
            return Ok(Step::Abort(TreeOutcome::Busy));
        }
        let leaf = newest_below(mongo, tx, &message.conversation_id, Some(&message.id)).await?;
        let moved = take(mongo, tx, &message, doc! { "$set": { "leaf_id": leaf } }).await?;
        Ok(moved.map_or(Step::Abort(TreeOutcome::Missing), |it| Step::Commit(TreeOutcome::Changed(it))))
    }
}

struct Delete<'a> {
    user_id: &'a str,
    message_id: &'a str,
}

#[async_trait]
impl Work for Delete<'_> {
    type Answer = TreeOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Step<TreeOutcome>> {
        let Some(message) = message(mongo, tx, self.user_id, self.message_id).await? else {
            return Ok(Step::Abort(TreeOutcome::Missing));
        };
        let Some(mut conversation) = take(mongo, tx, &message, changed(mongo)).await? else {
            return Ok(Step::Abort(TreeOutcome::Missing));
        };
        if is_busy(mongo, tx, &message.conversation_id).await? {
            return Ok(Step::Abort(TreeOutcome::Busy));
        }
        let children = doc! { "conversation_id": &message.conversation_id, "parent_id": &message.id };
        let up = doc! { "$set": { "parent_id": &message.parent_id } };
        mongo.messages().update_many(children, up).session(&mut *tx).await?;
        mongo.messages().delete_one(doc! { "_id": &message.id }).session(&mut *tx).await?;
        if conversation.leaf_id.as_ref() == Some(&message.id) {
            let parent = message.parent_id.as_deref();
            let leaf = newest_below(mongo, tx, &message.conversation_id, parent).await?;
            take(mongo, tx, &message, doc! { "$set": { "leaf_id": &leaf } }).await?;
            conversation.leaf_id = leaf;
        }
        Ok(Step::Commit(TreeOutcome::Changed(conversation)))
    }
}

struct Continue<'a> {
    user_id: &'a str,
    message_id: &'a str,
    key: Option<&'a Key>,
    run: &'a str,
    most_running: u32,
    now: i64,
    /// An earlier try got as far as its commit, and it is not known what became of that.
    tried: AtomicBool,
}

#[async_trait]
impl Work for Continue<'_> {
    type Answer = ContinueOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Step<ContinueOutcome>> {
        let Some(found) = message(mongo, tx, self.user_id, self.message_id).await? else {
            return Ok(Step::Abort(ContinueOutcome::Missing));
        };
        if self.tried.load(Ordering::Relaxed) && found.run.as_deref() == Some(self.run) {
            return self.begun(mongo, tx, found).await;
        }
        let scope = (self.user_id, found.conversation_id.clone());
        if let Some(key) = self.key
            && let Some((used, answer)) = mongo.used(tx, (scope.0, &scope.1), key, self.now).await?
        {
            let same = used.continued(key, &answer.id, self.message_id);
            let outcome =
                if same { ContinueOutcome::Repeated(found.into()) } else { ContinueOutcome::KeyReused };
            return Ok(Step::Abort(outcome));
        }
        let change = doc! {
            "$set": { "updated_at": self.now, "revision": mongo.revision(What::Begun) },
            "$inc": { "last_seq": TURN_GAP },
        };
        let Some(conversation) = take(mongo, tx, &found, change).await? else {
            return Ok(Step::Abort(ContinueOutcome::Missing));
        };
        if is_busy(mongo, tx, &found.conversation_id).await? {
            return Ok(Step::Abort(ContinueOutcome::Busy));
        }
        let message = Message::from(found);
        if !message.can_continue() {
            return Ok(Step::Abort(ContinueOutcome::Ended));
        }
        if conversation.leaf_id.as_ref() != Some(&message.id) {
            return Ok(Step::Abort(ContinueOutcome::NotLeaf));
        }
        if mongo.running_of(tx, self.user_id).await? >= u64::from(self.most_running) {
            return Ok(Step::Abort(ContinueOutcome::TooMany));
        }
        let set = doc! {
            "status": "generating", "length_limited": false, "failure": null, "instance": &mongo.instance,
            "run": self.run,
        };
        let change = doc! { "$set": set };
        if let Some(key) = self.key {
            mongo.use_key(tx, (scope.0, &scope.1), key, self.message_id, self.now).await?;
        }
        let which = doc! { "_id": &message.id };
        let begun = mongo
            .messages()
            .find_one_and_update(which, change)
            .return_document(ReturnDocument::After)
            .session(&mut *tx)
            .await?;
        let begun = begun.map_or(message, Message::from);
        self.tried.store(true, Ordering::Relaxed);
        Ok(Step::Commit(ContinueOutcome::Begun(conversation, begun)))
    }
}

impl Continue<'_> {
    async fn begun(
        &self,
        mongo: &Mongo,
        tx: &mut ClientSession,
        found: MessageDoc,
    ) -> error::Result<Step<ContinueOutcome>> {
        let which = doc! { "_id": &found.conversation_id };
        let conversation = mongo.conversation_docs().find_one(which).session(tx).await?;
        Ok(Step::Abort(match conversation {
            Some(conversation) => ContinueOutcome::Begun(conversation.into(), found.into()),
            None => ContinueOutcome::Missing,
        }))
    }
}

async fn message(
    mongo: &Mongo,
    tx: &mut ClientSession,
    user_id: &str,
    id: &str,
) -> error::Result<Option<MessageDoc>> {
    mongo.messages().find_one(doc! { "_id": id, "user_id": user_id }).session(tx).await
}

/// The event that tells of the change has its place.
fn changed(mongo: &Mongo) -> Document {
    doc! { "$set": { "revision": mongo.revision(What::Tree) }, "$inc": { "last_seq": 1 } }
}

/// Changes the conversation of a message; the conversation as it is afterwards.
async fn take(
    mongo: &Mongo,
    tx: &mut ClientSession,
    message: &MessageDoc,
    change: Document,
) -> error::Result<Option<Conversation>> {
    let which = doc! { "_id": &message.conversation_id, "user_id": &message.user_id };
    let changed: Option<ConversationDoc> = mongo
        .conversation_docs()
        .find_one_and_update(which, change)
        .return_document(ReturnDocument::After)
        .session(tx)
        .await?;
    Ok(changed.map(Conversation::from))
}

async fn is_busy(mongo: &Mongo, tx: &mut ClientSession, conversation_id: &str) -> error::Result<bool> {
    let running = doc! { "conversation_id": conversation_id, "status": "generating" };
    Ok(mongo.messages().find_one(running).session(tx).await?.is_some())
}

/// The newest message below this one, or itself; below nothing, the newest of all. A message is older
/// than what is below it, so one pass from old to new finds them.
async fn newest_below(
    mongo: &Mongo,
    tx: &mut ClientSession,
    conversation_id: &str,
    message_id: Option<&str>,
) -> error::Result<Option<String>> {
    let mut which = doc! { "conversation_id": conversation_id };
    if let Some(id) = message_id {
        which.insert("_id", doc! { "$gt": id });
    }
    let messages = mongo.messages().clone_with_type::<ChildDoc>();
    let found = messages.find(which).projection(doc! { "parent_id": 1 }).sort(doc! { "_id": 1 });
    let mut found = found.session(&mut *tx).await?;
    let newer: Vec<ChildDoc> = found.stream(tx).try_collect().await?;
    let Some(top) = message_id else { return Ok(newer.into_iter().last().map(|newest| newest.id)) };
    let mut below = std::collections::HashSet::from([top.to_owned()]);
    let mut newest = top.to_owned();
    for child in newer {
        if child.parent_id.is_some_and(|parent| below.contains(&parent)) {
            newest.clone_from(&child.id);
            below.insert(child.id);
        }
    }
    Ok(Some(newest))
}
