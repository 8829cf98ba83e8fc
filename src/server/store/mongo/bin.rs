//! What was deleted and can be restored, in MongoDB: documents of a conversation and of messages lie in collections of
//! their own, where no other call finds them; the messages of a conversation stay where they are.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Document, doc, from_document},
    error::Result,
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::Binned,
    server::store::{BIN_LIFE, BinPosition, ChangeKind, Grant, Need, Restored, TreeOutcome},
};

use super::{
    Mongo,
    documents::{ConversationDoc, MessageDoc},
    transaction::{Outcome, Transaction},
    tree::{change, earlier, newest_below, set_leaf},
};

/// A deleted message.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DeletedDoc {
    #[serde(rename = "_id")]
    pub id: String,
    pub conversation_id: String,
    /// The parent that it comes back to.
    pub parent_id: Option<String>,
    /// The parent that its children were given to.
    pub gave_to: Option<String>,
    /// The document as it was.
    pub message: Document,
    /// The messages that were given to its parent.
    pub children: Vec<String>,
    /// Whether it was on the branch on screen.
    pub on_screen: bool,
    pub deleted_at: i64,
}

/// Moves the conversation's document to the bin. `false` when there is no such conversation, or the person may not
/// delete it.
pub(super) struct Hide<'a> {
    pub grant: &'a Grant,
    pub now: i64,
    /// An earlier try reached its commit, and its outcome is unknown.
    pub tried: AtomicBool,
}

#[async_trait]
impl Transaction for Hide<'_> {
    type Answer = bool;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<Outcome<bool>> {
        let Some(which) = mongo.granted(tx, self.grant, Need::Own).await? else {
            return Ok(Outcome::Abort(false));
        };
        let conversations = mongo.conversation_docs().clone_with_type::<Document>();
        let Some(mut gone) = conversations.find_one_and_delete(which.clone()).session(&mut *tx).await? else {
            let there = mongo.bin_docs().find_one(which).session(tx).await?;
            return Ok(Outcome::Abort(self.tried.load(Ordering::Relaxed) && there.is_some()));
        };
        gone.insert("binned_at", self.now);
        mongo.bin_docs().clone_with_type::<Document>().insert_one(gone).session(tx).await?;
        self.tried.store(true, Ordering::Relaxed);
        Ok(Outcome::Commit(true))
    }
}

/// Moves the conversation's document back.
pub(super) struct BringBack<'a> {
    pub owner_id: &'a str,
    pub id: &'a str,
    /// How many rooms the owner may own.
    pub rooms: Option<u32>,
}

#[async_trait]
impl Transaction for BringBack<'_> {
    type Answer = Restored;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<Outcome<Restored>> {
        let back = |found: Option<ConversationDoc>| {
            found.map_or(Restored::Missing, |found| Restored::Back(Box::new(found.into())))
        };
        let which = doc! { "_id": self.id, "user_id": self.owner_id };
        let bin = mongo.bin_docs().clone_with_type::<Document>();
        let Some(mut restored) = bin.find_one_and_delete(which.clone()).session(&mut *tx).await? else {
            let there = mongo.conversation_docs().find_one(which).session(tx).await?;
            return Ok(Outcome::Abort(back(there)));
        };
        if let (Ok("room"), Some(most)) = (restored.get_str("kind"), self.rooms)
            && mongo.owns_as_many(tx, (self.owner_id, self.id), most).await?
        {
            return Ok(Outcome::Abort(Restored::TooManyRooms));
        }
        restored.remove("binned_at");
        let conversations = mongo.conversation_docs();
        conversations.clone_with_type::<Document>().insert_one(restored).session(&mut *tx).await?;
        // An update, because that is what other processes hear of.
        let heard = doc! { "$set": { "revision": mongo.revision(ChangeKind::Tree) } };
        let restored = conversations.find_one_and_update(which, heard).session(tx).await?;
        Ok(Outcome::Commit(back(restored)))
    }
}

/// Begins to remove a conversation that was in the bin for long enough; `false`: it was restored meanwhile.
struct Remove<'a> {
    id: &'a str,
}

#[async_trait]
impl Transaction for Remove<'_> {
    type Answer = bool;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<Outcome<bool>> {
        let gone = mongo.bin_docs().delete_one(doc! { "_id": self.id }).session(&mut *tx).await?;
        if gone.deleted_count == 0 {
            return Ok(Outcome::Abort(false));
        }
        mongo.deleted().insert_one(doc! { "_id": self.id }).session(tx).await?;
        Ok(Outcome::Commit(true))
    }
}

