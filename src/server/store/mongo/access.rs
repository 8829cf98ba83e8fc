//! Who may do what in a conversation, in MongoDB.

use async_trait::async_trait;
use mongodb::{
    ClientSession,
    bson::{Document, doc},
    error,
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{ConversationKind, Member, MemberRole, MemberState, Message, Notify},
    server::store::{Access, AccessLevel, Grant, Need, Result, Standing},
};

use super::{Mongo, documents::ConversationDoc};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MemberDoc {
    #[serde(rename = "_id")]
    pub id: MemberId,
    pub name: String,
    pub name_key: String,
    pub role: MemberRole,
    pub state: MemberState,
    #[serde(default)]
    pub hidden: bool,
    pub joined_at: i64,
    pub notify: Notify,
    #[serde(default)]
    pub read_id: Option<String>,
    #[serde(default)]
    pub written_at: Option<i64>,
    /// In a direct conversation: the newest message when the member put it away; empty: there was none.
    #[serde(default)]
    pub put_away: Option<String>,
}

/// The key of a member: conversation and user.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MemberId {
    pub c: String,
    pub u: String,
}

pub(super) fn id(conversation_id: &str, user_id: &str) -> Document {
    doc! { "_id": { "c": conversation_id, "u": user_id } }
}

impl From<MemberDoc> for Member {
    fn from(doc: MemberDoc) -> Self {
        Self {
            user_id: doc.id.u,
            name: doc.name,
            role: doc.role,
            state: doc.state,
            joined_at: doc.joined_at,
            hidden: doc.hidden,
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
        let Some(mut conversation) = found else { return Ok(None) };
        let level = if conversation.kind == ConversationKind::Direct {
            let found = self.direct_of(&conversation, user_id).await?;
            found.map(|(level, partner)| {
                conversation.title = partner.name;
                level
            })
        } else if conversation.kind == ConversationKind::Board {
            self.level_on_board(None, &conversation, user_id).await?
        } else if conversation.owner_id == user_id {
            Some(AccessLevel::Owner)
        } else if conversation.kind == ConversationKind::Private {
            None
        } else {
            let member = self.member_docs().find_one(id(conversation_id, user_id)).await?;
            member.filter(|member| member.state == MemberState::Active).map(|member| member.role.into())
        };
        Ok(level.map(|level| conversation.standing(user_id, level)))
    }

    /// Whether the person may do this now, for a call that only reads.
    pub(super) async fn may_now(&self, grant: &Grant, need: Need) -> error::Result<bool> {
        let standing = self.standing_in(grant.user_id(), grant.conversation_id()).await?;
        Ok(standing.is_some_and(|standing| standing.grant(need).is_ok()))
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
        if grant.conversation().kind == ConversationKind::Direct {
            return Ok(self.may_now(grant, need).await?.then(|| doc! { "_id": conversation_id }));
        }
        if grant.conversation().kind == ConversationKind::Board {
            let docs = self.conversation_docs();
            let board = docs.find_one(doc! { "_id": conversation_id }).session(&mut *tx).await?;
            let Some(board) = board else { return Ok(None) };
            let level = self.level_on_board(Some(tx), &board, grant.user_id()).await?;
            let may = level.is_some_and(|level| level >= need.least());
            return Ok(may.then(|| doc! { "_id": conversation_id, "kind": "board" }));
        }
        if grant.level() == AccessLevel::Owner {
            return Ok(Some(doc! { "_id": conversation_id, "user_id": grant.user_id() }));
        }
        let member = self.member_docs().find_one(id(conversation_id, grant.user_id())).session(tx).await?;
        let may = member.is_some_and(|member| {
            member.state == MemberState::Active && AccessLevel::from(member.role) >= need.least()
        });
        Ok(may.then(|| doc! { "_id": conversation_id, "kind": { "$nin": [null, "private"] } }))
    }
}

/// The members of a conversation, by their key.
pub(super) fn of_conversation(id: &str) -> Document {
    use mongodb::bson::Bson::{MaxKey, MinKey};
    doc! { "_id": { "$gte": { "c": id, "u": MinKey }, "$lte": { "c": id, "u": MaxKey } } }
}

pub(super) async fn is_granted(
    mongo: &Mongo,
    tx: &mut ClientSession,
    grant: &Grant,
    need: Need,
) -> error::Result<bool> {
    let Some(which) = mongo.granted(tx, grant, need).await? else { return Ok(false) };
    Ok(mongo.conversation_docs().find_one(which).session(tx).await?.is_some())
}

impl ConversationDoc {
    /// The standing of a person who has this level in the conversation.
    pub(super) fn standing(self, user_id: &str, level: AccessLevel) -> Standing {
        let (last_seq, hidden_seq) = (self.last_seq.unsigned_abs(), self.hidden_seq.unsigned_abs());
        Standing::new(self.into(), last_seq, user_id, level).hidden_at(hidden_seq)
    }
}
