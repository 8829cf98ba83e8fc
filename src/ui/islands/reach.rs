//! Going to a message: the focus and the view are there.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement};

use super::state::PageState;

/// Goes to a message, and puts its name into the address.
pub(super) fn show(state: PageState, message: &Element) {
    focus(state, message);
    if let Ok(history) = window().history() {
        let state = history.state().unwrap_or(JsValue::NULL);
        let _ = history.replace_state_with_url(&state, "", Some(&format!("#{}", message.id())));
    }
}

/// Goes to a message.
pub(super) fn focus(state: PageState, message: &Element) {
    state.following.set(false);
    let _ = message.set_attribute("tabindex", "-1");
    if let Some(element) = message.dyn_ref::<HtmlElement>() {
        let _ = element.focus();
    }
    message.scroll_into_view();
}
