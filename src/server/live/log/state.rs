//! What a log holds: numbered events, and the texts of the answers whose events are among them.

use std::{collections::VecDeque, sync::Arc};

use tokio::sync::watch;

use super::{Read, StopReason, doubts::Doubts, hints::Hints};
use crate::{domain::ChatEvent, server::live::published::Published};

/// How much text a listener gets in one read, and the most of one event, in bytes. A connection that nobody reads from
/// holds several such pieces.
pub(super) const READ_BYTES: usize = 8 * 1024;

/// A log without a running answer drops its events when it has more than this, because a conversation may be open for
/// weeks. A listener that has not read them yet gets what it missed from the store.
const MOST_QUIET_EVENTS: usize = 256;

pub(super) struct State {
    /// Every event with a higher number is in `events`: a listener at this position has missed nothing.
    pub(super) since: u64,
    /// The number of the newest event, in the log or before it.
    pub(super) end: u64,
    /// Whether the log's numbers continue the store's.
    pub(super) is_placed: bool,
    /// In the order of their numbers. A number that is left out belongs to no event that a listener needs.
    pub(super) events: VecDeque<Logged>,
    pub(super) texts: Vec<Text>,
    /// The state of the answer that another process writes, while there is one; see `mirror`.
    pub(super) mirror: Option<Mirror>,
    /// The revision of the conversation when this process last looked at the store; see
    /// [`Log::look`](super::Log::look).
    pub(super) looked_at: String,
    /// How many stored changes were published while an answer was being written. The end of the answer raises the
    /// store's number by this many more.
    pub(super) changed_meanwhile: u64,
    /// How often the server told listeners to read the conversation anew; see [`Log::reread`](super::Log::reread).
    pub(super) rereads: u64,
    pub(super) doubts: Doubts,
    pub(super) hints: Hints,
    /// The conversation was deleted.
    pub(super) closed: bool,
    next_key: u32,
}

/// The state of the answer that another process writes. There is one such answer at the most.
pub(super) struct Mirror {
    pub(super) answer_id: String,
    /// Events of changes (a new title, a changed tree) that this process publishes meanwhile. Each waits for the next
    /// number that the writer gave to an event other than text, so that both processes number the events alike.
    pub(super) late: VecDeque<ChatEvent>,
}

/// The text of one answer. The log holds it once; an event says up to which byte it goes.
pub(super) struct Text {
    /// Identifies the text within the log.
    pub(super) key: u32,
    pub(super) message_id: String,
    /// The position just before its first event.
    pub(super) after: u64,
    pub(super) content: String,
    pub(super) reasoning: String,
    /// The number of the event that ends the answer, once the log has that event.
    pub(super) ended: Option<u64>,
    pub(super) writer: Writer,
}

/// Who writes a text.
pub(super) enum Writer {
    /// A job of this process; the channel tells the job to stop.
    Here(watch::Sender<Option<StopReason>>),
    Elsewhere,
    /// The answer has ended, and the text is complete.
    Nobody,
}

impl Text {
    pub(super) fn is_live(&self) -> bool {
        !matches!(self.writer, Writer::Nobody)
    }
}

/// An event with its number. It holds no text, so that it stays small.
pub(super) struct Logged {
    pub(super) seq: u64,
    pub(super) body: Body,
}

/// What an event says.
pub(super) enum Body {
    /// The content of the text `key` goes up to this byte.
    Content {
        key: u32,
        end: usize,
    },
    /// The reasoning of the text `key` goes up to this byte.
    Reasoning {
        key: u32,
        end: usize,
    },
    Other(Arc<ChatEvent>),
}

/// What HTML listeners need from the log.
pub(super) struct Since {
    /// All events but the contents of texts.
    pub(super) others: Vec<Published>,
    pub(super) contents: Vec<NewContent>,
    pub(super) end: u64,
}

/// The part of one text's content that is not rendered yet.
pub(super) struct NewContent {
    pub(super) key: u32,
    pub(super) message_id: String,
    pub(super) new: String,
    /// The answer has ended.
    pub(super) ended: bool,
    /// The number of the last event of the content.
    pub(super) seq: u64,
}

/// How many events this much new text takes. A long text takes several, because a listener gets whole events, and one
/// that reads slowly must not hold a long text in memory. Every process divides a text alike.
pub fn events_of(content: &str, reasoning: &str) -> u64 {
    (ends(content).count() + ends(reasoning).count()) as u64
}

/// The ends of the events into which a new text is divided, as byte offsets.
fn ends(text: &str) -> impl Iterator<Item = usize> {
    let mut end = 0;
    std::iter::from_fn(move || {
        let next = text.floor_char_boundary(end + READ_BYTES);
        (next > end).then(|| {
            end = next;
            end
        })
    })
}

