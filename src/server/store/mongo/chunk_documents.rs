//! The documents of chunks, and their marks packed into bytes.

use mongodb::bson::{Binary, spec::BinarySubtype};
use serde::{Deserialize, Serialize};

use crate::server::store::{Chunk, Mark};

/// A part of a running answer. The key is its only index.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ChunkDoc {
    #[serde(rename = "_id")]
    pub id: ChunkKey,
    pub at: i64,
    pub text: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reasoning_at: i64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reasoning: String,
    /// [`Mark`]s, each as three differences from the one before (LEB128).
    pub marks: Binary,
}

/// A chunk of a version that stored message and number outside the key.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OldChunkDoc {
    pub message_id: String,
    pub seq: i64,
    pub text: String,
}

/// The key of a chunk: message and number, so that a chunk that is sent twice is stored once.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ChunkKey {
    pub m: String,
    pub s: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl From<&Chunk> for ChunkDoc {
    fn from(chunk: &Chunk) -> Self {
        Self {
            id: ChunkKey { m: chunk.message_id.clone(), s: chunk.seq.cast_signed() },
            at: chunk.text_at.cast_signed(),
            text: chunk.text.clone(),
            reasoning_at: chunk.reasoning_at.cast_signed(),
            reasoning: chunk.reasoning.clone(),
            marks: packed(&chunk.marks),
        }
    }
}

impl From<ChunkDoc> for Chunk {
    fn from(doc: ChunkDoc) -> Self {
        Self {
            message_id: doc.id.m,
            seq: doc.id.s.cast_unsigned(),
            text_at: doc.at.cast_unsigned(),
            text: doc.text,
            reasoning_at: doc.reasoning_at.cast_unsigned(),
            reasoning: doc.reasoning,
            marks: unpack(&doc.marks.bytes),
        }
    }
}

pub(super) fn packed(marks: &[Mark]) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: pack(marks) }
}

fn pack(marks: &[Mark]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(marks.len() * 4);
    let mut last = Mark::default();
    for mark in marks {
        let steps = [
            mark.seq.checked_sub(last.seq),
            mark.text_end.checked_sub(last.text_end),
            mark.reasoning_end.checked_sub(last.reasoning_end),
        ];
        // A mark below the one before repeats an earlier mark, so it is skipped.
        let [Some(seq), Some(text), Some(reasoning)] = steps else { continue };
        for mut step in [seq, text, reasoning] {
            while step >= 0x80 {
                bytes.push((step & 0x7f) as u8 | 0x80);
                step >>= 7;
            }
            bytes.push(step as u8);
        }
        last = *mark;
    }
    bytes
}

/// Reads marks up to the last complete one.
pub(super) fn unpack(bytes: &[u8]) -> Vec<Mark> {
    let (mut marks, mut steps, mut step, mut shift) = (Vec::new(), Vec::new(), 0_u64, 0);
    let mut last = Mark::default();
    for byte in bytes {
        step |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or_default();
        shift += 7;
        if byte & 0x80 != 0 {
            continue;
        }
        steps.push(step);
        (step, shift) = (0, 0);
        if let [seq, text, reasoning] = steps[..] {
            last = Mark {
                seq: last.seq.wrapping_add(seq),
                text_end: last.text_end.wrapping_add(text),
                reasoning_end: last.reasoning_end.wrapping_add(reasoning),
            };
            marks.push(last);
            steps.clear();
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_come_back_from_their_bytes() {
        let mark = |seq, text_end, reasoning_end| Mark { seq, text_end, reasoning_end };
        let marks = [
            mark(0, 0, 0),
            mark(1_000_057, 3, 0),
            mark(1_000_058, 300_000, 127),
            mark(u64::MAX, 300_001, 128),
        ];
        assert_eq!(unpack(&pack(&marks)), marks);
        assert_eq!(pack(&[mark(5, 9, 0), mark(6, 20, 0)]).len(), 6);
        let again = [mark(5, 9, 0), mark(6, 20, 0), mark(5, 9, 0), mark(7, 21, 0)];
        assert_eq!(unpack(&pack(&again)), [again[0], again[1], again[3]]);
        assert!(unpack(&[0xff; 40]).is_empty() && unpack(&[1, 2]).is_empty());
    }
}
