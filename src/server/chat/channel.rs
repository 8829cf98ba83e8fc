//! The log of one conversation's newest answer: append-only, read by any number of listeners from any
//! place.
//!
//! The job appends and wakes; a listener is a place in the log and nothing else, so a slow one holds
//! nobody back and costs nothing. An entry that a later one replaces (an earlier state of the same
//! block) is emptied, so the log grows with the answer and not with the number of its updates.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::domain::ChatEvent;

/// Who may see an event: deltas are for `format=text`, blocks for `format=html`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Html,
}

/// One event, serialized once for all listeners.
#[derive(Clone, Debug)]
pub struct Entry {
    pub seq: u64,
    pub name: &'static str,
    /// The event as a JSON object.
    pub json: Arc<str>,
    /// `None`: for both formats.
    format: Option<Format>,
    /// Emptied: a later entry says all that this one said.
    replaced: bool,
}

impl Entry {
    pub fn new(seq: u64, event: &ChatEvent) -> Self {
        let format = match event {
            ChatEvent::Delta { .. } => Some(Format::Text),
            ChatEvent::Block { .. } | ChatEvent::Lines { .. } => Some(Format::Html),
            _ => None,
        };
        let json = serde_json::to_string(event).unwrap_or_default().into();
        Self { seq, name: event.name(), json, format, replaced: false }
    }

    fn is_for(&self, format: Format) -> bool {
        !self.replaced && self.format.is_none_or(|only| only == format)
    }

    /// The event as one line of JSON with its `seq`, as the byte stream carries it.
    pub fn line(&self) -> String {
        format!("{{\"seq\":{},{}\n", self.seq, &self.json[1..])
    }
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
}

struct Log {
    /// The entries' numbers are `first..first + entries.len()`, without a gap.
    first: u64,
    entries: Vec<Entry>,
    running: Option<Running>,
    /// Entries of the block that is still open: its index and their places.
    open: Option<(u32, Vec<usize>)>,
    /// The conversation was deleted.
    closed: bool,
}

struct Running {
    answer_id: String,
    /// All of the answer's text so far.
    text: String,
    stop: watch::Sender<Option<StopReason>>,
}

/// What a listener gets when it asks for more.
#[derive(Debug)]
pub enum Read {
    /// Entries after the place, in order, and the new place.
    Entries(Vec<Entry>, u64),
    /// The place is not in the log.
    Gone,
}

impl Channel {
    pub fn new(last_seq: u64) -> Self {
        let log = Log { first: last_seq + 1, entries: Vec::new(), running: None, open: None, closed: false };
        Self { log: Mutex::new(log), last: watch::channel(last_seq).0 }
    }

    /// Begins the log of a new answer. Numbers go on from the higher of ours and the store's.
    pub fn begin(&self, answer_id: &str, last_seq: u64) -> watch::Receiver<Option<StopReason>> {
        let mut log = self.lock();
        log.first = (log.first + log.entries.len() as u64).max(last_seq + 1);
        log.entries = Vec::new();
        log.open = None;
        let (stop, stopped) = watch::channel(None);
        log.running = Some(Running { answer_id: answer_id.to_owned(), text: String::new(), stop });
        stopped
    }

    /// Takes over the store's number while there is no log yet.
    pub fn at_least(&self, last_seq: u64) {
        let mut log = self.lock();
        if log.entries.is_empty() && log.running.is_none() {
            log.first = log.first.max(last_seq + 1);
        }
    }

    /// Appends an event and wakes the listeners; its number.
    pub fn publish(&self, event: &ChatEvent) -> u64 {
        let mut log = self.lock();
        let seq = log.first + log.entries.len() as u64;
        let place = log.entries.len();
        match event {
            ChatEvent::Block { index, .. } => log.replace_block(*index, place),
            ChatEvent::Lines { .. } => {
                if let Some((_, places)) = &mut log.open {
                    places.push(place);
                }
            }
            ChatEvent::Delta { text, .. } => {
                if let Some(running) = &mut log.running {
                    running.text.push_str(text);
                }
            }
            _ => {}
        }
        log.entries.push(Entry::new(seq, event));
        drop(log);
        self.last.send_replace(seq);
        seq
    }

