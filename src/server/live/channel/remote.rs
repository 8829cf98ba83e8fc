//! The log of an answer that another process writes, with the numbers of that one: a listener may come
//! from there in mid-answer, and go back.

use std::collections::VecDeque;

use super::{Channel, Log, Logged};
use crate::{
    domain::{ChatEvent, Message},
    server::store::{Chunk, Mark},
};

/// Numbers are left out for events that we are not told of.
const MOST_LEFT_OUT: u64 = 1000;

#[derive(Default)]
pub(super) struct Remote {
    /// What happened here besides. It takes a number that was left out: the process that writes tells
    /// the same there.
    pub late: VecDeque<ChatEvent>,
}

impl Channel {
    /// Begins the log of an answer whose events come after `last_seq`. `false` when there is a later one,
    /// or it is this one's already.
    pub fn begin_remote(&self, started: ChatEvent, answer: &Message, last_seq: u64) -> bool {
        let mut log = self.lock();
        if log.stop.is_some() || last_seq < log.end() || log.answer(last_seq) == Some(&answer.id) {
            return false;
        }
        log.restart(&answer.id, last_seq);
        log.remote = Some(Remote::default());
        log.events.push(Logged::Other(started.into()));
        log.grow(&answer.content, &answer.reasoning);
        self.told(log);
        true
    }

    /// More of it. `false` when something is missing before.
    pub fn add_remote(&self, chunk: &Chunk) -> bool {
        let mut log = self.lock();
        if log.remote.is_none() || log.answer_id != chunk.message_id {
            return true;
        }
        if chunk.text_at > log.text.len() as u64 || chunk.reasoning_at > log.reasoning.len() as u64 {
            return false;
        }
        for mark in &chunk.marks {
            log.grow_to(*mark, chunk);
        }
        self.told(log);
        true
    }

    /// The whole of it, as it is stored now, and the event that tells its end; `seq`: the number of
    /// that one, where it is known.
    pub fn end_remote(&self, message: &Message, marks: &[Mark], end: ChatEvent, seq: u64) {
        let mut log = self.lock();
        if log.remote.is_none() || log.answer_id != message.id {
            return;
        }
        if !message.content.starts_with(&*log.text) {
            // What had been told as text turned out to be reasoning.
            log.begin_again();
        }
        let whole =
            Chunk { text: message.content.clone(), reasoning: message.reasoning.clone(), ..Chunk::default() };
        let rest = Mark {
            seq: seq.saturating_sub(1),
            text_end: whole.text.len() as u64,
            reasoning_end: whole.reasoning.len() as u64,
        };
        for mark in marks.iter().chain([&rest]) {
            log.grow_to(*mark, &whole);
        }
        log.events.push(Logged::Other(end.into()));
        log.ended = true;
        let late = log.remote.take().map(|remote| remote.late).unwrap_or_default();
        log.events.extend(late.into_iter().map(|event| Logged::Other(event.into())));
        self.told(log);
    }

    /// It is gone, and nothing is known of its end.
    pub fn forget_remote(&self) {
        let mut log = self.lock();
        let late = log.remote.take().map(|remote| remote.late).unwrap_or_default();
        log.events.extend(late.into_iter().map(|event| Logged::Other(event.into())));
        self.told(log);
    }

    /// The answer that another process writes, and the last number that is known of it.
    pub fn remote(&self) -> Option<(String, u64)> {
        let log = self.lock();
        log.remote.as_ref().map(|_| (log.answer_id.clone(), log.end()))
    }

    /// Whether its log is of this answer, which ended.
    pub fn has_ended(&self, answer_id: &str, last_seq: u64) -> bool {
        let log = self.lock();
        log.ended && log.answer(last_seq).is_some_and(|known| known == answer_id)
    }

    /// Remembers the state of the conversation that was looked at; `false` when it is the same.
    pub fn look(&self, revision: &str) -> bool {
        let mut log = self.lock();
        let new = log.revision != revision;
        if new {
            revision.clone_into(&mut log.revision);
        }
        new
    }
}

impl Log {
    /// The answer whose events come after `last_seq`.
    fn answer(&self, last_seq: u64) -> Option<&String> {
        (self.first == last_seq + 1 && !self.answer_id.is_empty()).then_some(&self.answer_id)
    }

    /// Up to a mark, with what `chunk` has of it.
    fn grow_to(&mut self, mark: Mark, chunk: &Chunk) {
        let text = between(&chunk.text, chunk.text_at, self.text.len(), mark.text_end);
        let reasoning =
            between(&chunk.reasoning, chunk.reasoning_at, self.reasoning.len(), mark.reasoning_end);
        let events = u64::from(!text.is_empty()) + u64::from(!reasoning.is_empty());
        let left_out = mark.seq.saturating_sub(self.end() + events);
        // Many: not an event's number, but a jump.
        let left_out = if left_out > MOST_LEFT_OUT { 0 } else { left_out };
        for _ in 0..left_out {
            let late = self.remote.as_mut().and_then(|remote| remote.late.pop_front());
            let nothing = Logged::Text(self.text.len());
            self.events.push(late.map_or(nothing, |event| Logged::Other(event.into())));
        }
        self.grow(text, reasoning);
    }
}

/// What `more`, which begins at the byte `at`, has from `from` to `to`.
fn between(more: &str, at: u64, from: usize, to: u64) -> &str {
    let place = |byte: u64| usize::try_from(byte.saturating_sub(at)).unwrap_or(usize::MAX).min(more.len());
    more.get(place(from as u64)..place(to)).unwrap_or_default()
}

#[cfg(test)]
#[path = "remote_tests.rs"]
mod tests;
