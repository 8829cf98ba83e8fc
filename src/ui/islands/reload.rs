//! Loading the page anew, for changes that events cannot show, and what a reload keeps: the thread's scroll position, and
//! the composer's focus and selection.

use leptos::{ev, prelude::*};

use super::{browser, drafts, page, state::ChatState};
use crate::ui::pending::PendingRequest;

/// The name under which the time of the last reload is stored, when the page itself caused it.
const RELOADED: &str = "reloaded";
/// How long a reload counts as recent, in milliseconds.
const RECENT: f64 = 10_000.0;

/// Loads the page anew, as the server makes it now. While a change of this page's own is under way nothing happens,
/// because that change ends with a reload.
pub(super) fn reload(state: ChatState) {
    if state.steering.get_value() {
        state.stale.set_value(true);
    } else if !state.leaving.get_value() {
        state.leaving.set_value(true);
        store_position();
        browser::store(RELOADED, &browser::now().to_string());
        let _ = window().location().reload();
    }
}

/// Whether the page was loaded by [`reload`] a moment ago.
pub(super) fn was_reloaded() -> bool {
    let then = browser::stored(RELOADED).and_then(|then| then.parse::<f64>().ok());
    then.is_some_and(|then| browser::now() - then < RECENT)
}

/// The name under which this page's position is stored.
fn position_name() -> String {
    format!("position {}", window().location().pathname().unwrap_or_default())
}

/// Stores the thread's scroll position (-1: its end), and the selection when the composer has the focus.
fn store_position() {
    let top = if page::is_at_end() { -1 } else { page::scroll_top() };
    let focused = drafts::composer()
        .filter(|field| document().active_element().is_some_and(|active| active.is_same_node(Some(field))));
    let offset = |at: Result<Option<u32>, _>| at.ok().flatten().unwrap_or_default();
    let selection = focused
        .map(|field| format!(" {} {}", offset(field.selection_start()), offset(field.selection_end())));
    browser::store(&position_name(), &format!("{top}{}", selection.unwrap_or_default()));
}

/// Puts the thread and the composer back as [`reload`] left them. A page that was opened otherwise shows its newest
/// message. Called once, when the page is there.
pub(super) fn restore(state: ChatState) {
    drafts::remove_foreign(state);
    let composer = drafts::composer();
    if let Some(field) = &composer {
        // The browser must not store the text, because it would show it to whoever signs in next.
        let _ = field.set_attribute("autocomplete", "off");
        if !browser::is_touch() {
            let _ = field.set_attribute("enterkeyhint", "send");
        }
        drafts::restore_draft(state, field);
    }
    let Some(stored) = browser::stored(&position_name()) else { return page::open() };
    browser::store(&position_name(), "");
    let mut numbers = stored.split(' ').map(|number| number.parse::<i32>().unwrap_or_default());
    match numbers.next() {
        Some(top) if top >= 0 => page::scroll_to(top),
        _ => page::to_end(),
    }
    if let (Some(field), Some(start), Some(end)) = (composer, numbers.next(), numbers.next()) {
        let _ = field.focus();
        let _ = field.set_selection_range(start.unsigned_abs(), end.unsigned_abs());
    }
}

/// Listens for the browser bringing the page back from its cache as it was left. What is sent from the page then is a new
/// request, and a reload that was under way when the page was left is done.
pub(super) fn on_return(state: ChatState) {
    window_event_listener(ev::pageshow, move |event| {
        if event.persisted() {
            state.pending_question.set_value(PendingRequest::default());
            state.pending_change.set_value(PendingRequest::default());
            state.steering.set_value(false);
            if state.leaving.get_value() {
                let _ = window().location().reload();
            }
        }
    });
}
