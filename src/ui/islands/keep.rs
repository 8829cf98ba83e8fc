//! What a reload must not lose: the draft in the composer, an edit that is under way, and the place in
//! the thread. Texts are kept under the id of whose they are, and nobody else's page leaves them there.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlTextAreaElement};

use super::{browser, page, shared::Shared, steer};
use crate::ui::sent::Sent;

/// Loads the page anew, as it is for whoever comes now; what was typed and the place stay. While a change
/// of this page's own is under way it is left to that.
pub(super) fn reload(shared: Shared) {
    if shared.steering.get_value() {
        shared.stale.set_value(true);
    } else if !shared.leaving.get_value() {
        shared.leaving.set_value(true);
        remember_place();
        browser::keep(RELOADED, &browser::now().to_string());
        let _ = window().location().reload();
    }
}

/// When this page loaded itself anew.
const RELOADED: &str = "reloaded";
/// It has done so lately, if it was not longer ago, in milliseconds.
const LATELY: f64 = 10_000.0;

/// Whether it was this page itself that had it loaded, just now.
pub(super) fn was_reloaded() -> bool {
    let then = browser::kept(RELOADED).and_then(|then| then.parse::<f64>().ok());
    then.is_some_and(|then| browser::now() - then < LATELY)
}

/// Where the composer's text is kept.
pub(super) fn draft(shared: Shared) -> String {
    text_name("draft", shared, &shared.conversation_id.get_value().unwrap_or_default())
}

/// The name of what this reader wrote.
fn text_name(kind: &str, shared: Shared, of: &str) -> String {
    shared.reader.with_value(|reader| format!("{kind} {reader} {of}"))
}

/// Whether a name is that of a text which `reader` did not write.
fn is_foreign(name: &str, reader: &str) -> bool {
    let of = name.strip_prefix("draft ").or_else(|| name.strip_prefix("edit "));
    of.is_some_and(|of| of.split(' ').next() != Some(reader) || !of.contains(' '))
}

/// The field of the composer.
fn composer() -> Option<HtmlTextAreaElement> {
    document().query_selector(".composer textarea").ok().flatten()?.dyn_into().ok()
}

/// A question stands in the thread. Should it be the one that was sent from here, the field need not keep it,
/// even where the reply was lost.
pub(super) fn question_is_there(shared: Shared, text: &str) {
    if shared.asked.try_update_value(|asked| asked.was(text)) != Some(true) {
        return;
    }
    shared.alert.set(None);
    if let Some(area) = composer().filter(|area| area.value() == text) {
        area.set_value("");
        browser::keep(&draft(shared), "");
    }
}

fn place() -> String {
    format!("place {}", window().location().pathname().unwrap_or_default())
}

/// The thread's position (-1: at the end), and the selection where the composer has the focus.
fn remember_place() {
    let top = if page::is_at_end() { -1 } else { page::scroll_top() };
    let focused = composer()
        .filter(|area| document().active_element().is_some_and(|active| active.is_same_node(Some(area))));
    let end = |at: Result<Option<u32>, _>| at.ok().flatten().unwrap_or_default();
    let selected =
        focused.map(|area| format!(" {} {}", end(area.selection_start()), end(area.selection_end())));
    browser::keep(&place(), &format!("{top}{}", selected.unwrap_or_default()));
}

/// A page that the browser brings back as it was left: what is sent from it now is sent for the first time,
/// and one that was about to be loaded anew is.
pub(super) fn on_return(shared: Shared) {
    window_event_listener(ev::pageshow, move |event| {
        if event.persisted() {
            shared.asked.set_value(Sent::default());
            shared.changed.set_value(Sent::default());
            shared.steering.set_value(false);
            if shared.leaving.get_value() {
                let _ = window().location().reload();
            }
        }
    });
}

/// Puts everything back where it was, or a conversation at its end. Once, when the page is there.
pub(super) fn restore(shared: Shared) {
    shared.reader.with_value(|reader| browser::forget(|name| is_foreign(name, reader)));
    let area = composer();
    if let Some(area) = &area {
        // Drafts are kept here. A browser that keeps the text too would show it to whoever comes next.
        let _ = area.set_attribute("autocomplete", "off");
        if !browser::is_touch() {
            let _ = area.set_attribute("enterkeyhint", "send");
        }
    }
    if let Some(area) = area.as_ref().filter(|area| area.value().is_empty())
        && let Some(text) = browser::kept(&draft(shared))
    {
        area.set_value(&text);
    }
    restore_edits(shared);
    let Some(kept) = browser::kept(&place()) else { return page::open() };
    browser::keep(&place(), "");
    let mut numbers = kept.split(' ').map(|number| number.parse::<i32>().unwrap_or_default());
    match numbers.next() {
        Some(top) if top >= 0 => page::scroll_to(top),
        _ => page::to_end(),
    }
    if let (Some(area), Some(start), Some(end)) = (area, numbers.next(), numbers.next()) {
        let _ = area.focus();
        let _ = area.set_selection_range(start.unsigned_abs(), end.unsigned_abs());
    }
}

/// Where the text of an edit is kept.
fn edit_name(shared: Shared, inside: &Element) -> Option<String> {
    let message = inside.closest(".message").ok().flatten()?;
    Some(text_name("edit", shared, &message.id()))
}

/// Keeps what is typed into a question's edit.
pub(super) fn keep_edit(shared: Shared, area: &HtmlTextAreaElement) {
    if let Some(name) = edit_name(shared, area) {
        browser::keep(&name, &area.value());
    }
}

/// Takes an edit back.
pub(super) fn forget_edit(shared: Shared, area: &HtmlTextAreaElement) {
    if let Some(name) = edit_name(shared, area) {
        browser::keep(&name, "");
    }
}

fn restore_edits(shared: Shared) {
    let Ok(questions) = document().query_selector_all("#thread .message.user") else { return };
    for at in 0..questions.length() {
        let Some(question) = questions.item(at).and_then(|node| node.dyn_into::<Element>().ok()) else {
            continue;
        };
        if let Some(text) = edit_name(shared, &question).and_then(|name| browser::kept(&name))
            && let Some(area) = steer::open_edit(shared, &question)
        {
            area.set_value(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_are_known_by_their_names() {
        for own in
            ["draft 01ADA ", "draft 01ADA 01CONVERSATION", "edit 01ADA 01MESSAGE", "place /", "reloaded"]
        {
            assert!(!is_foreign(own, "01ADA"), "{own}");
        }
        // The last two are of versions that did not say whose they are.
        for foreign in ["draft 01BEA ", "draft 01BEA 01ADA", "edit 01BEA 01MESSAGE", "draft ", "edit 01ADA"] {
            assert!(is_foreign(foreign, "01ADA"), "{foreign}");
        }
    }
}
