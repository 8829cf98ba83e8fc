//! The blocks of an answer that is being written. The server compiles this file and never calls it.

use leptos::prelude::document;
use web_sys::Element;

use crate::ui::parts::name_headings;

/// The element that holds the text of an answer.
pub(super) fn prose(message_id: &str) -> Option<Element> {
    document().get_element_by_id(message_id)?.query_selector(".prose").ok().flatten()
}

/// Puts block `index` of an answer in its place. The blocks are the children of `prose`, in order.
pub(super) fn put(prose: &Element, index: u32, html: &str) {
    // A block that turned out to be empty keeps its place, because the index of a block is its place among the children.
    let html = if html.is_empty() { "<span hidden></span>" } else { html };
    let message = prose.closest(".message").ok().flatten();
    let html = &*name_headings(html, &message.map(|message| message.id()).unwrap_or_default());
    let Some(old) = prose.children().item(index) else {
        let _ = prose.insert_adjacent_html("beforeend", html);
        return;
    };
    // A block that is told again as it is keeps what is selected in it.
    if old.outer_html() == html {
        return;
    }
    let unfolded = unfolded(&old);
    old.set_outer_html(html);
    if let Some(new) = prose.children().item(index).filter(|_| unfolded.contains(&true)) {
        unfold(&new, &unfolded);
    }
}

/// Appends finished lines to the open code block `index`.
pub(super) fn append_lines(prose: &Element, index: u32, html: &str) {
    let code = prose.children().item(index).and_then(|block| block.query_selector("code").ok().flatten());
    if let Some(code) = code {
        let _ = code.insert_adjacent_html("beforeend", html);
    }
}

/// Removes all blocks of an answer that is told anew, unless it begins with the same block and may be the same.
pub(super) fn begin_anew(prose: &Element, first: &str) {
    let message = prose.closest(".message").ok().flatten();
    let first = &*name_headings(first, &message.map(|message| message.id()).unwrap_or_default());
    if prose.first_element_child().is_some_and(|old| old.outer_html() != first) {
        prose.set_inner_html("");
    }
}

/// Removes the bars of code and tables from a copy of what is shown.
pub(super) fn remove_bars(copy: &Element) {
    while let Ok(Some(bar)) = copy.query_selector("figure header, .tools") {
        bar.remove();
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
