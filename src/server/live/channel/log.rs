//! What a channel holds: the events of one answer, and where in its text each of them ended.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Read, StopReason, remote::Remote};
use crate::{domain::ChatEvent, server::live::entry::Entry};

/// How much text a listener is given at a time, in bytes. A connection that nobody reads from holds up
/// to 16 such pieces.
pub(super) const READ_BYTES: usize = 8 * 1024;

pub(super) struct Log {
    /// The events' numbers are `first..first + events.len()`, without a gap.
    pub(super) first: u64,
    /// The end of the log before. Who came that far has missed nothing: numbers up to `first` were
    /// left out.
    pub(super) before: u64,
    /// The numbers go on from the store's.
    pub(super) is_placed: bool,
    pub(super) events: Vec<Logged>,
    /// Whose log it is; empty before the first answer.
    pub(super) answer_id: String,
    pub(super) text: String,
    pub(super) reasoning: String,
    /// The event that tells its end is there.
    pub(super) ended: bool,
    /// What the answer is told through, while it is being written.
    pub(super) stop: Option<watch::Sender<Option<StopReason>>>,
    /// Another process writes the answer; see `remote`.
    pub(super) remote: Option<Remote>,
    /// The state of the conversation that was looked at last; see `remote`.
    pub(super) revision: String,
    /// The conversation was deleted.
    pub(super) closed: bool,
}

/// An event, as small as it can be.
pub(super) enum Logged {
    /// The text goes up to this byte.
    Text(usize),
    Reasoning(usize),
    Other(Arc<ChatEvent>),
}

/// What HTML listeners need of the log.
pub(super) struct Since {
    /// All but text.
    pub(super) entries: Vec<Entry>,
    pub(super) new_text: String,
    /// The answer is whole.
    pub(super) ended: bool,
    /// The number up to which text is told with this.
    pub(super) text_end: u64,
    pub(super) end: u64,
}

impl Log {
    /// Empty, after the number `last_seq`.
    pub(super) fn new(last_seq: u64) -> Self {
        Self {
            first: last_seq + 1,
            before: last_seq,
            is_placed: false,
            events: Vec::new(),
            answer_id: String::new(),
            text: String::new(),
            reasoning: String::new(),
            ended: false,
            stop: None,
            remote: None,
            revision: String::new(),
            closed: false,
        }
    }

    pub(super) fn end(&self) -> u64 {
        self.first - 1 + self.events.len() as u64
    }

    /// Goes on after the store's number, where that is higher. What came before it is not in the log.
    pub(super) fn place(&mut self, last_seq: u64) {
        self.first = self.first.max(last_seq + 1);
        self.before = self.first - 1;
        self.is_placed = true;
    }

    /// Begins anew, after the higher of our number and the store's.
    pub(super) fn restart(&mut self, answer_id: &str, last_seq: u64) {
        self.before = self.end();
        self.first = (self.before + 1).max(last_seq + 1);
        self.events = Vec::new();
        self.answer_id = answer_id.to_owned();
        self.text = String::new();
        self.reasoning = String::new();
        self.ended = false;
        self.remote = None;
    }

    /// Begins anew for the same answer: empty, but for the event that says that it was started.
    pub(super) fn begin_again(&mut self) {
        let started = self.events.first().and_then(|event| match event {
            Logged::Other(event) if matches!(**event, ChatEvent::Started { .. }) => Some(event.clone()),
            _ => None,
        });
        let (answer_id, remote) = (self.answer_id.clone(), self.remote.take());
        self.restart(&answer_id, self.end());
        self.remote = remote;
        self.events.extend(started.map(Logged::Other));
    }

    pub(super) fn grow(&mut self, text: &str, reasoning: &str) {
        if !reasoning.is_empty() {
            self.reasoning.push_str(reasoning);
            self.events.push(Logged::Reasoning(self.reasoning.len()));
        }
        if !text.is_empty() {
            self.text.push_str(text);
            self.events.push(Logged::Text(self.text.len()));
        }
    }

    /// Somebody writes the answer.
    pub(super) fn is_live(&self) -> bool {
        self.stop.is_some() || self.remote.is_some()
    }

    /// A place that is not in the log is gone, or it is still to come from the process that writes.
    pub(super) fn unknown(&self, place: u64) -> Read {
        match &self.remote {
            Some(_) if place > self.end() => Read::NotYet,
            _ => Read::Gone,
        }
    }

    /// Of the first event after `place`; `None` when the place is not in the log.
    pub(super) fn index(&self, place: u64) -> Option<usize> {
        if (self.before..self.first).contains(&place) {
            return Some(0);
        }
        let seen = place.checked_sub(self.first - 1).filter(|_| place <= self.end())?;
        usize::try_from(seen).ok()
    }

    /// The event at `at`, with those of its kind that follow it, and the index after them.
    pub(super) fn piece(&self, at: usize) -> (usize, ChatEvent) {
        let message_id = || self.answer_id.clone();
        match &self.events[at] {
            Logged::Other(event) => (at + 1, (**event).clone()),
            Logged::Text(_) => {
                let (next, from, to) = self.run(at, |event| match event {
                    Logged::Text(end) => Some(*end),
                    _ => None,
                });
                (next, ChatEvent::Delta { message_id: message_id(), text: self.text[from..to].to_owned() })
            }
            Logged::Reasoning(_) => {
                let (next, from, to) = self.run(at, |event| match event {
                    Logged::Reasoning(end) => Some(*end),
                    _ => None,
                });
                let text = self.reasoning[from..to].to_owned();
                (next, ChatEvent::Reasoning { message_id: message_id(), text })
            }
        }
    }

    /// How far events of one kind go on from `at`, up to [`READ_BYTES`], and which bytes they are.
    fn run(&self, at: usize, end_of: impl Fn(&Logged) -> Option<usize>) -> (usize, usize, usize) {
        let from = self.events[..at].iter().rev().find_map(&end_of).unwrap_or(0);
        let (mut next, mut to) = (at, from);
        while let Some(end) = self.events.get(next).and_then(&end_of).filter(|_| to - from < READ_BYTES) {
            to = end;
            next += 1;
        }
        (next, from, to)
    }

    /// What came after `place` (the event `at` is its first), with the text that is not rendered yet.
    pub(super) fn since(&self, mut at: usize, place: u64, rendered: usize) -> Since {
        let mut entries = Vec::new();
        let mut text_end = place;
        while at < self.events.len() {
            if let Logged::Text(_) = self.events[at] {
                at += 1;
                text_end = self.first + at as u64 - 1;
                continue;
            }
            let (next, event) = self.piece(at);
            at = next;
            entries.push(Entry::new(self.first + at as u64 - 1, event));
        }
        Since {
            entries,
            new_text: self.text[rendered..].to_owned(),
            ended: self.ended,
            // What the end of the text makes of it is told with the end.
            text_end: if self.ended { self.end() } else { text_end },
            end: self.end(),
        }
    }
}
