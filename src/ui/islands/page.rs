//! What islands do to the page around them: blocks, scrolling, the title. On the server all of it does
//! nothing, as nothing there ever calls it.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::ui::parts::name_headings;

/// How far from its end a thread still counts as being read at the end, in pixels.
const NEAR_END: i32 = 80;

fn thread() -> Option<Element> {
    document().get_element_by_id("thread")
}

/// Where the text of a message stands.
pub fn prose(message_id: &str) -> Option<Element> {
    document().get_element_by_id(message_id)?.query_selector(".prose").ok().flatten()
}

/// Whether a message is shown with this status and this text, whatever the blanks between its blocks.
pub fn shows(message_id: &str, built: &Element, status: &str) -> bool {
    let Some(message) = document().get_element_by_id(message_id) else { return false };
    let text = |of: Option<&Element>| {
        let text = of.and_then(|of| of.text_content()).unwrap_or_default();
        text.chars().filter(|c| !c.is_whitespace()).collect::<String>()
    };
    message.get_attribute("data-status").as_deref() == Some(status)
        && text(prose(message_id).as_ref()) == text(Some(built))
}

/// Puts block `index` of an answer in its place. Blocks are the children of `prose`, in order.
pub fn put_block(prose: &Element, index: u32, html: &str) {
    // What turned out to be no block still keeps its place among the others.
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

/// Which of the details in a block a person has unfolded, in order.
fn unfolded(block: &Element) -> Vec<bool> {
    details(block).map(|details| details.has_attribute("open")).collect()
}

/// Unfolds them again in the block that took its place.
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

/// A conversation opens at its newest message, unless the address names another or an older window. Who
/// chose a branch by keyboard finds the arrows where they were.
pub fn open() {
    let location = window().location();
    let hash = location.hash().unwrap_or_default();
    if let Some(id) = hash.strip_prefix('#').filter(|id| !id.is_empty() && *id != "latest") {
        let arrow = document()
            .get_element_by_id(id)
            .and_then(|message| message.query_selector(".branches button:not([disabled])").ok().flatten());
        if let Some(arrow) = arrow.and_then(|arrow| arrow.dyn_into::<HtmlElement>().ok()) {
            let _ = arrow.focus();
        }
    } else if location.search().is_ok_and(|query| !query.contains("before=")) {
        to_end();
    }
}

/// After what was just added has been laid out.
pub fn to_end_soon() {
    request_animation_frame(to_end);
}

/// Opens a page of this site. To an address that differs in its fragment only a browser would scroll.
pub fn go(path: &str) {
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

pub async fn sleep(milliseconds: i32) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    });
    let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
}

/// Enough of a random number that no two questions share it.
pub fn random_key() -> String {
    format!("{:x}{:x}", (js_sys::Math::random() * 1e15) as u64, (js_sys::Math::random() * 1e15) as u64)
}

/// Shows a new title of the conversation in the tab, the bar, the list of conversations, and the menu's field.
pub fn set_title(conversation_id: &str, title: &str) {
    document().set_title(&format!("{title} · Inglenook"));
    let entry = format!(".history a[href^=\"/c/{conversation_id}\"] .title");
    for place in [".bar h1", &entry] {
        if let Ok(Some(place)) = document().query_selector(place) {
            place.set_text_content(Some(title));
        }
    }
    if let Ok(Some(field)) = document().query_selector(".bar input[name=title]") {
        // The attribute is what the field shows until somebody types into it, so nothing that was typed is lost.
        let _ = field.set_attribute("value", title);
    }
}