/// Puts a deleted message back.
struct Restore<'a> {
    grant: &'a Grant,
    message_id: &'a str,
    /// An earlier try reached its commit, and its outcome is unknown.
    tried: AtomicBool,
}

#[async_trait]
impl Transaction for Restore<'_> {
    type Answer = TreeOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> Result<Outcome<TreeOutcome>> {
        let id = self.grant.conversation_id();
        let which = doc! { "_id": self.message_id, "conversation_id": id };
        let Some(kept) = mongo.deleted_messages().find_one(which.clone()).session(&mut *tx).await? else {
            return earlier(mongo, tx, id, &self.tried).await;
        };
        let Some(mut changed) = change(mongo, tx, self.grant, Need::Manage).await? else {
            return Ok(Outcome::Abort(TreeOutcome::Missing));
        };
        if mongo.running_in(tx, id).await?.is_some() {
            return Ok(Outcome::Abort(TreeOutcome::Busy));
        }
        let revision = changed.revision.cast_signed();
        let mut above = mongo.above(tx, id, kept.gave_to, None).await?;
        above.extend(mongo.above(tx, id, kept.parent_id, Some(self.message_id)).await?);
        let parent_id = above.last().cloned().flatten();
        let mut message = kept.message;
        message.insert("parent_id", parent_id.clone());
        message.insert("revision", revision);
        mongo.messages().clone_with_type::<Document>().insert_one(message).session(&mut *tx).await?;
        let children = doc! {
            "_id": { "$in": &kept.children }, "conversation_id": id,
            "parent_id": { "$in": &above }
        };
        let back = doc! { "$set": { "parent_id": self.message_id, "revision": revision } };
        mongo.messages().update_many(children.clone(), back).session(&mut *tx).await?;
        // Children that were deleted after it come back below it, too.
        let back = doc! { "$set": { "parent_id": self.message_id } };
        mongo.deleted_messages().update_many(children, back).session(&mut *tx).await?;
        mongo.deleted_messages().delete_one(which.clone()).session(&mut *tx).await?;
        mongo.removed().delete_one(which).session(&mut *tx).await?;
        let leaf = changed.conversation.leaf_id.as_deref();
        let shows = kept.on_screen && !mongo.is_on_branch(tx, id, leaf, self.message_id).await?;
        if changed.conversation.leaf_id.is_none() || shows {
            let leaf = newest_below(mongo, tx, id, Some(self.message_id)).await?;
            set_leaf(mongo, tx, &mut changed.conversation, leaf).await?;
        }
        self.tried.store(true, Ordering::Relaxed);
        Ok(Outcome::Commit(TreeOutcome::Changed(changed)))
    }
}

#[derive(Deserialize)]
struct BinnedDoc {
    binned_at: i64,
    #[serde(flatten)]
    conversation: Document,
}

impl Mongo {
    pub(super) async fn in_bin(
        &self,
        owner_id: &str,
        after: Option<&BinPosition>,
        limit: u32,
    ) -> Result<Vec<Binned>> {
        let bin = self.bin_docs().clone_with_type::<BinnedDoc>();
        let mut filter = doc! { "user_id": owner_id };
        if let Some(BinPosition { deleted_at, id }) = after {
            let earlier = doc! { "binned_at": { "$lt": deleted_at } };
            let beside = doc! { "binned_at": deleted_at, "_id": { "$lt": id } };
            filter.insert("binned_at", doc! { "$lte": deleted_at });
            filter.insert("$or", [earlier, beside].to_vec());
        }
        let found = bin.find(filter).sort(doc! { "binned_at": -1, "_id": -1 });
        let found: Vec<BinnedDoc> = found.limit(limit.max(1).into()).await?.try_collect().await?;
        let binned = |doc: BinnedDoc| {
            let conversation: ConversationDoc = from_document(doc.conversation)?;
            Ok(Binned { conversation: conversation.into(), deleted_at: doc.binned_at })
        };
        found.into_iter().map(binned).collect()
    }

    pub(super) async fn put_back(&self, grant: &Grant, message_id: &str) -> Result<TreeOutcome> {
        self.transaction(&Restore { grant, message_id, tried: AtomicBool::default() }).await
    }

