//! What is added to a conversation: a person's message, and an answer that begins or goes on.

use super::{Changed, Grant, Key};
use crate::domain::{Conversation, Message};

/// A person's message, at any time, also while an answer is being written. Needs [`super::Need::Write`].
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Its author is the person behind the grant, whoever is named.
    pub message: Message,
    pub key: Option<Key>,
    pub now: i64,
}

/// What became of a person's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddOutcome {
    /// Stored; `updated_at` of the conversation is moved on. The leaf moves to the message, but while an answer is being
    /// written only when the message follows the leaf.
    Added(Changed),
    /// The key was used before, for the same; this is what it led to.
    Repeated { message_id: String },
    /// The key was used before, for something else.
    KeyReused,
    /// The conversation is gone, or the person may not write in it (any more).
    NoConversation,
    /// The parent is missing or of another conversation.
    NoParent,
}

/// Where an answer is written.
#[derive(Clone, Debug)]
pub enum Destination {
    There(Grant),
    /// Inserted with the answer, for its owner, who asks.
    New {
        owner_id: String,
        conversation: Conversation,
    },
}

impl Destination {
    pub fn conversation(&self) -> &Conversation {
        match self {
            Self::There(grant) => grant.conversation(),
            Self::New { conversation, .. } => conversation,
        }
    }

    pub fn conversation_id(&self) -> &str {
        &self.conversation().id
    }

    /// Who asks.
    pub fn author_id(&self) -> &str {
        match self {
            Self::There(grant) => grant.user_id(),
            Self::New { owner_id, .. } => owner_id,
        }
    }

    /// `None`: nothing is stored of it yet.
    pub fn grant(&self) -> Option<&Grant> {
        match self {
            Self::There(grant) => Some(grant),
            Self::New { .. } => None,
        }
    }

    /// Where the key of a turn counts: in its conversation, or (empty) among those that begin one.
    pub(super) fn key_scope(&self) -> &str {
        self.grant().map_or("", Grant::conversation_id)
    }
}

/// An answer that is to be written, with the question that is asked together with it: both are stored, or neither.
/// Needs [`super::Need::Write`].
#[derive(Clone, Debug)]
pub struct NewAnswer {
    pub to: Destination,
    /// `None` for a further answer to the question `answer.parent_id`.
    pub question: Option<Message>,
    /// Status `generating`, no content. Its model becomes the conversation's.
    pub answer: Message,
    pub key: Option<Key>,
    /// How many answers of the author may be `generating` at once, this one included.
    pub most_running: u32,
    pub now: i64,
}

/// What became of an answer that was to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BeginOutcome {
    /// Stored; `leaf_id` and `updated_at` of the conversation are moved on.
    Begun {
        /// With the conversation as it is now.
        grant: Grant,
        /// The position just before the answer's first event, and the revision of what was stored.
        after: u64,
    },
    /// The key was used before, for the same; this is what it led to.
    Repeated { conversation_id: String, question_id: Option<String>, answer_id: String },
    /// The key was used before, for something else.
    KeyReused,
    /// The conversation is gone, or the person may not write in it (any more).
    NoConversation,
    /// The parent is missing or of another conversation.
    NoParent,
    /// Another answer is being written in this conversation.
    Busy { answer_id: String },
    /// As many answers of the author as may be are being written.
    TooMany,
}

/// An ended answer that is to go on. Needs [`super::Need::Write`].
#[derive(Clone, Debug)]
pub struct Continuation<'a> {
    pub message_id: &'a str,
    pub key: Option<&'a Key>,
    /// A new id for this try, see [`super::Run`].
    pub run: &'a str,
    /// As in [`NewAnswer`].
    pub most_running: u32,
    pub now: i64,
}

/// What became of continuing an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContinueOutcome {
    /// The answer is `generating` again, with the text it has. Who continues it is its author from now on.
    Begun {
        /// With the conversation as it is now.
        grant: Grant,
        answer: Message,
        /// The position just before the next event of the answer, and its revision.
        after: u64,
    },
    /// The key was used before, for this.
    Repeated(Message),
    /// The key was used before, for something else.
    KeyReused,
    /// The message is missing, or the person may not write in its conversation (any more).
    Missing,
    /// It has not ended so that it could go on, see [`Message::can_continue`].
    Ended,
    /// It is not the newest message of the branch on screen.
    NotLeaf,
    /// An answer is being written in the conversation.
    Busy,
    /// As many answers of the person as may be are being written.
    TooMany,
}
