//! What was just done, for some seconds, with a button that takes it back.

use std::{cell::Cell, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use web_sys::{Element, Event};

use super::{
    elements::found, field, overlay, phrases::say, refresh, request, sidebar, state::PageState,
    state::Undoable, visit,
};

/// How long it can be taken back from here.
const SHOWN_FOR: Duration = Duration::from_secs(10);

/// Shows what was done.
pub(super) fn show(state: PageState, done: Undoable) {
    thread_local! {
        /// Counts what was shown, so that a later one is not taken away with an earlier one.
        static SHOWN: Cell<u32> = const { Cell::new(0) };
    }
    let shown = SHOWN.get() + 1;
    SHOWN.set(shown);
    state.spoken.set(sentence(&done));
    state.undoable.set(Some(done));
    set_timeout(
        move || {
            if SHOWN.get() == shown {
                state.undoable.set(None);
            }
        },
        SHOWN_FOR,
    );
}

/// A click on Undo.
pub(super) fn on_undo(state: PageState, _: &Element, _: &Event) {
    let Some(done) = state.undoable.get_untracked() else { return };
    state.undoable.set(None);
    field::focus();
    spawn_local(async move {
        let (action, name, id) = match &done {
            Undoable::ConversationDeleted(id) => ("/fn/restore", "conversation_id", id),
            Undoable::ConversationArchived(id) => ("/fn/archive", "conversation_id", id),
            Undoable::MessageDeleted(id) => ("/fn/restore-message", "message_id", id),
        };
        // Only what is archived has a use for the second field.
        let Some(fields) = request::fields(&[(name, id), ("archived", "false")]) else { return };
        match (request::post(action, &fields).await, &done) {
            (Ok(_), Undoable::ConversationArchived(_)) => sidebar::changed(state),
            (Ok(_), Undoable::ConversationDeleted(id)) => {
                visit::remember(&format!("/c/{id}"));
                sidebar::changed(state);
                overlay::close();
                // It was on the page when it was deleted.
                if state.conversation().is_none() {
                    visit::go(state, format!("/c/{id}"), true);
                }
            }
            (Ok(_), Undoable::MessageDeleted(_)) => refresh::refresh(state),
            (Err(refused), _) => state.show_refusal(refused),
        }
    });
}

/// What is said of it.
pub(super) fn sentence(done: &Undoable) -> String {
    match done {
        Undoable::ConversationDeleted(_) => say("conversation-deleted"),
        Undoable::ConversationArchived(_) => {
            found("#toast").and_then(|toast| toast.get_attribute("data-archived")).unwrap_or_default()
        }
        Undoable::MessageDeleted(_) => say("message-deleted"),
    }
}
