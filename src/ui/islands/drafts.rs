//! Texts that nothing may lose: the draft in the composer, and edits of questions. They are stored in the browser, for
//! every tab, under the id of the person who wrote them; the page of anybody else removes them, and so does signing out.

use std::cell::RefCell;

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlTextAreaElement, StorageEvent};

use super::{browser, extra, field, state::PageState, temporary};

/// The most characters of a draft that are stored: a browser keeps about five million for a site.
const MOST_CHARS: u32 = 1_000_000;

/// Removes the texts of others, and shows the draft.
pub(super) fn begin(state: PageState) {
    state.reader_id.with_value(|reader| browser::remove_stored(|name| is_foreign(name, reader)));
    field::prepare();
    restore_draft(state);
    window_event_listener_untyped("storage", move |event: ev::Event| {
        if let Ok(event) = event.dyn_into::<StorageEvent>() {
            on_other_tab(state, &event);
        }
    });
}

/// Another tab has stored the draft of this conversation. What was sent there is no draft here either; what is typed here
/// stays, and is stored again.
fn on_other_tab(state: PageState, event: &StorageEvent) {
    let Some(field) = field::composer().filter(|_| event.key().as_deref() == Some(&draft_name(state))) else {
        return;
    };
    let typed = field.value();
    if event.new_value().is_none() && event.old_value().as_ref() == Some(&typed) {
        field.set_value("");
        field::grow();
    } else if event.new_value().is_none() && !typed.is_empty() {
        store_draft(state, &typed);
    }
}

/// The name under which the composer's text is stored.
pub(super) fn draft_name(state: PageState) -> String {
    text_name("draft", state, &state.conversation().unwrap_or_default())
}

/// The name under which [`super::extras`] are stored.
fn extras_name(state: PageState) -> String {
    text_name("extras", state, &state.conversation().unwrap_or_default())
}

/// The name under which the text of an edit is stored; `inside` is the question or an element in it.
fn edit_name(state: PageState, inside: &Element) -> Option<String> {
    let message = inside.closest(".message").ok().flatten()?;
    Some(text_name("edit", state, &message.id()))
}

pub(super) fn text_name(kind: &str, state: PageState, id: &str) -> String {
    state.reader_id.with_value(|reader| format!("{kind} {reader} {id}"))
}

/// Whether a name is that of a text which somebody else than `reader` wrote.
fn is_foreign(name: &str, reader: &str) -> bool {
    let ids =
        ["draft ", "edit ", "extras ", "outbox ", "posts "].iter().find_map(|kind| name.strip_prefix(kind));
    ids.is_some_and(|ids| ids.split(' ').next() != Some(reader) || !ids.contains(' '))
}

/// The field, if it is one of an edit.
pub(super) fn edited(field: &Element) -> Option<HtmlTextAreaElement> {
    field.closest(".edit-form").ok().flatten()?;
    field.clone().dyn_into().ok()
}

/// The field of the edit that is open in a question or form.
pub(super) fn edit_field(inside: &Element) -> Option<HtmlTextAreaElement> {
    inside.query_selector("textarea").ok().flatten()?.dyn_into().ok()
}

/// Stores the composer's text, or removes what is stored when it is empty.
pub(super) fn store_draft(state: PageState, text: &str) {
    if text.len() <= MOST_CHARS as usize && !temporary::is_on() {
        browser::store(&draft_name(state), text);
    }
}

/// Removes the stored draft, because it was sent, unless another tab has stored another one meanwhile.
pub(super) fn remove_draft(state: PageState, sent: &str) {
    let name = draft_name(state);
    if browser::stored(&name).as_deref() == Some(sent) {
        browser::store(&name, "");
    }
}

/// The draft of a conversation that is being left.
struct Leaving {
    name: String,
    /// What was in the composer when another conversation was asked for.
    typed: String,
    /// What could not be sent since then.
    given_back: Option<String>,
}

thread_local! {
    static LEAVING: RefCell<Option<Leaving>> = const { RefCell::new(None) };
}

/// Another conversation is asked for: what is typed from now on is for that one.
pub(super) fn leave(state: PageState) {
    let typed = field::composer().map(|field| field.value()).unwrap_or_default();
    LEAVING.with_borrow_mut(|leaving| {
        leaving.get_or_insert_with(|| Leaving { name: draft_name(state), typed, given_back: None });
    });
}

