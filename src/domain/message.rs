//! One message of a conversation. The messages of a conversation form a tree by `parent_id`.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::{amount, reason::Reason, talk::Talk};

// The schema leaves out what the REST API answers in another form: `content` as Markdown or HTML, `failure` in words.
/// A question or an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Message {
    pub id: String,
    pub conversation_id: String,
    /// The person who wrote it; of an answer, the person who asked for it.
    pub author_id: String,
    /// The message that this one follows; the first one follows none. A parent is older than its children, so its
    /// id sorts before theirs.
    #[schema(required)]
    pub parent_id: Option<String>,
    pub role: Role,
    /// Markdown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(ignore)]
    pub content: String,
    /// What a reasoning model thought before it answered; missing for most models.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reasoning: String,
    pub status: Status,
    /// The model that was asked; none on a person's message.
    #[schema(required)]
    pub model: Option<String>,
    /// As the provider counted, if it did.
    #[schema(required)]
    pub usage: Option<Usage>,
    /// Why, when `status` is `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub failure: Option<Failure>,
    #[serde(flatten)]
    #[schema(inline)]
    pub timings: Timings,
    /// The model stopped at a length limit, and the answer can be continued. Missing: it did not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub length_limited: bool,
    /// On an answer: so many messages from the beginning of the conversation were not sent, because the model's
    /// context has no room for them; 10000 stands for more, too. Missing: all were sent.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u32,
    /// It was cut short and went on later: [`Self::usage`] and [`Self::timings`] are those of all its runs together.
    #[serde(skip)]
    #[schema(ignore)]
    pub continued: bool,
    // A sentence here would be a part of its own in the document of the API.
    #[serde(flatten)]
    #[schema(inline)]
    pub talk: Talk,
    /// UTC milliseconds since 1970.
    pub created_at: i64,
    /// The number within the conversation of the last change; a later change has a higher one.
    #[serde(default)]
    #[schema(required)]
    pub revision: u64,
}

/// The highest [`Message::left_out`]: counting stops there.
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

impl Message {
    /// The mark that is left of a message of a room.
    #[must_use]
    pub fn erased(mut self, now: i64) -> Self {
        self.content.clear();
        self.reasoning.clear();
        self.length_limited = false;
        self.talk = Talk { deleted_at: Some(now), reply_to: self.talk.reply_to, ..Talk::default() };
        self
    }

    /// When the provider that refused this answer takes requests again, in UTC milliseconds since 1970, if it said so:
    /// counted from the end of the answer. `None` for a continued one, whose end is not known.
    pub fn retry_at(&self) -> Option<i64> {
        if self.continued {
            return None;
        }
        let wait = self.failure.as_ref()?.retry_after()?;
        Some(self.created_at + i64::from(self.timings.duration_ms?) + i64::from(wait) * 1000)
    }
}

/// The place of a message among those with the same parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Siblings {
    /// From 1, the oldest.
    #[schema(minimum = 1)]
    pub index: u32,
    /// How many they are, this one included.
    #[schema(minimum = 2)]
    pub count: u32,
    #[schema(required)]
    pub previous_id: Option<String>,
    #[schema(required)]
    pub next_id: Option<String>,
}

/// Who wrote a message.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Role {
    System,
    User,
    Assistant,
}

/// How far a message has got.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Status {
    /// The message is being written; every other status is final.
    Generating,
    Complete,
    /// The person stopped the answer.
    Stopped,
    /// A crash or a restart of the server ended the answer.
    Interrupted,
    /// The provider failed; [`Message::failure`] says how. An answer that has some text can be continued.
    Failed,
}

impl Status {
    /// Whether an answer that ended so can go on. One without text has nothing to go on with.
    pub fn can_continue(self, length_limited: bool, has_text: bool) -> bool {
        has_text
            && match self {
                Self::Stopped | Self::Interrupted | Self::Failed => true,
                Self::Complete => length_limited,
                Self::Generating => false,
            }
    }
}

/// Tokens as the provider counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    pub prompt_tokens: u32,
    pub completion_tokens: u32,
}

/// How long an answer took, in milliseconds, as far as the server that wrote it measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Timings {
    /// From the question's storing to the first token. Missing, as the next two are: not known, or there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub first_token_ms: Option<u32>,
    /// The whole answer; of a continued one, all its parts together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub duration_ms: Option<u32>,
    /// How much of it the model spent thinking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reasoning_ms: Option<u32>,
}

