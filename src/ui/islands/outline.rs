//! The outline of the conversation: a sheet with its questions, also with those that are not loaded.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, MouseEvent};

use super::{messages, overlay, reach, state::PageState, temporary, visit};

/// Opens the outline.
pub(super) fn open(state: PageState) {
    if let Some(id) = state.conversation().filter(|_| !temporary::is_on()) {
        overlay::open(state, format!("/fn/sheet/outline?conversation={id}"));
    }
}

/// A click on a question: goes to its place.
pub(super) fn on_click(state: PageState, link: &Element, event: &Event) {
    let Some(id) = link.get_attribute("data-message") else { return };
    let elsewhere = event
        .dyn_ref::<MouseEvent>()
        .is_some_and(|mouse| mouse.ctrl_key() || mouse.meta_key() || mouse.shift_key());
    let Some(conversation) = state.conversation().filter(|_| !elsewhere) else { return };
    event.prevent_default();
    match messages::message(&id) {
        Some(message) => {
            // The entry of the sheet becomes that of the message, and Back leads to what was read before.
            overlay::close_to_go();
            reach::show(state, &message);
        }
        None => visit::go(state, format!("/c/{conversation}?at={id}"), true),
    }
}
