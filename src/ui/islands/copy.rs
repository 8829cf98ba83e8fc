//! Copying: code and questions as they are shown, answers as they were written, in markdown.

use std::time::Duration;

use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::{ev, prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{Blob, BlobPropertyBag, Element, HtmlDocument, HtmlElement, HtmlTextAreaElement};

use crate::api;

/// How long a button says that it has copied.
const SAYS_SO: Duration = Duration::from_millis(1_500);

/// One listener for every copy button of the thread: those on code and those on messages.
pub(super) fn click(event: &ev::MouseEvent) {
    let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
    let Ok(Some(button)) = target.closest("figure button, button.copy-message") else { return };
    let whole = button.class_list().contains("copy-message");
    let Ok(Some(around)) = button.closest(if whole { ".message" } else { "figure" }) else { return };
    let source = around.query_selector(if whole { ".prose, .body" } else { "code" }).ok().flatten();
    let Some(source) = source.and_then(|source| source.dyn_into::<HtmlElement>().ok()) else { return };
    let message_id = source.class_list().contains("prose").then(|| around.id());
    let text = async move {
        let written = match message_id {
            Some(id) => api::history::source(id).await.ok(),
            None => None,
        };
        // Without a connection, what is shown is better than nothing.
        written.unwrap_or_else(|| source.inner_text())
    };
    if !window().is_secure_context() {
        return spawn_local(async move {
            copy_selected(&text.await);
            say_so(&button);
        });
    }
    // Some browsers take only what the click itself gives them: a promise, as the text may take a moment.
    let promise = future_to_promise(async move { blob(&text.await) });
    if let Ok(copied) = write(&promise) {
        spawn_local(async move {
            if JsFuture::from(copied).await.is_ok() {
                say_so(&button);
            }
        });
    }
}

fn blob(text: &str) -> Result<JsValue, JsValue> {
    let kind = BlobPropertyBag::new();
    kind.set_type("text/plain");
    Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &kind).map(JsValue::from)
}

/// Writes what a promise will give to the clipboard.
fn write(text: &Promise) -> Result<Promise, JsValue> {
    let kinds = Object::new();
    Reflect::set(&kinds, &"text/plain".into(), text)?;
    let class = Reflect::get(&window(), &"ClipboardItem".into())?.dyn_into::<Function>()?;
    let item = Reflect::construct(&class, &Array::of1(&kinds))?;
    Ok(window().navigator().clipboard().write(&Array::of1(&item)))
}

/// Over plain http a browser has no clipboard, but copies what is selected.
fn copy_selected(text: &str) {
    let area = document().create_element("textarea").map(JsCast::dyn_into::<HtmlTextAreaElement>);
    let (Ok(Ok(area)), Some(body)) = (area, document().body()) else { return };
    area.set_value(text);
    let _ = area.set_attribute("class", "unseen");
    let _ = body.append_child(&area);
    area.select();
    let _ = document().dyn_into::<HtmlDocument>().map(|document| document.exec_command("copy"));
    area.remove();
}

fn say_so(button: &Element) {
    let _ = button.class_list().add_1("copied");
    let button = button.clone();
    set_timeout(move || drop(button.class_list().remove_1("copied")), SAYS_SO);
}
