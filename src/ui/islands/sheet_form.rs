//! The forms in sheets, which a script sends.

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement};

use super::{
    field, overlay, refresh, request, request::Refused, sidebar, state::Fetched, state::PageState, steer,
};

/// Sends the form of a sheet. What is refused is said below its field, and nothing that was typed is lost.
pub(super) fn submit(state: PageState, form: &Element, event: &Event) {
    let Some(steer::Sent { action, body, .. }) = steer::sent(form, event) else { return };
    let form = form.clone();
    spawn_local(async move {
        match request::post(&action, &body).await {
            Ok(_) => {
                state.spoken.set(form.get_attribute("data-saved").unwrap_or_default());
                overlay::close();
                field::focus();
                saved(state).await;
            }
            Err(refused) => refuse(&form, refused),
        }
    });
}

/// The bar shows what is chosen now.
async fn saved(state: PageState) {
    if state.follows.get_value() {
        return refresh::refresh(state);
    }
    if state.conversation().is_none()
        && let Ok(json) = request::get("/fn/part").await
        && let Some(fetched) = Fetched::read(&json)
        && state.conversation().is_none()
    {
        sidebar::show_bar(state, &fetched.bar, &fetched.title);
    }
}

fn refuse(form: &Element, refused: Refused) {
    let Ok(Some(sentence)) = form.query_selector(".field-error") else { return };
    if let Ok(Some(before)) = form.query_selector("[aria-invalid]") {
        let _ = before.remove_attribute("aria-invalid");
    }
    let name = refused.field.trim_start_matches("params.").to_owned();
    sentence.set_text_content(Some(&refused.sentence()));
    let _ = sentence.remove_attribute("hidden");
    if let Ok(Some(field)) = form.query_selector(&format!("[name=\"{name}\"]"))
        && !name.is_empty()
    {
        let _ = field.set_attribute("aria-invalid", "true");
        let _ = field.set_attribute("aria-errormessage", "field-error");
        let _ = field.insert_adjacent_element("afterend", &sentence);
        let _ = field.unchecked_into::<HtmlElement>().focus();
    }
}
