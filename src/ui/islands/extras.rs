//! [`Extra`]: what a question has besides the text that is typed: quotes of answers, and long texts that were pasted. They
//! stand above the composer's field, and are sent with the question.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, Element, Event, HtmlTextAreaElement};

use super::{
    drafts, elements::copy_of_template, elements::set_hidden, elements::show_if, extra::Extra, field,
    messages, phrases::say_with, state::PageState,
};

/// A text that is pasted with more characters than this becomes an extra.
const LONG_PASTE: usize = 2_000;

pub(super) fn add(state: PageState, extra: Extra) {
    state.extras.update(|extras| extras.push(extra));
    drafts::store_extras(state);
    field::focus();
}

fn remove(state: PageState, at: usize) {
    state.extras.update(|extras| {
        if at < extras.len() {
            extras.remove(at);
        }
    });
    drafts::store_extras(state);
    field::focus();
}

/// Puts a text that was pasted where the cursor is, after all.
fn insert(state: PageState, at: usize) {
    let text = state.extras.with_untracked(|extras| extras.get(at).map(|extra| extra.text.clone()));
    if let (Some(text), Some(field)) = (text, field::composer()) {
        let _ = field.set_range_text(&text);
        remove(state, at);
        drafts::store_draft(state, &field.value());
        field::grow();
    }
}

/// A long text that is pasted does not fill the composer.
pub(super) fn on_paste(state: PageState, event: &Event) {
    let Some(event) = event.dyn_ref::<ClipboardEvent>() else { return };
    let in_composer = event
        .target()
        .and_then(|target| target.dyn_into::<HtmlTextAreaElement>().ok())
        .is_some_and(|field| field.closest(".composer").is_ok_and(|found| found.is_some()));
    let text = event.clipboard_data().and_then(|data| data.get_data("text/plain").ok()).unwrap_or_default();
    if in_composer && text.chars().nth(LONG_PASTE).is_some() {
        event.prevent_default();
        add(state, Extra { quote: false, text });
    }
}

/// Shows the extras, each with its buttons.
pub(super) fn show(extras: &[Extra]) {
    show_if("extras", !extras.is_empty());
    let Some(list) = document().get_element_by_id("extras") else { return };
    list.set_inner_html("");
    for extra in extras {
        let Some(row) = copy_of_template("new-extra") else { return };
        let count = extra.text.chars().count() as u32;
        let label: String = match extra.quote {
            true => extra.text.chars().take(200).collect(),
            false => say_with("pasted-text", Some(count), &[]),
        };
        if let Ok(Some(place)) = row.query_selector("blockquote") {
            place.set_text_content(Some(&label));
        }
        if let Ok(Some(button)) = row.query_selector(".insert-extra") {
            set_hidden(&button, extra.quote);
        }
        let _ = list.append_child(&row);
    }
}

/// The place of the extra that an element is in.
fn place_of(inside: &Element) -> Option<usize> {
    let row = inside.closest("#extras > li").ok().flatten()?;
    messages::children(&row.parent_element()?).position(|other| other.is_same_node(Some(&row)))
}

pub(super) fn on_insert(state: PageState, button: &Element, _: &Event) {
    if let Some(at) = place_of(button) {
        insert(state, at);
    }
}

pub(super) fn on_remove(state: PageState, button: &Element, _: &Event) {
    if let Some(at) = place_of(button) {
        remove(state, at);
    }
}
