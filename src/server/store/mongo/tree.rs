//! The tree of messages, in MongoDB: each change is one transaction whose first write is to the conversation, so that
//! it collides with every other change of the conversation.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{ClientSession, bson::doc, error, options::ReturnDocument};
use serde::Deserialize;

use crate::{
    domain::{Conversation, Message},
    server::store::{
        ChangeKind, Changed, Child, Continuation, ContinueOutcome, Grant, Need, Result, Tree, TreeOutcome,
    },
};

use super::{
    Mongo,
    changes::{RemovedDoc, numbered, update},
    documents::{ConversationDoc, MessageDoc},
    transaction::{Outcome, Transaction},
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
    async fn children(&self, grant: &Grant, parents: &[Option<String>]) -> Result<Vec<Child>> {
        let which = doc! { "conversation_id": grant.conversation_id(), "parent_id": { "$in": parents } };
        let found: Vec<ChildDoc> = self
            .call(async {
                let messages = self.messages().clone_with_type::<ChildDoc>();
                let found = messages.find(which).projection(doc! { "parent_id": 1 }).sort(doc! { "_id": 1 });
                found.await?.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(|doc| Child { parent_id: doc.parent_id, id: doc.id }).collect())
    }

    async fn select_branch(&self, grant: &Grant, message_id: &str) -> Result<TreeOutcome> {
        self.call(self.transaction(&Select { grant, message_id })).await
    }

    async fn delete_message(&self, grant: &Grant, message_id: &str, now: i64) -> Result<TreeOutcome> {
        let tried = AtomicBool::default();
        self.call(self.transaction(&Delete { grant, message_id, now, tried })).await
    }

    async fn conversation_of_deleted(&self, message_id: &str) -> Result<Option<String>> {
        let which = doc! { "_id": message_id };
        let found = self.call(async { self.deleted_messages().find_one(which).await }).await?;
        Ok(found.map(|deleted| deleted.conversation_id))
    }

    async fn restore_message(&self, grant: &Grant, message_id: &str) -> Result<TreeOutcome> {
        self.call(self.put_back(grant, message_id)).await
    }

    async fn continue_answer(&self, grant: &Grant, how: &Continuation<'_>) -> Result<ContinueOutcome> {
        let tried = AtomicBool::default();
        self.call(self.transaction(&Continue { grant, how, tried })).await
    }
}

struct Select<'a> {
    grant: &'a Grant,
    message_id: &'a str,
}

#[async_trait]
impl Transaction for Select<'_> {
    type Answer = TreeOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<TreeOutcome>> {
        let id = self.grant.conversation_id();
        if mongo.in_conversation(tx, id, self.message_id).await?.is_none() {
            return Ok(Outcome::Abort(TreeOutcome::Missing));
        }
        let Some(mut changed) = change(mongo, tx, self.grant, Need::Write).await? else {
            return Ok(Outcome::Abort(TreeOutcome::Missing));
        };
        if mongo.running_in(tx, id).await?.is_some() {
            return Ok(Outcome::Abort(TreeOutcome::Busy));
        }
        let leaf = newest_below(mongo, tx, id, Some(self.message_id)).await?;
        set_leaf(mongo, tx, &mut changed.conversation, leaf).await?;
        Ok(Outcome::Commit(TreeOutcome::Changed(changed)))
    }
}

struct Delete<'a> {
    grant: &'a Grant,
    message_id: &'a str,
    now: i64,
    /// An earlier try reached its commit, and its outcome is unknown.
    tried: AtomicBool,
}

#[async_trait]
impl Transaction for Delete<'_> {
    type Answer = TreeOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<TreeOutcome>> {
        let id = self.grant.conversation_id();
        let Some(message) = mongo.in_conversation(tx, id, self.message_id).await? else {
            return earlier(mongo, tx, id, &self.tried).await;
        };
        let Some(mut changed) = change(mongo, tx, self.grant, Need::Manage).await? else {
            return Ok(Outcome::Abort(TreeOutcome::Missing));
        };
        if mongo.running_in(tx, id).await?.is_some() {
            return Ok(Outcome::Abort(TreeOutcome::Busy));
        }
        mongo.keep(tx, &message, changed.conversation.leaf_id.as_deref(), self.now).await?;
        let revision = changed.revision.cast_signed();
        let children = doc! { "conversation_id": id, "parent_id": &message.id };
        let up = doc! { "$set": { "parent_id": &message.parent_id, "revision": revision } };
        mongo.messages().update_many(children, up).session(&mut *tx).await?;
        mongo.messages().delete_one(doc! { "_id": &message.id }).session(&mut *tx).await?;
        let removed = RemovedDoc { id: message.id.clone(), conversation_id: id.to_owned(), revision };
        mongo.removed().insert_one(removed).session(&mut *tx).await?;
        if changed.conversation.leaf_id.as_ref() == Some(&message.id) {
            let leaf = newest_below(mongo, tx, id, message.parent_id.as_deref()).await?;
            set_leaf(mongo, tx, &mut changed.conversation, leaf).await?;
        }
        self.tried.store(true, Ordering::Relaxed);
        Ok(Outcome::Commit(TreeOutcome::Changed(changed)))
    }
}

/// The outcome of a change that finds nothing to do: an earlier try has done it, or nothing was there.
pub(super) async fn earlier(
    mongo: &Mongo,
    tx: &mut ClientSession,
    conversation_id: &str,
    tried: &AtomicBool,
) -> error::Result<Outcome<TreeOutcome>> {
    if !tried.load(Ordering::Relaxed) {
        return Ok(Outcome::Abort(TreeOutcome::Missing));
    }
    let found = mongo.conversation_docs().find_one(doc! { "_id": conversation_id }).session(tx).await?;
    let now = found.map(|conversation| TreeOutcome::Changed(conversation.changed()));
    Ok(Outcome::Abort(now.unwrap_or(TreeOutcome::Missing)))
}

