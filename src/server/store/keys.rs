//! [`Key`]: an idempotency key, and what a store remembers of one that was used.

use super::NewAnswer;

/// How long a key counts, in milliseconds: a day. After that the same key asks anew.
pub const KEY_LIFE: i64 = 24 * 60 * 60 * 1000;

/// Names a question (or a further answer, or a continuation) among those that its user asks in a conversation, or
/// among those with which the user begins conversations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// As the caller chose it.
    pub name: String,
    /// A hash of all that was asked. The same key with another request is [`super::BeginOutcome::KeyReused`].
    pub request: String,
}

/// What is stored of a used key.
#[derive(Debug)]
pub(super) struct Used {
    /// From before requests were kept: `None` for a turn, empty for a continuation.
    pub request: Option<String>,
    /// The text of the question that was stored with the answer.
    pub asked: Option<String>,
    /// What the answer follows.
    pub parent_id: Option<String>,
}

impl Used {
    /// Whether the key was used for what is asked now.
    pub(super) fn is_for(&self, key: &Key, new: &NewAnswer) -> bool {
        match (&self.request, &new.question) {
            (Some(request), _) => *request == key.request,
            (None, Some(question)) => self.asked.as_ref() == Some(&question.content),
            (None, None) => self.asked.is_none() && self.parent_id == new.answer.parent_id,
        }
    }

    /// Whether it was used to continue `message_id`, given the message that stands beside it.
    pub(super) fn continued(&self, key: &Key, answer_id: &str, message_id: &str) -> bool {
        let same = |request: &String| request.is_empty() || *request == key.request;
        answer_id == message_id && self.request.as_ref().is_some_and(same)
    }
}
