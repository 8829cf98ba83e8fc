//! Elements of the server's HTML: finding one, showing and hiding it, and copying what a `<template>` holds.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlTemplateElement};

/// The first element that a selector finds.
pub(super) fn found(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok()??.dyn_into().ok()
}

pub(super) fn show_if(id: &str, shown: bool) {
    if let Some(element) = document().get_element_by_id(id) {
        set_hidden(&element, !shown);
    }
}

pub(super) fn set_hidden(element: &Element, hidden: bool) {
    let _ = element.toggle_attribute_with_force("hidden", hidden);
}

/// A copy of what a `<template>` of the page holds.
pub(super) fn copy_of_template(id: &str) -> Option<Element> {
    let template = document().get_element_by_id(id)?.dyn_into::<HtmlTemplateElement>().ok()?;
    template.content().first_element_child()?.clone_node_with_deep(true).ok()?.dyn_into().ok()
}
