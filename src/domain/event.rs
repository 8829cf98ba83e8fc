//! [`ChatEvent`]: what the listeners of a conversation are told while an answer is written. Both transports carry it:
//! lines of JSON for the page, server-sent events for programs.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::{
    message::{Failure, FailureCode, Message, Status, Timings, Usage, is_zero},
    reason::Reason,
    talk::{Reaction, Talk},
};

/// An event with its number: `seq` grows by one from event to event of an answer, and never falls within a
/// conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeqEvent {
    pub seq: u64,
    #[serde(flatten)]
    pub event: ChatEvent,
}

/// An answer is `started`, then come `delta`, or `block` and `lines`, and then `done` or `failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "an event is kept once, behind an `Arc`")]
pub enum ChatEvent {
    /// An answer begins. One that the listener knows already is continued: it begins again with the text it has.
    Started {
        message_id: String,
        model: String,
        /// The message that the answer follows.
        #[schema(required)]
        parent_id: Option<String>,
        /// The question that was stored with the answer; none where an old question gets a further answer, or an
        /// answer is continued.
        #[schema(required)]
        question: Option<AskedQuestion>,
        /// As `left_out` of a message.
        #[serde(default, skip_serializing_if = "is_zero")]
        left_out: u32,
        /// Who asked for it.
        #[serde(default)]
        #[schema(required)]
        author_id: String,
        #[serde(flatten)]
        #[schema(inline)]
        talk: Talk,
    },
    /// More text of the answer, with `format=text`.
    Delta { message_id: String, text: String },
    /// More of what a reasoning model thinks, as plain text with either format.
    Reasoning { message_id: String, text: String },
    /// The whole block `index` of the answer, new or in place of what it was, with `format=html`.
    Block { message_id: String, index: u32, html: String },
    /// Finished lines to append to the open code block `index`, with `format=html`.
    Lines { message_id: String, index: u32, html: String },
    /// The conversation has a new title.
    Title { title: String },
    /// The answer has ended, whole or stopped or interrupted.
    Done {
        message_id: String,
        status: Status,
        #[schema(required)]
        usage: Option<Usage>,
        /// As `length_limited` of a message.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        length_limited: bool,
        #[serde(flatten)]
        #[schema(inline)]
        timings: Timings,
    },
    /// The provider failed, and the answer has ended.
    Failed {
        message_id: String,
        code: FailureCode,
        /// Why, as a key with parameters.
        reason: Reason,
        /// Why, as a sentence in the language of the listener.
        // Empty until a listener is told.
        #[serde(default)]
        #[schema(required)]
        message: String,
        /// Whether asking again may help without changing anything.
        retryable: bool,
        /// After how many seconds the provider said to ask again; missing when it did not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        retry_after: Option<u32>,
        #[serde(flatten)]
        #[schema(inline)]
        timings: Timings,
    },
    /// A person's message that no answer began with. One that the listener knows already was changed, or deleted if it has
    /// `deleted_at`; a deleted answer of a room is told so, too.
    Message(AskedQuestion),
    /// People reacted to a message otherwise than before: all of its reactions.
    Reactions { message_id: String, reactions: Vec<Reaction> },
    /// A message is gone; the messages that followed it follow the one before it.
    Deleted { message_id: String },
    /// What the listener missed is no longer there: the newest answer follows as a whole, once.
    Reset { message_id: String },
    /// Messages or the branch on screen were changed by something other than an answer: whoever shows the conversation reads
    /// its messages again.
    Changed {},
    /// The questions that wait are other ones: whoever shows them reads them again.
    Queue {},
    /// Others take part in the room than before, or a setting of it is another one: whoever shows them reads them again.
    Members {
        /// The ids of people who take no part any more, as far as they are known.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gone: Vec<String>,
        /// What the room is called; missing where that is as it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        title: Option<String>,
        /// What somebody wrote is hidden or shown again: whoever shows the messages reads them again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[schema(required = false)]
        reread: bool,
    },
    /// Somebody is writing a message in the room; whoever shows it forgets it after 6 seconds, or when the message comes. A
    /// hint to those who listen now: it has the number of the event before it, and nobody who comes later is told.
    Typing {
        user_id: String,
        /// What the person is called in the room.
        name: String,
    },
}

/// A person's message, as listeners are told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskedQuestion {
    pub id: String,
    #[schema(required)]
    pub parent_id: Option<String>,
    /// Who wrote it.
    #[serde(default)]
    #[schema(required)]
    pub author_id: String,
    pub content: String,
    #[serde(flatten)]
    #[schema(inline)]
    pub talk: Talk,
}

impl From<&Message> for AskedQuestion {
    fn from(question: &Message) -> Self {
        let Message { id, parent_id, author_id, content, talk, .. } = question.clone();
        Self { id, parent_id, author_id, content, talk }
    }
}

impl ChatEvent {
    /// Others take part in a room than before: all but these people as far as anybody knows.
    pub fn members(gone: Vec<String>) -> Self {
        Self::Members { gone, title: None, reread: false }
    }

    /// `answer` begins. `question` was stored together with it, if one was.
    pub fn started(answer: &Message, question: Option<&Message>) -> Self {
        Self::Started {
            message_id: answer.id.clone(),
            model: answer.model.clone().unwrap_or_default(),
            parent_id: answer.parent_id.clone(),
            question: question.map(AskedQuestion::from),
            left_out: answer.left_out,
            author_id: answer.author_id.clone(),
            talk: answer.talk.clone(),
        }
    }

