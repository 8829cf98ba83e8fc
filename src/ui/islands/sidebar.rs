//! The parts of the page around the thread that tell which conversation is on it: the list, the bar, the browser's tab.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, StorageEvent};

use super::{
    browser, elements::copy_of_template, elements::found, request, state::PageState, tab, temporary, tools,
};

/// The link in the row of a conversation.
pub(super) fn row(conversation_id: &str) -> Option<HtmlElement> {
    found(&format!(".history a[href=\"/c/{conversation_id}\"]"))
}

/// The link in the row of a new conversation, which has no address yet.
const NEW: &str = ".history a:not([href], .row-more)";

/// Marks the row of the conversation on the page, and brings it into view.
pub(super) fn mark_current(conversation_id: Option<&str>) {
    let row = conversation_id.and_then(row);
    mark(row.as_deref());
    if let Some(row) = row {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        row.scroll_into_view_with_scroll_into_view_options(&options);
    }
    // On a phone the list covers the thread.
    if let Some(open) = found("#open-sidebar").and_then(|open| open.dyn_into::<HtmlInputElement>().ok()) {
        open.set_checked(false);
    }
}

/// Puts a row for a new conversation first in the list; it has no address until [`name_row`] gives it one.
pub(super) fn add_row(title: &str) {
    let (Some(row), Some(list)) = (copy_of_template("new-row"), found(".history")) else { return };
    let link = row.query_selector("a").ok().flatten();
    if let Some(link) = &link {
        title_row(link, title);
    }
    let today = found(".history [data-day=day-today] ul");
    let list = match today {
        Some(today) => today,
        None => {
            let Some(group) = copy_of_template("new-group") else { return };
            let before = found(".history > .group:not([data-day=day-pinned], [data-rooms])");
            let _ = list.insert_before(&group, before.as_ref().map(AsRef::as_ref));
            let Some(today) = group.query_selector("ul").ok().flatten() else { return };
            today.unchecked_into()
        }
    };
    let _ = list.insert_before(&row, list.first_child().as_ref());
    prepare_rows();
    mark(link.as_ref());
}

/// Marks the link of the conversation on the page, and no other.
fn mark(link: Option<&Element>) {
    if let Some(old) = found(".history a[aria-current]") {
        let _ = old.remove_attribute("aria-current");
    }
    if let Some(link) = link {
        let _ = link.set_attribute("aria-current", "page");
    }
}

/// Gives the new row its address.
pub(super) fn name_row(conversation_id: &str) {
    if let Some(link) = found(NEW) {
        let _ = link.set_attribute("href", &format!("/c/{conversation_id}"));
        if let Some(more) = link.next_element_sibling() {
            let _ = more.set_attribute("href", &format!("/c/{conversation_id}/settings"));
            let _ = more.remove_attribute("hidden");
        }
    }
}

/// Removes the new row of a conversation that did not begin.
pub(super) fn remove_new_row() {
    if let Some(row) = found(NEW).and_then(|link| link.parent_element()) {
        row.remove();
    }
}

/// Removes the row of a conversation that is gone.
pub(super) fn remove_row(conversation_id: &str) {
    let Some(row) = row(conversation_id).and_then(|link| link.closest("li").ok().flatten()) else { return };
    let focused = document().active_element().is_some_and(|active| row.contains(Some(&active)));
    let near = row.next_element_sibling().or_else(|| row.previous_element_sibling());
    row.remove();
    let near = near.and_then(|near| near.query_selector(".row-more").ok()??.dyn_into().ok());
    let near = near.or_else(|| found(".history .row-more")).or_else(|| found(".new-conversation"));
    if let Some(near) = near.filter(|_| focused) {
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
    let tab = document().title();
    if let Some((_, site)) = tab.rsplit_once(" · ") {
        tab::set(state, &format!("{title} · {site}"));
    }
    if let Some(row) = state.conversation().and_then(|id| row(&id)) {
        title_row(&row, title);
    }
    if let Some(heading) = found(".top-bar h1") {
        heading.set_text_content(Some(title));
    }
    if let Some(field) = found(".top-bar input[name=title]") {
        // The attribute is what the field shows until somebody types into it, so nothing that was typed is lost.
        let _ = field.set_attribute("value", title);
    }
}

/// Puts the server's bar in place of the one that is there, unless somebody uses it.
pub(super) fn show_bar(state: PageState, html: &str, title: &str) {
    tab::set(state, title);
    if found(".top-bar:focus-within, .top-bar:has(details[open])").is_none() {
        put_bar(html);
    }
}

/// Puts the bar of another conversation in place of the one that is there.
pub(super) fn replace_bar(html: &str, title: &str) {
    document().set_title(&tab::counted(title));
    put_bar(html);
}

fn put_bar(html: &str) {
    if let Some(bar) = found(".top-bar") {
        bar.set_outer_html(html);
        tools::show();
    }
}

/// How often the list is read again while somebody looks at it.
const EVERY: Duration = Duration::from_secs(20);
/// What is stored, each time as another text, so that other tabs hear of it.
const TOLD: &str = "list";
/// The same when something was seen, of which only those tabs hear that count something.
const READ: &str = "read";
/// How long a message of a room is waited with until it is noted as seen or counted, in milliseconds.
const NOTED_AFTER: i32 = 3_000;

thread_local! {
    /// The list as the server sent it last.
    static LIST: RefCell<String> = const { RefCell::new(String::new()) };
    /// [`heard`] is about to note something.
    static NOTED: Cell<bool> = const { Cell::new(false) };
    /// The conversation of which somebody has seen something that the server has not been told of yet.
    static SEEN: RefCell<Option<String>> = const { RefCell::new(None) };
    /// How many times the list was asked for, and which of the answers is on the page.
    static ASKED: Cell<u32> = const { Cell::new(0) };
    static SHOWN: Cell<u32> = const { Cell::new(0) };
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
        match told.as_deref() {
            Some(TOLD) if !browser::is_hidden() => reload(state),
            Some(READ) if !tab::told().is_empty() || found(".sidebar .unread-count").is_some() => {
                reload(state)
            }
            _ => {}
        }
    });
    window_event_listener_untyped("pagehide", |_| note_seen_and_go());
    prepare_rows();
    tab::begin();
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
        return note_seen_and_go();
    }
    let unread = state.unread.get_value();
    state.unread.set_value(false);
    if state.marked.get_value() || unread {
        state.marked.set_value(false);
        tab::unmark();
        // It reads the list, too, once what is on the page counts no more.
        return seen_here(state);
    }
    reload(state);
}

