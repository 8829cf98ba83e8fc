//! One line of the journal: JSON, so that a person can read what is there after a crash.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// More of an answer, and where in it. The first one of an answer says what it had before.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record<'a> {
    /// Which answer of this process it is.
    #[serde(rename = "a")]
    pub answer: u32,
    /// Each record names its answer, so that none needs another one to be understood. Versions before
    /// named it once, in a record without text.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none", borrow)]
    pub message_id: Option<Cow<'a, str>>,
    /// The highest event number that it covers.
    #[serde(rename = "s", default)]
    pub seq: u64,
    /// Where the text begins in the answer, in bytes; versions before left it out.
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

    /// `None`: a line that was cut off, or is none of ours.
    pub(super) fn read(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }
}
