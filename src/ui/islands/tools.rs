//! The tools of the conversation, which the server puts into the bar: where there is a script, they are in the composer.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::elements::found;

/// Shows in the composer the tools that the bar has now.
pub(super) fn show() {
    let (Some(tools), Some(place)) = (found(".top-bar .bar-tools"), found(".composer .tools-place")) else {
        return;
    };
    let html = tools.inner_html();
    if place.inner_html() == html {
        return;
    }
    let had_focus = document().active_element().is_some_and(|active| place.contains(Some(&active)));
    place.set_inner_html(&html);
    if had_focus {
        focus_first(&place);
    }
}

fn focus_first(place: &Element) {
    let first = place.query_selector("a").ok().flatten();
    if let Some(first) = first.and_then(|first| first.dyn_into::<HtmlElement>().ok()) {
        let _ = first.focus();
    }
}
