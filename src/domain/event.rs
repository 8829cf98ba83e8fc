//! What listeners of a conversation are told while an answer is written: one enum for both
//! transports (lines of JSON for the page, SSE for programs).

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::{
    message::{Failure, FailureCode, Message, Status, Usage, is_zero},
    reason::Reason,
};

/// An event with its place. `seq` grows by one from event to event of an answer, and never falls
/// within a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeqEvent {
    pub seq: u64,
    #[serde(flatten)]
    pub event: ChatEvent,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(tag = "event", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ChatEvent {
    /// An answer begins. Of a message that is known already: it begins again with the text it has.
    Started {
        message_id: String,
        model: String,
        parent_id: Option<String>,
        /// `None` where an old question gets a further answer, or an answer is continued.
        question: Option<AskedQuestion>,
        /// See [`super::Message::left_out`].
        #[serde(default, skip_serializing_if = "is_zero")]
        left_out: u32,
    },
    /// More text (format=text).
    Delta {
        message_id: String,
        text: String,
    },
    /// More of what a reasoning model thinks, as plain text (both formats).
    Reasoning {
        message_id: String,
        text: String,
    },
    /// Block `index` of the answer, new or in place of what it was (format=html).
    Block {
        message_id: String,
        index: u32,
        html: String,
    },
    /// Finished lines to append to the open code block `index` (format=html).
    Lines {
        message_id: String,
        index: u32,
        html: String,
    },
    Title {
        title: String,
    },
    Done {
        message_id: String,
        status: Status,
        usage: Option<Usage>,
        /// See [`super::Message::length_limited`].
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        length_limited: bool,
    },
    Failed {
        message_id: String,
        code: FailureCode,
        reason: Reason,
        /// The reason in the listener's language; empty until a listener is told.
        #[serde(default)]
        message: String,
        retryable: bool,
    },
    /// A person's message that no answer began with.
    Message(AskedQuestion),
    /// A message is gone; those that followed it follow the one before it.
    Deleted {
        message_id: String,
    },
    /// The listener's place is gone; the whole state follows, once.
    Reset {
        message_id: String,
    },
    /// Messages or the branch on screen were changed by something other than an answer: whoever shows
    /// the conversation reads it anew.
    Changed {},
}

/// A person's message, as listeners are told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedQuestion {
    pub id: String,
    pub parent_id: Option<String>,
    pub content: String,
}

impl From<&Message> for AskedQuestion {
    fn from(question: &Message) -> Self {
        let Message { id, parent_id, content, .. } = question.clone();
        Self { id, parent_id, content }
    }
}

impl ChatEvent {
    /// `answer` begins. `question` was stored together with it, if one was.
    pub fn started(answer: &Message, question: Option<&Message>) -> Self {
        Self::Started {
            message_id: answer.id.clone(),
            model: answer.model.clone().unwrap_or_default(),
            parent_id: answer.parent_id.clone(),
            question: question.map(AskedQuestion::from),
            left_out: answer.left_out,
        }
    }

    /// `answer` has ended: [`Failed`](Self::Failed) when it has a failure, [`Done`](Self::Done) otherwise.
    pub fn ended(answer: &Message) -> Self {
        let message_id = answer.id.clone();
        match &answer.failure {
            Some(failure) => Self::failed(message_id, failure.clone()),
            None => Self::Done {
                message_id,
                status: answer.status,
                usage: answer.usage,
                length_limited: answer.length_limited,
            },
        }
    }

    /// The answer has failed. The sentence is worded later, for each listener.
    pub fn failed(message_id: String, failure: Failure) -> Self {
        let Failure { code, reason, retryable } = failure;
        Self::Failed { message_id, code, reason, message: String::new(), retryable }
    }

    /// Bytes of the answer in it.
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
            length_limited: false,
            left_out: 0,
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
        };
        let asked = AskedQuestion { id: "q".into(), parent_id: None, content: "text of q".into() };
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
        let stopped = Message { status: Status::Stopped, usage, length_limited: true, ..answer.clone() };
        let done =
            ChatEvent::Done { message_id: "a".into(), status: Status::Stopped, usage, length_limited: true };
        assert_eq!(ChatEvent::ended(&stopped), done);
        let failure = Failure {
            code: FailureCode::Timeout,
            reason: Reason::new("late").with("seconds", 3),
            retryable: true,
        };
        let failed = Message { status: Status::Failed, failure: Some(failure.clone()), ..answer };
        let event = ChatEvent::Failed {
            message_id: "a".into(),
            code: FailureCode::Timeout,
            reason: failure.reason.clone(),
            message: String::new(),
            retryable: true,
        };
        assert_eq!(ChatEvent::ended(&failed), event);
        assert_eq!(ChatEvent::failed("a".into(), failure), event);
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
