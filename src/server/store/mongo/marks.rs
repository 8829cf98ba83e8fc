//! Reactions and pins of messages of a room, in MongoDB. Each change is one transaction that writes to the conversation, so
//! that it collides with every other change of the conversation.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Document, doc, to_bson},
    error,
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        Message, Pinned, Reacted, Status, Talk,
        talk::{MOST_PINS, REACTION_NAMES},
    },
    server::store::{
        ChangeKind, Changed, Grant, Marks, Need, NewPin, NewReaction, Outline, Result, TalkOutcome,
    },
};

use super::{
    Mongo,
    changes::{changed_as, update},
    documents::MessageDoc,
    outlines::{OutlineDoc, outline},
    transaction::{Outcome, Transaction},
};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ReactionDoc {
    #[serde(rename = "_id")]
    id: ReactionId,
    at: i64,
}

/// Message, emoji and user.
#[derive(Debug, Serialize, Deserialize)]
struct ReactionId {
    m: String,
    e: String,
    u: String,
}

#[derive(Clone, Copy)]
enum What<'a> {
    React(&'a NewReaction<'a>),
    Pin(&'a NewPin<'a>),
}

struct Mark<'a> {
    grant: &'a Grant,
    message_id: &'a str,
    what: What<'a>,
    /// An earlier try reached its commit, and its outcome is unknown.
    tried: AtomicBool,
}

impl Mark<'_> {
    /// What the message has then; or the outcome without a change.
    async fn marked(
        &self,
        mongo: &Mongo,
        tx: &mut ClientSession,
        old: &Message,
    ) -> error::Result<std::result::Result<Talk, TalkOutcome>> {
        let same = || Ok(Err(TalkOutcome::Same(old.clone())));
        let mut talk = old.talk.clone();
        match self.what {
            What::React(new) => {
                let id = doc! { "m": new.message_id, "e": new.emoji, "u": self.grant.user_id() };
                let (reactions, which) = (mongo.reaction_docs(), doc! { "_id": &id });
                let known = reactions.find_one(which.clone()).session(&mut *tx).await?.is_some();
                match (new.on, known) {
                    (true, true) | (false, false) => return same(),
                    (true, false) if talk.has_all_reactions(new.emoji) => return Ok(Err(TalkOutcome::Full)),
                    (true, false) => {
                        let reactions = reactions.clone_with_type::<Document>();
                        reactions.insert_one(doc! { "_id": id, "at": new.now }).session(&mut *tx).await?;
                    }
                    (false, true) => {
                        reactions.delete_one(which).session(&mut *tx).await?;
                    }
                }
                mongo.count_reactions(tx, &mut talk, new.message_id, new.emoji).await?;
            }
            What::Pin(pin) => match (pin.on, &old.talk.pinned) {
                (true, Some(_)) | (false, None) => return same(),
                (true, None) => {
                    let messages = mongo.messages();
                    let pins = messages.count_documents(pinned(&old.conversation_id));
                    let pins = pins.session(&mut *tx).await?;
                    if usize::try_from(pins).is_ok_and(|pins| pins >= MOST_PINS) {
                        return Ok(Err(TalkOutcome::Full));
                    }
                    talk.pinned = Some(Pinned { by: self.grant.user_id().to_owned(), at: pin.now });
                }
                (false, Some(pinned)) => {
                    let own = pinned.by == self.grant.user_id();
                    if !own && mongo.granted(tx, self.grant, Need::Manage).await?.is_none() {
                        return Ok(Err(TalkOutcome::Missing));
                    }
                    talk.pinned = None;
                }
            },
        }
        Ok(Ok(talk))
    }
}

