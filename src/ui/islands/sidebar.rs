//! The parts of the page around the thread that tell which conversation is on it: the list, the bar, the browser's tab.

use std::{cell::RefCell, time::Duration};

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, StorageEvent};

use super::{browser, elements::copy_of_template, request, state::PageState, temporary, tools};

pub(super) fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

/// The link in the row of a conversation.
pub(super) fn row(conversation_id: &str) -> Option<Element> {
    find(&format!(".history a[href=\"/c/{conversation_id}\"]"))
}

/// The link in the row of a new conversation, which has no address yet.
const NEW: &str = ".history a:not([href], .row-more)";

/// Marks the row of the conversation on the page, and brings it into view.
pub(super) fn mark_current(conversation_id: Option<&str>) {
    if let Some(old) = find(".history a[aria-current]") {
        let _ = old.remove_attribute("aria-current");
    }
    if let Some(row) = conversation_id.and_then(row) {
        let _ = row.set_attribute("aria-current", "page");
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        row.scroll_into_view_with_scroll_into_view_options(&options);
    }
    // On a phone the list covers the thread.
    if let Some(open) = find("#open-sidebar").and_then(|open| open.dyn_into::<HtmlInputElement>().ok()) {
        open.set_checked(false);
    }
}

/// Puts a row for a new conversation first in the list; it has no address until [`name_row`] gives it one.
pub(super) fn add_row(title: &str) {
    let (Some(row), Some(list)) = (copy_of_template("new-row"), find(".history")) else { return };
    if let Ok(Some(link)) = row.query_selector("a") {
        title_row(&link, title);
    }
    let today = find(".history [data-day=day-today] ul");
    let list = match today {
        Some(today) => today,
        None => {
            let Some(group) = copy_of_template("new-group") else { return };
            let before = find(".history > :not([data-day=day-pinned])");
            let _ = list.insert_before(&group, before.as_ref().map(AsRef::as_ref));
            let Ok(Some(today)) = group.query_selector("ul") else { return };
            today
        }
    };
    let _ = list.insert_before(&row, list.first_child().as_ref());
    prepare_rows();
    mark(&row);
}

fn mark(row: &Element) {
    if let Some(old) = find(".history a[aria-current]") {
        let _ = old.remove_attribute("aria-current");
    }
    if let Ok(Some(link)) = row.query_selector("a") {
        let _ = link.set_attribute("aria-current", "page");
    }
}

/// Gives the new row its address.
pub(super) fn name_row(conversation_id: &str) {
    if let Some(link) = find(NEW) {
        let _ = link.set_attribute("href", &format!("/c/{conversation_id}"));
        if let Some(more) = link.next_element_sibling() {
            let _ = more.set_attribute("href", &format!("/c/{conversation_id}/settings"));
            let _ = more.remove_attribute("hidden");
        }
    }
}

/// Removes the new row of a conversation that did not begin.
pub(super) fn remove_new_row() {
    if let Some(row) = find(NEW).and_then(|link| link.parent_element()) {
        row.remove();
    }
}

/// Removes the row of a conversation that is gone.
pub(super) fn remove_row(conversation_id: &str) {
    let Some(row) = row(conversation_id).and_then(|link| link.closest("li").ok().flatten()) else { return };
    let focused = document().active_element().is_some_and(|active| row.contains(Some(&active)));
    let near = row.next_element_sibling().or_else(|| row.previous_element_sibling());
    row.remove();
    let near = near.and_then(|near| near.query_selector(".row-more").ok().flatten());
    let near = near.or_else(|| find(".history .row-more")).or_else(|| find(".new-conversation"));
    if let Some(near) = near.filter(|_| focused).and_then(|near| near.dyn_into::<HtmlElement>().ok()) {
        let _ = near.focus();
    }
}

/// The title that a row shows.
pub(super) fn title_in(row: &Element) -> String {
    let place = row.query_selector(".title").ok().flatten();
    place.and_then(|place| place.text_content()).unwrap_or_default()
}

/// Shows the title of any conversation.
pub(super) fn show_title(state: PageState, conversation_id: &str, title: &str) {
    if state.conversation().as_deref() == Some(conversation_id) {
        return set_title(state, title);
    }
    if let Some(row) = row(conversation_id) {
        title_row(&row, title);
    }
}

fn title_row(row: &Element, title: &str) {
    let _ = row.set_attribute("title", title);
    if let Ok(Some(place)) = row.query_selector(".title") {
        place.set_text_content(Some(title));
    }
}

/// Shows a new title of the conversation on the page, wherever it stands.
pub(super) fn set_title(state: PageState, title: &str) {
    set_tab(&format!("{title} · Inglenook"));
    if let Some(row) = state.conversation().and_then(|id| row(&id)) {
        title_row(&row, title);
    }
    if let Some(heading) = find(".top-bar h1") {
        heading.set_text_content(Some(title));
    }
    if let Some(field) = find(".top-bar input[name=title]") {
        // The attribute is what the field shows until somebody types into it, so nothing that was typed is lost.
        let _ = field.set_attribute("value", title);
    }
}

