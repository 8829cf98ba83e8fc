//! [`PageState`]: all that the page knows, besides what the server's HTML says.

use leptos::prelude::*;
use serde::Serialize;

use super::{elements::found, extra::Extra, json::Json, phrases::opened, queued, request::Refused};
use crate::{
    domain::QuestionQueue,
    ui::pending::{PendingRequest, PendingRequests},
};

/// What the page shows, as the server made it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// `None` on the page of a new conversation.
    pub conversation_id: Option<String>,
    /// The answer that is being written.
    pub generating: Option<String>,
    /// The number of the last event that the page shows; the page follows the conversation from there. `None` on the page
    /// of a new conversation and on that of an older window, which no event changes.
    pub after: Option<u64>,
    /// The model that is asked next.
    pub model: Option<String>,
    /// What people call it.
    pub model_label: Option<String>,
    /// The questions that wait.
    pub queue: QuestionQueue,
    /// In a room: what stands in the empty composer.
    pub room: Option<String>,
    /// Whether the composer of the room has a button that asks the model.
    pub asks: bool,
    /// Why one cannot write there: the sentence that stands in place of the composer.
    pub only_reads: Option<String>,
    /// Whether one manages the room.
    pub manages: bool,
}

/// What a page that is open gets in place of what it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fetched {
    pub shown: Shown,
    /// Of the browser's tab.
    pub title: String,
    /// The HTML of the bar above the thread.
    pub bar: String,
    /// The HTML of the messages that the page shows from now on; those that are unchanged are empty.
    pub thread: String,
}

impl Shown {
    pub(super) fn read(json: &Json) -> Self {
        Self {
            conversation_id: json.text("conversation_id"),
            generating: json.text("generating"),
            after: json.number("after"),
            model: json.text("model"),
            model_label: json.text("model_label"),
            queue: json.get("queue").map(|queue| queued::read(&queue)).unwrap_or_default(),
            room: json.text("room"),
            asks: json.flag("asks"),
            only_reads: json.text("only_reads"),
            manages: json.flag("manages"),
        }
    }
}

impl Fetched {
    pub(super) fn read(json: &Json) -> Option<Self> {
        Some(Self {
            shown: Shown::read(&json.get("shown")?),
            title: json.text("title")?,
            bar: json.text("bar")?,
            thread: json.text("thread")?,
        })
    }
}

/// What was just done and can be undone, with the id of the conversation or message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Undoable {
    ConversationDeleted(String),
    ConversationArchived(String),
    MessageDeleted(String),
}

/// The state of the page. Every field is a handle, so a copy is the same state. What a view shows is a signal.
#[derive(Clone, Copy)]
pub(super) struct PageState {
    /// The conversation on the page; `None`: a new one.
    pub conversation_id: RwSignal<Option<String>>,
    /// Counts the conversations that were shown in this document. What was begun for an earlier one ends when it sees
    /// another number.
    pub visit: StoredValue<u32>,
    /// Whether the page shows the newest messages and follows what comes after them.
    pub follows: StoredValue<bool>,
    /// The number of the last event that was applied.
    pub position: StoredValue<u64>,
    /// [`Shown::after`] of the server's HTML that the page shows.
    pub synced: StoredValue<u64>,
    /// Whether an answer that is being written came with that HTML after events of it had come: see [`PageState::rewind`].
    pub overlaps: StoredValue<bool>,
    /// The id of the answer that is being written. It is empty while the server has not told it yet.
    pub generating: RwSignal<Option<String>>,
    /// The model that is asked next.
    pub model: RwSignal<Option<String>>,
    pub model_label: RwSignal<Option<String>>,
    /// A sentence above the composer that says what went wrong.
    pub alert: RwSignal<Option<String>>,
    /// Whether the server said that the person is signed out.
    pub signed_out: RwSignal<bool>,
    /// Whether the page has lost its connection and tries to connect again.
    pub disconnected: RwSignal<bool>,
    /// What the question has besides the text in the composer.
    pub extras: RwSignal<Vec<Extra>>,
    /// The questions that wait.
    pub queue: RwSignal<QuestionQueue>,
    /// As the fields of [`Shown`].
    pub room: RwSignal<Option<String>>,
    pub asks: RwSignal<bool>,
    pub only_reads: RwSignal<Option<String>>,
    pub manages: RwSignal<bool>,
    pub undoable: RwSignal<Option<Undoable>>,
    /// What a screen reader is told.
    pub spoken: RwSignal<String>,
    /// Whether the thread stays at its end while it grows.
    pub following: RwSignal<bool>,
    /// Whether the end of the thread is out of view.
    pub away: RwSignal<bool>,
    /// How many messages came while the end was out of view.
    pub unseen: RwSignal<u32>,
    /// Whether an answer has ended here since somebody looked at this tab; its title has a mark then.
    pub marked: StoredValue<bool>,
    /// Somebody wrote in the room on the page while nobody looked at it.
    pub unread: StoredValue<bool>,
    /// Whether all messages of a temporary conversation are stored, so that nothing is lost with the page.
    pub kept: StoredValue<bool>,
    /// Whether another conversation is on its way to this page.
    pub moving: StoredValue<bool>,
    /// Counts the moves that were begun, so that one that is not wanted any more ends when it sees another number.
    pub moves: StoredValue<u32>,
    /// Whether the answer shall be stopped as soon as its id is known.
    pub stop_wanted: StoredValue<bool>,
    /// Whether a change that this page sent (an edit, a retry, …) is under way.
    pub steering: StoredValue<bool>,
    /// The id of the person who reads the page.
    pub reader_id: StoredValue<String>,
    pub pending_questions: StoredValue<PendingRequests>,
    pub pending_change: StoredValue<PendingRequest>,
}