#[async_trait]
impl Transaction for Mark<'_> {
    type Answer = TalkOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<TalkOutcome>> {
        let missing = || Ok(Outcome::Abort(TalkOutcome::Missing));
        let (grant, id) = (self.grant, self.grant.conversation_id());
        if !grant.conversation().kind.is_shared() {
            return missing();
        }
        let Some(old) = mongo.in_conversation(tx, id, self.message_id).await? else { return missing() };
        let old = Message::from(old);
        let Some(which) = mongo.granted(tx, grant, Need::Write).await? else { return missing() };
        if old.talk.deleted_at.is_some() {
            return missing();
        }
        if old.status == Status::Generating {
            return Ok(Outcome::Abort(TalkOutcome::Busy));
        }
        let talk = match self.marked(mongo, tx, &old).await? {
            Ok(talk) => talk,
            // An earlier try has done it.
            Err(TalkOutcome::Same(message)) if self.tried.load(Ordering::Relaxed) => {
                let found = mongo.conversation_docs().find_one(which).session(tx).await?;
                let changed = found.map(|conversation| TalkOutcome::Changed {
                    changed: changed_as(conversation, message.revision.cast_signed()),
                    message,
                    waited: false,
                });
                return Ok(Outcome::Abort(changed.unwrap_or(TalkOutcome::Missing)));
            }
            Err(outcome) => return Ok(Outcome::Abort(outcome)),
        };
        let Some((message, changed)) = mongo.put_talk(tx, which, old, talk).await? else { return missing() };
        self.tried.store(true, Ordering::Relaxed);
        Ok(Outcome::Commit(TalkOutcome::Changed { message, changed, waited: false }))
    }
}

/// Takes back the reactions to one message of somebody whose account ends.
struct Withdraw<'a> {
    user_id: &'a str,
    message_id: &'a str,
}

#[async_trait]
impl Transaction for Withdraw<'_> {
    type Answer = ();

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<()>> {
        let which = doc! { "_id.m": self.message_id, "_id.u": self.user_id };
        let reactions = mongo.reaction_docs();
        let mut found = reactions.find(which.clone()).session(&mut *tx).await?;
        let found: Vec<ReactionDoc> = found.stream(&mut *tx).try_collect().await?;
        reactions.delete_many(which).session(&mut *tx).await?;
        let message = mongo.messages().find_one(doc! { "_id": self.message_id }).session(&mut *tx).await?;
        let Some(message) = message.map(Message::from) else { return Ok(Outcome::Commit(())) };
        let mut talk = message.talk.clone();
        for reaction in found {
            mongo.count_reactions(tx, &mut talk, self.message_id, &reaction.id.e).await?;
        }
        let which = doc! { "_id": &message.conversation_id };
        // The room may be in the bin, where nobody counts.
        mongo.put_talk(tx, which, message, talk).await?;
        Ok(Outcome::Commit(()))
    }
}

#[async_trait]
impl Marks for Mongo {
    async fn react(&self, grant: &Grant, reaction: &NewReaction<'_>) -> Result<TalkOutcome> {
        let (what, message_id) = (What::React(reaction), reaction.message_id);
        self.call(self.transaction(&Mark { grant, message_id, what, tried: AtomicBool::default() })).await
    }

    async fn reactions(&self, grant: &Grant, message_id: &str, limit: u32) -> Result<Vec<Reacted>> {
        let which = doc! { "_id": message_id, "conversation_id": grant.conversation_id() };
        let found: Vec<ReactionDoc> = self
            .call(async {
                if limit == 0 || self.messages().find_one(which).await?.is_none() {
                    return Ok(Vec::new());
                }
                let of = self.reaction_docs();
                let found = of.find(doc! { "_id.m": message_id });
                let found = found.sort(doc! { "at": 1, "_id.u": 1, "_id.e": 1 }).limit(limit.into());
                found.await?.try_collect().await
            })
            .await?;
        let reacted = |ReactionDoc { id, at }: ReactionDoc| Reacted { emoji: id.e, user_id: id.u, at };
        Ok(found.into_iter().map(reacted).collect())
    }

    async fn own_reactions(&self, grant: &Grant, ids: &[String]) -> Result<Vec<(String, String)>> {
        let which = doc! { "_id.m": { "$in": ids }, "_id.u": grant.user_id() };
        let found: Vec<ReactionDoc> =
            self.call(async { self.reaction_docs().find(which).await?.try_collect().await }).await?;
        Ok(found.into_iter().map(|reaction| (reaction.id.m, reaction.id.e)).collect())
    }

    async fn pin(&self, grant: &Grant, pin: &NewPin<'_>) -> Result<TalkOutcome> {
        let (what, message_id) = (What::Pin(pin), pin.message_id);
        self.call(self.transaction(&Mark { grant, message_id, what, tried: AtomicBool::default() })).await
    }

