//! [`Key`]: an idempotency key, and what a store remembers of a used key.

use super::NewAnswer;

/// How long a key is valid, in milliseconds: a day. After that the same key asks anew.
pub const KEY_LIFE: i64 = 24 * 60 * 60 * 1000;

/// Identifies a request of a user: a question, which may wait, a further answer or a continuation. It is unique per user and
/// conversation, or, for requests that begin a conversation, per user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The name that the caller chose.
    pub name: String,
    /// A hash of the whole request. The same key with another request leads to [`super::BeginOutcome::KeyReused`].
    pub request: String,
}

/// What a store remembers of a used key.
#[derive(Debug)]
pub(super) struct Used {
    /// The stored [`Key::request`]. Keys of versions that stored no requests have `None` for a turn and an empty text
    /// for a continuation.
    pub request: Option<String>,
    /// The text of the question that was stored with the answer.
    pub asked: Option<String>,
    /// The message that the answer follows.
    pub parent_id: Option<String>,
}

impl Used {
    /// Whether the key was used for the same request as `new`.
    pub(super) fn is_for(&self, key: &Key, new: &NewAnswer) -> bool {
        match (&self.request, &new.question) {
            (Some(request), _) => *request == key.request,
            (None, Some(question)) => self.asked.as_ref() == Some(&question.content),
            (None, None) => self.asked.is_none() && self.parent_id == new.answer.parent_id,
        }
    }

    /// Whether the key, which led to `answer_id`, was used to continue `message_id`.
    pub(super) fn continued(&self, key: &Key, answer_id: &str, message_id: &str) -> bool {
        let same = |request: &String| request.is_empty() || *request == key.request;
        answer_id == message_id && self.request.as_ref().is_some_and(same)
    }
}
