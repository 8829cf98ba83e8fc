//! Sending in a room: the message is posted, and what the server made of it is brought like everything that others write.

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{Event, SubmitEvent};

use super::{browser, drafts, extra, field, refresh, request, scroll, state::PageState, visit};

/// The button that asks the model.
const ASK: &str = "ask-model";

/// Whether the form was sent by the button that asks the model.
pub(super) fn is_asked(event: &Event) -> bool {
    let button = event.dyn_ref::<SubmitEvent>().and_then(SubmitEvent::submitter);
    button.is_some_and(|button| button.id() == ASK)
}

/// Posts what the composer holds.
pub(super) fn send(state: PageState, asks: bool) {
    let (Some(field), Some(id)) = (field::composer(), state.conversation()) else { return };
    let text = state.extras.with_untracked(|extras| extra::with_extras(&field.value(), extras));
    if text.trim().is_empty() {
        return;
    }
    let draft = drafts::draft_name(state);
    let key = state
        .pending_questions
        .try_update_value(|pending| pending.of(&draft).key(&text, browser::random_key))
        .unwrap_or_default();
    state.alert.set(None);
    drafts::empty_composer(state);
    field::focus();
    spawn_local(async move {
        let asks = if asks { "true" } else { "false" };
        let fields = [("conversation_id", &*id), ("text", &text), ("asks", asks), ("key", &key)];
        let Some(fields) = request::fields(&fields) else { return };
        match request::post("/fn/post", &fields).await {
            Ok(_) => {
                state.pending_questions.update_value(|pending| pending.of(&draft).confirm());
                if drafts::draft_name(state) == draft {
                    visit::to_newest(state);
                    refresh::now(state).await;
                    scroll::to_end(state);
                }
            }
            Err(refusal) => {
                // The same text sent again is the same message, because it has the same key.
                drafts::give_back(state, &draft, &text);
                state.show_refusal(refusal);
            }
        }
    });
}
