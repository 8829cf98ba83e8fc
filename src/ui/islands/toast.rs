//! What was just done, for some seconds, with a button that takes it back.

use std::{cell::Cell, time::Duration};

use leptos::{ev, prelude::*, task::spawn_local};

use super::{overlay, refresh, request, sidebar, state::Deleted, state::PageState, visit};
use crate::ui::words::t;

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

fn undo(state: PageState) {
    let Some(deleted) = state.deleted.get_untracked() else { return };
    state.deleted.set(None);
    spawn_local(async move {
        let (action, name, id) = match &deleted {
            Deleted::Conversation(id) => ("/fn/restore", "conversation_id", id),
            Deleted::Message(id) => ("/fn/restore-message", "message_id", id),
        };
        let Some(fields) = request::fields(&[(name, id)]) else { return };
        match (request::post(action, &fields).await, &deleted) {
            (Ok(_), Deleted::Conversation(id)) => {
                sidebar::reload(state);
                overlay::close();
                visit::go(state, format!("/c/{id}"), true);
            }
            (Ok(_), Deleted::Message(_)) => refresh::refresh(state),
            (Err(refused), _) => state.show_refusal(refused),
        }
    });
}

#[component]
pub(super) fn Toast(state: PageState) -> impl IntoView {
    view! {
        <Show when=move || state.deleted.with(Option::is_some)>
            <div class="toast" role="status">
                <span>
                    {move || match state.deleted.get() {
                        Some(Deleted::Conversation(_)) => t("conversation-deleted"),
                        _ => t("message-deleted"),
                    }}
                </span>
                <button type="button" class="button-small" on:click=move |_: ev::MouseEvent| undo(state)>
                    {t("undo")}
                </button>
            </div>
        </Show>
    }
}
