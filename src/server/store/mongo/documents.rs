//! The documents, and the domain's values made from them. Numbers of 64 bits are stored as signed, because BSON has no
//! unsigned type.

use mongodb::bson::{Binary, DateTime};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        Conversation, ConversationKind, Failure, FailureCode, Message, Params, Preferences, Reason, Role,
        Scope, SessionKind, Status, Talk, Timings, Usage, User, UserRole, UserState, params, user::email_of,
    },
    server::store::{Changed, Session},
};

use super::room_documents::RoomDoc;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct UserDoc {
    #[serde(rename = "_id")]
    pub id: String,
    /// Stored under the name that earlier versions use, which knew addresses only.
    #[serde(rename = "email")]
    pub login: String,
    #[serde(default)]
    pub email_verified: bool,
    pub name: String,
    pub password_hash: String,
    pub role: UserRole,
    pub state: UserState,
    #[serde(default)]
    pub tier: Option<String>,
    #[serde(default)]
    pub tier_until: Option<i64>,
    #[serde(default)]
    pub language: Option<String>,
    #[serde(default)]
    pub preferences: Preferences,
    pub created_at: i64,
    #[serde(default)]
    pub seen_at: Option<i64>,
    #[serde(default)]
    pub deletes_at: Option<i64>,
}

