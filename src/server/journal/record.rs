//! One line of the journal: JSON, so that a person can read what is there after a crash.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Record<'a> {
    /// Later records name the answer by its number.
    Begin {
        #[serde(rename = "a")]
        answer: u32,
        #[serde(rename = "m", borrow)]
        message_id: Cow<'a, str>,
    },
    /// More of the answer.
    Text {
        #[serde(rename = "a")]
        answer: u32,
        #[serde(rename = "s")]
        seq: u64,
        #[serde(rename = "t", default, skip_serializing_if = "str::is_empty", borrow)]
        text: Cow<'a, str>,
        #[serde(rename = "r", default, skip_serializing_if = "str::is_empty", borrow)]
        reasoning: Cow<'a, str>,
    },
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