fn set_tab(title: &str) {
    document().set_title(title);
}

/// Puts the server's bar in place of the one that is there, unless somebody uses it.
pub(super) fn show_bar(html: &str, title: &str) {
    set_tab(title);
    let Some(bar) = find(".top-bar") else { return };
    let in_use = document().active_element().is_some_and(|active| bar.contains(Some(&active)))
        || bar.query_selector("details[open]").is_ok_and(|open| open.is_some());
    if !in_use {
        bar.set_outer_html(html);
        tools::show();
    }
}

/// Puts the bar of another conversation in place of the one that is there.
pub(super) fn replace_bar(html: &str, title: &str) {
    set_tab(title);
    if let Some(bar) = find(".top-bar") {
        bar.set_outer_html(html);
        tools::show();
    }
}

/// How often the list is read again while somebody looks at it.
const EVERY: Duration = Duration::from_secs(20);
/// What is stored, each time as another text, so that other tabs hear of it.
const TOLD: &str = "list";
/// What stands before the title of a tab in which something happened that nobody has seen.
const MARK: &str = "● ";

thread_local! {
    /// The list as the server sent it last.
    static LIST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps the list up to date, with the marks of what is unread and of what runs.
pub(super) fn begin(state: PageState) {
    set_interval(
        move || {
            if !browser::is_hidden() {
                reload(state);
            }
        },
        EVERY,
    );
    window_event_listener_untyped("visibilitychange", move |_| looked_at(state));
    window_event_listener_untyped("focus", move |_| looked_at(state));
    window_event_listener_untyped("storage", move |event| {
        let told = event.dyn_ref::<StorageEvent>().and_then(StorageEvent::key);
        if told.as_deref() == Some(TOLD) && !browser::is_hidden() {
            reload(state);
        }
    });
    prepare_rows();
    seen(state);
}

/// Says of the buttons of rows that they open a menu, which they do where this script runs.
fn prepare_rows() {
    let Ok(buttons) = document().query_selector_all(".history .row-more") else { return };
    for at in 0..buttons.length() {
        if let Some(button) = buttons.item(at).and_then(|button| button.dyn_into::<Element>().ok()) {
            let _ = button.set_attribute("role", "button");
            let _ = button.set_attribute("aria-haspopup", "menu");
        }
    }
}

/// Something in the list was changed here: reads it again, here and in the other tabs that somebody looks at.
pub(super) fn changed(state: PageState) {
    browser::store(TOLD, &browser::random_key());
    reload(state);
}

fn looked_at(state: PageState) {
    if browser::is_hidden() {
        return;
    }
    if let Some(title) = document().title().strip_prefix(MARK) {
        set_tab(title);
        seen(state);
    }
    reload(state);
}

/// An answer has ended on this page.
pub(super) fn answered(state: PageState) {
    if browser::is_hidden() {
        let title = document().title();
        if !title.starts_with(MARK) {
            set_tab(&format!("{MARK}{title}"));
        }
    } else {
        seen(state);
    }
    reload(state);
}

/// Tells the server that the conversation on the page has been seen.
pub(super) fn seen(state: PageState) {
    let id = state.conversation().filter(|_| !browser::is_hidden() && !temporary::is_on());
    let Some(id) = id else { return };
    if let Some(mark) = row(&id).and_then(|row| row.query_selector(".unread").ok().flatten()) {
        mark.remove();
    }
    spawn_local(async move {
        if let Some(fields) = request::fields(&[("conversation_id", &id)]) {
            let _ = request::post("/fn/seen", &fields).await;
        }
    });
}

/// Reads the list again.
pub(super) fn reload(state: PageState) {
    spawn_local(async move {
        let Ok(list) = request::get("/fn/list").await else { return };
        let (Some(html), Some(place)) = (list.as_text(), find(".sidebar .history")) else { return };
        // A row that has no address yet is not in the server's list.
        let same = LIST.with_borrow(|list| *list == html);
        if same || find(NEW).or_else(|| find(".history .row-title")).is_some() {
            return;
        }
        let focused = document().active_element().and_then(|active| active.get_attribute("href"));
        let inside = document().active_element().is_some_and(|active| place.contains(Some(&active)));
        place.set_inner_html(&html);
        prepare_rows();
        LIST.set(html);
        if let Some(row) = state.conversation().as_deref().and_then(row) {
            let _ = row.set_attribute("aria-current", "page");
        }
        let again = focused.filter(|_| inside).and_then(|path| find(&format!(".history a[href=\"{path}\"]")));
        if let Some(again) = again.and_then(|again| again.dyn_into::<HtmlElement>().ok()) {
            let _ = again.focus();
        }
    });
}
