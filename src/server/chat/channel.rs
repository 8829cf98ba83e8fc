//! The log of one conversation's newest answer: append-only, read by any number of listeners from any
//! place.
//!
//! The job appends and wakes; a listener is a place in the log and nothing else, so a slow one holds
//! nobody back and costs nothing. The text stands in the log once; an event is where it ended. What a
//! listener missed comes as one piece, and HTML is made only while somebody listens for it ([`View`]).

mod remote;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use self::remote::Remote;
use super::{entry::Entry, view::View};
use crate::{domain::ChatEvent, error::AppError, server::render::Renderer};

/// Who may see an event: deltas are for `format=text`, blocks for `format=html`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Html,
}

/// How much text a listener is given at a time, in bytes. A connection that nobody reads from holds up
/// to 16 such pieces.
const READ_BYTES: usize = 8 * 1024;

/// Why a running answer is told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The person pressed Stop.
    Person,
    /// The server is going down.
    Shutdown,
    /// The conversation was deleted; nothing is stored.
    Deleted,
}

/// The log of one conversation: the events of its newest answer while anybody needs them.
pub struct Channel {
    log: Mutex<Log>,
    last: watch::Sender<u64>,
    view: Arc<tokio::sync::Mutex<View>>,
}

struct Log {
    /// The events' numbers are `first..first + events.len()`, without a gap.
    first: u64,
    /// The end of the log before. Who came that far has missed nothing: numbers up to `first` were
    /// left out.
    before: u64,
    events: Vec<Logged>,
    /// Whose log it is; empty before the first answer.
    answer_id: String,
    text: String,
    reasoning: String,
    /// The event that tells its end is there.
    ended: bool,
    /// What the answer is told through, while it is being written.
    stop: Option<watch::Sender<Option<StopReason>>>,
    /// Another process writes the answer; see `remote`.
    remote: Option<Remote>,
    /// The state of the conversation that was looked at last; see `remote`.
    revision: String,
    /// The conversation was deleted.
    closed: bool,
}

/// An event, as small as it can be.
enum Logged {
    /// The text goes up to this byte.
    Text(usize),
    Reasoning(usize),
    Other(Arc<ChatEvent>),
}

/// What a listener gets when it asks for more.
#[derive(Debug)]
pub enum Read {
    /// Entries after the place, in order, and the new place.
    Entries(Vec<Entry>, u64),
    /// The place is still to come from the process that writes.
    NotYet,
    /// The place is not in the log.
    Gone,
}

/// An answer that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    pub answer_id: String,
    pub text: String,
    pub reasoning: String,
    /// The place just before its first event.
    pub place: u64,
}

impl Channel {
    pub fn new(last_seq: u64) -> Self {
        let log = Log {
            first: last_seq + 1,
            before: last_seq,
            events: Vec::new(),
            answer_id: String::new(),
            text: String::new(),
            reasoning: String::new(),
            ended: false,
            stop: None,
            remote: None,
            revision: String::new(),
            closed: false,
        };
        Self { log: Mutex::new(log), last: watch::channel(last_seq).0, view: Arc::default() }
    }

    /// Begins the log of an answer. Numbers go on from the higher of ours and the store's.
    pub fn begin(&self, answer_id: &str, last_seq: u64) -> watch::Receiver<Option<StopReason>> {
        let mut log = self.lock();
        log.restart(answer_id, last_seq);
        let (stop, stopped) = watch::channel(None);
        log.stop = Some(stop);
        stopped
    }

    /// Takes over the store's number while there is no log yet.
    pub fn at_least(&self, last_seq: u64) {
        let mut log = self.lock();
        if log.events.is_empty() && !log.is_live() {
            log.first = log.first.max(last_seq + 1);
            log.before = log.first - 1;
        }
    }

    /// Appends an event and wakes the listeners; its number. Text goes in by [`Channel::append`].
    pub fn publish(&self, event: ChatEvent) -> u64 {
        let mut log = self.lock();
        if let Some(remote) = &mut log.remote {
            remote.late.push_back(event);
            return log.end();
        }
        log.ended |= event.is_end();
        log.events.push(Logged::Other(Arc::new(event)));
        self.told(log)
    }

    /// Appends more of the answer and wakes the listeners; the number of the last event.
    pub fn append(&self, text: &str, reasoning: &str) -> u64 {
        let mut log = self.lock();
        log.grow(text, reasoning);
        self.told(log)
    }

    fn told(&self, log: MutexGuard<'_, Log>) -> u64 {
        let seq = log.end();
        drop(log);
        self.last.send_replace(seq);
        seq
    }

    /// The answer is over and stored; the log stays for whoever still reads it. Another one may have
    /// begun meanwhile.
    pub fn end(&self, answer_id: &str) {
        let mut log = self.lock();
        if log.answer_id == answer_id {
            log.stop = None;
        }
        drop(log);
        self.last.send_modify(|_| {});
    }