impl State {
    /// An empty log whose next event comes after the number `last_seq`.
    pub(super) fn new(last_seq: u64) -> Self {
        Self {
            since: last_seq,
            end: last_seq,
            is_placed: false,
            events: VecDeque::new(),
            texts: Vec::new(),
            mirror: None,
            looked_at: String::new(),
            changed_meanwhile: 0,
            rereads: 0,
            doubts: Doubts::default(),
            hints: Hints::default(),
            closed: false,
            next_key: 0,
        }
    }

    /// Continues after the store's number, if that is higher. The log does not have the events before that number.
    pub(super) fn place(&mut self, last_seq: u64) {
        self.end = self.end.max(last_seq);
        self.since = self.end;
        self.is_placed = true;
    }

    /// Adds the text of an answer whose events come after `last_seq`, and drops the events that no running answer
    /// needs.
    pub(super) fn add_text(&mut self, message_id: &str, last_seq: u64, writer: Writer) -> u32 {
        if !self.is_placed && self.events.is_empty() {
            self.place(last_seq);
        }
        self.forget_ended();
        // Listeners that wait at the end of the log have missed nothing up to `last_seq`, because they get the changes
        // of other processes as events of their own.
        self.end = self.end.max(last_seq);
        let key = self.next_key;
        self.next_key += 1;
        self.texts.push(Text {
            key,
            message_id: message_id.to_owned(),
            after: self.end,
            content: String::new(),
            reasoning: String::new(),
            ended: None,
            writer,
        });
        key
    }

    /// Drops the events before the first event of a running answer, and the texts that have no events among the rest.
    /// An ended text stays complete while some of its events are among the rest.
    fn forget_ended(&mut self) {
        let mut since = self.live().map(|text| text.after).min().unwrap_or(self.end);
        let reaches = |text: &&Text, since| text.after < since && text.ended.unwrap_or(self.end) > since;
        while let Some(text) = self.texts.iter().find(|text| reaches(text, since)) {
            since = text.after;
        }
        self.events.drain(..self.events.partition_point(|event| event.seq <= since));
        self.since = self.since.max(since);
        self.texts.retain(|text| text.is_live() || text.after >= since);
        if self.events.is_empty() {
            self.events.shrink_to(0);
        }
    }

    /// Appends an event that is not text. Returns its number.
    pub(super) fn push(&mut self, event: impl Into<Arc<ChatEvent>>) -> u64 {
        if self.events.len() >= MOST_QUIET_EVENTS && self.is_quiet() {
            self.forget_ended();
        }
        let event = event.into();
        self.forget_messages(&event);
        if let ChatEvent::Message(message) = &*event {
            self.hints.came(&message.author_id);
        }
        self.log(Body::Other(event));
        self.end
    }

    /// Appends the event of a stored change.
    pub(super) fn change(&mut self, event: ChatEvent, revision: u64) {
        if let Some(mirror) = &mut self.mirror {
            mirror.late.push_back(event);
            return;
        }
        if !self.is_quiet() {
            self.changed_meanwhile += 1;
        } else if !self.is_placed {
            self.place(revision.saturating_sub(1));
        } else if revision > self.end + 1 {
            // Something changed in between that this process does not know, so the log begins after all of it: every
            // listener is told from the store what it missed.
            self.events.clear();
            self.texts.clear();
            self.place(revision);
            return;
        }
        self.push(event);
    }

    /// Whether nobody writes an answer.
    pub(super) fn is_quiet(&self) -> bool {
        self.live().next().is_none()
    }

    /// The events that are not text.
    pub(super) fn others(&self) -> impl Iterator<Item = &ChatEvent> {
        self.events.iter().filter_map(|logged| match &logged.body {
            Body::Other(event) => Some(&**event),
            _ => None,
        })
    }

    fn log(&mut self, body: Body) {
        self.end += 1;
        self.events.push_back(Logged { seq: self.end, body });
    }

    /// Extends the text `key`, with as many events as [`events_of`] says.
    pub(super) fn grow(&mut self, key: u32, content: &str, reasoning: &str) {
        let Some(text) = self.texts.iter_mut().find(|text| text.key == key) else { return };
        let (reasoning_at, content_at) = (text.reasoning.len(), text.content.len());
        text.reasoning.push_str(reasoning);
        text.content.push_str(content);
        for end in ends(reasoning) {
            self.log(Body::Reasoning { key, end: reasoning_at + end });
        }
        for end in ends(content) {
            self.log(Body::Content { key, end: content_at + end });
        }
    }

