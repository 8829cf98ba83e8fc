//! [`ChatState`]: what the thread and the composer of one conversation share.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Siblings, Usage},
    error::Refusal,
    ui::{
        parts::{Ending, meta_line},
        pending::PendingRequest,
        words::Localizer,
    },
};

/// An answer that is being written, as far as it had come when the page began to show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerSoFar {
    pub id: String,
    /// The rendered text so far.
    pub html: String,
    pub siblings: Option<Siblings>,
    /// See [`crate::domain::Message::left_out`].
    pub left_out: u32,
}

/// A question with its answer, or an answer alone, that arrives while the page is open.
#[derive(Clone)]
pub(super) struct Turn {
    /// The question's id and text; `None` when the page was made with the question.
    pub question: Option<(String, String)>,
    pub answer: AnswerSoFar,
    pub reasoning: ArcRwSignal<String>,
    /// `None` while the answer is being written.
    pub ending: ArcRwSignal<Option<Ending>>,
    /// The line with the model and its count of tokens.
    pub meta: ArcRwSignal<String>,
    pub left_out: ArcRwSignal<u32>,
    /// Whether the next block replaces all that is shown of the answer.
    replace: Arc<AtomicBool>,
}

impl Turn {
    pub fn new(question: Option<(String, String)>, answer: AnswerSoFar) -> Self {
        Self {
            question,
            left_out: ArcRwSignal::new(answer.left_out),
            answer,
            reasoning: ArcRwSignal::default(),
            ending: ArcRwSignal::new(None),
            meta: ArcRwSignal::default(),
            replace: Arc::new(AtomicBool::new(true)),
        }
    }

    /// Prepares for the events of the answer from the beginning: the server sends all of them again.
    pub fn restart(&self) {
        self.reasoning.set(String::new());
        self.ending.set(None);
        self.replace.store(true, Ordering::Relaxed);
    }

    /// Whether the block that has come replaces all that is shown; true once after each start.
    pub fn take_replace(&self) -> bool {
        self.replace.swap(false, Ordering::Relaxed)
    }
}

/// The state of the island. Every field is a handle, so a copy is the same state.
#[derive(Clone, Copy)]
pub(super) struct ChatState {
    /// `None` on the page of a new conversation.
    pub conversation_id: StoredValue<Option<String>>,
    /// The newest message that the page was made with.
    pub last_id: StoredValue<Option<String>>,
    /// Whether the page shows the newest messages and follows what comes after them.
    pub follows: bool,
    pub turns: RwSignal<Vec<Turn>>,
    /// The id of the answer that is being written.
    pub generating: RwSignal<Option<String>>,
    /// A sentence above the composer that says what went wrong.
    pub alert: RwSignal<Option<String>>,
    /// Whether the page has lost its connection and tries to connect again.
    pub disconnected: RwSignal<bool>,
    /// Whether a change that this page sent (an edit, a retry, …) is under way. The page is loaded anew when the server
    /// has taken it.
    pub steering: StoredValue<bool>,
    /// Whether an event came while `steering` that only a reload can show.
    pub stale: StoredValue<bool>,
    /// Whether the browser is leaving this page.
    pub leaving: StoredValue<bool>,
    /// The id of the person who reads the page.
    pub reader_id: StoredValue<String>,
    pub pending_question: StoredValue<PendingRequest>,
    pub pending_change: StoredValue<PendingRequest>,
    /// For event handlers, which have no reactive context.
    pub localizer: StoredValue<Localizer>,
}

impl ChatState {
    /// A sentence of [`PHRASES`](super::PHRASES) for an event handler; views use `t`.
    pub fn say(&self, key: &'static str) -> String {
        self.localizer.with_value(|localizer| localizer.say(key))
    }

    /// See [`meta_line`].
    pub fn meta_line(&self, model: &str, usage: Option<Usage>) -> String {
        self.localizer.with_value(|localizer| meta_line(localizer, model, usage))
    }

    /// Says above the composer why a request was refused.
    pub fn show_refusal(&self, refusal: Refusal) {
        // A refusal without words is the browser's own: no answer of the server could be read.
        let unanswered = refusal.message.is_empty();
        let sentence = if unanswered { self.say("error-unreachable") } else { refusal.message };
        self.alert.set(Some(sentence));
    }

    /// The turn of an answer that arrived while the page was open.
    pub fn turn(&self, answer_id: &str) -> Option<Turn> {
        self.turns.with_untracked(|turns| turns.iter().find(|turn| turn.answer.id == answer_id).cloned())
    }

    /// The id of the newest message on the page.
    pub fn newest_id(&self) -> Option<String> {
        let arrived = self.turns.with_untracked(|turns| turns.last().map(|turn| turn.answer.id.clone()));
        arrived.or_else(|| self.last_id.get_value())
    }

    /// Shows a question with the answer that is to come, unless the page shows that answer already.
    pub fn append_turn(&self, question: Option<(String, String)>, answer_id: &str, model: &str) {
        if self.turn(answer_id).is_none() {
            let answer =
                AnswerSoFar { id: answer_id.to_owned(), html: String::new(), siblings: None, left_out: 0 };
            let turn = Turn::new(question, answer);
            turn.meta.set(self.meta_line(model, None));
            self.turns.update(|turns| turns.push(turn));
            self.generating.set(Some(answer_id.to_owned()));
        }
    }
}