    async fn pinned(&self, grant: &Grant) -> Result<Vec<Outline>> {
        let steps = [
            doc! { "$match": pinned(grant.conversation_id()) },
            doc! { "$sort": { "talk.pinned.at": -1, "_id": -1 } },
            outline(),
        ];
        let found: Vec<OutlineDoc> = self
            .call(async {
                let found = self.messages().aggregate(steps).with_type::<OutlineDoc>().await?;
                found.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(Outline::from).collect())
    }

    async fn beginnings(&self, grant: &Grant, ids: &[String], chars: u32) -> Result<Vec<Message>> {
        let steps = [
            doc! { "$match": { "_id": { "$in": ids }, "conversation_id": grant.conversation_id() } },
            doc! { "$sort": { "_id": -1 } },
            doc! { "$set": {
                "content": { "$substrCP": ["$content", 0, i64::from(chars)] }, "reasoning": ""
            } },
        ];
        let found: Vec<MessageDoc> = self
            .call(async {
                let found = self.messages().aggregate(steps).with_type::<MessageDoc>().await?;
                found.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(Message::from).collect())
    }
}

impl Mongo {
    /// Takes back all reactions of somebody whose account ends: each message in a transaction of its own, because there may be
    /// very many.
    pub(super) async fn withdraw(&self, user_id: &str) -> Result<()> {
        loop {
            let of_person = doc! { "_id.u": user_id };
            let next = self.call(async { self.reaction_docs().find_one(of_person).await }).await?;
            let Some(next) = next else { return Ok(()) };
            self.call(self.transaction(&Withdraw { user_id, message_id: &next.id.m })).await?;
        }
    }

    /// Counts anew how many people reacted to a message with an emoji.
    async fn count_reactions(
        &self,
        tx: &mut ClientSession,
        talk: &mut Talk,
        message_id: &str,
        emoji: &str,
    ) -> error::Result<()> {
        let (reactions, which) = (self.reaction_docs(), doc! { "_id.m": message_id, "_id.e": emoji });
        let count = reactions.count_documents(which.clone()).session(&mut *tx).await?;
        let first = reactions.find(which).sort(doc! { "at": 1, "_id.u": 1 });
        let mut first =
            first.limit(i64::try_from(REACTION_NAMES).unwrap_or_default()).session(&mut *tx).await?;
        let first: Vec<ReactionDoc> = first.stream(tx).try_collect().await?;
        let first = first.into_iter().map(|reaction| reaction.id.u).collect();
        talk.count_reactions(emoji, u32::try_from(count).unwrap_or(u32::MAX), first);
        Ok(())
    }

    /// Stores what a message has in a room, with the next number. `None`: the conversation is not there (any more).
    async fn put_talk(
        &self,
        tx: &mut ClientSession,
        which: Document,
        old: Message,
        talk: Talk,
    ) -> error::Result<Option<(Message, Changed)>> {
        let heard = doc! { "$literal": self.revision(ChangeKind::Tree) };
        let set = doc! { "last_seq": { "$add": ["$last_seq", 1_i64] }, "revision": heard };
        let conversation = update(self, tx, which, vec![doc! { "$set": set }]).await?;
        let revision = conversation.as_ref().map_or(old.revision.cast_signed(), |it| it.last_seq);
        let set = doc! { "talk": to_bson(&talk)?, "revision": revision };
        self.messages().update_one(doc! { "_id": &old.id }, doc! { "$set": set }).session(tx).await?;
        let message = Message { revision: revision.unsigned_abs(), talk, ..old };
        Ok(conversation.map(|conversation| (message, changed_as(conversation, revision))))
    }
}

fn pinned(conversation_id: &str) -> Document {
    doc! { "conversation_id": conversation_id, "talk.pinned.at": { "$gt": 0_i64 } }
}

#[cfg(test)]
impl Mongo {
    /// Reacts, and runs the same work once more, as after a commit whose outcome is not known.
    pub(in crate::server::store) async fn react_twice(
        &self,
        grant: &Grant,
        reaction: &NewReaction<'_>,
    ) -> Result<[TalkOutcome; 2]> {
        let (what, message_id) = (What::React(reaction), reaction.message_id);
        let mark = Mark { grant, message_id, what, tried: AtomicBool::default() };
        Ok([self.call(self.transaction(&mark)).await?, self.call(self.transaction(&mark)).await?])
    }
}
