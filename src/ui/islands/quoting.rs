//! Quoting a part of an answer: where text of an answer is selected, a button offers to reply to it.

use std::{cell::RefCell, time::Duration};

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement};

use super::{blocks, extra::Extra, extras, markdown, messages, state::PageState};

/// How long a selection rests before the button comes.
const RESTS: Duration = Duration::from_millis(200);
/// The height that is kept for the button at the lower end of the window, in pixels.
const ROOM: i32 = 56;
/// The id of the button, which is in the page once and hidden while nothing is selected.
const BUTTON: &str = "reply";

thread_local! {
    static DUE: RefCell<Option<TimeoutHandle>> = const { RefCell::new(None) };
}

/// Looks at the selection when it has come to rest.
pub(super) fn on_selection() {
    if let Some(due) = DUE.take() {
        due.clear();
    }
    DUE.set(set_timeout_with_handle(show, RESTS).ok());
}

/// What is selected, if all of it is in one answer.
fn selected() -> Option<(web_sys::Range, Element)> {
    let selection = window().get_selection().ok().flatten().filter(|selection| !selection.is_collapsed())?;
    let range = selection.get_range_at(0).ok()?;
    let within = range.common_ancestor_container().ok()?;
    let element = within.dyn_ref::<Element>().cloned().or_else(|| within.parent_element())?;
    let prose = element.closest("#messages .prose").ok().flatten()?;
    Some((range, prose))
}

fn show() {
    let Some(button) = document().get_element_by_id(BUTTON).and_then(|it| it.dyn_into::<HtmlElement>().ok())
    else {
        return;
    };
    let found = selected();
    button.set_hidden(found.is_none());
    if let Some((range, _)) = found {
        let place = range.get_bounding_client_rect();
        let width = f64::from(document().document_element().map_or(0, |root| root.client_width()));
        let left = (place.left() + place.width() / 2.0).clamp(48.0, (width - 48.0).max(48.0));
        // Below the selection, because a phone puts its own menu above it.
        let _ = button.style().set_property("left", &format!("{}px", left as i32));
        // A long selection ends below the window.
        let height = document().document_element().map_or(0, |root| root.client_height());
        let top = (place.bottom() as i32 + 8).min(height - ROOM).max(0);
        let _ = button.style().set_property("top", &format!("{top}px"));
    }
}

/// A click on the button.
pub(super) fn on_reply(state: PageState, button: &Element, _: &Event) {
    let Some((range, _)) = selected() else { return };
    let text = markdown::of_range(&range);
    if let Some(selection) = window().get_selection().ok().flatten() {
        let _ = selection.remove_all_ranges();
    }
    let _ = button.set_attribute("hidden", "");
    if !text.trim().is_empty() {
        extras::add(state, Extra { quote: true, text });
    }
}

/// Copies what is selected of the messages as markdown too.
pub(super) fn on_copy(event: &Event) {
    let Some(event) = event.dyn_ref::<web_sys::ClipboardEvent>() else { return };
    let selection = window().get_selection().ok().flatten().filter(|selection| !selection.is_collapsed());
    let range = selection.and_then(|selection| selection.get_range_at(0).ok());
    let (Some(range), Some(data), Some(messages)) = (range, event.clipboard_data(), messages::list()) else {
        return;
    };
    let inside = range.common_ancestor_container().is_ok_and(|within| messages.contains(Some(&within)));
    if !inside {
        return;
    }
    let Ok(fragment) = range.clone_contents() else { return };
    let Ok(holder) = document().create_element("div") else { return };
    let _ = holder.append_child(&fragment);
    let text = markdown::of(&holder);
    // The buttons of code and tables are no part of it.
    blocks::remove_bars(&holder);
    let both =
        data.set_data("text/plain", &text).and_then(|()| data.set_data("text/html", &holder.inner_html()));
    if both.is_ok() {
        event.prevent_default();
    }
}
