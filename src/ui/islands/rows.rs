//! What is done with a row of the list: its menu, and the field in which its title is changed in its place. The server made
//! one menu and one field for all rows.

use std::cell::RefCell;

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, KeyboardEvent, Node};

use super::{
    elements::copy_of_template, elements::found, request, sidebar, state::PageState, state::Undoable, steer,
    toast,
};
use crate::ui::keys::KeyPress;

thread_local! {
    /// The conversation whose menu is open.
    static OPEN: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The attribute of a field that is on its way out, because its removal is one more reason to leave it.
const LEAVING: &str = "data-leaving";

fn menu() -> Option<HtmlElement> {
    document().get_element_by_id("row-menu")?.dyn_into().ok()
}

/// The button of the row whose menu is open.
fn opener() -> Option<HtmlElement> {
    let id = OPEN.with_borrow(Clone::clone)?;
    found(&format!(".history a[href=\"/c/{id}/settings\"]"))
}

/// A click on the button of a row.
pub(super) fn on_more(_: PageState, more: &Element, event: &Event) {
    event.prevent_default();
    let id = more.get_attribute("href");
    let id = id.and_then(|path| Some(path.strip_prefix("/c/")?.strip_suffix("/settings")?.to_owned()));
    let again = OPEN.with_borrow(|open| *open == id);
    close(again);
    let (Some(menu), false) = (menu(), again) else { return };
    let pinned = more.closest("[data-day=day-pinned]").is_ok_and(|group| group.is_some());
    for item in items(&menu) {
        let act = item.get_attribute("data-row");
        let other = if pinned { "pin" } else { "unpin" };
        item.set_hidden(act.as_deref() == Some(other));
    }
    let _ = menu.show_popover();
    OPEN.set(id);
    let _ = more.set_attribute("aria-expanded", "true");
    let place = more.get_bounding_client_rect();
    let (below, room) =
        (place.bottom() as i32, document().document_element().map_or(0, |page| page.client_height()));
    let above = below + menu.offset_height() > room;
    let top = if above { place.top() as i32 - menu.offset_height() } else { below };
    let left = place.right() as i32 - menu.offset_width();
    let _ = menu.style().set_property("top", &format!("{}px", top.max(0)));
    let _ = menu.style().set_property("left", &format!("{}px", left.max(0)));
    if let Some(first) = shown(&menu).first() {
        let _ = first.focus();
    }
}

fn items(menu: &HtmlElement) -> Vec<HtmlElement> {
    let children = menu.children();
    (0..children.length()).filter_map(|at| children.item(at)?.dyn_into().ok()).collect()
}

fn shown(menu: &HtmlElement) -> Vec<HtmlElement> {
    items(menu).into_iter().filter(|item| !item.hidden()).collect()
}

/// Closes the menu; `back`: and moves the focus to the button that had opened it.
fn close(back: bool) {
    let opener = opener();
    if OPEN.take().is_none() {
        return;
    }
    if let Some(menu) = menu() {
        let _ = menu.hide_popover();
    }
    if let Some(opener) = opener {
        let _ = opener.remove_attribute("aria-expanded");
        if back {
            let _ = opener.focus();
        }
    }
}

/// Closes the menu when a click or the focus is elsewhere.
pub(super) fn close_unless_in(event: &Event) {
    let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
    let inside =
        |element: Option<HtmlElement>| element.is_some_and(|element| element.contains(target.as_ref()));
    if !inside(menu()) && !inside(opener()) {
        close(false);
    }
}

/// A key in the menu, on its button or in the field of a title; answers whether nothing else may act on it.
pub(super) fn on_key(state: PageState, event: &KeyboardEvent, press: &KeyPress) -> bool {
    let Some(active) = document().active_element() else { return false };
    if let Some(field) = active.dyn_ref::<HtmlInputElement>().filter(|field| is_title(field)) {
        let (save, restore) = (press.is("Enter"), press.is("Escape"));
        if save || restore {
            event.prevent_default();
            leave(state, field, save, true);
        }
        return save || restore;
    }
    if active.class_list().contains("row-more") && press.is(" ") {
        event.prevent_default();
        active.unchecked_ref::<HtmlElement>().click();
        return true;
    }
    let Some(menu) = menu().filter(|menu| menu.contains(Some(&active))) else { return false };
    let items = shown(&menu);
    let at = items.iter().position(|item| item.is_same_node(Some(&active))).unwrap_or_default();
    let wanted = match &*press.key {
        "ArrowDown" => (at + 1) % items.len().max(1),
        "ArrowUp" => at.checked_sub(1).unwrap_or(items.len().saturating_sub(1)),
        "Home" => 0,
        "End" => items.len().saturating_sub(1),
        "Escape" => {
            event.prevent_default();
            close(true);
            return true;
        }
        "Tab" => {
            // From the button the browser goes on to what is next.
            close(true);
            return true;
        }
        _ => return true,
    };
    event.prevent_default();
    if let Some(item) = items.get(wanted) {
        let _ = item.focus();
    }
    true
}

/// A click on a line of the menu.
pub(super) fn on_item(state: PageState, item: &Element, _: &Event) {
    let Some(id) = OPEN.with_borrow(Clone::clone) else { return };
    close(true);
    match item.get_attribute("data-row").as_deref() {
        Some("rename") => begin_title(&id),
        Some("pin") => change(state, id, "/fn/pin", ("pinned", "true")),
        Some("unpin") => change(state, id, "/fn/pin", ("pinned", "false")),
        Some("archive") => change(state, id, "/fn/archive", ("archived", "true")),
        _ => steer::delete_by_id(state, id),
    }
}

fn change(state: PageState, id: String, action: &'static str, (name, value): (&'static str, &'static str)) {
    spawn_local(async move {
        let Some(fields) = request::fields(&[("conversation_id", &id), (name, value)]) else { return };
        match request::post(action, &fields).await {
            Ok(_) => {
                if name == "archived" {
                    sidebar::remove_row(&id);
                    toast::show(state, Undoable::ConversationArchived(id));
                }
                sidebar::changed(state);
            }
            Err(refused) => state.show_refusal(refused),
        }
    });
}

fn is_title(field: &HtmlInputElement) -> bool {
    field.class_list().contains("row-title")
}

/// Puts a field in place of a row's title.
fn begin_title(id: &str) {
    let (Some(row), Some(field)) = (sidebar::row(id), copy_of_template("row-title")) else { return };
    let (Ok(field), Some(list)) = (field.dyn_into::<HtmlInputElement>(), row.parent_element()) else {
        return;
    };
    field.set_value(&sidebar::title_in(&row));
    let _ = list.insert_before(&field, Some(&row));
    row.set_hidden(true);
    let _ = field.focus();
    field.select();
}

/// The focus leaves the field of a title: what was typed counts.
pub(super) fn on_leave(state: PageState, field: &Element, _: &Event) {
    if let Some(field) = field.dyn_ref() {
        leave(state, field, true, false);
    }
}

/// Puts the row in place of the field again, with the new title if it is to be saved; `back`: the focus goes to the row.
fn leave(state: PageState, field: &HtmlInputElement, save: bool, back: bool) {
    let row = field.next_element_sibling().and_then(|row| row.dyn_into::<HtmlElement>().ok());
    let (Some(row), false) = (row, field.has_attribute(LEAVING)) else { return };
    let _ = field.set_attribute(LEAVING, "");
    let (old, new) = (sidebar::title_in(&row), field.value().trim().to_owned());
    row.set_hidden(false);
    if back {
        let _ = row.focus();
    }
    field.remove();
    let id = row.get_attribute("href").and_then(|path| Some(path.strip_prefix("/c/")?.to_owned()));
    let Some(id) = id.filter(|_| save && !new.is_empty() && new != old) else { return };
    sidebar::show_title(state, &id, &new);
    spawn_local(async move {
        let Some(fields) = request::fields(&[("conversation_id", &id), ("title", &new)]) else { return };
        match request::post("/fn/rename", &fields).await {
            Ok(_) => sidebar::changed(state),
            Err(refused) => {
                sidebar::show_title(state, &id, &old);
                state.show_refusal(refused);
            }
        }
    });
}
