//! The log of one conversation: its events in order, with the texts of the answers that are being written; read by
//! any number of listeners from any position.
//!
//! A writer appends and wakes; a listener is a position in the log and nothing else, so a slow one holds nobody
//! back and costs nothing. A text stands in the log once; an event is how far it went. What a listener missed
//! comes as one piece, and HTML is made only while somebody listens for it ([`Views`]).
//!
//! Numbers: each change of a conversation that is stored has a number of its own there (its revision), and the
//! log gives the event of that change the same one. While an answer is being written, the process that writes it
//! numbers the events of its text besides, beyond what the store knows; the end of the answer takes the store that
//! far. So a position means the same in every process, and the log is never ahead of the store for longer than
//! an answer runs.

mod mirror;
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use self::state::{NewContent, READ_BYTES, Since, State, Text, Writer};
use super::{published::Published, view::Views};
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

/// The events of one conversation, as far back as its running answers, or else its newest one, need them.
pub struct Log {
    state: Mutex<State>,
    end: watch::Sender<u64>,
    views: Arc<tokio::sync::Mutex<Views>>,
}

/// What a listener gets when it asks for more.
#[derive(Debug)]
pub enum Read {
    /// Events after the position, in order, and the new position.
    Events(Vec<Published>, u64),
    /// The position is still to come from the process that writes.
    NotYet,
    /// The log does not go back to the position.
    Gone,
}

/// An answer that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    pub answer_id: String,
    pub content: String,
    pub reasoning: String,
    /// The position just before its first event.
    pub after: u64,
}

impl Log {
    pub fn new(last_seq: u64) -> Self {
        let state = State::new(last_seq);
        Self { state: Mutex::new(state), end: watch::channel(last_seq).0, views: Arc::default() }
    }

    /// Begins the text of an answer that this process writes. Numbers go on from the higher of the log's and the
    /// store's; the position just before the answer's first event, and what tells its job to stop.
    pub fn begin(&self, answer_id: &str, last_seq: u64) -> (u64, watch::Receiver<Option<StopReason>>) {
        let mut state = self.lock();
        // The conversation may have been deleted before its answer began.
        let (stop, stopped) = watch::channel(state.closed.then_some(StopReason::Deleted));
        state.add_text(answer_id, last_seq, Writer::Here(stop));
        (state.end, stopped)
    }

    /// Takes over the store's number while the log is empty.
    pub fn at_least(&self, last_seq: u64) {
        let mut state = self.lock();
        if state.events.is_empty() && state.live().next().is_none() {
            state.place(last_seq);
        }
    }

    /// Publishes a change that this process has stored, with the number that the store gave it; the number of the
    /// event.
    pub fn publish(&self, event: ChatEvent, revision: u64) -> u64 {
        let mut state = self.lock();
        if let Some(mirror) = &mut state.mirror {
            mirror.late.push_back(event);
            return state.end;
        }
        if state.live().next().is_none() {
            if state.is_placed && revision > state.end + 1 {
                // Another process changed something in between, and this one has not heard of it yet.
                state.end = revision - 2;
                state.push(ChatEvent::Changed {});
            }
            state.end = state.end.max(revision.saturating_sub(1));
        } else {
            state.changed_meanwhile += 1;
        }
        state.push(event);
        self.published(state)
    }

    /// Publishes a change that another process has stored, unless it is here already.
    pub fn publish_foreign(&self, event: ChatEvent, revision: u64) {
        let mut state = self.lock();
        let is_quiet = state.live().next().is_none();
        if is_quiet && revision <= state.end {
            return;
        }
        match &mut state.mirror {
            Some(mirror) => mirror.late.push_back(event),
            None => {
                match is_quiet {
                    true => state.end = revision - 1,
                    false => state.changed_meanwhile += 1,
                }
                state.push(event);
            }
        }
        self.published(state);
    }

    /// Tells listeners to read the conversation anew: something changed, and this process cannot say what. It has no
    /// number, because the store does not know of it.
    pub fn reread(&self) {
        let mut state = self.lock();
        state.rereads += 1;
        self.published(state);
    }

