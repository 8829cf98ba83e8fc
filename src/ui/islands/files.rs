//! Saving a text as a file of the reader's device.

use std::time::Duration;

use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, Element, Event, HtmlElement, Url};

use super::state::PageState;

/// How long the browser may take to read the text before it is let go.
const HELD_FOR: Duration = Duration::from_secs(20);

/// A click on the button of a code block that saves it.
pub(super) fn code(_: PageState, button: &Element, _: &Event) {
    let code =
        button.closest("figure").ok().flatten().and_then(|it| it.query_selector("code").ok().flatten());
    if let Some(code) = code {
        let _ = save(button, "text/plain", &code.text_content().unwrap_or_default());
    }
}

/// Saves a text under the name that the button says in `data-file`.
pub(super) fn save(button: &Element, kind: &str, text: &str) -> Result<(), JsValue> {
    let url = Url::create_object_url_with_blob(&blob(kind, text)?)?;
    // It is not in the page, so no listener of the page takes the click for one on a link.
    let link = document().create_element("a")?;
    link.set_attribute("href", &url)?;
    link.set_attribute("download", &button.get_attribute("data-file").unwrap_or_default())?;
    link.unchecked_ref::<HtmlElement>().click();
    set_timeout(move || drop(Url::revoke_object_url(&url)), HELD_FOR);
    Ok(())
}

pub(super) fn blob(kind: &str, text: &str) -> Result<Blob, JsValue> {
    let of = BlobPropertyBag::new();
    of.set_type(kind);
    Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &of)
}
