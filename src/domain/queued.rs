//! Questions that wait until the running answer of their conversation has ended.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reason::Reason;

/// How many questions may wait in a conversation.
pub const MOST_QUEUED: u32 = 20;
/// How many questions of one person may wait in a room.
pub const MOST_QUEUED_OWN: u32 = 5;

/// A question that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Queued {
    pub id: String,
    /// The person who will have asked it.
    pub author_id: String,
    /// Markdown.
    pub text: String,
    /// In a room: the message that it is.
    #[serde(default)]
    #[schema(required)]
    pub message_id: Option<String>,
    /// The model to ask; without one the conversation's.
    #[schema(required)]
    pub model: Option<String>,
    /// From 0, the one that is asked next.
    pub position: u32,
    /// Why it could not be asked when its turn came, as a key with parameters. It waits until it is edited, moved or sent.
    #[serde(default)]
    #[schema(required)]
    pub refused: Option<Reason>,
    /// The same as a sentence in the language of whoever asks.
    // Empty until somebody is told.
    #[serde(default)]
    #[schema(required)]
    pub refused_message: Option<String>,
    /// Its author has used up what a day allows, and it is asked by itself from this time on, in UTC milliseconds since 1970.
    #[serde(default)]
    #[schema(required)]
    pub waits_until: Option<i64>,
    /// The same as a sentence in the language of whoever asks.
    #[serde(default)]
    #[schema(required)]
    pub waits_message: Option<String>,
    /// UTC milliseconds since 1970.
    pub created_at: i64,
}

impl Queued {
    /// Why it was not asked when its turn came, in words.
    pub fn why_it_waits(&self) -> Option<&str> {
        self.refused_message.as_deref().or(self.waits_message.as_deref())
    }
}

/// The questions that wait in a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuestionQueue {
    /// In the order in which they are asked.
    pub items: Vec<Queued>,
    /// They are not asked by themselves: the last answer was stopped or failed, and they go on after the next one that is
    /// complete, or when one of them is sent; or the first of them was refused, and they go on when that one is changed,
    /// moved, removed or sent.
    pub waits: bool,
}

impl QuestionQueue {
    /// The queue with its reasons in words, and with times as `clock` tells them.
    #[must_use]
    pub fn worded(mut self, words: impl Fn(&Reason) -> String, clock: impl Fn(i64) -> String) -> Self {
        for item in &mut self.items {
            item.refused_message = item.refused.as_ref().map(&words);
            let until = |at: i64| words(&Reason::new("queue-waits-until").with("time", clock(at)));
            item.waits_message = item.waits_until.map(until);
        }
        self
    }
}
