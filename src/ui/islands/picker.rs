//! Choosing in a sheet: a model for what is asked next or for an answer that is written again, a favourite; and the search
//! in a sheet's rows.

use std::cell::Cell;

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement};

use super::{field, overlay, request, state::PageState, steer};

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
    thread_local! {
        /// Counts what was typed, because an earlier answer may come after a later one.
        static TYPED: Cell<u32> = const { Cell::new(0) };
    }
    let Some(field) = field.dyn_ref::<HtmlInputElement>() else { return };
    let path = format!("/fn/sheet/palette?rows=true&q={}", js_sys::encode_uri_component(&field.value()));
    let typed = TYPED.get() + 1;
    TYPED.set(typed);
    spawn_local(async move {
        let rows = request::get(&path).await;
        if typed != TYPED.get() {
            return;
        }
        match rows {
            Ok(rows) => {
                if let Some(place) = document().get_element_by_id("palette-rows") {
                    place.set_inner_html(&rows.as_text().unwrap_or_default());
                }
            }
            Err(refused) => state.show_refusal(refused),
        }
    });
}

/// Arrows move between the field and the rows of a sheet, and Enter in the field takes the first row.
pub(super) fn on_key(key: &str) -> bool {
    let rows: Vec<Element> = all_found("#sheet .picker-row:not([hidden])")
        .into_iter()
        .map(|row| row.query_selector(".picker-name[data-model]").ok().flatten().unwrap_or(row))
        .collect();
    let field = document().query_selector("#sheet .picker > input").ok().flatten();
    let (Some(field), Some(active)) = (field, document().active_element()) else { return false };
    let at = rows.iter().position(|row| row.is_same_node(Some(&active)));
    let in_field = active.is_same_node(Some(&field));
    let wanted = match (key, at, in_field) {
        ("Enter", _, true) => {
            if let Some(first) = rows.first() {
                first.unchecked_ref::<HtmlElement>().click();
            }
            return true;
        }
        ("ArrowDown", _, true) => rows.first(),
        ("ArrowDown", Some(at), _) => rows.get(at + 1),
        ("ArrowUp", Some(0), _) => Some(&field),
        ("ArrowUp", Some(at), _) => rows.get(at - 1),
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
