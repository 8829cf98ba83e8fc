//! One message of a conversation. The messages of a conversation form a tree by `parent_id`.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::reason::Reason;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub id: String,
    pub conversation_id: String,
    /// The person who wrote it; of an answer, the person who asked for it.
    pub author_id: String,
    /// `None` for the first question. A parent is always older than its children, so its id sorts
    /// before theirs.
    pub parent_id: Option<String>,
    pub role: Role,
    /// Markdown.
    pub content: String,
    /// What a reasoning model thought before it answered; empty for most.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reasoning: String,
    pub status: Status,
    /// The model that was asked; `None` on a person's message.
    pub model: Option<String>,
    pub usage: Option<Usage>,
    /// Why, when `status` is `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The model stopped at a length limit; the answer can be continued.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub length_limited: bool,
    /// On an answer: how many messages before it had no room in the model's context and were not sent;
    /// [`MOST_LEFT_OUT`] stands for more, too.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u32,
    pub created_at: i64,
    /// The number within the conversation of the last change; a later change has a higher one.
    #[serde(default)]
    pub revision: u64,
}

/// So many messages that were left out are counted.
pub const MOST_LEFT_OUT: u32 = 10_000;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
pub(crate) fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Message {
    /// Whether the same answer can go on: it was cut short. Only the newest message of a branch is continued.
    pub fn can_continue(&self) -> bool {
        self.role == Role::Assistant
            && self.status.can_continue(self.length_limited, !self.content.is_empty())
    }
}

/// The place of a message among those with the same parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Siblings {
    /// From 1.
    pub index: u32,
    /// At least 2.
    pub count: u32,
    pub previous_id: Option<String>,
    pub next_id: Option<String>,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Role {
    System,
    User,
    Assistant,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Status {
    /// Being written; every other status is final.
    Generating,
    Complete,
    /// By the person, with Stop.
    Stopped,
    /// By a crash or a restart of the server.
    Interrupted,
    /// By the provider; see [`Failure`]. With some text it can go on.
    Failed,
}

impl Status {
    /// Whether an answer that ended so can go on. One that failed before its first word has nothing to go on with.
    pub fn can_continue(self, length_limited: bool, has_text: bool) -> bool {
        match self {
            Self::Stopped | Self::Interrupted => true,
            Self::Complete => length_limited,
            Self::Failed => has_text,
            Self::Generating => false,
        }
    }
}

/// Tokens as the provider counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub prompt_tokens: u32,
    pub completion_tokens: u32,
}

/// Why an answer failed, and what a person can do. Neither the sentence nor its parameters hold a key or what the
/// provider wrote word for word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub code: FailureCode,
    pub reason: Reason,
    /// Whether asking again may help without changing anything.
    pub retryable: bool,
}

impl Failure {
    /// A failure that an older version stored: as a sentence in English.
    pub fn earlier(code: FailureCode, message: &str, retryable: bool) -> Self {
        let reason = match code {
            FailureCode::Unreachable => Reason::new("earlier-unreachable").with("message", message),
            FailureCode::Refused => Reason::new("earlier-refused").with("message", message),
            FailureCode::Overloaded => Reason::new("earlier-overloaded").with("message", message),
            FailureCode::Timeout => Reason::new("earlier-timeout").with("message", message),
            FailureCode::Broken => Reason::new("earlier-broken").with("message", message),
        };
        Self { code, reason, retryable }
    }
}

/// Every way in which a provider can fail ends in one of these five.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum FailureCode {
    /// No connection: DNS, refused, TLS.
    Unreachable,
    /// The provider said no: a bad key, an unknown model, a prompt that is too long.
    Refused,
    /// The provider is busy or broken for now: 429, 5xx.
    Overloaded,
    /// Nothing came within the time limit.
    Timeout,
    /// What came was not an answer: HTML, broken JSON, no text, a stream that was cut short.
    Broken,
}
