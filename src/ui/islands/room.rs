//! Sending in a room: the message stands in the thread in the same frame, and is on its way ([`posting`]).

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Event, SubmitEvent};

use super::{
    browser, drafts, extra, field, mentions, posting, replying, request, state::PageState, typing, visit,
};

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
    let asks = if asks { "true" } else { "false" };
    let key = browser::random_key();
    let reply_to = replying::field().map(|field| field.value()).unwrap_or_default();
    let fields =
        [("conversation_id", &*id), ("text", &text), ("asks", asks), ("reply_to", &reply_to), ("key", &key)];
    let Some(fields) = request::fields(&fields) else { return };
    mentions::close();
    replying::end();
    state.alert.set(None);
    drafts::empty_composer(state);
    typing::sent();
    field::focus();
    posting::post(state, &id, &fields);
    visit::to_newest(state);
}
