//! Editing a question in its place, and closing what is open by Escape or by a click beside it.

use leptos::{ev, mount::mount_to, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, HtmlDetailsElement, HtmlElement, HtmlTextAreaElement, Node};

use super::{browser, drafts, state::ChatState, steer};
use crate::ui::parts::EditForm;

/// Escape closes the edit or menu that is open; where none is, it stops the answer.
pub(super) fn on_escape(state: ChatState, event: &ev::KeyboardEvent) {
    if !browser::key_press(event).is("Escape") || event.default_prevented() {
        return;
    }
    let open = ".content .edit-form, .content details[name][open], .content details.menu[open]";
    match document().query_selector(open).ok().flatten() {
        Some(open) => close(state, &open),
        None => steer::stop(state),
    }
}

/// A click beside an open menu closes the menu.
pub(super) fn on_click_beside(event: &ev::MouseEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
    let Ok(open) = document().query_selector_all(".content details.menu[open]") else { return };
    for at in 0..open.length() {
        if let Some(menu) = open.item(at).filter(|menu| !menu.contains(target.as_ref())) {
            menu.unchecked_into::<HtmlDetailsElement>().set_open(false);
        }
    }
}

/// Closes a menu or an edit, and moves the focus to what had opened it.
fn close(state: ChatState, open: &Element) {
    let opener = match open.dyn_ref::<HtmlDetailsElement>() {
        Some(details) => {
            details.set_open(false);
            details.query_selector("summary")
        }
        None => {
            let message = open.parent_element();
            if let Some(field) = drafts::edit_field(open) {
                drafts::remove_edit(state, &field);
            }
            open.remove();
            message.map_or(Ok(None), |message| message.query_selector(".edit-link"))
        }
    };
    if let Some(opener) = opener.ok().flatten() {
        let _ = opener.unchecked_into::<HtmlElement>().focus();
    }
}

/// A click on Edit opens the edit of that question, and one on Cancel closes it.
pub(super) fn on_click(state: ChatState, event: &ev::MouseEvent) {
    let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
    // With one of these keys down, the browser opens a link in another tab or window.
    if event.ctrl_key() || event.meta_key() || event.shift_key() {
        return;
    }
    let closest = |selector: &str| target.closest(selector).ok().flatten();
    if let Some(link) = closest(".message .edit-link")
        && let Some(message) = link.closest(".message").ok().flatten()
    {
        event.prevent_default();
        edit(state, &message);
    } else if closest(".edit-form .cancel").is_some()
        && let Some(form) = closest(".edit-form")
    {
        event.prevent_default();
        close(state, &form);
    }
}

/// Opens the edit of the newest question.
pub(super) fn edit_newest(state: ChatState) {
    let questions = document().query_selector_all("#thread .message.user").ok();
    let newest = questions.and_then(|questions| questions.item(questions.length().checked_sub(1)?));
    if let Some(question) = newest.and_then(|node| node.dyn_into::<Element>().ok()) {
        edit(state, &question);
    }
}

/// Opens the edit of a question, with the cursor at the end of the text.
fn edit(state: ChatState, question: &Element) {
    if let Some(field) = open_field(state, question) {
        let end = field.value().encode_utf16().count() as u32;
        let _ = field.focus();
        let _ = field.set_selection_range(end, end);
    }
}

/// The field in which a question is edited; it is put into the message where it is not there yet.
fn open_field(state: ChatState, question: &Element) -> Option<HtmlTextAreaElement> {
    if drafts::edit_field(question).is_none() {
        let text = question.query_selector(".question-text").ok().flatten()?.text_content()?;
        // `steer::submit` sets the key.
        let (id, key) = (question.id(), String::new());
        let localizer = state.localizer.get_value();
        let form = move || {
            provide_context(localizer);
            view! { <EditForm id text key /> }
        };
        mount_to(question.clone().unchecked_into(), form).forget();
    }
    drafts::edit_field(question)
}

/// Opens the edits that were open when the page was left, with the text that was typed.
pub(super) fn restore(state: ChatState) {
    for (question, text) in drafts::stored_edits(state) {
        if let Some(field) = open_field(state, &question) {
            field.set_value(&text);
        }
    }
}

/// Enter sends an edit, as it sends a question.
pub(super) fn on_keydown(event: &ev::KeyboardEvent) {
    if !browser::key_press(event).sends(browser::is_touch()) {
        return;
    }
    if let Some(field) = as_field(event.target())
        && let Some(form) = field.form()
    {
        event.prevent_default();
        // The form is sent by its button, because the button carries the message's id.
        let button = form.query_selector("button").ok().flatten();
        let _ = form.request_submit_with_submitter(button.as_ref().and_then(|button| button.dyn_ref()));
    }
}

/// Stores what is typed into an edit.
pub(super) fn on_input(state: ChatState, event: &ev::Event) {
    if let Some(field) = as_field(event.target()) {
        drafts::store_edit(state, &field);
    }
}

fn as_field(target: Option<EventTarget>) -> Option<HtmlTextAreaElement> {
    target?.dyn_into().ok()
}
