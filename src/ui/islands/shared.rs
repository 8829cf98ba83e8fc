//! What the thread and the composer of one conversation share.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// An answer that was being written when the page was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    pub answer_id: String,
    /// What there was of it, rendered.
    pub html: String,
    /// Following after this place gives all of it again.
    pub after: u64,
}

/// A turn that this page has seen arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub question: Option<(String, String)>,
    pub answer: Running,
}

/// What thread and composer share.
#[derive(Clone, Copy)]
pub(super) struct Shared {
    pub conversation_id: StoredValue<Option<String>>,
    pub turns: RwSignal<Vec<Turn>>,
    /// The answer being written.
    pub running: RwSignal<Option<String>>,
    /// A sentence about what went wrong, above the composer.
    pub alert: RwSignal<Option<String>>,
    /// Whether the connection is being looked for again.
    pub lost: RwSignal<bool>,
}
