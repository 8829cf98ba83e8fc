//! Copying: code and questions as they are shown, answers as the markdown that the model wrote, tables also as HTML.

use std::time::Duration;

use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{Element, Event, HtmlDocument, HtmlElement, HtmlTextAreaElement};

use super::{elements::found, files, phrases::say, request, state::PageState, temporary};

/// How long a button shows that it has copied.
const SHOWN_FOR: Duration = Duration::from_secs(2);

/// A click on the button of a message: an answer is copied as markdown.
pub(super) fn message(state: PageState, button: &Element, _: &Event) {
    copy(state, button, ".message", ".prose, .question-text");
}

/// A click on the button of a code block.
pub(super) fn code(state: PageState, button: &Element, _: &Event) {
    copy(state, button, "figure", "code");
}

fn copy(state: PageState, button: &Element, holder: &str, shown: &str) {
    let Ok(Some(holder)) = button.closest(holder) else { return };
    let shown = holder.query_selector(shown).ok().flatten();
    let Some(shown) = shown.and_then(|shown| shown.dyn_into::<HtmlElement>().ok()) else { return };
    if let Some(text) = holder.get_attribute(temporary::TEXT) {
        return give(state, button, None, text, None);
    }
    let answer_id = shown.class_list().contains("prose").then(|| holder.id());
    give(state, button, answer_id, shown.inner_text(), None);
}

/// Copies a text for the button that was clicked, `html` beside it for programs that paste more than text. Of an answer it
/// is the markdown; without a connection the page has only the text that it shows.
pub(super) fn give(
    state: PageState,
    button: &Element,
    answer_id: Option<String>,
    shown: String,
    html: Option<String>,
) {
    let button = button.clone();
    let text = async move {
        let markdown = match answer_id {
            Some(id) => source(&id).await,
            None => None,
        };
        markdown.unwrap_or(shown)
    };
    if !window().is_secure_context() {
        return spawn_local(async move {
            let copied = copy_selected(&text.await);
            show_copied(state, &button, copied);
        });
    }
    // Some browsers let only the click itself write to the clipboard. It writes a promise, because the text may take a
    // moment.
    let promise = future_to_promise(async move { files::blob("text/plain", &text.await).map(JsValue::from) });
    if let Ok(copied) = write(&promise, html) {
        spawn_local(async move {
            let copied = JsFuture::from(copied).await.is_ok();
            show_copied(state, &button, copied);
        });
    }
}

/// Writes to the clipboard what a promise will give, and HTML beside it.
fn write(text: &Promise, html: Option<String>) -> Result<Promise, JsValue> {
    let kinds = Object::new();
    Reflect::set(&kinds, &"text/plain".into(), text)?;
    if let Some(html) = html {
        let kind = "text/html";
        Reflect::set(&kinds, &kind.into(), &files::blob(kind, &html)?.into())?;
    }
    let class = Reflect::get(&window(), &"ClipboardItem".into())?.dyn_into::<Function>()?;
    let item = Reflect::construct(&class, &Array::of1(&kinds))?;
    Ok(window().navigator().clipboard().write(&Array::of1(&item)))
}

/// Copies a text by selecting it, because a page that was opened with plain http has no access to the clipboard; answers
/// whether the browser did so. It does within some seconds of a click.
fn copy_selected(text: &str) -> bool {
    let area = document().create_element("textarea").map(JsCast::dyn_into::<HtmlTextAreaElement>);
    let (Ok(Ok(area)), Some(body)) = (area, document().body()) else { return false };
    let before = document().active_element().and_then(|active| active.dyn_into::<HtmlElement>().ok());
    area.set_value(text);
    let _ = area.set_attribute("class", "visually-hidden");
    let _ = body.append_child(&area);
    area.select();
    let copied = document().dyn_into::<HtmlDocument>().map(|document| document.exec_command("copy"));
    area.remove();
    if let Some(before) = before {
        let _ = before.focus();
    }
    copied.is_ok_and(|copied| copied.unwrap_or_default())
}

fn show_copied(state: PageState, button: &Element, copied: bool) {
    if !copied {
        return state.alert.set(found("#alert").and_then(|alert| alert.get_attribute("data-copy-failed")));
    }
    let _ = button.class_list().add_1("copied");
    let said = say("copied");
    state.spoken.set(said.clone());
    let button = button.clone();
    let end = move || {
        let _ = button.class_list().remove_1("copied");
        // So that it is spoken again when the same is copied again.
        if state.spoken.get_untracked() == said {
            state.spoken.set(String::new());
        }
    };
    set_timeout(end, SHOWN_FOR);
}

/// The markdown of a message.
async fn source(message_id: &str) -> Option<String> {
    request::post("/fn/source", &request::fields(&[("message_id", message_id)])?).await.ok()?.as_text()
}
