//! The composer's field: where it is, its focus, its height.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlTextAreaElement};

use super::{browser, focus};

/// The composer's field.
pub(super) fn composer() -> Option<HtmlTextAreaElement> {
    document().query_selector(".composer textarea[name=text]").ok().flatten()?.dyn_into().ok()
}

pub(super) fn is_composer(element: Option<&Element>) -> bool {
    composer().is_some_and(|field| field.is_same_node(element.map(AsRef::as_ref)))
}

/// Moves the focus into the field. On a touch screen that would open the keyboard, which nobody asked for.
pub(super) fn focus() {
    if let Some(field) = composer().filter(|_| !browser::is_touch()) {
        let options = web_sys::FocusOptions::new();
        options.set_prevent_scroll(true);
        let _ = field.focus_with_options(&options);
    }
}

pub(super) fn has_focus() -> bool {
    is_composer(document().active_element().as_ref())
}

/// Makes the field ready once its script runs.
pub(super) fn prepare() {
    let Some(field) = composer() else { return };
    // The browser must not store the text, because it would show it to whoever signs in next.
    let _ = field.set_attribute("autocomplete", "off");
    if browser::is_touch() {
        // The page has the focus here for browsers without a script.
        if has_focus() {
            let _ = field.blur();
        }
    } else {
        let _ = field.set_attribute("enterkeyhint", "send");
        // Somebody may have gone elsewhere before this script ran.
        if focus::is_lost() {
            focus();
        }
    }
    grow();
}

/// Makes the field as high as its text, where the style sheet cannot.
pub(super) fn grow() {
    let supported = web_sys::css::supports_with_value("field-sizing", "content").unwrap_or(true);
    if supported {
        return;
    }
    if let Some(field) = composer() {
        let style = AsRef::<web_sys::HtmlElement>::as_ref(&field).style();
        let _ = style.set_property("height", "auto");
        let _ = style.set_property("height", &format!("{}px", field.scroll_height()));
    }
}