    /// `answer` has ended: [`Failed`](Self::Failed) when it has a failure, [`Done`](Self::Done) otherwise.
    pub fn ended(answer: &Message) -> Self {
        let message_id = answer.id.clone();
        match &answer.failure {
            Some(failure) => Self::failed(message_id, failure.clone(), answer.timings),
            None => Self::Done {
                message_id,
                status: answer.status,
                usage: answer.usage,
                length_limited: answer.length_limited,
                timings: answer.timings,
            },
        }
    }

    /// The answer has failed. The sentence is worded later, for each listener.
    pub fn failed(message_id: String, failure: Failure, timings: Timings) -> Self {
        let retry_after = failure.retry_after();
        let Failure { code, reason, retryable } = failure;
        Self::Failed { message_id, code, reason, message: String::new(), retryable, retry_after, timings }
    }

    /// How many bytes of the answer's text the event carries.
    pub fn text_len(&self) -> usize {
        match self {
            Self::Delta { text, .. } | Self::Reasoning { text, .. } => text.len(),
            _ => 0,
        }
    }

    /// The name of the event, as SSE's `event:` carries it.
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// Whether an answer ends with it.
    pub fn is_end(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Failed { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;

    fn message(id: &str, parent_id: Option<&str>, role: Role) -> Message {
        Message {
            id: id.into(),
            conversation_id: "c".into(),
            author_id: "u".into(),
            revision: 0,
            parent_id: parent_id.map(Into::into),
            role,
            content: format!("text of {id}"),
            reasoning: String::new(),
            status: Status::Complete,
            model: None,
            usage: None,
            failure: None,
            timings: Timings::default(),
            length_limited: false,
            left_out: 0,
            continued: false,
            talk: Talk::default(),
            created_at: 1,
        }
    }

    #[test]
    fn an_answer_is_started_with_or_without_its_question() {
        let question = message("q", None, Role::User);
        let model = Some("demo/demo".to_owned());
        let answer = Message { model, left_out: 3, ..message("a", Some("q"), Role::Assistant) };
        let expected = |question| ChatEvent::Started {
            message_id: "a".into(),
            model: "demo/demo".into(),
            parent_id: Some("q".into()),
            question,
            left_out: 3,
            author_id: answer.author_id.clone(),
            talk: Talk::default(),
        };
        let asked = AskedQuestion::from(&question);
        assert_eq!((&*asked.id, &asked.author_id, &*asked.content), ("q", &question.author_id, "text of q"));
        assert_eq!(ChatEvent::started(&answer, Some(&question)), expected(Some(asked)));
        assert_eq!(ChatEvent::started(&answer, None), expected(None));
        let nameless = Message { model: None, ..answer };
        assert!(
            matches!(ChatEvent::started(&nameless, None), ChatEvent::Started { model, .. } if model.is_empty())
        );
    }

    #[test]
    fn an_answer_ends_done_or_with_its_failure() {
        let usage = Some(Usage { prompt_tokens: 1, completion_tokens: 2 });
        let answer = message("a", Some("q"), Role::Assistant);
        let timings = Timings { first_token_ms: Some(9), duration_ms: Some(20), reasoning_ms: None };
        let stopped =
            Message { status: Status::Stopped, usage, length_limited: true, timings, ..answer.clone() };
        let done = ChatEvent::Done {
            message_id: "a".into(),
            status: Status::Stopped,
            usage,
            length_limited: true,
            timings,
        };
        let told = serde_json::to_value(&done).unwrap();
        assert_eq!((&told["first_token_ms"], &told["duration_ms"]), (&9.into(), &20.into()));
        assert_eq!(serde_json::from_value::<ChatEvent>(told).unwrap(), done);
        assert_eq!(ChatEvent::ended(&stopped), done);
        let failure = Failure {
            code: FailureCode::Timeout,
            reason: Reason::new("late").with("seconds", 3),
            retryable: true,
        };
        let failed = Message { status: Status::Failed, failure: Some(failure.clone()), timings, ..answer };
        let event = ChatEvent::Failed {
            message_id: "a".into(),
            code: FailureCode::Timeout,
            reason: failure.reason.clone(),
            message: String::new(),
            retryable: true,
            retry_after: None,
            timings,
        };
        assert_eq!(ChatEvent::ended(&failed), event);
        assert_eq!(ChatEvent::failed("a".into(), failure.clone(), timings), event);
        let reason = Reason::new("later").with("wait", crate::domain::amount::duration(20));
        let told = ChatEvent::failed("a".into(), Failure { reason, ..failure }, timings);
        assert_eq!(serde_json::to_value(&told).unwrap()["retry_after"], 20);
        assert!(event.is_end() && done.is_end());
    }

    #[test]
    fn the_name_of_an_event_is_the_word_in_its_json() {
        for event in [
            ChatEvent::Reset { message_id: "a".into() },
            ChatEvent::Changed {},
            ChatEvent::started(&message("a", None, Role::Assistant), None),
        ] {
            assert_eq!(serde_json::to_value(&event).unwrap()["event"], event.name());
        }
    }
}
