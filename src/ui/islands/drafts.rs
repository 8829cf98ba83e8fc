//! Texts that a reload must not lose: the draft in the composer, and edits of questions. They are stored in the tab under
//! the id of the person who wrote them, and the page of anybody else removes them.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlTextAreaElement};

use super::{browser, state::ChatState};

/// The name under which the composer's text is stored.
fn draft_name(state: ChatState) -> String {
    text_name("draft", state, &state.conversation_id.get_value().unwrap_or_default())
}

/// The name under which the text of an edit is stored; `inside` is the question or an element in it.
fn edit_name(state: ChatState, inside: &Element) -> Option<String> {
    let message = inside.closest(".message").ok().flatten()?;
    Some(text_name("edit", state, &message.id()))
}

fn text_name(kind: &str, state: ChatState, id: &str) -> String {
    state.reader_id.with_value(|reader| format!("{kind} {reader} {id}"))
}

/// Whether a name is that of a text which somebody else than `reader` wrote.
fn is_foreign(name: &str, reader: &str) -> bool {
    let ids = name.strip_prefix("draft ").or_else(|| name.strip_prefix("edit "));
    ids.is_some_and(|ids| ids.split(' ').next() != Some(reader) || !ids.contains(' '))
}

/// Removes the texts of everybody but the person who reads the page.
pub(super) fn remove_foreign(state: ChatState) {
    state.reader_id.with_value(|reader| browser::remove_stored(|name| is_foreign(name, reader)));
}

/// The composer's field.
pub(super) fn composer() -> Option<HtmlTextAreaElement> {
    document().query_selector(".composer textarea").ok().flatten()?.dyn_into().ok()
}

/// The field of the edit that is open in a question or form.
pub(super) fn edit_field(inside: &Element) -> Option<HtmlTextAreaElement> {
    inside.query_selector("textarea").ok().flatten()?.dyn_into().ok()
}

pub(super) fn store_draft(state: ChatState, text: &str) {
    browser::store(&draft_name(state), text);
}

/// Puts the stored draft into the composer, unless something was typed there already.
pub(super) fn restore_draft(state: ChatState, field: &HtmlTextAreaElement) {
    if field.value().is_empty()
        && let Some(text) = browser::stored(&draft_name(state))
    {
        field.set_value(&text);
    }
}

/// Empties the composer when a question that arrived in the thread is the one that was sent from there. The reply to the
/// composer's own request may have been lost.
pub(super) fn question_arrived(state: ChatState, text: &str) {
    if state.pending_question.try_update_value(|pending| pending.confirm_if(text)) != Some(true) {
        return;
    }
    state.alert.set(None);
    if let Some(field) = composer().filter(|field| field.value() == text) {
        field.set_value("");
        store_draft(state, "");
    }
}

/// Stores what is typed into the edit of a question.
pub(super) fn store_edit(state: ChatState, field: &HtmlTextAreaElement) {
    if let Some(name) = edit_name(state, field) {
        browser::store(&name, &field.value());
    }
}

/// Removes the stored text of an edit that was sent or cancelled.
pub(super) fn remove_edit(state: ChatState, field: &HtmlTextAreaElement) {
    if let Some(name) = edit_name(state, field) {
        browser::store(&name, "");
    }
}

/// The questions whose edit was open when the page was left, with the text that was typed.
pub(super) fn stored_edits(state: ChatState) -> Vec<(Element, String)> {
    let Ok(questions) = document().query_selector_all("#thread .message.user") else { return Vec::new() };
    let questions = (0..questions.length()).filter_map(|at| questions.item(at)?.dyn_into::<Element>().ok());
    questions
        .filter_map(|question| {
            let text = browser::stored(&edit_name(state, &question)?)?;
            Some((question, text))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_are_known_by_their_names() {
        for own in
            ["draft 01ADA ", "draft 01ADA 01CONVERSATION", "edit 01ADA 01MESSAGE", "position /", "reloaded"]
        {
            assert!(!is_foreign(own, "01ADA"), "{own}");
        }
        // The last two are names of versions that did not store the writer's id.
        for foreign in ["draft 01BEA ", "draft 01BEA 01ADA", "edit 01BEA 01MESSAGE", "draft ", "edit 01ADA"] {
            assert!(is_foreign(foreign, "01ADA"), "{foreign}");
        }
    }
}