impl Timings {
    /// Tokens per second from the first token on; `None` without both times, or when the answer came in one piece.
    pub fn speed(&self, usage: Option<Usage>) -> Option<u32> {
        let written = self.duration_ms?.checked_sub(self.first_token_ms?).filter(|ms| *ms >= SHORTEST_MS)?;
        let per_second = u64::from(usage?.completion_tokens) * 1000 / u64::from(written);
        u32::try_from(per_second).ok().filter(|speed| *speed > 0)
    }
}

/// The shortest time in milliseconds from which a speed is computed.
const SHORTEST_MS: u32 = 50;

/// How many tokens of a model's context the conversation takes by the usage of the run that wrote its newest answer, and how
/// many there are. `None` while either is unknown. Providers count differently, so this is at most the whole context.
pub fn context_used(newest: Option<Usage>, context: Option<u32>) -> Option<(u32, u32)> {
    let (usage, of) = (newest?, context.filter(|context| *context > 0)?);
    Some((usage.prompt_tokens.saturating_add(usage.completion_tokens).min(of), of))
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
    /// After how many seconds the provider said to ask again, if it did; never less than it said.
    pub fn retry_after(&self) -> Option<u32> {
        self.retryable.then(|| self.reason.parameter("wait").and_then(amount::seconds))?
    }

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
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    ToSchema,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(prompt_tokens: u32, completion_tokens: u32) -> Option<Usage> {
        Some(Usage { prompt_tokens, completion_tokens })
    }

    #[test]
    fn only_an_answer_with_text_can_go_on() {
        for status in Status::VARIANTS {
            assert!(!status.can_continue(true, false), "{status:?}");
            let ended_early = matches!(status, Status::Stopped | Status::Interrupted | Status::Failed);
            assert_eq!(status.can_continue(false, true), ended_early, "{status:?}");
        }
        assert!(Status::Complete.can_continue(true, true));
    }

    #[test]
    fn the_speed_is_that_after_the_first_token() {
        let speed = |first, all, usage| {
            Timings { first_token_ms: first, duration_ms: all, reasoning_ms: None }.speed(usage)
        };
        assert_eq!(speed(Some(400), Some(4_400), usage(9, 208)), Some(52));
        assert_eq!(speed(Some(0), Some(u32::MAX), usage(0, u32::MAX)), Some(1_000));
        for (first, all, usage) in [
            (None, Some(4_400), usage(9, 208)),
            (Some(400), None, usage(9, 208)),
            (Some(400), Some(4_400), None),
            (Some(400), Some(449), usage(9, 208)),
            (Some(400), Some(300), usage(9, 208)),
            (Some(0), Some(10_000), usage(9, 1)),
        ] {
            assert_eq!(speed(first, all, usage), None);
        }
    }

    #[test]
    fn a_provider_takes_requests_again_so_long_after_the_end() {
        let reason = Reason::new("any").with("wait", amount::duration(20));
        let mut answer: Message = serde_json::from_value(serde_json::json!({
            "id": "a", "conversation_id": "c", "author_id": "p", "role": "assistant", "status": "failed",
            "failure": { "code": "overloaded", "reason": reason, "retryable": true },
            "duration_ms": 500, "created_at": 1_000, "revision": 1,
        }))
        .unwrap();
        assert_eq!(answer.retry_at(), Some(21_500));
        answer.continued = true;
        assert_eq!(answer.retry_at(), None, "between its runs nobody knows how long it waited");
    }

    #[test]
    fn the_context_that_is_used() {
        assert_eq!(context_used(usage(3_000, 500), Some(8_192)), Some((3_500, 8_192)));
        assert_eq!(context_used(usage(u32::MAX, 5), Some(8_192)), Some((8_192, 8_192)));
        assert_eq!(context_used(usage(0, 0), Some(1)), Some((0, 1)));
        assert_eq!(context_used(None, Some(8_192)), None);
        assert_eq!(context_used(usage(1, 1), None), None);
        assert_eq!(context_used(usage(1, 1), Some(0)), None);
    }

    #[test]
    fn a_failure_says_when_to_ask_again() {
        let failed =
            |reason, retryable| Failure { code: FailureCode::Overloaded, reason, retryable }.retry_after();
        let wait = |seconds| Reason::new("any").with("wait", amount::duration(seconds));
        assert_eq!(failed(wait(20), true), Some(20));
        assert_eq!(failed(wait(101), true), Some(120));
        assert_eq!(failed(wait(7_201), true), Some(10_800));
        assert_eq!(failed(wait(200_000), true), Some(259_200));
        assert_eq!(failed(wait(20), false), None);
        assert_eq!(failed(Reason::new("any"), true), None);
        assert_eq!(failed(Reason::new("any").with("wait", "soon"), true), None);
    }
}
