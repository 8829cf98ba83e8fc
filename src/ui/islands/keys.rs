//! Keys that work anywhere on the page. The sheet on `?` lists them (`pages/sheets.rs`), so a key that is new here is new
//! there.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};

use super::{
    browser, composer, drafts, editing, field, messages, outline, overlay, picker, reach, rows, scroll, send,
    state::PageState, temporary,
};

pub(super) fn on_key(state: PageState, event: &ev::KeyboardEvent) {
    if event.default_prevented() {
        return;
    }
    let press = browser::key_press(event);
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let edit = target.as_ref().and_then(drafts::edited);
    if let Some(field) = edit.filter(|_| press.sends(browser::is_touch())) {
        event.prevent_default();
        return editing::send(&field);
    }
    if field::is_composer(target.as_ref()) && composer::on_key(state, &press, event) {
        return;
    }
    if rows::on_key(state, event, &press) {
        return;
    }
    if press.command && press.is("k") {
        event.prevent_default();
        return overlay::open(state, "/fn/sheet/palette".to_owned());
    }
    if overlay::is_open() {
        // In a field for a search, Escape would only empty the field.
        if press.is("Escape") && overlay::close() || picker::on_key(&press) {
            event.prevent_default();
        }
        return;
    }
    // Escape closes what is open; where nothing is, it stops the answer, but in a room, where it may be somebody else's.
    if press.is("Escape") {
        if !editing::close_open(state) && !overlay::close() && !state.is_room() {
            send::stop(state);
        }
        return;
    }
    let composer_is_empty = field::composer().is_some_and(|field| field.value().is_empty());
    let in_composer = field::has_focus();
    if target.as_ref().is_some_and(is_field) && !(in_composer && composer_is_empty) {
        return;
    }
    if event.alt_key() && (press.is("ArrowUp") || press.is("ArrowDown")) {
        event.prevent_default();
        return to_message(state, press.is("ArrowDown"));
    }
    scroll::on_key(state, event);
    if press.is("End") {
        event.prevent_default();
        scroll::to_end(state);
    } else if in_composer && (press.is("PageUp") || press.is("PageDown")) {
        event.prevent_default();
        scroll::by_page(state, press.is("PageUp"));
    }
    if in_composer || press.command || event.alt_key() || are_single_keys_off() {
        return;
    }
    match &*press.key {
        "?" => overlay::open(state, "/fn/sheet/keys".to_owned()),
        "j" => to_message(state, true),
        "k" => to_message(state, false),
        "o" => outline::open(state),
        "/" => field::focus(),
        "t" => drop(window().location().assign(temporary::PATH)),
        _ => return,
    }
    event.prevent_default();
}

/// Whether the person wants no key alone to do anything (`pages/layout.rs`), because their voice or a shaking hand presses
/// them unmeant.
fn are_single_keys_off() -> bool {
    document().query_selector("[data-single-keys]").is_ok_and(|found| found.is_some())
}

fn is_field(element: &Element) -> bool {
    element.dyn_ref::<HtmlTextAreaElement>().is_some()
        || element.dyn_ref::<HtmlInputElement>().is_some()
        || element.dyn_ref::<HtmlSelectElement>().is_some()
}

/// Moves the focus to the next or the previous message, and its name into the address.
fn to_message(state: PageState, next: bool) {
    let all = messages::all();
    let active = document().active_element();
    let here = active.and_then(|active| active.closest("#messages > .message").ok().flatten());
    let at = here.and_then(|here| all.iter().position(|message| message.is_same_node(Some(&here))));
    let at =
        at.or_else(|| scroll::first_in_view(&all).map(|at| if next { at.saturating_sub(1) } else { at }));
    let wanted = match (at, next) {
        (Some(at), true) => at + 1,
        (Some(at), false) => at.saturating_sub(1),
        (None, _) => 0,
    };
    if let Some(message) = all.get(wanted.min(all.len().saturating_sub(1))) {
        // A browser may take the focus that follows for a script's doing, which shows no ring.
        let _ = message.set_attribute("data-keyed", "");
        reach::show(state, message);
    }
}
