//! What the island does to the page around it: blocks of answers, scrolling, the title, other addresses. The server
//! compiles this file and never calls it.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::ui::parts::name_headings;

/// How many pixels above its end a thread still counts as shown at its end.
const NEAR_END: i32 = 80;

fn thread() -> Option<Element> {
    document().get_element_by_id("thread")
}

/// The element that holds the text of an answer.
pub fn prose(message_id: &str) -> Option<Element> {
    document().get_element_by_id(message_id)?.query_selector(".prose").ok().flatten()
}

/// Whether the page, as the server made it, shows a message with this status and the text of `built`. White space does not
/// count, because the server and the browser put different blanks between blocks.
pub fn shows(message_id: &str, built: &Element, status: &str) -> bool {
    let Some(message) = document().get_element_by_id(message_id) else { return false };
    let text = |of: Option<&Element>| {
        let text = of.and_then(|of| of.text_content()).unwrap_or_default();
        text.chars().filter(|c| !c.is_whitespace()).collect::<String>()
    };
    message.get_attribute("data-status").as_deref() == Some(status)
        && text(prose(message_id).as_ref()) == text(Some(built))
}

/// Puts block `index` of an answer in its place. The blocks are the children of `prose`, in order.
pub fn put_block(prose: &Element, index: u32, html: &str) {
    // A block that turned out to be empty keeps its place, because the index of a block is its place among the children.
    let html = if html.is_empty() { "<span hidden></span>" } else { html };
    let message = prose.closest(".message").ok().flatten();
    let html = &*name_headings(html, &message.map(|message| message.id()).unwrap_or_default());
    let old = prose.children().item(index);
    match old {
        Some(old) => {
            let unfolded = unfolded(&old);
            old.set_outer_html(html);
            if let Some(new) = prose.children().item(index).filter(|_| unfolded.contains(&true)) {
                unfold(&new, &unfolded);
            }
        }
        None => {
            let _ = prose.insert_adjacent_html("beforeend", html);
        }
    }
}

/// Whether each `<details>` of a block is unfolded, in order.
fn unfolded(block: &Element) -> Vec<bool> {
    details(block).map(|details| details.has_attribute("open")).collect()
}

/// Unfolds each `<details>` of a block that was unfolded in the block before it.
fn unfold(block: &Element, unfolded: &[bool]) {
    for (details, _) in details(block).zip(unfolded).filter(|(_, unfolded)| **unfolded) {
        let _ = details.set_attribute("open", "");
    }
}

fn details(block: &Element) -> impl Iterator<Item = Element> {
    let inside = block.get_elements_by_tag_name("details");
    let own = (block.tag_name() == "DETAILS").then(|| block.clone());
    own.into_iter().chain((0..inside.length()).filter_map(move |index| inside.item(index)))
}

/// Appends finished lines to the open code block `index`.
pub fn append_lines(prose: &Element, index: u32, html: &str) {
    let code = prose.children().item(index).and_then(|block| block.query_selector("code").ok().flatten());
    if let Some(code) = code {
        let _ = code.insert_adjacent_html("beforeend", html);
    }
}

pub fn is_at_end() -> bool {
    thread()
        .is_none_or(|thread| thread.scroll_height() - thread.scroll_top() - thread.client_height() < NEAR_END)
}

pub fn to_end() {
    if let Some(thread) = thread() {
        thread.set_scroll_top(thread.scroll_height());
    }
}

pub fn scroll_top() -> i32 {
    thread().map(|thread| thread.scroll_top()).unwrap_or_default()
}

pub fn scroll_to(top: i32) {
    if let Some(thread) = thread() {
        thread.set_scroll_top(top);
    }
}

/// Scrolls to where a conversation opens: its newest message, unless the address names another message or an older window.
/// A message that the address names gets the focus on its arrow between versions, because choosing a version by
/// keyboard leads to such an address.
pub fn open() {
    let location = window().location();
    let hash = location.hash().unwrap_or_default();
    if let Some(id) = hash.strip_prefix('#').filter(|id| !id.is_empty() && *id != "latest") {
        let arrow = document()
            .get_element_by_id(id)
            .and_then(|message| message.query_selector(".versions button:not([disabled])").ok().flatten());
        if let Some(arrow) = arrow.and_then(|arrow| arrow.dyn_into::<HtmlElement>().ok()) {
            let _ = arrow.focus();
        }
    } else if location.search().is_ok_and(|query| !query.contains("before=")) {
        to_end();
    }
}

/// [`to_end`], after the browser has laid out what was just added.
pub fn to_end_soon() {
    request_animation_frame(to_end);
}

/// Opens a page of this site. An address that differs from the current one in its fragment only is loaded anew, because
/// the browser itself would only scroll.
pub fn navigate(path: &str) {
    let location = window().location();
    let here = location.pathname().unwrap_or_default();
    if path.split('#').next() == Some(&here) {
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(path));
        }
        let _ = location.reload();
    } else {
        let _ = location.assign(path);
    }
}

/// Shows a new title of the conversation in the tab, the bar, the list of conversations, and the menu's field.
pub fn set_title(conversation_id: &str, title: &str) {
    document().set_title(&format!("{title} · Inglenook"));
    let entry = format!(".history a[href^=\"/c/{conversation_id}\"] .title");
    for place in [".top-bar h1", &entry] {
        if let Ok(Some(place)) = document().query_selector(place) {
            place.set_text_content(Some(title));
        }
    }
    if let Ok(Some(field)) = document().query_selector(".top-bar input[name=title]") {
        // The attribute is what the field shows until somebody types into it, so nothing that was typed is lost.
        let _ = field.set_attribute("value", title);
    }
}
