//! Copying: code and questions as they are shown, answers as the markdown that the model wrote.

use std::time::Duration;

use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::{ev, prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{Blob, BlobPropertyBag, Element, HtmlDocument, HtmlElement, HtmlTextAreaElement};

use crate::api;

/// How long a button shows that it has copied.
const SHOWN_FOR: Duration = Duration::from_millis(1_500);

/// The click listener of the thread, for the copy buttons of code and of messages.
pub(super) fn on_click(event: &ev::MouseEvent) {
    let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
    let Ok(Some(button)) = target.closest("figure button, button.copy-message") else { return };
    let is_message = button.class_list().contains("copy-message");
    let Ok(Some(holder)) = button.closest(if is_message { ".message" } else { "figure" }) else { return };
    let shown =
        holder.query_selector(if is_message { ".prose, .question-text" } else { "code" }).ok().flatten();
    let Some(shown) = shown.and_then(|shown| shown.dyn_into::<HtmlElement>().ok()) else { return };
    let answer_id = shown.class_list().contains("prose").then(|| holder.id());
    let text = async move {
        let markdown = match answer_id {
            Some(id) => api::history::source(id).await.ok(),
            None => None,
        };
        // Without a connection the page has only the text that it shows.
        markdown.unwrap_or_else(|| shown.inner_text())
    };
    if !window().is_secure_context() {
        return spawn_local(async move {
            copy_selected(&text.await);
            show_copied(&button);
        });
    }
    // Some browsers let only the click itself write to the clipboard. It writes a promise, because the text may take a
    // moment.
    let promise = future_to_promise(async move { blob(&text.await) });
    if let Ok(copied) = write(&promise) {
        spawn_local(async move {
            if JsFuture::from(copied).await.is_ok() {
                show_copied(&button);
            }
        });
    }
}

fn blob(text: &str) -> Result<JsValue, JsValue> {
    let kind = BlobPropertyBag::new();
    kind.set_type("text/plain");
    Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &kind).map(JsValue::from)
}

/// Writes to the clipboard what a promise will give.
fn write(text: &Promise) -> Result<Promise, JsValue> {
    let kinds = Object::new();
    Reflect::set(&kinds, &"text/plain".into(), text)?;
    let class = Reflect::get(&window(), &"ClipboardItem".into())?.dyn_into::<Function>()?;
    let item = Reflect::construct(&class, &Array::of1(&kinds))?;
    Ok(window().navigator().clipboard().write(&Array::of1(&item)))
}

/// Copies a text by selecting it, because a page that was opened with plain http has no access to the clipboard.
fn copy_selected(text: &str) {
    let area = document().create_element("textarea").map(JsCast::dyn_into::<HtmlTextAreaElement>);
    let (Ok(Ok(area)), Some(body)) = (area, document().body()) else { return };
    area.set_value(text);
    let _ = area.set_attribute("class", "visually-hidden");
    let _ = body.append_child(&area);
    area.select();
    let _ = document().dyn_into::<HtmlDocument>().map(|document| document.exec_command("copy"));
    area.remove();
}

fn show_copied(button: &Element) {
    let _ = button.class_list().add_1("copied");
    let button = button.clone();
    set_timeout(move || drop(button.class_list().remove_1("copied")), SHOWN_FOR);
}
