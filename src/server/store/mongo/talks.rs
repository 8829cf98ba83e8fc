//! Messages of a room that are changed or deleted, in MongoDB: each change is one transaction that writes to the
//! conversation, so that it collides with every other change of the conversation.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Bson, doc, to_bson},
    error,
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Message, Role, Status, Version, talk::MOST_EDITS},
    server::store::{Access, ChangeKind, Grant, Need, Result, TalkOutcome, Talks, VersionPage, VersionQuery},
};

use super::{
    Mongo,
    access::id as member_id,
    changes::{changed_as, update},
    documents::ConversationDoc,
    transaction::{Outcome, Transaction},
};

/// What a message said before.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct VersionDoc {
    #[serde(rename = "_id")]
    id: VersionId,
    until: i64,
    changed_by: String,
    content: String,
}

/// Message, and the revision of the change.
#[derive(Debug, Serialize, Deserialize)]
struct VersionId {
    m: String,
    r: i64,
}

#[async_trait]
impl Talks for Mongo {
    async fn edit_message(
        &self,
        grant: &Grant,
        message_id: &str,
        text: &str,
        mentions: &[String],
        now: i64,
    ) -> Result<TalkOutcome> {
        let (to, tried) = (To::Text(text, mentions), AtomicBool::default());
        self.call(self.transaction(&Replace { grant, message_id, to, now, tried })).await
    }

    async fn replies_among(
        &self,
        grant: &Grant,
        ids: &[String],
        originals: &[String],
    ) -> Result<Vec<String>> {
        let which = doc! {
            "_id": { "$in": ids }, "conversation_id": grant.conversation_id(), "talk.reply_to": { "$in": originals },
        };
        let found = self.call(async { self.messages().distinct("_id", which).await }).await?;
        Ok(found.iter().filter_map(Bson::as_str).map(str::to_owned).collect())
    }

    async fn erase_message(&self, grant: &Grant, message_id: &str, now: i64) -> Result<TalkOutcome> {
        let (to, tried) = (To::Mark, AtomicBool::default());
        self.call(self.transaction(&Replace { grant, message_id, to, now, tried })).await
    }

    async fn versions(&self, grant: &Grant, message_id: &str, query: VersionQuery) -> Result<VersionPage> {
        let standing = self.standing(grant.user_id(), grant.conversation_id()).await?;
        if standing.is_none_or(|standing| standing.grant(Need::Manage).is_err()) {
            return Ok(VersionPage::default());
        }
        self.call(async {
            let which = doc! { "_id": message_id, "conversation_id": grant.conversation_id() };
            if self.messages().find_one(which).await?.is_none() {
                return Ok(VersionPage::default());
            }
            let older = doc! { "_id.m": message_id, "_id.r": { "$lt": query.before.unwrap_or(i64::MAX) } };
            // A batch is small, because each text may be long.
            let found = self.version_docs().find(older).sort(doc! { "_id": -1 }).batch_size(4).await?;
            let found = found.map_ok(|VersionDoc { id, content, until, changed_by }| {
                (id.r, Version { content, until, changed_by })
            });
            VersionPage::read(found, query.bytes).await
        })
        .await
    }
}

/// What becomes of a message.
#[derive(Clone, Copy)]
enum To<'a> {
    /// It has this text, and mentions these people.
    Text(&'a str, &'a [String]),
    /// A mark is left of it.
    Mark,
}

struct Replace<'a> {
    grant: &'a Grant,
    message_id: &'a str,
    to: To<'a>,
    now: i64,
    /// An earlier try reached its commit, and its outcome is unknown.
    tried: AtomicBool,
}

impl Replace<'_> {
    /// The message as it is to be, or the outcome without a change.
    fn replaced(&self, old: &Message) -> std::result::Result<Message, Box<TalkOutcome>> {
        let own = old.author_id == self.grant.user_id();
        let gone = old.talk.deleted_at.is_some();
        match self.to {
            To::Text(..) if !own || gone || old.role != Role::User => Err(Box::new(TalkOutcome::Missing)),
            To::Text(text, mentions) if old.content == text && old.talk.mentions == mentions => {
                Err(Box::new(TalkOutcome::Same(old.clone())))
            }
            To::Text(text, mentions) => {
                let mut new = Message { content: text.to_owned(), ..old.clone() };
                new.talk.mentions = mentions.to_vec();
                new.talk.edited_at = Some(self.now);
                Ok(new)
            }
            To::Mark if old.status == Status::Generating => Err(Box::new(TalkOutcome::Busy)),
            To::Mark if gone => Err(Box::new(TalkOutcome::Same(old.clone()))),
            To::Mark => Ok(old.clone().erased(self.now)),
        }
    }

    /// What the person needs to do this.
    fn need(&self, old: &Message) -> Need {
        let own = old.author_id == self.grant.user_id();
        if own { Need::Write } else { Need::Manage }
    }
}

