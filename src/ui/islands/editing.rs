//! Editing a question in its place, and closing what is open.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlDetailsElement, HtmlElement, HtmlTextAreaElement, Node};

use super::{drafts, elements::copy_of_template, elements::found, field, messages, state::PageState};

/// What Escape closes.
const EDIT: &str = ".content .edit-form";
const MENU: &str = ".content details[name][open], .content details.menu[open]";

/// What opens an edit: a script here, and the server for a message of a room.
const OPENER: &str = ".edit-link, .actions a[href*='edit=']";

/// The attribute of an edit that was opened by a key in the composer, where the focus goes when it is closed.
const FROM_COMPOSER: &str = "data-from-composer";

/// Closes the edit or menu that the focus is in, or else a menu that is open or an edit in which nothing was typed; answers
/// whether there was one.
pub(super) fn close_open(state: PageState) -> bool {
    let around = |active: Element| active.closest(&format!("{EDIT}, {MENU}")).ok().flatten();
    let open = document().active_element().and_then(around).or_else(|| Some(found(MENU)?.into()));
    let untouched = || messages::all().iter().find_map(untouched_edit);
    let open = open.or_else(untouched);
    if let Some(open) = &open {
        close(state, open);
    }
    open.is_some()
}

/// The edit of a question, if its text is still that of the question.
fn untouched_edit(question: &Element) -> Option<Element> {
    let field = drafts::edit_field(question)?;
    if is_said(question) {
        // The page has its text only as HTML, so the field tells what it began with.
        let untouched = field.default_value() == Ok(field.value());
        return untouched.then(|| field.closest(EDIT).ok().flatten())?;
    }
    let text = question.query_selector(".question-text").ok()??.text_content();
    (text == Some(field.value())).then(|| field.closest(EDIT).ok().flatten())?
}

/// Whether it is a person's message in a room. The server makes the form in which it is edited, and the address of the page
/// names it.
fn is_said(message: &Element) -> bool {
    message.class_list().contains("said")
}

/// Takes the edit out of the page's address, so that the page does not open it once more.
pub(super) fn forget_address() {
    let location = window().location();
    let search = location.search().unwrap_or_default();
    let kept: Vec<&str> =
        search.trim_start_matches('?').split('&').filter(|pair| !pair.starts_with("edit=")).collect();
    let path = location.pathname().unwrap_or_default();
    let path = if kept.concat().is_empty() { path } else { format!("{path}?{}", kept.join("&")) };
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&history.state().unwrap_or_default(), "", Some(&path));
    }
}

/// Closes the menus that a click or the focus is not in.
pub(super) fn close_others(event: &Event) {
    let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
    let Ok(open) = document().query_selector_all("details.menu[open]") else { return };
    for at in 0..open.length() {
        if let Some(menu) = open.item(at).filter(|menu| !menu.contains(target.as_ref())) {
            shut(&menu.unchecked_into());
        }
    }
}

/// Closes a menu, and what is unfolded in it, so that it opens as it did at first.
fn shut(menu: &Element) {
    if let Ok(inner) = menu.query_selector_all("details[open]") {
        for at in 0..inner.length() {
            if let Some(inner) = inner.item(at) {
                inner.unchecked_into::<HtmlDetailsElement>().set_open(false);
            }
        }
    }
    let _ = menu.remove_attribute("open");
}

/// Closes a menu or an edit, and moves the focus to what had opened it.
pub(super) fn close(state: PageState, open: &Element) {
    let opener = match open.dyn_ref::<HtmlDetailsElement>() {
        Some(details) => {
            shut(open);
            details.query_selector("summary")
        }
        None => {
            let message = open.parent_element();
            if let Some(field) = drafts::edit_field(open) {
                drafts::remove_edit(state, &field);
            }
            open.remove();
            if open.has_attribute(FROM_COMPOSER) {
                return field::focus();
            }
            if message.as_ref().is_some_and(is_said) {
                forget_address();
            }
            message.map_or(Ok(None), |message| message.query_selector(OPENER))
        }
    };
    if let Some(opener) = opener.ok().flatten() {
        let _ = opener.unchecked_into::<HtmlElement>().focus();
    }
}

/// A click on Edit.
pub(super) fn on_edit(_: PageState, link: &Element, event: &Event) {
    if let Ok(Some(message)) = link.closest(".message") {
        event.prevent_default();
        edit(&message);
    }
}

/// A click on Cancel.
pub(super) fn on_cancel(state: PageState, link: &Element, event: &Event) {
    if let Ok(Some(form)) = link.closest(".edit-form") {
        event.prevent_default();
        close(state, &form);
    }
}

/// Opens the edit of the newest question.
pub(super) fn edit_newest() {
    let newest = messages::all().into_iter().rfind(|message| message.class_list().contains("user"));
    if let Some(question) = newest {
        edit(&question);
        if let Ok(Some(form)) = question.query_selector(".edit-form") {
            let _ = form.set_attribute(FROM_COMPOSER, "");
        }
    }
}

/// Opens the edit of a question, with the cursor at the end of the text.
fn edit(question: &Element) {
    if let Some(field) = open_field(question) {
        let end = field.value().encode_utf16().count() as u32;
        let _ = field.focus();
        let _ = field.set_selection_range(end, end);
    }
}

/// The field in which a question is edited; it is put into the message where it is not there yet.
fn open_field(question: &Element) -> Option<HtmlTextAreaElement> {
    if drafts::edit_field(question).is_none() && !is_said(question) {
        let text = question.query_selector(".question-text").ok().flatten()?.text_content()?;
        let form = copy_of_template("new-edit")?;
        let id = question.id();
        // `steer::submit` sets the key.
        form.query_selector("button[name=message_id]").ok().flatten()?.set_attribute("value", &id).ok()?;
        form.query_selector(".cancel").ok().flatten()?.set_attribute("href", &format!("#{id}")).ok()?;
        question.append_child(&form).ok()?;
        drafts::edit_field(question)?.set_value(&text);
    }
    drafts::edit_field(question)
}

/// Opens the edits that were open when the page was left, with the text that was typed.
pub(super) fn restore(state: PageState) {
    for (question, text) in drafts::stored_edits(state) {
        if let Some(field) = open_field(&question) {
            field.set_value(&text);
        }
    }
    // The form that the server has opened is what the person wants; a browser does not focus it, because the address leads to
    // its message.
    let opened = |message: &&Element| is_said(message) && drafts::edit_field(message).is_some();
    if let Some(message) = messages::all().iter().find(opened) {
        edit(message);
    }
}

/// Sends the edit that a field belongs to.
pub(super) fn send(field: &HtmlTextAreaElement) {
    let Some(form) = field.form() else { return };
    // The form is sent by its button, because the button carries the message's id.
    let button = form.query_selector("button").ok().flatten();
    let _ = form.request_submit_with_submitter(button.as_ref().and_then(|button| button.dyn_ref()));
}