/// Somebody wrote in the room on this page. Many messages are noted together.
pub(super) fn heard(state: PageState) {
    if browser::is_hidden() {
        // The title of the tab counts it.
        state.unread.set_value(true);
    } else if let Some(id) = state.conversation().filter(|_| state.follows.get_value()) {
        SEEN.set(Some(id));
    }
    if NOTED.replace(true) {
        return;
    }
    spawn_local(async move {
        browser::sleep(browser::spread(NOTED_AFTER)).await;
        NOTED.set(false);
        note_seen();
        if browser::is_hidden() {
            reload(state);
        }
    });
}

/// Tells the server what somebody has seen here, before something else is on the page.
pub(super) fn note_seen() {
    if let Some(id) = SEEN.take() {
        spawn_local(async move { post_seen(&id).await });
    }
}

/// The same where the page may be gone in the next moment: the browser sends it all the same.
fn note_seen_and_go() {
    if let Some(fields) = SEEN.take().and_then(|id| request::fields(&[("conversation_id", &id)])) {
        let _ = window().navigator().send_beacon_with_opt_url_search_params("/fn/seen", Some(&fields));
    }
}

/// An answer has ended on this page.
pub(super) fn answered(state: PageState) {
    if browser::is_hidden() {
        if !state.marked.get_value() {
            state.marked.set_value(true);
            tab::set(state, &document().title());
        }
        return reload(state);
    }
    // The list is read after that, so that it does not say that the answer is new.
    seen_here(state);
}

/// Tells the server that the conversation on the page has been seen.
pub(super) fn seen(state: PageState) {
    spawn_local(async move {
        tell_seen(state).await;
        // What is unread in a room is counted in the list, and in the title of the tab.
        if state.is_room() {
            reload(state);
        }
    });
}

fn seen_here(state: PageState) {
    spawn_local(async move {
        tell_seen(state).await;
        reload(state);
    });
}

async fn tell_seen(state: PageState) {
    // On a page of older messages the newest were not seen.
    let looks = !browser::is_hidden() && !temporary::is_on() && state.follows.get_value();
    let Some(id) = state.conversation().filter(|_| looks) else { return };
    SEEN.set(None);
    if let Some(mark) = row(&id).and_then(|row| row.query_selector(".unread, .unread-count").ok().flatten()) {
        mark.remove();
    }
    post_seen(&id).await;
}

async fn post_seen(id: &str) {
    let Some(fields) = request::fields(&[("conversation_id", id)]) else { return };
    if request::post("/fn/seen", &fields).await.is_ok() {
        browser::store(READ, &browser::random_key());
    }
}

/// The link to all rooms stands above the list, and comes with it.
fn show_rooms_link() {
    let (Some(new), Some(old)) = (copy_of_template("rooms-link"), found(".side-link[href='/rooms']")) else {
        return;
    };
    let focused = document().active_element().is_some_and(|active| active.is_same_node(Some(&old)));
    if !focused && old.outer_html() != new.outer_html() {
        let _ = old.replace_with_with_node_1(&new);
    }
}

/// Reads the list again.
pub(super) fn reload(state: PageState) {
    spawn_local(async move {
        // What nobody looks at is counted, too.
        let looked_at = state.conversation().filter(|_| !browser::is_hidden() && state.follows.get_value());
        let number = ASKED.get() + 1;
        ASKED.set(number);
        let path = format!("/fn/list?current={}", looked_at.unwrap_or_default());
        let Ok(list) = request::get(&path).await else { return };
        // What was asked for later is newer.
        if number < SHOWN.get() {
            return;
        }
        SHOWN.set(number);
        let (Some(html), Some(place)) = (list.as_text(), found(".sidebar .history")) else { return };
        // A row that has no address yet is not in the server's list.
        let same = LIST.with_borrow(|list| *list == html);
        if same || found(NEW).or_else(|| found(".history .row-title")).is_some() {
            return;
        }
        let focused = document().active_element().and_then(|active| active.get_attribute("href"));
        let inside = document().active_element().is_some_and(|active| place.contains(Some(&active)));
        place.set_inner_html(&html);
        show_rooms_link();
        prepare_rows();
        LIST.set(html);
        mark(state.conversation().as_deref().and_then(row).as_deref());
        tab::set(state, &document().title());
        let again =
            focused.filter(|_| inside).and_then(|path| found(&format!(".history a[href=\"{path}\"]")));
        if let Some(again) = again {
            let _ = again.focus();
        }
    });
}