    /// The answer is over and stored; the log stays for whoever still reads it.
    pub fn end(&self) {
        self.lock().running = None;
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

    /// The answer being written, if any: its id, its text so far, and the place just before it.
    pub fn running(&self) -> Option<(String, String, u64)> {
        let log = self.lock();
        log.running.as_ref().map(|running| (running.answer_id.clone(), running.text.clone(), log.first - 1))
    }

    /// Tells the answer to end (this one, or whichever runs); `false` when it does not run.
    pub fn stop(&self, answer_id: Option<&str>, reason: StopReason) -> bool {
        let log = self.lock();
        let running =
            log.running.as_ref().filter(|running| answer_id.is_none_or(|id| id == running.answer_id));
        running.map(|running| running.stop.send_replace(Some(reason))).is_some()
    }

    /// The place just before the newest answer's first event, and the place after its last.
    pub fn bounds(&self) -> (u64, u64) {
        let log = self.lock();
        (log.first - 1, log.first - 1 + log.entries.len() as u64)
    }

    /// What came after `place` for this format.
    pub fn read(&self, place: u64, format: Format) -> Read {
        let log = self.lock();
        let end = log.first - 1 + log.entries.len() as u64;
        if place > end || place + 1 < log.first {
            return Read::Gone;
        }
        let from = usize::try_from(place + 1 - log.first).unwrap_or(usize::MAX);
        let entries = log.entries[from..].iter().filter(|entry| entry.is_for(format)).cloned().collect();
        Read::Entries(entries, end)
    }

    /// Changes with each event and when the answer ends.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.last.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    fn replace_block(&mut self, index: u32, place: usize) {
        match &mut self.open {
            Some((open, places)) if *open == index => {
                for replaced in places.drain(..) {
                    let entry = &mut self.entries[replaced];
                    entry.replaced = true;
                    entry.json = Arc::from("");
                }
                places.push(place);
            }
            open => *open = Some((index, vec![place])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delta(text: &str) -> ChatEvent {
        ChatEvent::Delta { message_id: "a".into(), text: text.into() }
    }

    fn block(index: u32, html: &str) -> ChatEvent {
        ChatEvent::Block { message_id: "a".into(), index, html: html.into() }
    }

    fn lines(channel: &Channel, place: u64, format: Format) -> Vec<String> {
        match channel.read(place, format) {
            Read::Entries(entries, _) => entries.iter().map(Entry::line).collect(),
            Read::Gone => vec!["gone".into()],
        }
    }

    #[test]
    fn a_listener_reads_from_any_place_and_only_its_format() {
        let channel = Channel::new(41);
        channel.begin("a", 41);
        assert_eq!(channel.publish(&delta("x")), 42);
        assert_eq!(channel.publish(&block(0, "<p>x</p>")), 43);
        assert_eq!(channel.publish(&delta("y")), 44);
        assert_eq!(lines(&channel, 41, Format::Text).len(), 2);
        assert_eq!(
            lines(&channel, 42, Format::Text),
            [r#"{"seq":44,"event":"delta","message_id":"a","text":"y"}"#.to_owned() + "\n"]
        );
        assert_eq!(lines(&channel, 41, Format::Html).len(), 1);
        assert!(lines(&channel, 44, Format::Text).is_empty());
        assert_eq!(lines(&channel, 40, Format::Text), ["gone"]);
        assert_eq!(lines(&channel, 45, Format::Text), ["gone"]);
        assert_eq!(lines(&channel, u64::MAX, Format::Text), ["gone"]);
        assert_eq!(channel.running(), Some(("a".into(), "xy".into(), 41)));
    }

    #[test]
    fn an_empty_channel_takes_over_the_number_of_the_store_and_a_used_one_does_not() {
        let channel = Channel::new(0);
        channel.at_least(7);
        assert_eq!(lines(&channel, 3, Format::Text), ["gone"]);
        assert!(lines(&channel, 7, Format::Text).is_empty());
        channel.begin("a", 7);
        channel.publish(&delta("x"));
        channel.at_least(100);
        assert_eq!(lines(&channel, 7, Format::Text).len(), 1);
    }

    #[test]
    fn an_earlier_state_of_a_block_is_dropped() {
        let channel = Channel::new(0);
        channel.begin("a", 0);
        for html in ["<p>1</p>", "<p>12</p>", "<p>123</p>"] {
            channel.publish(&block(0, html));
        }
        channel.publish(&block(1, "<p>next</p>"));
        let seen = lines(&channel, 0, Format::Html);
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert!(seen[0].contains("123") && seen[0].contains("\"seq\":3"));
    }

    #[test]
    fn numbers_go_on_over_answers_and_never_fall() {
        let channel = Channel::new(10);
        channel.begin("a", 10);
        channel.publish(&delta("x"));
        channel.end();
        channel.begin("b", 5);
        assert_eq!(channel.publish(&delta("y")), 12);
        channel.begin("c", 1_000);
        assert_eq!(channel.publish(&delta("z")), 1_001);
    }
}
