//! Changes of the conversation that are sent from the page without leaving it, so that a refusal or a lost connection
//! loses no text: edit, retry, continue, choose a version, delete; and Stop.

use leptos::{ev, prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{FormData, Headers, HtmlElement, HtmlFormElement, RequestInit, Response, UrlSearchParams};

use super::{browser, drafts, page, reload, state::ChatState};
use crate::{
    api,
    error::{AppError, Refusal},
    ui::pending::PendingRequest,
};

/// Sends a form of the thread, and opens the page that the server answers.
pub(super) fn submit(state: ChatState, event: ev::SubmitEvent) {
    let Some(form) = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok()) else {
        return;
    };
    event.prevent_default();
    let button = event.submitter();
    let action = button.as_ref().and_then(|button| button.get_attribute("formaction"));
    let action = action.or_else(|| form.get_attribute("action")).unwrap_or_default();
    let Some(body) = fields(&form, button).filter(|_| !state.steering.get_value()) else {
        return;
    };
    state.steering.set_value(true);
    state.alert.set(None);
    set_key(state, &action, &body);
    spawn_local(async move {
        let answer = post(&action, &body).await;
        match answer.unwrap_or(Err(AppError::Unreachable.into())) {
            Ok(path) => {
                state.pending_change.update_value(PendingRequest::confirm);
                if let Some(field) = drafts::edit_field(&form) {
                    drafts::remove_edit(state, &field);
                }
                state.leaving.set_value(true);
                page::navigate(&path);
            }
            Err(refusal) => {
                state.show_refusal(refusal);
                state.steering.set_value(false);
                if state.stale.get_value() {
                    reload::reload(state);
                }
            }
        }
    });
}

/// The form's fields, and the button that sent it.
fn fields(form: &HtmlFormElement, button: Option<HtmlElement>) -> Option<UrlSearchParams> {
    let data = FormData::new_with_form(form).ok()?;
    let fields = UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
    if let Some(button) = button
        && let (Some(name), Some(value)) = (button.get_attribute("name"), button.get_attribute("value"))
    {
        fields.append(&name, &value);
    }
    Some(fields)
}

/// Sets the idempotency key of this action with these fields, in place of the page's own key, which is for browsers
/// without a script.
fn set_key(state: ChatState, action: &str, body: &UrlSearchParams) {
    body.delete("key");
    let content = format!("{action} {}", String::from(body.to_string()));
    let key = state.pending_change.try_update_value(|pending| pending.key(&content, browser::random_key));
    body.append("key", &key.unwrap_or_default());
}

/// The address to open, or the server's refusal. The outer error means that no answer came.
async fn post(action: &str, body: &UrlSearchParams) -> Result<Result<String, Refusal>, JsValue> {
    let headers = Headers::new()?;
    headers.set("accept", "application/json")?;
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_headers(&headers);
    request.set_body(body);
    let response: Response =
        JsFuture::from(window().fetch_with_str_and_init(action, &request)).await?.unchecked_into();
    let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    let unreadable = |_| Refusal::from(AppError::Unreachable);
    Ok(if response.ok() {
        serde_json::from_str(&text).map_err(unreadable)
    } else {
        Err(serde_json::from_str(&text).unwrap_or_else(unreadable))
    })
}

/// Stops the answer that is being written.
pub(super) fn stop(state: ChatState) {
    let Some(message_id) = state.generating.get_untracked() else { return };
    spawn_local(async move {
        if let Err(refusal) = api::chat::stop(message_id).await {
            state.show_refusal(refusal);
        }
    });
}