    /// Begins the log anew, because text that listeners have received as content is now reasoning. Each running answer
    /// starts again with its `started` event and all of its text; the text `key` becomes `content` and `reasoning`.
    pub(super) fn begin_again(&mut self, key: u32, content: &str, reasoning: &str) {
        let started = |events: &VecDeque<Logged>, id: &str| {
            events.iter().find_map(|logged| match &logged.body {
                Body::Other(event) => match &**event {
                    ChatEvent::Started { message_id, .. } if message_id == id => Some(event.clone()),
                    _ => None,
                },
                _ => None,
            })
        };
        let events = std::mem::take(&mut self.events);
        self.since = self.end;
        let texts = std::mem::take(&mut self.texts);
        for old in texts.into_iter().filter(Text::is_live) {
            let new = self.add_text(&old.message_id, self.end, old.writer);
            if let Some(event) = started(&events, &old.message_id) {
                self.push(event);
            }
            match old.key == key {
                true => self.grow(new, content, reasoning),
                false => self.grow(new, &old.content, &old.reasoning),
            }
        }
    }

    pub(super) fn text(&self, message_id: &str) -> Option<&Text> {
        self.texts.iter().rev().find(|text| text.message_id == message_id)
    }

    pub(super) fn text_mut(&mut self, message_id: &str) -> Option<&mut Text> {
        self.texts.iter_mut().rev().find(|text| text.message_id == message_id)
    }

    pub(super) fn live(&self) -> impl Iterator<Item = &Text> {
        self.texts.iter().filter(|text| text.is_live())
    }

    /// The reply to a listener whose position is not in the log: either the log no longer has the position, or the
    /// process that writes the answer is ahead of this one.
    pub(super) fn unknown(&self, position: u64) -> Read {
        match &self.mirror {
            Some(_) if position > self.end => Read::NotYet,
            _ => Read::Gone,
        }
    }

    /// The index of the first event after `position`; `None` when the log does not go back so far.
    pub(super) fn index(&self, position: u64) -> Option<usize> {
        (self.since..=self.end)
            .contains(&position)
            .then(|| self.events.partition_point(|event| event.seq <= position))
    }

    /// The event at `at` together with the events of its kind that follow it, and the index after them.
    pub(super) fn piece(&self, at: usize) -> (usize, ChatEvent) {
        let id = |key: u32| self.texts.iter().find(|text| text.key == key);
        match &self.events[at].body {
            Body::Other(event) => (at + 1, (**event).clone()),
            Body::Content { key, .. } => {
                let (next, from, to) = self.run(at, |body| match body {
                    Body::Content { key: of, end } if of == key => Some(*end),
                    _ => None,
                });
                let text = id(*key).map_or("", |text| &text.content[from..to]).to_owned();
                let message_id = id(*key).map(|text| text.message_id.clone()).unwrap_or_default();
                (next, ChatEvent::Delta { message_id, text })
            }
            Body::Reasoning { key, .. } => {
                let (next, from, to) = self.run(at, |body| match body {
                    Body::Reasoning { key: of, end } if of == key => Some(*end),
                    _ => None,
                });
                let text = id(*key).map_or("", |text| &text.reasoning[from..to]).to_owned();
                let message_id = id(*key).map(|text| text.message_id.clone()).unwrap_or_default();
                (next, ChatEvent::Reasoning { message_id, text })
            }
        }
    }

    /// How far the events of one kind reach from `at` on, up to [`READ_BYTES`]: the index after them, and the range of
    /// their bytes.
    fn run(&self, at: usize, end_of: impl Fn(&Body) -> Option<usize>) -> (usize, usize, usize) {
        let from = self.events.range(..at).rev().find_map(|event| end_of(&event.body)).unwrap_or(0);
        let (mut next, mut to) = (at, from);
        while let Some(end) =
            self.events.get(next).and_then(|event| end_of(&event.body)).filter(|_| to - from < READ_BYTES)
        {
            to = end;
            next += 1;
        }
        (next, from, to)
    }

    /// The events after `position`, the first of which is at the index `at`, with the contents that are not rendered
    /// yet. `rendered` gives the number of rendered bytes of a text.
    pub(super) fn since(&self, mut at: usize, position: u64, rendered: impl Fn(u32) -> usize) -> Since {
        // A listener whose position is beyond the end of a text has all of the text.
        let wanted = self.texts.iter().filter(|text| text.ended.is_none_or(|end| end > position));
        let mut contents: Vec<NewContent> = wanted
            .map(|text| NewContent {
                key: text.key,
                message_id: text.message_id.clone(),
                new: text.content[rendered(text.key).min(text.content.len())..].to_owned(),
                ended: text.ended.is_some(),
                // The end of a content may change its last blocks, so they come with the event of the end.
                seq: text.ended.unwrap_or(position),
            })
            .collect();
        let mut others = Vec::new();
        while at < self.events.len() {
            if let Logged { seq, body: Body::Content { key, .. } } = &self.events[at] {
                if let Some(content) = contents.iter_mut().find(|it| it.key == *key && !it.ended) {
                    content.seq = *seq;
                }
                at += 1;
                continue;
            }
            let (next, event) = self.piece(at);
            at = next;
            others.push(Published::new(self.events[at - 1].seq, event));
        }
        Since { others, contents, end: self.end }
    }
}