impl From<UserDoc> for User {
    fn from(doc: UserDoc) -> Self {
        Self {
            id: doc.id,
            email: email_of(&doc.login),
            login: doc.login,
            email_verified: doc.email_verified,
            name: doc.name,
            role: doc.role,
            state: doc.state,
            tier: doc.tier,
            tier_until: doc.tier_until,
            language: doc.language,
            preferences: doc.preferences,
            created_at: doc.created_at,
            seen_at: doc.seen_at,
            deletes_at: doc.deletes_at,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SessionDoc {
    #[serde(rename = "_id")]
    pub id: String,
    pub user_id: String,
    pub created_at: i64,
    pub last_seen_at: i64,
    pub expires_at: i64,
    /// `expires_at` as a date, because MongoDB removes expired documents by a date.
    pub expires: DateTime,
    pub user_agent: String,
    #[serde(default)]
    pub kind: SessionKind,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub scope: Scope,
    #[serde(default)]
    pub secret_hash: Option<String>,
    #[serde(default)]
    pub address: String,
    #[serde(default)]
    pub proved_at: i64,
}

impl From<&Session> for SessionDoc {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id.clone(),
            user_id: session.user_id.clone(),
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
            expires: DateTime::from_millis(session.expires_at),
            user_agent: session.user_agent.clone(),
            kind: session.kind,
            name: session.name.clone(),
            scope: session.scope,
            secret_hash: session.secret_hash.clone(),
            address: session.address.clone(),
            proved_at: session.proved_at,
        }
    }
}

impl From<SessionDoc> for Session {
    fn from(doc: SessionDoc) -> Self {
        Self {
            id: doc.id,
            user_id: doc.user_id,
            created_at: doc.created_at,
            last_seen_at: doc.last_seen_at,
            expires_at: doc.expires_at,
            user_agent: doc.user_agent,
            kind: doc.kind,
            name: doc.name,
            scope: doc.scope,
            secret_hash: doc.secret_hash,
            address: doc.address,
            proved_at: doc.proved_at,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ConversationDoc {
    #[serde(rename = "_id")]
    pub id: String,
    /// Stored under the name that the previous version uses, because a server of that version may run beside this one.
    /// The same is true of [`MessageDoc::author_id`].
    #[serde(rename = "user_id")]
    pub owner_id: String,
    #[serde(default)]
    pub kind: ConversationKind,
    pub title: String,
    pub title_lower: String,
    pub model: Option<String>,
    pub system_prompt: Option<String>,
    #[serde(default, deserialize_with = "params::stored", skip_serializing_if = "Params::is_empty")]
    pub params: Params,
    pub pinned: bool,
    pub archived: bool,
    #[serde(default)]
    pub unread: bool,
    #[serde(default)]
    pub running: bool,
    pub leaf_id: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub last_seq: i64,
    /// The `last_seq` of the last change of the title, the settings or the branch on screen.
    #[serde(default)]
    pub changed_seq: i64,
    /// The `last_seq` of the last change of the queue of questions.
    #[serde(default)]
    pub queue_seq: i64,
    /// In a room: the `last_seq` of the last change of its members or settings.
    #[serde(default)]
    pub members_seq: i64,
    /// In a room: the `last_seq` of the last change of whose messages it hides.
    #[serde(default)]
    pub hidden_seq: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomDoc>,
    /// Different after each change that other processes should see, see [`super::revision`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The answer that ended last.
    #[serde(default, skip_serializing)]
    pub ended: Option<EndedDoc>,
}

#[derive(Debug, Deserialize)]
pub(super) struct EndedDoc {
    pub message_id: String,
    pub after: i64,
    pub seq: i64,
    pub marks: Binary,
}

impl ConversationDoc {
    pub(super) fn new(owner_id: &str, conversation: &Conversation) -> Self {
        let Conversation { id, title, model, system_prompt, params, leaf_id, .. } = conversation.clone();
        Self {
            id,
            owner_id: owner_id.to_owned(),
            kind: conversation.kind,
            title_lower: title.to_lowercase(),
            title,
            model,
            system_prompt,
            params,
            pinned: conversation.pinned,
            archived: conversation.archived,
            unread: conversation.unread,
            running: conversation.running,
            leaf_id,
            created_at: conversation.created_at,
            updated_at: conversation.updated_at,
            last_seq: 0,
            changed_seq: 0,
            queue_seq: 0,
            members_seq: 0,
            hidden_seq: 0,
            room: None,
            revision: None,
            ended: None,
        }
    }

    /// The document of a conversation that has just been changed: the number of the change is `last_seq`.
    pub(super) fn changed(self) -> Changed {
        let revision = self.last_seq.unsigned_abs();
        Changed { conversation: self.into(), revision }
    }
}

impl From<ConversationDoc> for Conversation {
    fn from(doc: ConversationDoc) -> Self {
        Self {
            id: doc.id,
            kind: doc.kind,
            title: doc.title,
            model: doc.model,
            system_prompt: doc.system_prompt,
            params: doc.params,
            pinned: doc.pinned,
            archived: doc.archived,
            unread: doc.unread,
            running: doc.running,
            leaf_id: doc.leaf_id,
            created_at: doc.created_at,
            updated_at: doc.updated_at,
        }
    }
}

/// Why an answer failed. Earlier versions stored a sentence in English in place of the reason.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FailureDoc {
    pub code: FailureCode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    pub retryable: bool,
}

impl From<Failure> for FailureDoc {
    fn from(failure: Failure) -> Self {
        let Failure { code, reason, retryable } = failure;
        Self { code, reason: Some(reason), message: None, retryable }
    }
}

impl From<FailureDoc> for Failure {
    fn from(doc: FailureDoc) -> Self {
        let FailureDoc { code, reason, message, retryable } = doc;
        match reason {
            Some(reason) => Self { code, reason, retryable },
            None => Self::earlier(code, &message.unwrap_or_default(), retryable),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MessageDoc {
    #[serde(rename = "_id")]
    pub id: String,
    #[serde(rename = "user_id")]
    pub author_id: String,
    pub conversation_id: String,
    pub parent_id: Option<String>,
    pub role: Role,
    pub content: String,
    /// Absent in documents that are read without it.
    #[serde(default)]
    pub reasoning: String,
    pub status: Status,
    pub model: Option<String>,
    pub usage: Option<Usage>,
    pub failure: Option<FailureDoc>,
    #[serde(default)]
    pub length_limited: bool,
    #[serde(default)]
    pub timings: Timings,
    #[serde(default)]
    pub left_out: u32,
    #[serde(default, skip_serializing_if = "Talk::is_empty")]
    pub talk: Talk,
    pub created_at: i64,
    /// Absent in messages of earlier versions.
    #[serde(default)]
    pub revision: i64,
    /// On an answer: the conversation's `last_seq` when its last run began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_seq: Option<i64>,
    /// On the answer of a turn: the question that was stored with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question_id: Option<String>,
    /// On the answer of a turn: the process that writes, or wrote, it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The id of the run in which that process writes, or last wrote, the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

impl MessageDoc {
    /// A message as a person adds it to a conversation; `revision` is the number of the change.
    pub(super) fn new(author_id: &str, conversation_id: &str, message: &Message, revision: i64) -> Self {
        let Message {
            id,
            parent_id,
            role,
            content,
            reasoning,
            status,
            model,
            usage,
            failure,
            length_limited,
            timings,
            left_out,
            continued,
            talk,
            created_at,
            ..
        } = message.clone();
        Self {
            id,
            author_id: author_id.to_owned(),
            conversation_id: conversation_id.to_owned(),
            parent_id,
            role,
            content,
            reasoning,
            status,
            model,
            usage,
            failure: failure.map(FailureDoc::from),
            length_limited,
            timings,
            left_out,
            talk,
            created_at,
            revision,
            began_seq: None,
            question_id: None,
            instance: None,
            // A copy has no name of the last run.
            run: continued.then(String::new),
        }
    }
}

/// Whether an answer has gone on after its first run, which has the answer's id. Earlier versions stored no runs.
pub(super) fn is_continued(id: &str, run: Option<&str>) -> bool {
    run.is_some_and(|run| run != id)
}

impl From<MessageDoc> for Message {
    fn from(doc: MessageDoc) -> Self {
        Self {
            continued: is_continued(&doc.id, doc.run.as_deref()),
            talk: doc.talk,
            id: doc.id,
            conversation_id: doc.conversation_id,
            author_id: doc.author_id,
            parent_id: doc.parent_id,
            role: doc.role,
            content: doc.content,
            reasoning: doc.reasoning,
            status: doc.status,
            model: doc.model,
            usage: doc.usage,
            failure: doc.failure.map(Failure::from),
            length_limited: doc.length_limited,
            timings: doc.timings,
            left_out: doc.left_out,
            created_at: doc.created_at,
            revision: doc.revision.unsigned_abs(),
        }
    }
}