    /// How often [`Log::reread`] was called.
    pub fn rereads(&self) -> u64 {
        self.lock().rereads
    }

    /// Publishes an event of an answer that this process writes, other than text; its number.
    pub fn tell(&self, answer_id: &str, event: ChatEvent) -> u64 {
        let mut state = self.lock();
        let is_end = event.is_end();
        let seq = state.push(event);
        if let Some(text) = state.text_mut(answer_id).filter(|_| is_end) {
            text.ended = Some(seq);
        }
        self.published(state)
    }

    /// Appends more of an answer and wakes the listeners; the number of the last event.
    pub fn append(&self, answer_id: &str, content: &str, reasoning: &str) -> u64 {
        let mut state = self.lock();
        if let Some(key) = state.text(answer_id).map(|text| text.key) {
            state.grow(key, content, reasoning);
        }
        self.published(state)
    }

    /// What came after the byte `from` of an answer's content was reasoning.
    pub fn content_was_reasoning(&self, answer_id: &str, from: usize) {
        let mut state = self.lock();
        let Some(text) = state.text(answer_id) else { return };
        let (key, mut content) = (text.key, text.content.clone());
        let moved = content.split_off(content.floor_char_boundary(from));
        let reasoning = format!("{}{}", text.reasoning, moved.trim_end());
        state.begin_again(key, &content, &reasoning);
        self.published(state);
    }

    fn published(&self, state: MutexGuard<'_, State>) -> u64 {
        let seq = state.end;
        drop(state);
        self.end.send_replace(seq);
        seq
    }

    /// The answer is over and stored; its events stay for listeners who have not read them yet.
    pub fn end(&self, answer_id: &str) {
        let mut state = self.lock();
        if let Some(text) = state.text_mut(answer_id).filter(|text| matches!(text.writer, Writer::Here(_))) {
            text.writer = Writer::Nobody;
            if state.live().next().is_none() {
                state.end += std::mem::take(&mut state.changed_meanwhile);
            }
        }
        self.published(state);
    }