/// The conversation is not left after all.
pub(super) fn stay(state: PageState) {
    if let Some(text) = LEAVING.take().and_then(|leaving| leaving.given_back) {
        put_back(state, &text);
    }
}

/// Puts the draft of another conversation into the composer, unless something was typed for it already.
pub(super) fn show_draft(state: PageState) {
    let leaving = LEAVING.take();
    if let Some(field) = field::composer() {
        let typed = field.value();
        field.set_value("");
        restore_draft(state);
        let Some(Leaving { name, typed: left, given_back }) = leaving else { return };
        if typed != left || given_back.is_some() {
            browser::store(&name, &given_back.map_or(left.clone(), |text| before(&text, &left)));
        }
        if typed != left {
            // What was typed since is for this conversation, after what its draft holds.
            let more = typed.strip_prefix(&*left).unwrap_or(&typed);
            field.set_value(&(field.value() + more));
            store_draft(state, &field.value());
            field::grow();
        }
    }
}

/// A text, and below it what was typed meanwhile.
fn before(text: &str, typed: &str) -> String {
    if typed.is_empty() { text.to_owned() } else { format!("{text}\n{typed}") }
}

/// Gives back a text that could not be sent: into the composer, if it is that of the conversation whose draft has this name,
/// else before the draft that is stored.
pub(super) fn give_back(state: PageState, name: &str, text: &str) {
    let is_left = LEAVING.with_borrow_mut(|leaving| {
        let leaving = leaving.as_mut().filter(|leaving| leaving.name == name);
        leaving.map(|leaving| {
            let more = leaving.given_back.take();
            leaving.given_back = Some(more.map_or_else(|| text.to_owned(), |more| before(text, &more)));
        })
    });
    if is_left.is_none() && draft_name(state) == name {
        put_back(state, text);
    } else {
        browser::store(name, &before(text, &browser::stored(name).unwrap_or_default()));
    }
}

/// The composer is empty again, because what it held is sent.
pub(super) fn empty_composer(state: PageState) {
    if let Some(field) = field::composer() {
        remove_draft(state, &field.value());
        field.set_value("");
    }
    state.extras.set(Vec::new());
    store_extras(state);
    field::grow();
}

/// Puts a text before what was typed meanwhile.
pub(super) fn put_back(state: PageState, text: &str) {
    if let Some(field) = field::composer() {
        let both = before(text, &field.value());
        field.set_value(&both);
        store_draft(state, &both);
        field::grow();
    }
}

/// Puts the stored draft of the conversation into the composer; what was typed before this script ran stays.
fn restore_draft(state: PageState) {
    let Some(field) = field::composer() else { return };
    let stored = browser::stored(&draft_name(state));
    if let Some(text) = stored.filter(|_| field.value().is_empty()) {
        field.set_value(&text);
    }
    let extras = browser::stored(&extras_name(state));
    state.extras.set(extras.map(|text| extra::read(&text)).unwrap_or_default());
    field::grow();
}

/// Stores what the question has besides its text.
pub(super) fn store_extras(state: PageState) {
    let written = state.extras.with_untracked(|extras| match extras.is_empty() {
        true => String::new(),
        false => extra::written(extras),
    });
    if written.len() <= MOST_CHARS as usize && !temporary::is_on() {
        browser::store(&extras_name(state), &written);
    }
}

/// Stores what is typed into the edit of a question.
pub(super) fn store_edit(state: PageState, field: &HtmlTextAreaElement) {
    if let Some(name) = edit_name(state, field).filter(|_| !temporary::is_on()) {
        browser::store(&name, &field.value());
    }
}

/// Removes the stored text of an edit that was sent or cancelled.
pub(super) fn remove_edit(state: PageState, field: &HtmlTextAreaElement) {
    if let Some(name) = edit_name(state, field) {
        browser::store(&name, "");
    }
}

/// The questions and messages whose edit was open when the page was left, with the text that was typed.
pub(super) fn stored_edits(state: PageState) -> Vec<(Element, String)> {
    let Ok(questions) = document().query_selector_all("#messages > :is(.user, .own)") else {
        return Vec::new();
    };
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
        for foreign in [
            "draft 01BEA ",
            "outbox 01BEA ",
            "posts 01BEA 01ROOM",
            "draft 01BEA 01ADA",
            "edit 01BEA 01MESSAGE",
            "draft ",
            "edit 01ADA",
        ] {
            assert!(is_foreign(foreign, "01ADA"), "{foreign}");
        }
    }
}
