//! The composer's keys and text. Enter sends and Shift-Enter breaks the line; on a touch screen Enter breaks the line and a
//! button sends.

use leptos::ev;
use web_sys::{Element, Event};

use super::{browser, drafts, editing, field, mentions, room, send, state::PageState, typing};
use crate::ui::keys::KeyPress;

/// The form was sent by its button.
pub(super) fn on_submit(state: PageState, _: &Element, event: &Event) {
    event.prevent_default();
    mentions::close();
    send::send(state, room::is_asked(event));
}

/// A click on Stop.
pub(super) fn on_stop(state: PageState, _: &Element, event: &Event) {
    event.prevent_default();
    send::stop(state);
    field::focus();
}

/// Something was typed.
pub(super) fn on_input(state: PageState, _: &Element, _: &Event) {
    if let Some(field) = field::composer() {
        drafts::store_draft(state, &field.value());
        typing::typed(state, &field.value());
        field::grow();
        mentions::on_input(state);
    }
}

/// A key in the field; answers whether it was one of the composer's.
pub(super) fn on_key(state: PageState, press: &KeyPress, event: &ev::KeyboardEvent) -> bool {
    if mentions::on_key(state, press, event) {
        return true;
    }
    if press.sends(browser::is_touch()) {
        event.prevent_default();
        send::send(state, false);
        return true;
    }
    let empty = || field::composer().is_some_and(|field| field.value().is_empty());
    if press.is("ArrowUp") && !event.alt_key() && empty() {
        event.prevent_default();
        editing::edit_newest();
        return true;
    }
    false
}
