//! The title of the browser's tab: what the conversation is called, and before it what nobody has seen.

use std::cell::RefCell;

use leptos::prelude::*;

use super::{elements::found, state::PageState};

/// What stands before the title of a tab in which something happened that nobody has seen.
const MARK: &str = "● ";

thread_local! {
    /// What stands before the title of the tab.
    static COUNTED: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The server has put the number there that is in the list.
pub(super) fn begin() {
    COUNTED.set(told());
}

/// Takes the mark away: somebody looks at the tab.
pub(super) fn unmark() {
    let title = document().title();
    document().set_title(title.strip_prefix(MARK).unwrap_or(&title));
}

/// The title of the tab without what this page put before it.
pub(super) fn plain() -> String {
    let title = document().title();
    let title = title.strip_prefix(MARK).unwrap_or(&title);
    COUNTED.with_borrow(|counted| title.strip_prefix(&**counted).unwrap_or(title).to_owned())
}

pub(super) fn set(state: PageState, title: &str) {
    let mark = if state.marked.get_value() { MARK } else { "" };
    document().set_title(&format!("{mark}{}", counted(title)));
}

/// A title with the number before it of what the person is told of in rooms.
pub(super) fn counted(title: &str) -> String {
    let title = title.strip_prefix(MARK).unwrap_or(title);
    let number = told();
    // A title may begin with a number itself, so only the one that was put there is taken away.
    let old = COUNTED.replace(number.clone());
    format!("{number}{}", title.strip_prefix(&*old).unwrap_or(title))
}

/// What stands before the title, with a blank.
pub(super) fn told() -> String {
    let told = found("#told").and_then(|told| told.get_attribute("data-told")).filter(|told| told != "0");
    told.map(|told| format!("({told}) ")).unwrap_or_default()
}
