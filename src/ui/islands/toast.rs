//! What was just done, for some seconds, with a button that takes it back.

use std::{cell::Cell, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use web_sys::{Element, Event};

use super::{
    field, overlay, phrases::say, refresh, request, sidebar, state::Deleted, state::PageState, visit,
};

/// How long it can be taken back from here.
const SHOWN_FOR: Duration = Duration::from_secs(10);

/// Shows that something was deleted.
pub(super) fn show(state: PageState, deleted: Deleted) {
    thread_local! {
        /// Counts what was shown, so that a later one is not taken away with an earlier one.
        static SHOWN: Cell<u32> = const { Cell::new(0) };
    }
    let shown = SHOWN.get() + 1;
    SHOWN.set(shown);
    state.spoken.set(sentence(&deleted));
    state.deleted.set(Some(deleted));
    set_timeout(
        move || {
            if SHOWN.get() == shown {
                state.deleted.set(None);
            }
        },
        SHOWN_FOR,
    );
}

/// A click on Undo.
pub(super) fn on_undo(state: PageState, _: &Element, _: &Event) {
    let Some(deleted) = state.deleted.get_untracked() else { return };
    state.deleted.set(None);
    field::focus();
    spawn_local(async move {
        let (action, name, id) = match &deleted {
            Deleted::Conversation(id) => ("/fn/restore", "conversation_id", id),
            Deleted::Message(id) => ("/fn/restore-message", "message_id", id),
        };
        let Some(fields) = request::fields(&[(name, id)]) else { return };
        match (request::post(action, &fields).await, &deleted) {
            (Ok(_), Deleted::Conversation(id)) => {
                visit::remember(&format!("/c/{id}"));
                sidebar::changed(state);
                overlay::close();
                // It was on the page when it was deleted.
                if state.conversation().is_none() {
                    visit::go(state, format!("/c/{id}"), true);
                }
            }
            (Ok(_), Deleted::Message(_)) => refresh::refresh(state),
            (Err(refused), _) => state.show_refusal(refused),
        }
    });
}

/// What is said of it.
pub(super) fn sentence(deleted: &Deleted) -> String {
    match deleted {
        Deleted::Conversation(_) => say("conversation-deleted"),
        Deleted::Message(_) => say("message-deleted"),
    }
}
