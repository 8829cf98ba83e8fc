//! What is added to a conversation: a person's message, or an answer that begins or is continued.

use super::{Changed, Grant, Key, QueueFull};
use crate::domain::{Conversation, Message};

/// A person's message, at any time, also while an answer is being written. Needs [`super::Need::Write`].
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The store sets the person behind the grant as its author, whatever `author_id` says.
    pub message: Message,
    pub key: Option<Key>,
    /// The message is a question for the model: it is put at the end of the queue in the same step. In a room only.
    pub asks: Option<AskedModel>,
    pub now: i64,
}

/// A question for the model that a message of a room is.
#[derive(Clone, Debug)]
pub struct AskedModel {
    /// The model to ask; without one the room's.
    pub model: Option<String>,
    /// How many questions may wait, and how many of the person's own; see [`super::NewQueued`].
    pub most: u32,
    pub most_own: u32,
}

/// The outcome of adding a person's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddOutcome {
    /// Stored, with a new `updated_at` of the conversation. The leaf moves to the message; while an answer is being
    /// written, only if the message follows the leaf. In a room the message follows the newest one, whatever its
    /// `parent_id` says, and the leaf moves in any case; the author has seen everything up to it. Where it is a question for
    /// the model, the queue has the number after this one.
    Added(Changed),
    /// The key was used before for the same request, which led to this message.
    Repeated { message_id: String },
    /// The key was used before for another request.
    KeyReused,
    /// The conversation is gone, or the person may not write in it (any more).
    NoConversation,
    /// The parent is missing or of another conversation.
    NoParent,
    /// In a room: the newest message is this one, whose id does not sort before the id of the message. The caller makes
    /// another id and tries again.
    Behind { leaf_id: String },
    /// In a room with a pause between two messages of a member: it lasts until then, in UTC milliseconds.
    TooSoon { until: i64 },
    /// The message is a question, and no more questions may wait. Nothing was stored.
    QueueFull(QueueFull),
}

/// The conversation in which an answer is written.
#[derive(Clone, Debug)]
pub enum Destination {
    There(Grant),
    /// A new conversation, inserted with the answer; its owner asks.
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

    /// The person who asks.
    pub fn author_id(&self) -> &str {
        match self {
            Self::There(grant) => grant.user_id(),
            Self::New { owner_id, .. } => owner_id,
        }
    }

    /// `None`: the conversation is not stored yet.
    pub fn grant(&self) -> Option<&Grant> {
        match self {
            Self::There(grant) => Some(grant),
            Self::New { .. } => None,
        }
    }

    /// The scope of the key of a turn: its conversation, or empty for a request that begins one.
    pub(super) fn key_scope(&self) -> &str {
        self.grant().map_or("", Grant::conversation_id)
    }
}

/// An answer to write, with its question if there is one: both are stored, or neither. Needs [`super::Need::Write`].
#[derive(Clone, Debug)]
pub struct NewAnswer {
    pub to: Destination,
    /// `None` for a further answer to the question `answer.parent_id`.
    pub question: Option<Message>,
    /// Status `generating`, no content. Its model becomes the conversation's, but not a room's.
    pub answer: Message,
    pub key: Option<Key>,
    /// The question is this one of the queue, which it leaves. Its text and the leaf, its parent, are compared once more. In a
    /// room the question is a message already, the answer follows the newest message, and nothing is compared.
    pub queued: Option<String>,
    /// How many answers of the author may be `generating` at once, including this one.
    pub most_running: u32,
    pub now: i64,
}

impl NewAnswer {
    /// The question of the queue, if the answer is written in a room.
    pub(super) fn queued_in_room(&self) -> Option<&str> {
        self.queued.as_deref().filter(|_| self.to.conversation().kind.is_shared())
    }

    /// The model that the conversation has from now on, if it changes: a room keeps its own.
    pub(super) fn model_of_conversation(&self) -> Option<&String> {
        self.answer.model.as_ref().filter(|_| !self.to.conversation().kind.is_shared())
    }
}

/// The outcome of beginning an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BeginOutcome {
    /// Stored; `leaf_id` and `updated_at` of the conversation are moved on.
    Begun {
        /// The grant, with the conversation as it is now.
        grant: Grant,
        /// The position just before the answer's first event, and the revision of what was stored.
        after: u64,
    },
    /// The key was used before for the same request, which led to these messages.
    Repeated { conversation_id: String, question_id: Option<String>, answer_id: String },
    /// The key was used before for another request.
    KeyReused,
    /// The conversation is gone, or the person may not write in it (any more).
    NoConversation,
    /// The parent is missing or of another conversation.
    NoParent,
    /// It is not the turn of the queued question (any more): it was changed, taken or removed, or another message is the
    /// leaf.
    NotQueued,
    /// Another answer is being written in this conversation.
    Busy { answer_id: String },
    /// The author has as many running answers as allowed.
    TooMany,
    /// As [`AddOutcome::Behind`].
    Behind { leaf_id: String },
}

/// An ended answer to continue. Needs [`super::Need::Write`].
#[derive(Clone, Debug)]
pub struct Continuation<'a> {
    pub message_id: &'a str,
    pub key: Option<&'a Key>,
    /// A new id for this run, see [`super::Run`].
    pub run: &'a str,
    /// As in [`NewAnswer`].
    pub most_running: u32,
    pub now: i64,
}

/// The outcome of continuing an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is answered, and never kept")]
pub enum ContinueOutcome {
    /// The answer is `generating` again and keeps its text. The person who continues it is its author from now on.
    Begun {
        /// The grant, with the conversation as it is now.
        grant: Grant,
        answer: Message,
        /// The position just before the next event of the answer, and its revision.
        after: u64,
    },
    /// The key was used before for the same continuation.
    Repeated(Message),
    /// The key was used before for another request.
    KeyReused,
    /// The message is missing, or the person may not write in its conversation (any more).
    Missing,
    /// The answer has not ended in a way that allows continuing, see [`Message::can_continue`].
    Ended,
    /// The answer is not the newest message of the branch on screen.
    NotLeaf,
    /// An answer is being written in the conversation.
    Busy,
    /// The person has as many running answers as allowed.
    TooMany,
}
