//! Behind an `@` in the composer of a room, a list offers whom one may mention. The server makes the list.

use std::cell::Cell;

use leptos::{ev, task::spawn_local};
use web_sys::{Element, Event, HtmlElement, HtmlTextAreaElement};

use super::{browser, drafts, elements::found, elements::set_hidden, field, request, state::PageState};
use crate::ui::keys::KeyPress;

/// How long nothing is typed before the list is asked for, in milliseconds.
const PAUSE: i32 = 120;
/// No name is longer, in characters.
const LONGEST: usize = 40;

thread_local! {
    /// Which request for a list was the last: an earlier one that comes later is not shown.
    static ASKED: Cell<u32> = const { Cell::new(0) };
}

fn list() -> Option<HtmlElement> {
    found("#mention-list")
}

fn is_open() -> bool {
    list().is_some_and(|list| !list.has_attribute("hidden"))
}

/// What stands between the last `@` that begins a word and the cursor.
fn typed(field: &HtmlTextAreaElement) -> Option<String> {
    let text = before_cursor(field)?;
    let (before, name) = text.rsplit_once('@')?;
    let begins = before.chars().next_back().is_none_or(|c| !c.is_alphanumeric());
    let is_name = !name.contains('\n') && name.chars().count() <= LONGEST && !name.ends_with("  ");
    (begins && is_name).then(|| name.to_owned())
}

/// The cursor's place is counted as JavaScript counts.
fn before_cursor(field: &HtmlTextAreaElement) -> Option<String> {
    let at = field.selection_start().ok().flatten()?;
    let units: Vec<u16> = field.value().encode_utf16().take(at as usize).collect();
    Some(String::from_utf16_lossy(&units))
}

/// Something was typed, or the cursor went elsewhere.
pub(super) fn on_input(state: PageState) {
    let number = ASKED.get().wrapping_add(1);
    ASKED.set(number);
    let name = field::composer().filter(|_| state.is_room()).and_then(|field| typed(&field));
    let (Some(name), Some(id)) = (name, state.conversation()) else { return close() };
    spawn_local(async move {
        browser::sleep(PAUSE).await;
        if ASKED.get() != number {
            return;
        }
        let path = format!("/fn/mentions?conversation={id}&q={}", js_sys::encode_uri_component(&name));
        let Ok(html) = request::get(&path).await else { return };
        if ASKED.get() == number {
            show(&html.as_text().unwrap_or_default());
        }
    });
}

fn show(html: &str) {
    let (Some(list), Some(field)) = (list(), field::composer()) else { return };
    if html.is_empty() {
        return close();
    }
    list.set_inner_html(html);
    set_hidden(&list, false);
    let _ = field.set_attribute("aria-controls", "mention-list");
    point_at(&field, list.first_element_child());
}

pub(super) fn close() {
    // A list that is on its way stays away, too.
    ASKED.set(ASKED.get().wrapping_add(1));
    let (Some(list), Some(field)) = (list(), field::composer()) else { return };
    set_hidden(&list, true);
    let _ = field.remove_attribute("aria-controls");
    let _ = field.remove_attribute("aria-activedescendant");
}

fn chosen() -> Option<Element> {
    list()?.query_selector("[aria-selected=true]").ok().flatten()
}

fn point_at(field: &HtmlTextAreaElement, option: Option<Element>) {
    let Some(option) = option else { return };
    if let Some(old) = chosen() {
        let _ = old.set_attribute("aria-selected", "false");
    }
    let _ = option.set_attribute("aria-selected", "true");
    let _ = field.set_attribute("aria-activedescendant", &option.id());
    option.scroll_into_view_with_bool(false);
}

/// A key in the composer; answers whether the list took it.
pub(super) fn on_key(state: PageState, press: &KeyPress, event: &ev::KeyboardEvent) -> bool {
    let (true, Some(field)) = (is_open(), field::composer()) else { return false };
    let list = list();
    let taken = if press.is("ArrowDown") {
        let next = chosen().and_then(|option| option.next_element_sibling());
        point_at(&field, next.or_else(|| list?.first_element_child()));
        true
    } else if press.is("ArrowUp") {
        let previous = chosen().and_then(|option| option.previous_element_sibling());
        point_at(&field, previous.or_else(|| list?.last_element_child()));
        true
    } else if press.is("Escape") {
        close();
        true
    } else if press.is("Enter") && !press.shift || press.is("Tab") {
        chosen().is_some_and(|option| take(state, &option))
    } else {
        false
    };
    if taken {
        event.prevent_default();
    }
    taken
}

/// A click on one of the list.
pub(super) fn on_option(state: PageState, option: &Element, event: &Event) {
    event.prevent_default();
    take(state, option);
    if let Some(field) = field::composer() {
        let _ = field.focus();
    }
}

/// Puts the name in place of what was typed of it.
fn take(state: PageState, option: &Element) -> bool {
    let name = option.get_attribute("data-mention");
    let field = field::composer();
    let (Some(name), Some(field)) = (name, field) else { return false };
    let (Some(before), Some(part)) = (before_cursor(&field), typed(&field)) else { return false };
    let text = field.value();
    let kept = before.strip_suffix(&*part).unwrap_or(&before);
    let after = text.strip_prefix(&*before).unwrap_or_default();
    let start = format!("{kept}{name} ");
    let at = u32::try_from(start.encode_utf16().count()).unwrap_or_default();
    let text = format!("{start}{}", after.trim_start_matches(' '));
    field.set_value(&text);
    let _ = field.set_selection_range(at, at);
    drafts::store_draft(state, &text);
    close();
    true
}
