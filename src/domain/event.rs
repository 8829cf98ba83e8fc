//! What listeners of a conversation are told while an answer is written: one enum for both
//! transports (lines of JSON for the page, SSE for programs).

use serde::{Deserialize, Serialize};

use super::{
    message::{FailureCode, Status, Usage, is_zero},
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

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
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
    /// The listener's place is gone; the whole state follows, once.
    Reset {
        message_id: String,
    },
    /// Messages or the branch on screen were changed by something other than an answer: whoever shows
    /// the conversation reads it anew.
    Changed {},
}

/// A question that was stored together with its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedQuestion {
    pub id: String,
    pub parent_id: Option<String>,
    pub content: String,
}

impl ChatEvent {
    /// Bytes of the answer in it.
    pub fn text_len(&self) -> usize {
        match self {
            Self::Delta { text, .. } | Self::Reasoning { text, .. } => text.len(),
            _ => 0,
        }
    }

    /// The name of the event, as SSE's `event:` carries it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Delta { .. } => "delta",
            Self::Reasoning { .. } => "reasoning",
            Self::Block { .. } => "block",
            Self::Lines { .. } => "lines",
            Self::Title { .. } => "title",
            Self::Done { .. } => "done",
            Self::Failed { .. } => "failed",
            Self::Reset { .. } => "reset",
            Self::Changed {} => "changed",
        }
    }

    /// Whether an answer ends with it.
    pub fn is_end(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Failed { .. })
    }
}