impl PageState {
    /// The state that the page was opened with.
    pub fn of_document() -> Option<Self> {
        let opened = opened()?;
        let alert = found("#alert > span").and_then(|alert| alert.text_content());
        let alert = alert.filter(|alert| !alert.is_empty());
        Some(Self::new(Shown::read(&opened.get("shown")?), alert, opened.text("reader_id")?))
    }

    fn new(shown: Shown, alert: Option<String>, reader_id: String) -> Self {
        let after = shown.after.unwrap_or_default();
        Self {
            follows: StoredValue::new(shown.after.is_some()),
            conversation_id: RwSignal::new(shown.conversation_id),
            visit: StoredValue::new(0),
            position: StoredValue::new(after),
            synced: StoredValue::new(after),
            overlaps: StoredValue::new(false),
            generating: RwSignal::new(shown.generating),
            model: RwSignal::new(shown.model),
            model_label: RwSignal::new(shown.model_label),
            alert: RwSignal::new(alert),
            signed_out: RwSignal::new(false),
            disconnected: RwSignal::new(false),
            extras: RwSignal::default(),
            queue: RwSignal::new(shown.queue),
            room: RwSignal::new(shown.room),
            asks: RwSignal::new(shown.asks),
            only_reads: RwSignal::new(shown.only_reads),
            manages: RwSignal::new(shown.manages),
            undoable: RwSignal::new(None),
            spoken: RwSignal::default(),
            following: RwSignal::new(false),
            away: RwSignal::new(false),
            unseen: RwSignal::new(0),
            marked: StoredValue::new(false),
            unread: StoredValue::new(false),
            kept: StoredValue::new(false),
            moving: StoredValue::new(false),
            moves: StoredValue::new(0),
            steering: StoredValue::new(false),
            reader_id: StoredValue::new(reader_id),
            pending_questions: StoredValue::default(),
            stop_wanted: StoredValue::new(false),
            pending_change: StoredValue::default(),
        }
    }

    /// Shows another conversation from now on; its messages are in place already.
    pub fn show(&self, shown: Shown) {
        let after = shown.after.unwrap_or_default();
        self.visit.update_value(|visit| *visit += 1);
        self.follows.set_value(shown.after.is_some());
        self.position.set_value(after);
        self.synced.set_value(after);
        self.overlaps.set_value(false);
        self.conversation_id.set(shown.conversation_id);
        self.generating.set(shown.generating);
        self.model.set(shown.model);
        self.model_label.set(shown.model_label);
        self.queue.set(shown.queue);
        self.room.set(shown.room);
        self.asks.set(shown.asks);
        self.only_reads.set(shown.only_reads);
        self.manages.set(shown.manages);
        self.alert.set(None);
        self.disconnected.set(false);
        self.unseen.set(0);
        self.moving.set_value(false);
        self.steering.set_value(false);
    }

    /// Takes over what the room is called and lets the reader do, which others may have changed. A view that is as it was stays.
    /// Answers whether the reader may do something else than before with its messages.
    pub fn allow(&self, shown: &Shown) -> bool {
        fn set<T: Clone + PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, new: &T) -> bool {
            let other = signal.with_untracked(|old| old != new);
            if other {
                signal.set(new.clone());
            }
            other
        }
        set(self.room, &shown.room);
        set(self.asks, &shown.asks);
        set(self.only_reads, &shown.only_reads) | set(self.manages, &shown.manages)
    }

    /// Goes back to the event before an answer of which events came while it was not on the page: the HTML that brought it
    /// may have less of its text, or more. Answers whether another connection has to tell it all from there.
    pub fn rewind(&self) -> bool {
        let rewinds = self.overlaps.get_value();
        if rewinds {
            self.overlaps.set_value(false);
            self.position.set_value(self.synced.get_value());
        }
        rewinds
    }

    /// The conversation on the page, for what is no view.
    pub fn conversation(&self) -> Option<String> {
        self.conversation_id.get_untracked()
    }

    /// Whether the page shows a room.
    pub fn is_room(&self) -> bool {
        self.room.with_untracked(Option::is_some)
    }

    pub fn is_generating(&self) -> bool {
        self.generating.with_untracked(Option::is_some)
    }

    /// Says above the composer why a request was refused.
    pub fn show_refusal(&self, refused: Refused) {
        self.signed_out.set(refused.code == "signed_out");
        self.alert.set(Some(refused.sentence()));
    }
}
