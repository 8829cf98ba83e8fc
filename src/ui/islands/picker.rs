//! Choosing in a sheet: a model for what is asked next or for an answer that is written again, a favourite; and the search
//! in a sheet's rows.

use std::cell::Cell;

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement};

use super::{field, overlay, request, state::PageState, steer};
use crate::ui::keys::KeyPress;

/// What the answer to the search in the palette is awaited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Nothing,
    Rows,
    /// Enter was pressed meanwhile: the first row is to be taken.
    First,
}

thread_local! {
    /// Counts what was typed, because an earlier answer may come after a later one.
    static TYPED: Cell<u32> = const { Cell::new(0) };
    static WANTED: Cell<Wanted> = const { Cell::new(Wanted::Nothing) };
}

/// A click on the button with the name of the model.
pub(super) fn on_open(state: PageState, _: &Element, _: &Event) {
    let chosen = state.model.get_untracked().unwrap_or_default();
    overlay::open(state, format!("/fn/sheet/models?chosen={}", js_sys::encode_uri_component(&chosen)));
}

/// A click on a model.
pub(super) fn on_model(state: PageState, button: &Element, _: &Event) {
    let Some(model) = button.get_attribute("data-model") else { return };
    overlay::close();
    if let Some(answer_id) = button.get_attribute("data-answer") {
        return steer::retry_with(state, answer_id, model);
    }
    state.model.set(Some(model));
    state.model_label.set(button.get_attribute("data-label"));
    field::focus();
}

/// A click on the star of a model.
pub(super) fn on_favourite(state: PageState, button: &Element, _: &Event) {
    let Some(model) = button.get_attribute("data-favourite") else { return };
    let on = button.get_attribute("aria-pressed").as_deref() != Some("true");
    let on = if on { "true" } else { "false" };
    let _ = button.set_attribute("aria-pressed", on);
    spawn_local(async move {
        let Some(fields) = request::fields(&[("model", &model), ("on", on)]) else { return };
        if let Err(refused) = request::post("/fn/set-favourite", &fields).await {
            state.show_refusal(refused);
        }
    });
}

/// Shows the models only that hold all words that are typed.
pub(super) fn on_search(_: PageState, field: &Element, _: &Event) {
    let Some(field) = field.dyn_ref::<HtmlInputElement>() else { return };
    let sought = field.value().to_lowercase();
    let words: Vec<&str> = sought.split_whitespace().collect();
    let mut any = false;
    for row in all_found("#sheet .picker-row") {
        let text = row.get_attribute("data-sought").unwrap_or_default();
        let fits = words.iter().all(|word| text.contains(word));
        any |= fits;
        row.unchecked_ref::<HtmlElement>().set_hidden(!fits);
    }
    for group in all_found("#sheet .picker-list > section") {
        let empty = group.query_selector(".picker-row:not([hidden])").is_ok_and(|row| row.is_none());
        group.unchecked_ref::<HtmlElement>().set_hidden(empty);
    }
    for none in all_found("#sheet .picker-none") {
        none.unchecked_ref::<HtmlElement>().set_hidden(any);
    }
}

/// Asks the server for the rows that fit what is typed.
pub(super) fn on_palette(state: PageState, field: &Element, _: &Event) {
    let Some(field) = field.dyn_ref::<HtmlInputElement>() else { return };
    let path = format!("/fn/sheet/palette?rows=true&q={}", js_sys::encode_uri_component(&field.value()));
    let typed = TYPED.get() + 1;
    TYPED.set(typed);
    WANTED.set(Wanted::Rows);
    let field = field.clone();
    spawn_local(async move {
        let rows = request::get(&path).await;
        if typed != TYPED.get() {
            return;
        }
        let wanted = WANTED.replace(Wanted::Nothing);
        match rows {
            Ok(rows) => {
                let place = document().get_element_by_id("palette-rows").filter(|_| field.is_connected());
                let Some(place) = place else { return };
                place.set_inner_html(&rows.as_text().unwrap_or_default());
                if wanted == Wanted::First {
                    take_first();
                }
            }
            Err(refused) => state.show_refusal(refused),
        }
    });
}

/// What is to be chosen from, in order.
fn rows() -> Vec<Element> {
    all_found("#sheet .picker-row:not([hidden])")
        .into_iter()
        .map(|row| row.query_selector(".picker-name[data-model]").ok().flatten().unwrap_or(row))
        .collect()
}

fn take_first() {
    if let Some(first) = rows().first() {
        first.unchecked_ref::<HtmlElement>().click();
    }
}

/// Arrows move between the field and the rows of a sheet, and Enter in the field takes the first row: while the server is
/// asked for the rows, the first of those that come.
pub(super) fn on_key(press: &KeyPress) -> bool {
    let rows = rows();
    let field = document().query_selector("#sheet .picker > input").ok().flatten();
    let (Some(field), Some(active)) = (field, document().active_element()) else { return false };
    let at = rows.iter().position(|row| row.is_same_node(Some(&active)));
    let in_field = active.is_same_node(Some(&field));
    let (down, up) = (press.is("ArrowDown"), press.is("ArrowUp"));
    let wanted = match at {
        _ if in_field && press.is("Enter") => {
            match WANTED.get() {
                Wanted::Nothing => take_first(),
                _ => WANTED.set(Wanted::First),
            }
            return true;
        }
        _ if in_field && down => rows.first(),
        Some(at) if down => rows.get(at + 1),
        Some(0) if up => Some(&field),
        Some(at) if up => rows.get(at - 1),
        _ => return false,
    };
    if let Some(wanted) = wanted {
        let _ = wanted.unchecked_ref::<HtmlElement>().focus();
    }
    true
}

fn all_found(selector: &str) -> Vec<Element> {
    let Ok(all) = document().query_selector_all(selector) else { return Vec::new() };
    (0..all.length()).filter_map(|at| all.item(at)?.dyn_into().ok()).collect()
}
