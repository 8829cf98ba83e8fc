//! The log of one conversation's newest answer: append-only, read by any number of listeners from any
//! place.
//!
//! The job appends and wakes; a listener is a place in the log and nothing else, so a slow one holds
//! nobody back and costs nothing. The text stands in the log once; an event is where it ended. What a
//! listener missed comes as one piece, and HTML is made only while somebody listens for it ([`View`]).

mod log;
mod remote;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use self::log::{Log, Logged, READ_BYTES, Since};
use super::{entry::Entry, view::View};
use crate::{domain::ChatEvent, error::AppError, server::render::Renderer};

/// Who may see an event: deltas are for `format=text`, blocks for `format=html`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Html,
}

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
        let log = Log::new(last_seq);
        Self { log: Mutex::new(log), last: watch::channel(last_seq).0, view: Arc::default() }
    }

    /// Begins the log of an answer. Numbers go on from the higher of ours and the store's.
    pub fn begin(&self, answer_id: &str, last_seq: u64) -> watch::Receiver<Option<StopReason>> {
        let mut log = self.lock();
        // Listeners who are here already have missed nothing of what is numbered up to `last_seq`: stores may leave
        // numbers out when an answer begins.
        if !log.is_placed && log.events.is_empty() {
            log.place(last_seq);
        }
        log.restart(answer_id, last_seq);
        // Deleted before its answer began.
        let (stop, stopped) = watch::channel(log.closed.then_some(StopReason::Deleted));
        log.stop = Some(stop);
        stopped
    }

    /// Takes over the store's number while there is no log yet.
    pub fn at_least(&self, last_seq: u64) {
        let mut log = self.lock();
        if log.events.is_empty() && !log.is_live() {
            log.place(last_seq);
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

    /// What came after the byte `from` of the text was reasoning. A log only grows, so it begins anew.
    pub fn text_was_reasoning(&self, from: usize) {
        let mut log = self.lock();
        let mut text = log.text.clone();
        let moved = text.split_off(text.floor_char_boundary(from));
        let reasoning = format!("{}{}", log.reasoning, moved.trim_end());
        log.begin_again();
        log.grow(&text, &reasoning);
        self.told(log);
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
    /// `fresh` listener may have seen parts of a block on another connection, and is told it whole. The
    /// rendering is the work of the `person` who listens.
    ///
    /// # Errors
    ///
    /// Rendering failed; the text is safe.
    pub async fn read_html(
        &self,
        renderer: &Renderer,
        person: &str,
        place: u64,
        fresh: bool,
    ) -> Result<Read, AppError> {
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
            renderer.run(person, work).await?
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

#[cfg(test)]
#[path = "channel_tests.rs"]
mod tests;
