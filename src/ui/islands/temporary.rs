//! The page of a temporary conversation: its messages are in this page and nowhere else.

use leptos::{ev, prelude::*};
use web_sys::Element;

use super::{elements::copy_of_template, elements::found, field, json::Json, messages, state::PageState};

/// The address of the page.
pub(super) const PATH: &str = "/temporary";
/// The attribute of an answer that has ended: its text, as the model wrote it.
pub(super) const TEXT: &str = "data-text";

/// Whether this is the page of a temporary conversation.
pub(super) fn is_on() -> bool {
    window().location().pathname().is_ok_and(|path| path == PATH)
}

pub(super) fn begin(state: PageState) {
    if !is_on() {
        return;
    }
    window_event_listener_untyped("beforeunload", move |event| {
        let typed = field::composer().is_some_and(|field| !field.value().is_empty());
        let typed = typed || state.extras.with_untracked(|extras| !extras.is_empty());
        if typed || !state.kept.get_value() && !messages::all().is_empty() {
            event.prevent_default();
        }
    });
    // A browser may bring a page back as it was left.
    window_event_listener_untyped("pagehide", |_| {
        if let (Some(list), Some(field)) = (messages::list(), field::composer()) {
            list.set_inner_html("");
            field.set_value("");
        }
    });
    window_event_listener(ev::pageshow, |event| {
        if event.persisted() {
            let _ = window().location().reload();
        }
    });
}

/// The event before the last one: the whole text of the answer, and the line below it.
pub(super) fn told(answer: &Element, event: &Json) {
    let _ = answer.set_attribute(TEXT, &event.text("text").unwrap_or_default());
    if let Some(meta) = event.text("meta") {
        let _ = answer.set_attribute("data-meta", &meta);
    }
}

/// The last event of an answer; see [`finish`].
pub(super) fn ended(answer: &Element, event: &Json) -> Option<String> {
    let status = event.text("status").unwrap_or_else(|| "failed".to_owned());
    let end = if event.flag("length_limited") { "cut" } else { &*status };
    finish(answer, end, event.text("message"))
}

/// Whether something of an answer is there.
pub(super) fn has_text(answer: &Element) -> bool {
    let prose = answer.query_selector(".prose").ok().flatten();
    prose.is_some_and(|prose| prose.text_content().is_some_and(|text| !text.is_empty()))
}

/// Removes what is hidden because another answer takes its place.
pub(super) fn give_way() {
    messages::all().iter().filter(|it| it.has_attribute("hidden")).for_each(Element::remove);
}

/// Shows again what is hidden, and removes what was to take its place; answers whether there was something.
pub(super) fn bring_back() -> bool {
    let all = messages::all();
    let last = all.iter().rposition(|it| it.has_attribute("hidden"));
    for (at, message) in all.iter().enumerate().filter(|_| last.is_some()) {
        match Some(at) > last {
            true => message.remove(),
            false => drop(message.remove_attribute("hidden")),
        }
    }
    last.is_some()
}

/// Puts below an answer how it ended, in other words where there is a `sentence`, and its buttons. One that has no text and
/// was to replace others goes away, and those are back; the sentence that says why is returned then.
pub(super) fn finish(answer: &Element, end: &str, sentence: Option<String>) -> Option<String> {
    let _ = answer.remove_attribute("aria-busy");
    if let Ok(Some(waiting)) = answer.query_selector(":scope > .waiting") {
        waiting.remove();
    }
    let line = copy_of_template(&format!("end-{end}"));
    let buttons = copy_of_template("new-actions");
    for (part, place, text) in
        [(line, "span", sentence), (buttons, ".meta", answer.get_attribute("data-meta"))]
    {
        let Some(part) = part else { continue };
        if let (Some(text), Ok(Some(place))) = (text, part.query_selector(place)) {
            place.set_text_content(Some(&text));
        }
        let _ = answer.append_child(&part);
    }
    if end != "complete" && !has_text(answer) && bring_back() {
        return answer.query_selector(".answer-end span").ok().flatten()?.text_content();
    }
    give_way();
    if let Some(keep) = found(".temporary-keep") {
        keep.set_hidden(false);
    }
    None
}
