//! What listeners of a conversation are told while an answer is written: one enum for both
//! transports (lines of JSON for the page, SSE for programs).

use serde::{Deserialize, Serialize};

use super::message::{FailureCode, Status, Usage};

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
    /// An answer begins, or one that ended goes on: all of its text follows, from the first character.
    Started {
        message_id: String,
        model: String,
        /// The question that is answered.
        parent_id: Option<String>,
        /// That question, when it was asked together with this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        question: Option<Asked>,
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
    /// The tree of messages, or the branch on screen, is another one: read the conversation anew.
    Changed {},
    Done {
        message_id: String,
        status: Status,
        usage: Option<Usage>,
    },
    Failed {
        message_id: String,
        code: FailureCode,
        message: String,
        retryable: bool,
    },
    /// The listener's place is gone; the whole state follows, once.
    Reset {
        message_id: String,
    },
}

/// A question as those who listen are told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
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
            Self::Changed {} => "changed",
            Self::Done { .. } => "done",
            Self::Failed { .. } => "failed",
            Self::Reset { .. } => "reset",
        }
    }

    /// Whether an answer ends with it.
    pub fn is_end(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Failed { .. })
    }
}
