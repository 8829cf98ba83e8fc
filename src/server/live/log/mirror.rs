//! The text of an answer that another process writes, with the numbers of that one: a listener may come
//! from there in the middle of an answer, and go back.

use std::collections::VecDeque;

use super::{
    Log,
    state::{State, Text, Writer},
};
use crate::{
    domain::{ChatEvent, Message},
    server::store::{Chunk, Mark},
};

/// A larger gap between two numbers is a jump of the store's, and not one of events that this process has not heard of.
const MOST_UNKNOWN: u64 = 1000;

/// What belongs to the answer that another process writes. There is one such answer at the most.
pub(super) struct Mirror {
    answer_id: String,
    /// Events of changes that are published here (a new title, a changed tree) meanwhile. Each takes the next number
    /// that the writer gave to something else than text, so that both processes number them alike.
    pub(super) late: VecDeque<ChatEvent>,
}

impl Log {
    /// Begins the text of an answer whose events come after `after`. `false` when there is a later one, or it is
    /// here already.
    pub fn begin_mirror(&self, started: ChatEvent, answer: &Message, after: u64) -> bool {
        let mut state = self.lock();
        let is_here = state.text(&answer.id).is_some_and(|text| text.after == after);
        let writes = state.live().any(|text| matches!(text.writer, Writer::Here(_)));
        if writes || is_here || after < state.end {
            return false;
        }
        state.drop_mirror();
        let key = state.add_text(&answer.id, after, Writer::Elsewhere);
        state.mirror = Some(Mirror { answer_id: answer.id.clone(), late: VecDeque::new() });
        state.push(started);
        state.grow(key, &answer.content, &answer.reasoning);
        self.published(state);
        true
    }

    /// More of it. `false` when something is missing before.
    pub fn add_chunk(&self, chunk: &Chunk) -> bool {
        let mut state = self.lock();
        let Some(text) = state.mirrored(&chunk.message_id) else { return true };
        if chunk.text_at > text.content.len() as u64 || chunk.reasoning_at > text.reasoning.len() as u64 {
            return false;
        }
        for mark in &chunk.marks {
            state.grow_to(*mark, chunk);
        }
        self.published(state);
        true
    }

    /// The whole of it, as it is stored now, and the event that tells its end; `seq`: the number of
    /// that one, where it is known.
    pub fn end_mirror(&self, message: &Message, marks: &[Mark], end: ChatEvent, seq: u64) {
        let mut state = self.lock();
        let Some(text) = state.mirrored(&message.id) else { return };
        if !message.content.starts_with(&*text.content) {
            // What had been told as content turned out to be reasoning.
            let key = text.key;
            state.begin_again(key, "", "");
        }
        let whole =
            Chunk { text: message.content.clone(), reasoning: message.reasoning.clone(), ..Chunk::default() };
        let rest = Mark {
            seq: seq.saturating_sub(1),
            text_end: whole.text.len() as u64,
            reasoning_end: whole.reasoning.len() as u64,
        };
        for mark in marks.iter().chain([&rest]) {
            state.grow_to(*mark, &whole);
        }
        let seq = state.push(end);
        if let Some(text) = state.text_mut(&message.id) {
            text.ended = Some(seq);
        }
        state.drop_mirror();
        self.published(state);
    }

    /// It is gone, and nothing is known of its end.
    pub fn forget_mirror(&self) {
        let mut state = self.lock();
        state.drop_mirror();
        self.published(state);
    }

    /// The answer that another process writes, and the last number that is known of it.
    pub fn mirror(&self) -> Option<(String, u64)> {
        let state = self.lock();
        state.mirror.as_ref().map(|mirror| (mirror.answer_id.clone(), state.end))
    }

    /// Whether the answer whose events come after `after` is in the log to its end.
    pub fn has_ended(&self, answer_id: &str, after: u64) -> bool {
        self.lock().text(answer_id).is_some_and(|text| text.after == after && text.ended.is_some())
    }

    /// Remembers the state of the conversation that was looked at; `false` when it is the same.
    pub fn look(&self, stamp: &str) -> bool {
        let mut state = self.lock();
        let is_new = state.looked_at != stamp;
        if is_new {
            stamp.clone_into(&mut state.looked_at);
        }
        is_new
    }
}

impl State {
    /// The text of the answer that another process writes, if it is this one.
    fn mirrored(&self, answer_id: &str) -> Option<&Text> {
        self.mirror.as_ref().filter(|mirror| mirror.answer_id == answer_id)?;
        self.text(answer_id)
    }

    /// Nobody writes it any more; what waited for a number follows.
    fn drop_mirror(&mut self) {
        let Some(mirror) = self.mirror.take() else { return };
        if let Some(text) = self.text_mut(&mirror.answer_id) {
            text.writer = Writer::Nobody;
        }
        for event in mirror.late {
            self.push(event);
        }
    }

    /// Up to a mark, with what `chunk` has of it.
    fn grow_to(&mut self, mark: Mark, chunk: &Chunk) {
        let Some(text) = self.mirror.as_ref().and_then(|mirror| self.text(&mirror.answer_id)) else { return };
        let (key, content_at, reasoning_at) = (text.key, text.content.len(), text.reasoning.len());
        let content = between(&chunk.text, chunk.text_at, content_at, mark.text_end);
        let reasoning = between(&chunk.reasoning, chunk.reasoning_at, reasoning_at, mark.reasoning_end);
        let events = u64::from(!content.is_empty()) + u64::from(!reasoning.is_empty());
        let unknown = mark.seq.saturating_sub(self.end + events);
        if unknown <= MOST_UNKNOWN {
            let known = self.end + unknown;
            while self.end < known {
                match self.mirror.as_mut().and_then(|mirror| mirror.late.pop_front()) {
                    Some(event) => drop(self.push(event)),
                    None => self.end = known,
                }
            }
        }
        self.grow(key, content, reasoning);
    }
}

/// What `more`, which begins at the byte `at`, has from `from` to `to`.
fn between(more: &str, at: u64, from: usize, to: u64) -> &str {
    let index = |byte: u64| usize::try_from(byte.saturating_sub(at)).unwrap_or(usize::MAX).min(more.len());
    more.get(index(from as u64)..index(to)).unwrap_or_default()
}

#[cfg(test)]
#[path = "mirror_tests.rs"]
mod tests;
