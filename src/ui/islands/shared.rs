//! What the thread and the composer of one conversation share.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Siblings, Status, Usage},
    error::Refusal,
    ui::{parts::meta_line, sent::Sent, words::Localizer},
};

/// An answer that was being written when the page was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    pub answer_id: String,
    /// What there was of it, rendered.
    pub html: String,
    pub siblings: Option<Siblings>,
    /// See [`crate::domain::Message::left_out`].
    pub left_out: u32,
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub status: Status,
    /// Why, when it failed, worded.
    pub failure: Option<String>,
    pub length_limited: bool,
}

/// A turn that this page has seen arrive.
#[derive(Clone)]
pub(super) struct Turn {
    /// Its id and text.
    pub question: Option<(String, String)>,
    pub answer: Running,
    pub reasoning: ArcRwSignal<String>,
    pub end: ArcRwSignal<Option<End>>,
    /// The model, and what it counted.
    pub meta: ArcRwSignal<String>,
    pub left_out: ArcRwSignal<u32>,
    /// What is shown of it is replaced by the next block.
    fresh: Arc<AtomicBool>,
}

impl Turn {
    pub fn new(question: Option<(String, String)>, answer: Running) -> Self {
        Self {
            question,
            left_out: ArcRwSignal::new(answer.left_out),
            answer,
            reasoning: ArcRwSignal::default(),
            end: ArcRwSignal::new(None),
            meta: ArcRwSignal::default(),
            fresh: Arc::new(AtomicBool::new(true)),
        }
    }

    /// Its events come again from the beginning.
    pub fn begin_again(&self) {
        self.reasoning.set(String::new());
        self.end.set(None);
        self.fresh.store(true, Ordering::Relaxed);
    }

    /// Whether what is shown is to be replaced; says so once.
    pub fn take_fresh(&self) -> bool {
        self.fresh.swap(false, Ordering::Relaxed)
    }
}

/// What thread and composer share.
#[derive(Clone, Copy)]
pub(super) struct Shared {
    pub conversation_id: StoredValue<Option<String>>,
    /// The newest message that the page was made with.
    pub last_id: StoredValue<Option<String>>,
    /// Whether the page shows the newest messages, and what comes after them.
    pub follows: bool,
    pub turns: RwSignal<Vec<Turn>>,
    /// The answer being written.
    pub running: RwSignal<Option<String>>,
    /// A sentence about what went wrong, above the composer.
    pub alert: RwSignal<Option<String>>,
    /// Whether the connection is being looked for again.
    pub lost: RwSignal<bool>,
    /// A change of this page's own is under way, which loads the page anew when it is done.
    pub steering: StoredValue<bool>,
    /// What came meanwhile does not fit what is shown.
    pub stale: StoredValue<bool>,
    /// The page is being loaded anew.
    pub leaving: StoredValue<bool>,
    /// Whose page it is: an id.
    pub reader: StoredValue<String>,
    /// The question that is being sent, and the change that is.
    pub asked: StoredValue<Sent>,
    pub changed: StoredValue<Sent>,
    /// For what handlers say.
    pub words: StoredValue<Localizer>,
}

impl Shared {
    /// A sentence of [`PHRASES`](super::PHRASES) for a handler, which has no context; views use `t`.
    pub fn say(&self, key: &'static str) -> String {
        self.words.with_value(|words| words.say(key))
    }

    /// See [`meta_line`].
    pub fn meta_line(&self, model: &str, usage: Option<Usage>) -> String {
        self.words.with_value(|words| meta_line(words, model, usage))
    }

    /// Tells what became of something that was sent.
    pub fn refused(&self, refusal: Refusal) {
        let unanswered = refusal.message.is_empty();
        let sentence = if unanswered { self.say("error-unreachable") } else { refusal.message };
        self.alert.set(Some(sentence));
    }

    /// The turn of an answer that arrived on this page.
    pub fn turn(&self, answer_id: &str) -> Option<Turn> {
        self.turns
            .with_untracked(|turns| turns.iter().find(|turn| turn.answer.answer_id == answer_id).cloned())
    }

    /// The newest message on the page.
    pub fn newest(&self) -> Option<String> {
        let arrived =
            self.turns.with_untracked(|turns| turns.last().map(|turn| turn.answer.answer_id.clone()));
        arrived.or_else(|| self.last_id.get_value())
    }

    /// Shows a question with its answer to come, unless they are there.
    pub fn append(&self, question: Option<(String, String)>, answer_id: &str, model: &str) {
        if self.turn(answer_id).is_none() {
            let answer =
                Running { answer_id: answer_id.to_owned(), html: String::new(), siblings: None, left_out: 0 };
            let turn = Turn::new(question, answer);
            turn.meta.set(self.meta_line(model, None));
            self.turns.update(|turns| turns.push(turn));
            self.running.set(Some(answer_id.to_owned()));
        }
    }
}
