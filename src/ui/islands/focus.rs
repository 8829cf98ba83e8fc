//! Keeps the focus where it is while messages are replaced. When the focused message is gone, the focus goes to the one
//! that stands in its place.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::messages;

/// Where the focus was.
pub(super) struct Held(Option<Focused>);

struct Focused {
    element: Element,
    message_id: String,
    /// The place of the message in the thread.
    index: usize,
    /// What tells the element from others of its message.
    mark: String,
}

/// Remembers which element of a message has the focus, if one has.
pub(super) fn hold() -> Held {
    Held(focused())
}

fn focused() -> Option<Focused> {
    let element = document().active_element()?;
    let message = element.closest("#messages > .message").ok().flatten()?;
    let index = messages::all().iter().position(|other| other.is_same_node(Some(&message)))?;
    Some(Focused { mark: mark(&element), element, message_id: message.id(), index })
}

fn mark(element: &Element) -> String {
    let attribute = |name: &str| element.get_attribute(name).unwrap_or_default();
    // What a reaction does and says changes with it.
    let what = match element.class_list().contains("reaction") {
        true => attribute("value"),
        false => format!("{} {}", attribute("formaction"), attribute("title")),
    };
    format!("{} {} {what}", element.tag_name(), attribute("class"))
}

impl Held {
    /// Gives the focus back, unless it has gone elsewhere meanwhile.
    pub fn restore(self) {
        let Some(held) = self.0 else { return };
        if !is_lost() || (held.element.is_connected() && give(&held.element)) {
            return;
        }
        let all = messages::all();
        let place = held.index.min(all.len().saturating_sub(1));
        let Some(message) = messages::message(&held.message_id).or_else(|| all.get(place).cloned()) else {
            return;
        };
        let buttons =
            message.query_selector_all(":scope > :is(.actions, .reactions) :is(button, a, summary)").ok();
        let buttons: Vec<Element> = buttons
            .map(|found| (0..found.length()).filter_map(|at| found.item(at)?.dyn_into().ok()).collect())
            .unwrap_or_default();
        let enabled = || buttons.iter().filter(|button| !button.has_attribute("disabled"));
        let same = enabled().filter(|button| mark(button) == held.mark);
        let _ = same.chain(enabled()).any(give);
    }
}

/// Whether what had the focus is gone or hidden.
pub(super) fn is_lost() -> bool {
    let active = document().active_element();
    active.is_none_or(|active| {
        active.tag_name() == "BODY" || active.closest("[hidden]").is_ok_and(|hidden| hidden.is_some())
    })
}

/// Focuses an element without scrolling; answers whether it has the focus now.
fn give(element: &Element) -> bool {
    let Some(element) = element.dyn_ref::<HtmlElement>() else { return false };
    let options = web_sys::FocusOptions::new();
    options.set_prevent_scroll(true);
    let _ = element.focus_with_options(&options);
    document().active_element().is_some_and(|active| active.is_same_node(Some(element)))
}
