//! Where the messages on the page are.

use leptos::prelude::document;
use web_sys::{Element, HtmlCollection};

/// The scrolling element around the messages.
pub(super) fn scroller() -> Option<Element> {
    document().get_element_by_id("thread")
}

/// The element whose children are the messages, in order.
pub(super) fn list() -> Option<Element> {
    document().get_element_by_id("messages")
}

pub(super) fn message(id: &str) -> Option<Element> {
    document().get_element_by_id(id).filter(|found| found.class_list().contains("message"))
}

pub(super) fn all() -> Vec<Element> {
    list().map(|messages| children(&messages).filter(is_message).collect()).unwrap_or_default()
}

/// The oldest message and the newest one that the server knows.
pub(super) fn ends() -> Option<(String, String)> {
    let children = list()?.children();
    let known = |at| {
        let message = children.item(at).filter(is_message)?;
        Some(message.id()).filter(|id| !id.is_empty())
    };
    Some(((0..children.length()).find_map(known)?, (0..children.length()).rev().find_map(known)?))
}

fn is_message(element: &Element) -> bool {
    element.class_list().contains("message")
}

pub(super) fn children(of: &Element) -> impl Iterator<Item = Element> + use<> {
    elements(&of.children()).into_iter()
}

/// The elements of a collection as they are now, whatever is done with them.
pub(super) fn elements(of: &HtmlCollection) -> Vec<Element> {
    (0..of.length()).filter_map(|at| of.item(at)).collect()
}
