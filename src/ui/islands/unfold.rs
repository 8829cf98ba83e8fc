//! Unfolding a long question, and folding it again.

use leptos::prelude::*;
use web_sys::{Element, Event};

use super::{messages, state::PageState};

/// A click on the button below a question. What was unfolded is folded from its end, so that the button stays where it is;
/// otherwise the beginning of the text does.
pub(super) fn on_click(state: PageState, button: &Element, _: &Event) {
    let folds = button.get_attribute("aria-expanded").as_deref() == Some("true");
    let before = button.get_bounding_client_rect().top();
    // A thread that follows would go to its end.
    state.following.set(false);
    let _ = button.set_attribute("aria-expanded", if folds { "false" } else { "true" });
    if let (true, Some(scroller)) = (folds, messages::scroller()) {
        let moved = button.get_bounding_client_rect().top() - before;
        scroller.set_scroll_top(scroller.scroll_top() + moved as i32);
    }
}
