//! One line of the journal: JSON, so that a person can read what is there after a crash.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A piece of an answer and its offset. The first record of an answer holds what the answer had before.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record<'a> {
    /// The number of the answer, unique within its process.
    #[serde(rename = "a")]
    pub answer: u32,
    /// Every record names its message, because a record before it may be lost. Earlier versions named it once, in a
    /// record without text.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none", borrow)]
    pub message_id: Option<Cow<'a, str>>,
    /// The highest event number that the piece covers.
    #[serde(rename = "s", default)]
    pub seq: u64,
    /// The offset of `text` in the answer, in bytes; absent in records of earlier versions, which follow each other
    /// without gaps.
    #[serde(rename = "ta", default, skip_serializing_if = "Option::is_none")]
    pub text_at: Option<u64>,
    #[serde(rename = "t", default, skip_serializing_if = "str::is_empty", borrow)]
    pub text: Cow<'a, str>,
    #[serde(rename = "ra", default, skip_serializing_if = "Option::is_none")]
    pub reasoning_at: Option<u64>,
    #[serde(rename = "r", default, skip_serializing_if = "str::is_empty", borrow)]
    pub reasoning: Cow<'a, str>,
}

impl<'a> Record<'a> {
    pub(super) fn write(&self, to: &mut Vec<u8>) {
        // Writing plain values to memory cannot fail.
        let _ = serde_json::to_writer(&mut *to, self);
        to.push(b'\n');
    }

    /// `None` for a line that is cut off or not a record.
    pub(super) fn read(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }
}
