//! The log of one conversation: its events in order, with the texts of the answers that are being written; read by
//! any number of listeners from any position.
//!
//! A writer appends an event and wakes the listeners. A listener is only a position in the log, so a slow listener
//! holds up neither the writer nor other listeners. The log holds each text once: an event of the text says only up to
//! which byte the text goes. A listener gets the text that it missed in one piece, or in a few if the text is long, and
//! the server renders HTML only while somebody listens for it ([`Views`]).
//!
//! Numbers: the store numbers each change of a conversation that it stores (the revision), and the event of that change
//! has the same number in the log. While an answer is being written, the process that writes it also numbers the events
//! of its text, beyond the numbers that the store has given. The end of the answer brings the store's number up to
//! theirs. So a position means the same in every process, and the log is ahead of the store only while an answer is
//! being written.

mod doubts;
mod forgotten;
mod hints;
mod mirror;
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use self::state::{NewContent, READ_BYTES, Since, State, Text, Writer};
pub use self::{hints::Writing, state::events_of};
use super::{published::Published, view::Views};
use crate::{domain::ChatEvent, error::AppError, server::render::Renderer};

/// The format in which a listener gets the text of answers: deltas (`format=text`) or blocks (`format=html`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Html,
}

/// Why a running answer is told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The person pressed Stop.
    Person,
    /// The server is shutting down.
    Shutdown,
    /// The conversation was deleted.
    Deleted,
}

/// The events of one conversation. The log keeps the events of running answers. When the next answer begins, or when
/// there are many events, it drops the events of answers that have ended.
pub struct Log {
    state: Mutex<State>,
    end: watch::Sender<u64>,
    views: Arc<tokio::sync::Mutex<Views>>,
}

/// What a listener gets when it reads the log.
#[derive(Debug)]
pub enum Read {
    /// Events after the position, in order, and the new position.
    Events(Vec<Published>, u64),
    /// The log has not come to the position yet, because another process writes the answer and its events are still to
    /// arrive.
    NotYet,
    /// The log does not have the position: its events begin after it or end before it.
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

    /// Begins the text of an answer that this process writes. The events are numbered on from the log's number or from
    /// `last_seq`, whichever is higher. Returns the position just before the answer's first event, and the channel that
    /// tells the answer's job to stop.
    pub fn begin(&self, answer_id: &str, last_seq: u64) -> (u64, watch::Receiver<Option<StopReason>>) {
        let mut state = self.lock();
        // The conversation may have been deleted before its answer began.
        let (stop, stopped) = watch::channel(state.closed.then_some(StopReason::Deleted));
        state.add_text(answer_id, last_seq, Writer::Here(stop));
        (state.end, stopped)
    }

    /// Takes over the store's number, if the log has no events and no answer is being written.
    pub fn at_least(&self, last_seq: u64) {
        let mut state = self.lock();
        if state.events.is_empty() && state.is_quiet() {
            state.place(last_seq);
            // A listener that waits here for a lower number is told from the store what it missed.
            self.published(state);
        }
    }

    /// Publishes a change that this process has stored, with the number that the store gave it. While an answer is being
    /// written the event gets the next number of its writer.
    pub fn publish(&self, event: ChatEvent, revision: u64) {
        let mut state = self.lock();
        state.doubts.by(&event);
        if state.is_quiet() && state.is_placed && revision <= state.end {
            // A later change was published before this one, or a listener came with its number.
            state.rereads += 1;
        } else {
            state.change(event, revision);
        }
        self.published(state);
    }

    /// Publishes a change that another process has stored, unless the log has the change already.
    pub fn publish_foreign(&self, event: ChatEvent, revision: u64) {
        let mut state = self.lock();
        state.doubts.by(&event);
        if !(state.is_quiet() && revision <= state.end) {
            state.change(event, revision);
        }
        self.published(state);
    }

    /// Tells listeners to read the conversation anew, because something changed and this process does not know what.
    /// That takes no number, because there is no change in the store that the number would belong to.
    pub fn reread(&self) {
        let mut state = self.lock();
        state.rereads += 1;
        self.published(state);
    }

    /// How often [`Log::reread`] was called.
    pub fn rereads(&self) -> u64 {
        self.lock().rereads
    }

    /// Publishes an event that is not text, of an answer that this process writes. Returns the number of the event.
    pub fn tell(&self, answer_id: &str, event: ChatEvent) -> u64 {
        let mut state = self.lock();
        let is_end = event.is_end();
        let seq = state.push(event);
        if let Some(text) = state.text_mut(answer_id).filter(|_| is_end) {
            text.ended = Some(seq);
        }
        self.published(state)
    }

    /// Appends text to an answer and wakes the listeners. Returns the number of the newest event.
    pub fn append(&self, answer_id: &str, content: &str, reasoning: &str) -> u64 {
        let mut state = self.lock();
        if let Some(key) = state.text(answer_id).map(|text| text.key) {
            state.grow(key, content, reasoning);
        }
        self.published(state)
    }

    /// Moves an answer's content from the byte `from` on to the answer's reasoning, because it turned out to be
    /// reasoning. Listeners get each running answer anew.
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
            if state.is_quiet() {
                state.end += std::mem::take(&mut state.changed_meanwhile);
            }
        }
        self.published(state);
    }

    /// Ends the listeners and the answers that this process writes, because the conversation was deleted.
    pub fn close(&self) {
        let mut state = self.lock();
        // First, so that an answer that begins now is stopped here or by `begin`.
        state.closed = true;
        self.published(state);
        self.stop(None, StopReason::Deleted);
    }

    /// The conversation was restored.
    pub fn open_again(&self) {
        self.lock().closed = false;
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

    /// Tells the answer `answer_id` to stop, or every answer if that is `None`. Returns `false` if this process writes
    /// no such answer.
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

    /// The oldest position after which the log has every event, and the number of the newest event.
    pub fn bounds(&self) -> (u64, u64) {
        let state = self.lock();
        (state.since, state.end)
    }

    /// The position just before the first event of an answer that is in the log.
    pub fn after(&self, answer_id: &str) -> Option<u64> {
        self.lock().text(answer_id).map(|text| text.after)
    }

    /// Whether an event of the log tells of this question.
    pub fn asks(&self, question_id: &str) -> bool {
        let asks = |event: &ChatEvent| matches!(event, ChatEvent::Started { question: Some(it), .. } if it.id == question_id);
        self.lock().others().any(asks)
    }

    /// The events after `position`, with texts as deltas. A long text comes in several reads.
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
        // At the end of the log the position is the log's number, which may be higher than that of the last event,
        // because the store leaves numbers out.
        let position = if at < state.events.len() { state.events[at - 1].seq } else { state.end };
        Read::Events(events, position)
    }

    /// The events after `position`, with content as HTML. The changed blocks of an answer come after the answer's
    /// `started` event, or before all other events if the listener has had that event already. A block carries a
    /// position from which the server would send the block again; that is harmless, because the page replaces the
    /// block. A `fresh` listener gets whole blocks, because it may have received parts of a block on another
    /// connection. The renderer counts the rendering as the work of `person`, who listens.
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
        // The lock on the views is held while the log is read, so that no view is ahead of the events that are read.
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

/// Whether a part of the content, or its end, is not rendered yet.
fn is_behind(views: &Views, it: &NewContent) -> bool {
    !it.new.is_empty() || (it.ended && !views.is_finished(it.key))
}

/// Puts the blocks of each answer after the answer's `started` event, or first if the listener has had that event
/// already.
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
