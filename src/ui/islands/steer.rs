//! What is done with messages from the page: their forms are sent without leaving it, so that a refusal
//! or a lost connection costs nothing; and the keys for it.

use leptos::{ev, mount::mount_to, prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Element, FormData, Headers, HtmlDetailsElement, HtmlElement, HtmlFormElement, HtmlTextAreaElement, Node,
    RequestInit, Response, UrlSearchParams,
};

use super::{browser, keep, page, shared::Shared};
use crate::{
    api,
    error::{AppError, Refusal},
    ui::{parts::EditForm, sent::Sent},
};

/// Sends a form of the thread and goes where the answer says.
pub(super) fn submit(shared: Shared, event: ev::SubmitEvent) {
    let Some(form) = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok()) else {
        return;
    };
    event.prevent_default();
    let button = event.submitter();
    let action = button.as_ref().and_then(|button| button.get_attribute("formaction"));
    let action = action.or_else(|| form.get_attribute("action")).unwrap_or_default();
    let Some(body) = fields(&form, button).filter(|_| !shared.steering.get_value()) else {
        return;
    };
    shared.steering.set_value(true);
    shared.alert.set(None);
    name(shared, &action, &body);
    spawn_local(async move {
        let sent = post(&action, &body).await;
        match sent.unwrap_or(Err(AppError::Unreachable.into())) {
            Ok(path) => {
                shared.changed.update_value(Sent::arrived);
                if let Some(area) = edit_of(&form) {
                    keep::forget_edit(shared, &area);
                }
                shared.leaving.set_value(true);
                page::go(&path);
            }
            Err(refusal) => {
                shared.refused(refusal);
                shared.steering.set_value(false);
                if shared.stale.get_value() {
                    keep::reload(shared);
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

/// Puts the key in that belongs to these fields: the page's own serves where there is no script.
fn name(shared: Shared, action: &str, body: &UrlSearchParams) {
    body.delete("key");
    let what = format!("{action} {}", String::from(body.to_string()));
    let key = shared.changed.try_update_value(|changed| changed.key(&what, page::random_key));
    body.append("key", &key.unwrap_or_default());
}

/// Where to go, or why not; `Err` when no answer came.
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

/// Ends the running answer.
pub(super) fn stop(shared: Shared) {
    let Some(message_id) = shared.running.get_untracked() else { return };
    spawn_local(async move {
        if let Err(refusal) = api::chat::stop(message_id).await {
            shared.refused(refusal);
        }
    });
}

/// Escape closes what is open, or else stops the answer.
pub(super) fn escape(shared: Shared, event: &ev::KeyboardEvent) {
    if !browser::pressed(event).is("Escape") || event.default_prevented() {
        return;
    }
    let open = ".room .editing, .room details[name][open], .room details.menu[open]";
    match document().query_selector(open).ok().flatten() {
        Some(open) => close(shared, &open),
        None => stop(shared),
    }
}

/// A click beside an open menu closes it.
pub(super) fn elsewhere(event: &ev::MouseEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
    let Ok(open) = document().query_selector_all(".room details.menu[open]") else { return };
    for at in 0..open.length() {
        if let Some(menu) = open.item(at).filter(|menu| !menu.contains(target.as_ref())) {
            menu.unchecked_into::<HtmlDetailsElement>().set_open(false);
        }
    }
}

/// Closes a menu or an edit, and leads back to what had opened it.
fn close(shared: Shared, open: &Element) {
    let opener = match open.dyn_ref::<HtmlDetailsElement>() {
        Some(details) => {
            details.set_open(false);
            details.query_selector("summary")
        }
        None => {
            let message = open.parent_element();
            if let Some(area) = edit_of(open) {
                keep::forget_edit(shared, &area);
            }
            open.remove();
            message.map_or(Ok(None), |message| message.query_selector(".edit"))
        }
    };
    if let Some(opener) = opener.ok().flatten() {
        let _ = opener.unchecked_into::<HtmlElement>().focus();
    }
}

/// Opens the newest question to be edited.
pub(super) fn edit_last(shared: Shared) {
    let all = document().query_selector_all("#thread .message.user").ok();
    let last = all.and_then(|all| all.item(all.length().checked_sub(1)?));
    if let Some(message) = last.and_then(|node| node.dyn_into::<Element>().ok()) {
        edit(shared, &message);
    }
}

/// A click on what opens an edit leads into it, one on Cancel out of it.
pub(super) fn click(shared: Shared, event: &ev::MouseEvent) {
    let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
    // With such a key a link is opened elsewhere.
    if event.ctrl_key() || event.meta_key() || event.shift_key() {
        return;
    }
    let closest = |what: &str| target.closest(what).ok().flatten();
    if let Some(link) = closest(".message .edit")
        && let Some(message) = link.closest(".message").ok().flatten()
    {
        event.prevent_default();
        edit(shared, &message);
    } else if closest(".editing .cancel").is_some()
        && let Some(form) = closest(".editing")
    {
        event.prevent_default();
        close(shared, &form);
    }
}

fn edit(shared: Shared, message: &Element) {
    if let Some(area) = open_edit(shared, message) {
        let end = area.value().encode_utf16().count() as u32;
        let _ = area.focus();
        let _ = area.set_selection_range(end, end);
    }
}

/// The field in which a question is edited.
fn open_edit(shared: Shared, message: &Element) -> Option<HtmlTextAreaElement> {
    if edit_of(message).is_none() {
        let text = message.query_selector(".body").ok().flatten()?.text_content()?;
        // The key is put in when it is sent.
        let (id, key) = (message.id(), String::new());
        let words = shared.words.get_value();
        let form = move || {
            provide_context(words);
            view! { <EditForm id text key /> }
        };
        mount_to(message.clone().unchecked_into(), form).forget();
    }
    edit_of(message)
}

/// Enter sends an edit as it sends a question.
pub(super) fn keydown(event: &ev::KeyboardEvent) {
    if !browser::pressed(event).sends(browser::is_touch()) {
        return;
    }
    if let Some(area) = typed_in(event.target())
        && let Some(form) = area.form()
    {
        event.prevent_default();
        // The button says which message it is.
        let button = form.query_selector("button").ok().flatten();
        let _ = form.request_submit_with_submitter(button.as_ref().and_then(|button| button.dyn_ref()));
    }
}

/// Opens the fields of the questions that were being edited, as they were left.
pub(super) fn restore_edits(shared: Shared) {
    for (question, text) in keep::kept_edits(shared) {
        if let Some(area) = open_edit(shared, &question) {
            area.set_value(&text);
        }
    }
}

/// What is typed into an edit is kept.
pub(super) fn input(shared: Shared, event: &ev::Event) {
    if let Some(area) = typed_in(event.target()) {
        keep::keep_edit(shared, &area);
    }
}

fn typed_in(target: Option<web_sys::EventTarget>) -> Option<HtmlTextAreaElement> {
    target?.dyn_into().ok()
}

fn edit_of(inside: &Element) -> Option<HtmlTextAreaElement> {
    inside.query_selector("textarea").ok().flatten()?.dyn_into().ok()
}
