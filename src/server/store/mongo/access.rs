//! Who may do what in a conversation, in MongoDB.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Document, doc},
    error,
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{ConversationKind, MemberRole, Message},
    server::store::{Access, AccessLevel, Grant, Member, Members, Need, Result, Standing},
};

use super::{
    Mongo,
    documents::ConversationDoc,
    transaction::{Outcome, Transaction},
};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MemberDoc {
    #[serde(rename = "_id")]
    id: MemberId,
    role: MemberRole,
    joined_at: i64,
    read_seq: i64,
    notify: bool,
}

/// The key of a member: conversation and user.
#[derive(Debug, Serialize, Deserialize)]
struct MemberId {
    c: String,
    u: String,
}

fn id(conversation_id: &str, user_id: &str) -> Document {
    doc! { "_id": { "c": conversation_id, "u": user_id } }
}

impl From<MemberDoc> for Member {
    fn from(doc: MemberDoc) -> Self {
        Self {
            user_id: doc.id.u,
            role: doc.role,
            joined_at: doc.joined_at,
            read_seq: doc.read_seq.unsigned_abs(),
            notify: doc.notify,
        }
    }
}

#[async_trait]
impl Access for Mongo {
    async fn standing(&self, user_id: &str, conversation_id: &str) -> Result<Option<Standing>> {
        self.call(self.standing_in(user_id, conversation_id)).await
    }

    async fn standing_of_message(
        &self,
        user_id: &str,
        message_id: &str,
    ) -> Result<Option<(Standing, Message)>> {
        self.call(async {
            let found = self.messages().find_one(doc! { "_id": message_id }).await?;
            let Some(message) = found.map(Message::from) else { return Ok(None) };
            let standing = self.standing_in(user_id, &message.conversation_id).await?;
            Ok(standing.map(|standing| (standing, message)))
        })
        .await
    }
}

impl Mongo {
    async fn standing_in(&self, user_id: &str, conversation_id: &str) -> error::Result<Option<Standing>> {
        let found = self.conversation_docs().find_one(doc! { "_id": conversation_id }).await?;
        let Some(conversation) = found else { return Ok(None) };
        let level = if conversation.owner_id == user_id {
            Some(AccessLevel::Owner)
        } else if conversation.kind == ConversationKind::Private {
            None
        } else {
            let member = self.member_docs().find_one(id(conversation_id, user_id)).await?;
            member.map(|member| member.role.into())
        };
        Ok(level.map(|level| conversation.standing(user_id, level)))
    }

    /// The filter for the conversation's document, as long as the person may do this in it; `None`: the person may not
    /// (any more). For an owner the filter contains the owner's id, so that nothing else has to be read.
    pub(super) async fn granted(
        &self,
        tx: &mut ClientSession,
        grant: &Grant,
        need: Need,
    ) -> error::Result<Option<Document>> {
        let conversation_id = grant.conversation_id();
        if grant.level() == AccessLevel::Owner {
            return Ok(Some(doc! { "_id": conversation_id, "user_id": grant.user_id() }));
        }
        let member = self.member_docs().find_one(id(conversation_id, grant.user_id())).session(tx).await?;
        let may = member.is_some_and(|member| AccessLevel::from(member.role) >= need.least());
        Ok(may.then(|| doc! { "_id": conversation_id, "kind": { "$nin": [null, "private"] } }))
    }
}

#[async_trait]
impl Members for Mongo {
    async fn set_member(&self, grant: &Grant, member: &Member) -> Result<bool> {
        let doc = MemberDoc {
            id: MemberId { c: grant.conversation_id().to_owned(), u: member.user_id.clone() },
            role: member.role,
            joined_at: member.joined_at,
            read_seq: member.read_seq.cast_signed(),
            notify: member.notify,
        };
        self.call(self.transaction(&SetMember { grant, doc })).await
    }

    async fn remove_member(&self, grant: &Grant, user_id: &str) -> Result<bool> {
        let tried = AtomicBool::default();
        self.call(self.transaction(&RemoveMember { grant, user_id, tried })).await
    }

    async fn member(&self, grant: &Grant, user_id: &str) -> Result<Option<Member>> {
        let which = id(grant.conversation_id(), user_id);
        Ok(self.call(async { self.member_docs().find_one(which).await }).await?.map(Member::from))
    }

    async fn members(&self, grant: &Grant) -> Result<Vec<Member>> {
        let found: Vec<MemberDoc> = self
            .call(async {
                let of = of_conversation(grant.conversation_id());
                self.member_docs().find(of).sort(doc! { "_id": 1 }).await?.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(Member::from).collect())
    }
}

/// The members of a conversation, by their key.
pub(super) fn of_conversation(id: &str) -> Document {
    use mongodb::bson::Bson::{MaxKey, MinKey};
    doc! { "_id": { "$gte": { "c": id, "u": MinKey }, "$lte": { "c": id, "u": MaxKey } } }
}

struct SetMember<'a> {
    grant: &'a Grant,
    doc: MemberDoc,
}

#[async_trait]
impl Transaction for SetMember<'_> {
    type Answer = bool;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<bool>> {
        if !is_granted(mongo, tx, self.grant, Need::Manage).await? {
            return Ok(Outcome::Abort(false));
        }
        let which = id(&self.doc.id.c, &self.doc.id.u);
        mongo.member_docs().replace_one(which, &self.doc).upsert(true).session(tx).await?;
        Ok(Outcome::Commit(true))
    }
}

struct RemoveMember<'a> {
    grant: &'a Grant,
    user_id: &'a str,
    /// An earlier try reached its commit, and its outcome is unknown.
    tried: AtomicBool,
}

#[async_trait]
impl Transaction for RemoveMember<'_> {
    type Answer = bool;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<bool>> {
        if !is_granted(mongo, tx, self.grant, Need::Manage).await? {
            return Ok(Outcome::Abort(false));
        }
        let which = id(self.grant.conversation_id(), self.user_id);
        let removed = mongo.member_docs().delete_one(which).session(tx).await?.deleted_count == 1;
        let earlier = self.tried.fetch_or(removed, Ordering::Relaxed);
        Ok(Outcome::Commit(removed || earlier))
    }
}

async fn is_granted(mongo: &Mongo, tx: &mut ClientSession, grant: &Grant, need: Need) -> error::Result<bool> {
    let Some(which) = mongo.granted(tx, grant, need).await? else { return Ok(false) };
    Ok(mongo.conversation_docs().find_one(which).session(tx).await?.is_some())
}

impl ConversationDoc {
    /// The standing of a person who has this level in the conversation.
    pub(super) fn standing(self, user_id: &str, level: AccessLevel) -> Standing {
        let last_seq = self.last_seq.unsigned_abs();
        Standing::new(self.into(), last_seq, user_id, level)
    }
}
