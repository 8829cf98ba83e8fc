//! The documents, and the domain's values made from them. Numbers beyond 32 bits are signed: BSON has
//! no other.

use mongodb::bson::{Binary, DateTime};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        Conversation, Failure, FailureCode, Message, Reason, Role, Status, Usage, User, UserRole, UserState,
    },
    server::store::Session,
};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct UserDoc {
    #[serde(rename = "_id")]
    pub id: String,
    pub email: String,
    pub name: String,
    pub password_hash: String,
    pub role: UserRole,
    pub state: UserState,
    #[serde(default)]
    pub language: Option<String>,
    pub created_at: i64,
}

impl From<UserDoc> for User {
    fn from(doc: UserDoc) -> Self {
        Self {
            id: doc.id,
            email: doc.email,
            name: doc.name,
            role: doc.role,
            state: doc.state,
            language: doc.language,
            created_at: doc.created_at,
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
    /// `expires_at` as MongoDB wants it to remove the document by itself.
    pub expires: DateTime,
    pub user_agent: String,
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
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ConversationDoc {
    #[serde(rename = "_id")]
    pub id: String,
    pub user_id: String,
    pub title: String,
    pub title_lower: String,
    pub model: Option<String>,
    pub system_prompt: Option<String>,
    pub pinned: bool,
    pub archived: bool,
    pub leaf_id: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub last_seq: i64,
    /// Another one after each change that other processes should see.
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
    pub(super) fn new(user_id: &str, conversation: &Conversation) -> Self {
        let Conversation { id, title, model, system_prompt, pinned, archived, leaf_id, .. } =
            conversation.clone();
        Self {
            id,
            user_id: user_id.to_owned(),
            title_lower: title.to_lowercase(),
            title,
            model,
            system_prompt,
            pinned,
            archived,
            leaf_id,
            created_at: conversation.created_at,
            updated_at: conversation.updated_at,
            last_seq: 0,
            revision: None,
            ended: None,
        }
    }
}

impl From<ConversationDoc> for Conversation {
    fn from(doc: ConversationDoc) -> Self {
        Self {
            id: doc.id,
            title: doc.title,
            model: doc.model,
            system_prompt: doc.system_prompt,
            pinned: doc.pinned,
            archived: doc.archived,
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
    /// The owner of the conversation.
    pub user_id: String,
    pub conversation_id: String,
    pub parent_id: Option<String>,
    pub role: Role,
    pub content: String,
    /// Absent where it was not asked for.
    #[serde(default)]
    pub reasoning: String,
    pub status: Status,
    pub model: Option<String>,
    pub usage: Option<Usage>,
    pub failure: Option<FailureDoc>,
    #[serde(default)]
    pub length_limited: bool,
    #[serde(default)]
    pub left_out: u32,
    pub created_at: i64,
    /// On the answer of a turn: the question that was stored with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question_id: Option<String>,
    /// On the answer of a turn: the process that writes, or wrote, it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Which run of the answer that process writes, or wrote, last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

impl MessageDoc {
    pub(super) fn new(user_id: &str, conversation_id: &str, message: &Message) -> Self {
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
            left_out,
            created_at,
            ..
        } = message.clone();
        Self {
            id,
            user_id: user_id.to_owned(),
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
            left_out,
            created_at,
            question_id: None,
            instance: None,
            run: None,
        }
    }
}

impl From<MessageDoc> for Message {
    fn from(doc: MessageDoc) -> Self {
        Self {
            id: doc.id,
            conversation_id: doc.conversation_id,
            parent_id: doc.parent_id,
            role: doc.role,
            content: doc.content,
            reasoning: doc.reasoning,
            status: doc.status,
            model: doc.model,
            usage: doc.usage,
            failure: doc.failure.map(Failure::from),
            length_limited: doc.length_limited,
            left_out: doc.left_out,
            created_at: doc.created_at,
        }
    }
}