struct Continue<'a> {
    grant: &'a Grant,
    how: &'a Continuation<'a>,
    /// An earlier try reached its commit, and its outcome is unknown.
    tried: AtomicBool,
}

#[async_trait]
impl Transaction for Continue<'_> {
    type Answer = ContinueOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<ContinueOutcome>> {
        let (grant, how) = (self.grant, self.how);
        let (id, user_id) = (grant.conversation_id(), grant.user_id());
        let Some(found) = mongo.in_conversation(tx, id, how.message_id).await? else {
            return Ok(Outcome::Abort(ContinueOutcome::Missing));
        };
        if self.tried.load(Ordering::Relaxed) && found.run.as_deref() == Some(how.run) {
            let conversation = mongo.conversation_docs().find_one(doc! { "_id": id }).session(tx).await?;
            let begun = conversation.map(|conversation| self.begun(conversation, found));
            return Ok(Outcome::Abort(begun.unwrap_or(ContinueOutcome::Missing)));
        }
        let Some(which) = mongo.granted(tx, grant, Need::Write).await? else {
            return Ok(Outcome::Abort(ContinueOutcome::Missing));
        };
        if let Some(key) = how.key
            && let Some((used, answer)) = mongo.used(tx, (user_id, id), key, how.now).await?
        {
            let same = used.continued(key, &answer.id, how.message_id);
            let outcome =
                if same { ContinueOutcome::Repeated(found.into()) } else { ContinueOutcome::KeyReused };
            return Ok(Outcome::Abort(outcome));
        }
        let set =
            doc! { "updated_at": how.now, "running": true, "revision": mongo.revision(ChangeKind::Begun) };
        let Some(conversation) = update(mongo, tx, which, numbered(set, TURN_GAP)).await? else {
            return Ok(Outcome::Abort(ContinueOutcome::Missing));
        };
        if mongo.running_in(tx, id).await?.is_some() {
            return Ok(Outcome::Abort(ContinueOutcome::Busy));
        }
        if !Message::from(found).can_continue() {
            return Ok(Outcome::Abort(ContinueOutcome::Ended));
        }
        if conversation.leaf_id.as_deref() != Some(how.message_id) {
            return Ok(Outcome::Abort(ContinueOutcome::NotLeaf));
        }
        if mongo.running_of(tx, user_id).await? >= u64::from(how.most_running) {
            return Ok(Outcome::Abort(ContinueOutcome::TooMany));
        }
        if let Some(key) = how.key {
            mongo.use_key(tx, (user_id, id), key, how.message_id, how.now).await?;
        }
        let set = doc! {
            "status": "generating", "length_limited": false, "failure": null, "instance": &mongo.instance,
            "run": how.run, "user_id": user_id, "revision": conversation.last_seq,
            "began_seq": conversation.last_seq,
        };
        let begun = mongo
            .messages()
            .find_one_and_update(doc! { "_id": how.message_id }, doc! { "$set": set })
            .return_document(ReturnDocument::After)
            .session(&mut *tx)
            .await?;
        let Some(begun) = begun else { return Ok(Outcome::Abort(ContinueOutcome::Missing)) };
        self.tried.store(true, Ordering::Relaxed);
        Ok(Outcome::Commit(self.begun(conversation, begun)))
    }
}

impl Continue<'_> {
    fn begun(&self, conversation: ConversationDoc, answer: MessageDoc) -> ContinueOutcome {
        let after = answer.began_seq.unwrap_or_default().unsigned_abs();
        let standing = conversation.standing(self.grant.user_id(), self.grant.level());
        match standing.grant(Need::Write) {
            Ok(grant) => ContinueOutcome::Begun { grant, answer: answer.into(), after },
            Err(_) => ContinueOutcome::Missing,
        }
    }
}

/// Gives the conversation the number of a change of its tree; `None`: the conversation is gone, or the person may not
/// change it.
pub(super) async fn change(
    mongo: &Mongo,
    tx: &mut ClientSession,
    grant: &Grant,
    need: Need,
) -> error::Result<Option<Changed>> {
    let Some(which) = mongo.granted(tx, grant, need).await? else { return Ok(None) };
    let set = doc! { "revision": mongo.revision(ChangeKind::Tree) };
    Ok(update(mongo, tx, which, numbered(set, 1)).await?.map(ConversationDoc::changed))
}

pub(super) async fn set_leaf(
    mongo: &Mongo,
    tx: &mut ClientSession,
    conversation: &mut Conversation,
    leaf: Option<String>,
) -> error::Result<()> {
    let set = doc! { "$set": { "leaf_id": &leaf } };
    mongo.conversation_docs().update_one(doc! { "_id": &conversation.id }, set).session(tx).await?;
    conversation.leaf_id = leaf;
    Ok(())
}

/// The newest message below `message_id`, or that message itself; with `None`, the newest of all. A message is older
/// than the messages below it, so one pass from old to new finds all of them.
pub(super) async fn newest_below(
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

#[cfg(test)]
impl Mongo {
    /// Deletes a message, and runs the same work once more, as after a commit whose outcome is not known.
    pub(in crate::server::store) async fn delete_message_twice(
        &self,
        grant: &Grant,
        message_id: &str,
        now: i64,
    ) -> Result<[TreeOutcome; 2]> {
        let delete = Delete { grant, message_id, now, tried: AtomicBool::default() };
        Ok([self.call(self.transaction(&delete)).await?, self.call(self.transaction(&delete)).await?])
    }
}