    /// Puts a message back, and runs the same work once more, as after a commit whose outcome is not known.
    #[cfg(test)]
    pub(in crate::server::store) async fn put_back_twice(
        &self,
        grant: &Grant,
        message_id: &str,
    ) -> Result<[TreeOutcome; 2]> {
        let restore = Restore { grant, message_id, tried: AtomicBool::default() };
        Ok([self.transaction(&restore).await?, self.transaction(&restore).await?])
    }

    /// Lets what was in the bin for long enough go.
    pub(super) async fn empty_bin(&self, now: i64) -> Result<()> {
        let before = now - BIN_LIFE;
        self.deleted_messages().delete_many(doc! { "deleted_at": { "$lte": before } }).await?;
        let old = self.bin_docs().distinct("_id", doc! { "binned_at": { "$lte": before } }).await?;
        for id in old.iter().filter_map(|id| id.as_str()) {
            self.transaction(&Remove { id }).await?;
        }
        Ok(())
    }

    /// Keeps a message that is about to be deleted, while its children still follow it.
    pub(super) async fn keep(
        &self,
        tx: &mut ClientSession,
        message: &MessageDoc,
        leaf: Option<&str>,
        now: i64,
    ) -> Result<()> {
        let id = &message.conversation_id;
        let on_screen = self.is_on_branch(tx, id, leaf, &message.id).await?;
        let messages = self.messages().clone_with_type::<Document>();
        let children = messages.find(doc! { "conversation_id": id, "parent_id": &message.id });
        let mut children = children.projection(doc! { "_id": 1 }).session(&mut *tx).await?;
        let children: Vec<Document> = children.stream(&mut *tx).try_collect().await?;
        let children = children.iter().filter_map(|child| child.get_str("_id").ok()).map(str::to_owned);
        let Some(whole) = messages.find_one(doc! { "_id": &message.id }).session(&mut *tx).await? else {
            return Ok(());
        };
        let kept = DeletedDoc {
            id: message.id.clone(),
            conversation_id: id.clone(),
            parent_id: message.parent_id.clone(),
            gave_to: message.parent_id.clone(),
            message: whole,
            children: children.collect(),
            on_screen,
            deleted_at: now,
        };
        self.deleted_messages().insert_one(kept).session(tx).await.map(|_| ())
    }

    /// The messages from `parent_id` up to the nearest one that is there; the last is that one, or `None` when there is
    /// none. The deleted messages on the way remember `child` as their child.
    async fn above(
        &self,
        tx: &mut ClientSession,
        conversation_id: &str,
        parent_id: Option<String>,
        child: Option<&str>,
    ) -> Result<Vec<Option<String>>> {
        let mut above = vec![parent_id];
        while let Some(Some(parent)) = above.last() {
            if self.in_conversation(tx, conversation_id, parent).await?.is_some() {
                break;
            }
            let which = doc! { "_id": parent, "conversation_id": conversation_id };
            let adopt = doc! { "$addToSet": { "children": { "$each": child.as_slice() } } };
            let next = self.deleted_messages().find_one_and_update(which, adopt).session(&mut *tx).await?;
            above.push(next.and_then(|next| next.parent_id));
        }
        Ok(above)
    }

    /// Whether the message is on the branch of this leaf. Parents are older than their children, so one pass from new to
    /// old finds the branch.
    async fn is_on_branch(
        &self,
        tx: &mut ClientSession,
        conversation_id: &str,
        leaf: Option<&str>,
        message_id: &str,
    ) -> Result<bool> {
        let Some(leaf) = leaf else { return Ok(false) };
        let which = doc! {
            "conversation_id": conversation_id, "_id": { "$gte": message_id, "$lte": leaf }
        };
        let messages = self.messages().clone_with_type::<Document>();
        let found = messages.find(which).projection(doc! { "parent_id": 1 }).sort(doc! { "_id": -1 });
        let mut found = found.session(&mut *tx).await?;
        let newer: Vec<Document> = found.stream(tx).try_collect().await?;
        let mut branch = HashSet::from([leaf]);
        for message in &newer {
            let id = message.get_str("_id").unwrap_or_default();
            if branch.contains(id)
                && let Ok(parent) = message.get_str("parent_id")
            {
                branch.insert(parent);
            }
        }
        Ok(branch.contains(message_id))
    }
}