    /// The conversation is no more: its listeners end, and an answer that is being written.
    pub fn close(&self) {
        self.stop(None, StopReason::Deleted);
        self.lock().closed = true;
        self.last.send_modify(|_| {});
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Whether this process writes an answer here.
    pub fn is_running(&self) -> bool {
        self.lock().stop.is_some()
    }

    /// The answer being written, if any, with all of its text so far.
    pub fn running(&self) -> Option<Running> {
        let log = self.lock();
        log.is_live().then(|| Running {
            answer_id: log.answer_id.clone(),
            text: log.text.clone(),
            reasoning: log.reasoning.clone(),
            place: log.first - 1,
        })
    }

    /// The answer being written and the place just before its first event.
    pub fn running_id(&self) -> Option<(String, u64)> {
        let log = self.lock();
        log.is_live().then(|| (log.answer_id.clone(), log.first - 1))
    }

    /// Tells the answer to end (this one, or whichever runs); `false` when it does not run.
    pub fn stop(&self, answer_id: Option<&str>, reason: StopReason) -> bool {
        let log = self.lock();
        let meant = answer_id.is_none_or(|id| id == log.answer_id);
        log.stop.as_ref().filter(|_| meant).map(|stop| stop.send_replace(Some(reason))).is_some()
    }

    /// The place just before the newest answer's first event, and the place after its last.
    pub fn bounds(&self) -> (u64, u64) {
        let log = self.lock();
        (log.first - 1, log.end())
    }

    /// What came after `place`, as text.
    pub fn read_text(&self, place: u64) -> Read {
        let log = self.lock();
        let Some(mut at) = log.index(place) else { return log.unknown(place) };
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while at < log.events.len() && bytes < READ_BYTES {
            let (next, event) = log.piece(at);
            bytes += event.text_len();
            at = next;
            if matches!(&event, ChatEvent::Delta { text, .. } if text.is_empty()) {
                continue;
            }
            entries.push(Entry::new(log.first + at as u64 - 1, event));
        }
        Read::Entries(entries, log.first + at as u64 - 1)
    }

    /// What came after `place`, as HTML: first that an answer began, then the blocks that changed, then
    /// the rest. Blocks carry a place at which they would be told again, as that changes nothing. A
    /// `fresh` listener may have seen parts of a block on another connection, and is told it whole.
    ///
    /// # Errors
    ///
    /// Rendering failed; the text is safe.
    pub async fn read_html(&self, renderer: &Renderer, place: u64, fresh: bool) -> Result<Read, AppError> {
        // Held while the log is read, so the view is never ahead of what is read.
        let mut view = self.view.clone().lock_owned().await;
        let read = {
            let log = self.lock();
            let Some(at) = log.index(place) else { return Ok(log.unknown(place)) };
            log.since(at, place, view.begin(log.first, &log.answer_id))
        };
        let Since { mut entries, new_text, ended, text_end, end } = read;
        let events = if new_text.is_empty() && (!ended || view.is_finished()) {
            view.changes_after(place, fresh)
        } else {
            let work = move || {
                view.catch_up(&new_text, ended, text_end);
                view.changes_after(place, fresh)
            };
            renderer.run(work).await?
        };
        let began = entries.first().is_some_and(|entry| matches!(&*entry.event, ChatEvent::Started { .. }));
        let at = usize::from(began);
        let seq = if began { entries[0].seq } else { place };
        let mut blocks: Vec<Entry> = events.into_iter().map(|event| Entry::new(seq, event)).collect();
        if let Some(last) = blocks.last_mut().filter(|_| entries.len() == at) {
            last.seq = end;
        }
        entries.splice(at..at, blocks);
        Ok(Read::Entries(entries, end))
    }

    /// Changes with each event and when the answer ends.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.last.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What HTML listeners need of the log.
struct Since {
    /// All but text.
    entries: Vec<Entry>,
    new_text: String,
    /// The answer is whole.
    ended: bool,
    /// The number up to which text is told with this.
    text_end: u64,
    end: u64,
}

impl Log {
    fn end(&self) -> u64 {
        self.first - 1 + self.events.len() as u64
    }

    /// Begins anew, after the higher of our number and the store's.
    fn restart(&mut self, answer_id: &str, last_seq: u64) {
        self.before = self.end();
        self.first = (self.before + 1).max(last_seq + 1);
        self.events = Vec::new();
        self.answer_id = answer_id.to_owned();
        self.text = String::new();
        self.reasoning = String::new();
        self.ended = false;
        self.remote = None;
    }

    fn grow(&mut self, text: &str, reasoning: &str) {
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
    fn is_live(&self) -> bool {
        self.stop.is_some() || self.remote.is_some()
    }

    /// A place that is not in the log is gone, or it is still to come from the process that writes.
    fn unknown(&self, place: u64) -> Read {
        match &self.remote {
            Some(_) if place > self.end() => Read::NotYet,
            _ => Read::Gone,
        }
    }

    /// Of the first event after `place`; `None` when the place is not in the log.
    fn index(&self, place: u64) -> Option<usize> {
        if (self.before..self.first).contains(&place) {
            return Some(0);
        }
        let seen = place.checked_sub(self.first - 1).filter(|_| place <= self.end())?;
        usize::try_from(seen).ok()
    }

    /// The event at `at`, with those of its kind that follow it, and the index after them.
    fn piece(&self, at: usize) -> (usize, ChatEvent) {
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
    fn since(&self, mut at: usize, place: u64, rendered: usize) -> Since {
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

#[cfg(test)]
#[path = "channel_tests.rs"]
mod tests;