#[async_trait]
impl Transaction for Replace<'_> {
    type Answer = TalkOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<TalkOutcome>> {
        let missing = || Ok(Outcome::Abort(TalkOutcome::Missing));
        let (grant, id) = (self.grant, self.grant.conversation_id());
        if !grant.conversation().kind.is_shared() {
            return missing();
        }
        let Some(old) = mongo.in_conversation(tx, id, self.message_id).await? else { return missing() };
        let old = Message::from(old);
        let Some(which) = mongo.granted(tx, grant, self.need(&old)).await? else { return missing() };
        let new = match self.replaced(&old).map_err(|outcome| *outcome) {
            Ok(new) => new,
            // An earlier try has done it.
            Err(TalkOutcome::Same(message)) if self.tried.load(Ordering::Relaxed) => {
                let found = mongo.conversation_docs().find_one(which).session(tx).await?;
                let changed = found.map(|conversation| TalkOutcome::Changed {
                    changed: changed_as(conversation, message.revision.cast_signed()),
                    message,
                    // Whoever shows the queue reads it once too often at the worst.
                    waited: true,
                });
                return Ok(Outcome::Abort(changed.unwrap_or(TalkOutcome::Missing)));
            }
            Err(outcome) => return Ok(Outcome::Abort(outcome)),
        };
        if matches!(self.to, To::Text(..)) {
            let versions = mongo.version_docs();
            let edits = versions.count_documents(doc! { "_id.m": &old.id }).session(&mut *tx).await?;
            if edits >= u64::from(MOST_EDITS) {
                return Ok(Outcome::Abort(TalkOutcome::Full));
            }
        }
        let waited = match self.to {
            To::Text(text, _) => mongo.says_otherwise(tx, (id, &old.id), Some(text)).await?,
            To::Mark => mongo.says_otherwise(tx, (id, &old.id), None).await?,
        };
        let heard = doc! { "$literal": mongo.revision(ChangeKind::Tree) };
        // The queue has the number after the one of the message.
        let next = doc! { "$add": ["$last_seq", 1_i64 + i64::from(waited)] };
        let mut set = doc! { "last_seq": &next, "revision": heard };
        if waited {
            set.insert("queue_seq", next);
        }
        let conversation = update(mongo, tx, which, vec![doc! { "$set": set }]).await?;
        let Some(conversation) = conversation else { return missing() };
        let revision = conversation.last_seq - i64::from(waited);
        let version = VersionDoc {
            id: VersionId { m: old.id.clone(), r: revision },
            until: self.now,
            changed_by: grant.user_id().to_owned(),
            content: old.content,
        };
        mongo.version_docs().insert_one(version).session(&mut *tx).await?;
        let set = doc! {
            "content": &new.content, "reasoning": &new.reasoning, "talk": to_bson(&new.talk)?,
            "length_limited": new.length_limited, "revision": revision,
        };
        mongo.messages().update_one(doc! { "_id": &new.id }, doc! { "$set": set }).session(&mut *tx).await?;
        if matches!(self.to, To::Mark) {
            mongo.reaction_docs().delete_many(doc! { "_id.m": &new.id }).session(&mut *tx).await?;
            mongo.settle_reports(tx, &new.id, grant.user_id(), self.now).await?;
        }
        self.tried.store(true, Ordering::Relaxed);
        let message = Message { revision: revision.unsigned_abs(), ..new };
        Ok(Outcome::Commit(TalkOutcome::Changed {
            message,
            changed: changed_as(conversation, revision),
            waited,
        }))
    }
}

impl Mongo {
    /// Until when the slow mode of a room keeps a member waiting, who has written before and manages nothing there.
    pub(super) async fn waits_until(
        &self,
        tx: &mut ClientSession,
        conversation: &ConversationDoc,
        grant: &Grant,
    ) -> error::Result<Option<i64>> {
        let slow = conversation.room.as_ref().map_or(0, |room| room.settings.slow_seconds);
        if slow == 0 || self.granted(tx, grant, Need::Manage).await?.is_some() {
            return Ok(None);
        }
        let member = member_id(&conversation.id, grant.user_id());
        let member = self.member_docs().find_one(member).session(tx).await?;
        Ok(member.and_then(|member| member.written_at).map(|at| at + 1000 * i64::from(slow)))
    }
}
