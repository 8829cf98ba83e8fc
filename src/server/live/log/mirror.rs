//! The text of an answer that another process writes. Its events have the numbers that the other process gives them,
//! because a listener may move between the processes in the middle of an answer.

use super::{
    Log,
    state::{Mirror, State, Text, Writer, events_of},
};
use crate::{
    domain::{ChatEvent, Message},
    server::store::{Chunk, Mark},
};

/// A gap between two numbers that is larger than this is a jump of the store's number; a smaller gap stands for events
/// that this process has not received.
const MOST_UNKNOWN: u64 = 1000;

impl Log {
    /// Begins the text of an answer whose events come after `after`. Returns `false` if the log has this answer
    /// already, has later events, or if this process writes an answer.
    pub fn begin_mirror(&self, started: ChatEvent, answer: &Message, after: u64) -> bool {
        let mut state = self.lock();
        let is_here = state.text(&answer.id).is_some_and(|text| text.after == after);
        let writes = state.live().any(|text| matches!(text.writer, Writer::Here(_)));
        if writes || is_here || after < state.end {
            return false;
        }
        state.drop_mirror();
        let key = state.add_text(&answer.id, after, Writer::Elsewhere);
        state.mirror = Some(Mirror { answer_id: answer.id.clone(), late: Default::default() });
        state.push(started);
        state.grow(key, &answer.content, &answer.reasoning);
        self.published(state);
        true
    }

    /// Adds a piece of the answer's text. Returns `false` if text before the piece is missing.
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

    /// Completes the answer with its stored text (`message`) and the event of its end. `seq` is the number of that
    /// event, or 0 if it is not known.
    pub fn end_mirror(&self, message: &Message, marks: &[Mark], end: ChatEvent, seq: u64) {
        let mut state = self.lock();
        let Some(text) = state.mirrored(&message.id) else { return };
        if !message.content.starts_with(&*text.content) {
            // Text that listeners have received as content turned out to be reasoning.
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

    /// Forgets the answer that another process wrote, because it is gone and its end is not known.
    pub fn forget_mirror(&self) {
        let mut state = self.lock();
        state.drop_mirror();
        self.published(state);
    }

    /// The id of the answer that another process writes, and the number of the log's newest event.
    pub fn mirror(&self) -> Option<(String, u64)> {
        let state = self.lock();
        state.mirror.as_ref().map(|mirror| (mirror.answer_id.clone(), state.end))
    }

    /// The number of the newest event, while nobody writes an answer and the numbers are those of the store.
    pub fn quiet_at(&self) -> Option<u64> {
        let state = self.lock();
        (state.is_quiet() && state.is_placed).then_some(state.end)
    }

    /// Whether the answer whose events come after `after` is in the log to its end.
    pub fn has_ended(&self, answer_id: &str, after: u64) -> bool {
        self.lock().text(answer_id).is_some_and(|text| text.after == after && text.ended.is_some())
    }

    /// Remembers the revision of the conversation at which this process looked at the store. Returns `false` if that is
    /// the revision of the last look.
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
    /// The text of the answer `answer_id`, if that is the answer that another process writes.
    fn mirrored(&self, answer_id: &str) -> Option<&Text> {
        self.mirror.as_ref().filter(|mirror| mirror.answer_id == answer_id)?;
        self.text(answer_id)
    }

    /// Ends the mirror, because nobody writes the answer any more. The events that waited for a number follow.
    fn drop_mirror(&mut self) {
        let Some(mirror) = self.mirror.take() else { return };
        if let Some(text) = self.text_mut(&mirror.answer_id) {
            text.writer = Writer::Nobody;
        }
        for event in mirror.late {
            self.push(event);
        }
    }

    /// Extends the answer's text up to `mark` with the text of `chunk`.
    fn grow_to(&mut self, mark: Mark, chunk: &Chunk) {
        let Some(text) = self.mirror.as_ref().and_then(|mirror| self.text(&mirror.answer_id)) else { return };
        let (key, content_at, reasoning_at) = (text.key, text.content.len(), text.reasoning.len());
        let content = between(&chunk.text, chunk.text_at, content_at, mark.text_end);
        let reasoning = between(&chunk.reasoning, chunk.reasoning_at, reasoning_at, mark.reasoning_end);
        let events = events_of(content, reasoning);
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

/// The bytes from `from` to `to` of a text of which `more` is the part that begins at the byte `at`.
fn between(more: &str, at: u64, from: usize, to: u64) -> &str {
    let index = |byte: u64| usize::try_from(byte.saturating_sub(at)).unwrap_or(usize::MAX).min(more.len());
    more.get(index(from as u64)..index(to)).unwrap_or_default()
}

#[cfg(test)]
#[path = "mirror_tests.rs"]
mod tests;
