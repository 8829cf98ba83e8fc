//! Changes of the conversation that are sent from the page without leaving it, so that a refusal or a lost connection
//! loses no text: edit, retry, continue, choose a version, delete, rename.

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, FormData, HtmlElement, HtmlFormElement, SubmitEvent, UrlSearchParams};

use super::{
    browser, drafts, editing, elements::found, field, focus, place, refresh, request, scroll, sidebar,
    state::PageState, state::Undoable, temporary, temporary_ask, toast, visit,
};
use crate::ui::pending::PendingRequest;

/// Sends a form of the thread, and shows what the server made of it.
pub(super) fn submit(state: PageState, form: &Element, event: &Event) {
    if temporary::is_on() {
        event.prevent_default();
        return temporary_ask::edit(state, form);
    }
    let Some(Sent { form, action, body }) = sent(form, event) else { return };
    if matches!(&*action, "/fn/retry" | "/fn/edit") {
        body.set("model", &state.model.get_untracked().unwrap_or_default());
    }
    change(state, action, body, Some(form));
}

/// Has an answer written again by another model.
pub(super) fn retry_with(state: PageState, answer_id: String, model: String) {
    if let Some(body) = request::fields(&[("message_id", &answer_id), ("model", &model)]) {
        change(state, "/fn/retry".to_owned(), body, None);
    }
}

/// Deletes a message at once; it can be restored for some seconds.
pub(super) fn delete_message(state: PageState, summary: &Element, event: &Event) {
    let Some(message) = summary.closest(".message").ok().flatten() else { return };
    event.prevent_default();
    let id = message.id();
    if let Some(body) = request::fields(&[("message_id", &id)]) {
        change(state, "/fn/delete-message".to_owned(), body, None);
    }
}

/// Begins a copy of the conversation up to a message, and shows it.
pub(super) fn fork(state: PageState, button: &Element, event: &Event) {
    let Some(message) = button.closest(".message").ok().flatten() else { return };
    event.prevent_default();
    let Some(body) = request::fields(&[("message_id", &message.id())]) else { return };
    spawn_local(async move {
        match request::post("/fn/fork", &body).await {
            Ok(path) => {
                sidebar::reload(state);
                visit::go(state, path.as_text().unwrap_or_default(), true);
            }
            Err(refusal) => state.show_refusal(refusal),
        }
    });
}

/// What changes a message of a room in its place.
const MARKS: [&str; 6] =
    ["/fn/react", "/fn/unreact", "/fn/pin-message", "/fn/unpin-message", "/fn/edit-post", "/fn/erase-post"];

/// Changes the conversation; `form` is the edit that is sent, if it is one.
fn change(state: PageState, action: String, body: UrlSearchParams, form: Option<HtmlFormElement>) {
    if state.steering.get_value() {
        return;
    }
    state.steering.set_value(true);
    state.alert.set(None);
    set_key(state, &action, &body);
    let number = state.visit.get_value();
    spawn_local(async move {
        let answer = request::post(&action, &body).await;
        state.steering.set_value(false);
        match answer {
            Ok(_) => {
                state.pending_change.update_value(PendingRequest::confirm);
                if action == "/fn/edit-post" {
                    editing::forget_address();
                }
                if action == "/fn/delete-message" {
                    toast::show(state, Undoable::MessageDeleted(body.get("message_id").unwrap_or_default()));
                }
                if let Some((form, field)) =
                    form.and_then(|form| Some((form.clone(), drafts::edit_field(&form)?)))
                {
                    drafts::remove_edit(state, &field);
                    form.remove();
                    field::focus();
                }
                if state.visit.get_value() == number {
                    if !state.follows.get_value() && MARKS.contains(&&*action) {
                        // A page of older messages shows it where it is.
                        let _ = window().location().reload();
                        return;
                    }
                    visit::to_newest(state);
                    refresh::now(state).await;
                    begins_answer(state, &action);
                    // The button of an answer is gone while it is written again.
                    if focus::is_lost() {
                        field::focus();
                    }
                }
            }
            Err(refusal) => {
                state.show_refusal(refusal);
                refresh::refresh(state);
            }
        }
    });
}

/// An answer that was asked for is read from its question on.
fn begins_answer(state: PageState, action: &str) {
    if matches!(action, "/fn/edit" | "/fn/retry") {
        place::pin(scroll::pin_newest_question(state));
    }
}

/// Gives the conversation another title.
pub(super) fn rename(state: PageState, form: &Element, event: &Event) {
    let Some(Sent { action, body, .. }) = sent(form, event) else { return };
    let (id, title) =
        (body.get("conversation_id").unwrap_or_default(), body.get("title").unwrap_or_default());
    spawn_local(async move {
        let answer = request::post(&action, &body).await;
        match answer {
            Ok(_) => {
                if let Some(menu) = found(".top-bar details.menu[open]") {
                    editing::close(state, &menu);
                }
                sidebar::show_title(state, &id, title.trim());
                sidebar::changed(state);
            }
            Err(refusal) => state.show_refusal(refusal),
        }
    });
}

/// A click on Delete in the conversation's menu: without a further question, because it can be restored.
pub(super) fn delete_now(_: PageState, summary: &Element, event: &Event) {
    let form = summary.parent_element().and_then(|confirm| confirm.query_selector("form").ok().flatten());
    if let Some(form) = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
        event.prevent_default();
        let _ = form.request_submit();
    }
}

/// Deletes the conversation of the form.
pub(super) fn delete_conversation(state: PageState, form: &Element, event: &Event) {
    let Some(Sent { body, .. }) = sent(form, event) else { return };
    delete_by_id(state, body.get("conversation_id").unwrap_or_default());
}

/// Deletes a conversation; where it is on the page, the start page follows.
pub(super) fn delete_by_id(state: PageState, id: String) {
    let Some(body) = request::fields(&[("conversation_id", &id)]) else { return };
    spawn_local(async move {
        match request::post("/fn/delete", &body).await {
            Ok(_) => {
                sidebar::remove_row(&id);
                sidebar::changed(state);
                toast::show(state, Undoable::ConversationDeleted(id.clone()));
                visit::forget(&format!("/c/{id}"));
                if state.conversation().as_ref() == Some(&id) {
                    visit::go(state, "/".to_owned(), true);
                }
            }
            Err(refusal) => state.show_refusal(refusal),
        }
    });
}

/// A form that a script sends in place of the browser.
pub(super) struct Sent {
    pub form: HtmlFormElement,
    pub action: String,
    pub body: UrlSearchParams,
}

pub(super) fn sent(form: &Element, event: &Event) -> Option<Sent> {
    let form = form.dyn_ref::<HtmlFormElement>()?.clone();
    let button = event.dyn_ref::<SubmitEvent>()?.submitter();
    event.prevent_default();
    let action = button.as_ref().and_then(|button| button.get_attribute("formaction"));
    let action = action.or_else(|| form.get_attribute("action"))?;
    let body = fields(&form, button)?;
    Some(Sent { form, action, body })
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
fn set_key(state: PageState, action: &str, body: &UrlSearchParams) {
    body.delete("key");
    let content = format!("{action} {}", String::from(body.to_string()));
    let key = state.pending_change.try_update_value(|pending| pending.key(&content, browser::random_key));
    body.append("key", &key.unwrap_or_default());
}
