//! Answering a message of a room: what stands above the composer until it is sent.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlInputElement};

use super::{elements::found, elements::show_if, field as composer, state::PageState};

/// What stands above the composer while one answers a message.
const REPLYING: &str = "replying";
/// So many characters of the message are shown there.
const BEGINNING: usize = 120;

/// The field with the id of the message that one is about to answer.
pub(super) fn field() -> Option<HtmlInputElement> {
    found("#replying > input")?.dyn_into().ok()
}

/// A click on the link to answer a message.
pub(super) fn on_reply(_: PageState, link: &Element, event: &Event) {
    let Some(message) = link.closest(".message").ok().flatten() else { return };
    if begin(&message) {
        event.prevent_default();
    }
}

/// What is written next answers the message; `false` where nothing can be written.
pub(super) fn begin(message: &Element) -> bool {
    let (Some(field), true) = (field(), composer::composer().is_some()) else { return false };
    field.set_value(&message.id());
    let text = |selector| {
        let place = message.query_selector(selector).ok().flatten();
        place.and_then(|place| place.text_content()).unwrap_or_default()
    };
    let begins: String = text(".prose").split_whitespace().collect::<Vec<_>>().join(" ");
    for (place, text) in [
        ("#replying strong", text(".said-head strong")),
        ("#replying span > span", begins.chars().take(BEGINNING).collect()),
    ] {
        if let Some(place) = found(place) {
            place.set_text_content(Some(&text));
        }
    }
    show_if(REPLYING, true);
    composer::focus();
    true
}

/// A click on the button not to answer it.
pub(super) fn on_drop(_: PageState, _: &Element, event: &Event) {
    event.prevent_default();
    end();
    composer::focus();
}

/// What is written next answers no message.
pub(super) fn end() {
    if let Some(field) = field() {
        field.set_value("");
    }
    show_if(REPLYING, false);
}