    /// The conversation is no more: its listeners end, and the answers that are being written.
    pub fn close(&self) {
        self.stop(None, StopReason::Deleted);
        let mut state = self.lock();
        state.closed = true;
        self.published(state);
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Whether this process writes an answer here.
    pub fn is_running(&self) -> bool {
        self.lock().texts.iter().any(|text| matches!(text.writer, Writer::Here(_)))
    }

    /// The answers that are being written, with all of their text so far, in the order in which they began.
    pub fn running(&self) -> Vec<Running> {
        let running = |text: &Text| Running {
            answer_id: text.message_id.clone(),
            content: text.content.clone(),
            reasoning: text.reasoning.clone(),
            after: text.after,
        };
        self.lock().live().map(running).collect()
    }

    /// The answers that are being written, each with the position just before its first event.
    pub fn running_ids(&self) -> Vec<(String, u64)> {
        self.lock().live().map(|text| (text.message_id.clone(), text.after)).collect()
    }

    /// Whether this answer is being written, here or elsewhere.
    pub fn runs(&self, answer_id: &str) -> bool {
        self.lock().live().any(|text| text.message_id == answer_id)
    }

    /// The text of an answer in the log: its content and its reasoning.
    pub fn text(&self, answer_id: &str) -> Option<(String, String)> {
        self.lock().text(answer_id).map(|text| (text.content.clone(), text.reasoning.clone()))
    }

    /// Tells answers that this process writes to end: this one, or all; `false` when none was meant.
    pub fn stop(&self, answer_id: Option<&str>, reason: StopReason) -> bool {
        let mut any = false;
        for text in &self.lock().texts {
            if let Writer::Here(stop) = &text.writer
                && answer_id.is_none_or(|id| id == text.message_id)
            {
                stop.send_replace(Some(reason));
                any = true;
            }
        }
        any
    }

    /// The position from which the log tells all, and the number of its newest event.
    pub fn bounds(&self) -> (u64, u64) {
        let state = self.lock();
        (state.since, state.end)
    }

    /// The position just before the first event of the newest answer in the log.
    pub fn newest(&self) -> Option<u64> {
        self.lock().texts.last().map(|text| text.after)
    }

    /// What came after `position`, as text.
    pub fn read_text(&self, position: u64) -> Read {
        let state = self.lock();
        let Some(mut at) = state.index(position) else { return state.unknown(position) };
        let (mut events, mut bytes) = (Vec::new(), 0);
        while at < state.events.len() && bytes < READ_BYTES {
            let (next, event) = state.piece(at);
            bytes += event.text_len();
            at = next;
            events.push(Published::new(state.events[at - 1].seq, event));
        }
        // Numbers may have been left out since the last event.
        let position = if at < state.events.len() { state.events[at - 1].seq } else { state.end };
        Read::Events(events, position)
    }

    /// What came after `position`, as HTML: after the event that an answer began its blocks that changed, then
    /// the rest. A block carries a position at which it would be told again, because that changes nothing. A
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
        position: u64,
        fresh: bool,
    ) -> Result<Read, AppError> {
        // Held while the log is read, so that no view is ahead of what is read.
        let mut views = self.views.clone().lock_owned().await;
        let Since { others, contents, end } = {
            let state = self.lock();
            let Some(at) = state.index(position) else { return Ok(state.unknown(position)) };
            views.retain(|key| state.texts.iter().any(|text| text.key == key));
            state.since(at, position, |key| views.rendered(key))
        };
        let has_work = contents.iter().any(|it| is_behind(&views, it));
        let work = move || {
            let changed = contents.into_iter().map(|it| {
                let is_behind = is_behind(&views, &it);
                let view = views.of(it.key, &it.message_id);
                if is_behind {
                    view.catch_up(&it.new, it.ended, it.seq);
                }
                let blocks = view.changes_after(position, fresh);
                (it.message_id, blocks)
            });
            changed.collect::<Vec<_>>()
        };
        let blocks = if has_work { renderer.run(person, work).await? } else { work() };
        Ok(Read::Events(merged(others, blocks, position, end), end))
    }

    /// Changes with each event and when an answer ends.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.end.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether something of a content is not rendered yet.
fn is_behind(views: &Views, it: &NewContent) -> bool {
    !it.new.is_empty() || (it.ended && !views.is_finished(it.key))
}

/// The blocks of each answer stand after the event that it began, or first when a listener knows that already.
fn merged(
    others: Vec<Published>,
    blocks: Vec<(String, Vec<ChatEvent>)>,
    position: u64,
    end: u64,
) -> Vec<Published> {
    let mut merged = Vec::with_capacity(others.len() + blocks.iter().map(|(_, it)| it.len()).sum::<usize>());
    let begins = |id: &str| {
        others
            .iter()
            .any(|it| matches!(&*it.event, ChatEvent::Started { message_id, .. } if message_id == id))
    };
    let (mut later, known): (Vec<_>, Vec<_>) = blocks.into_iter().partition(|(id, _)| begins(id));
    merged.extend(
        known.into_iter().flat_map(|(_, events)| events).map(|event| Published::new(position, event)),
    );
    for event in others {
        let (seq, begun) = (
            event.seq,
            match &*event.event {
                ChatEvent::Started { message_id, .. } => later.iter_mut().find(|(id, _)| id == message_id),
                _ => None,
            },
        );
        let blocks = begun.map(|(_, blocks)| std::mem::take(blocks)).unwrap_or_default();
        merged.push(event);
        merged.extend(blocks.into_iter().map(|block| Published::new(seq, block)));
    }
    let is_text = |event: &ChatEvent| matches!(event, ChatEvent::Block { .. } | ChatEvent::Lines { .. });
    if let Some(last) = merged.last_mut().filter(|last| is_text(&last.event)) {
        last.seq = end;
    }
    merged
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod several_tests;
