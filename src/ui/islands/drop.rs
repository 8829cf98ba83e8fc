//! What is dropped onto the page. A browser would open a dropped file in place of the page, and what was typed would be
//! lost.

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{DataTransfer, DragEvent, Element};

use super::{phrases::say, state::PageState};

/// Where text may be dropped.
const FIELDS: &str = "textarea, input:not([type=hidden])";

/// Listens on the whole page. Only text may be dropped, and only into a field.
pub(super) fn listen(state: PageState) {
    window_event_listener(ev::dragenter, |event| _ = refuse(&event));
    window_event_listener(ev::dragover, |event| _ = refuse(&event));
    window_event_listener(ev::drop, move |event| {
        if refuse(&event) && event.data_transfer().is_some_and(|carried| carries(&carried, "Files")) {
            state.alert.set(Some(say("files-not-yet")));
        }
    });
}

/// Prevents what the browser would do with anything but text over a field; answers whether it was prevented.
fn refuse(event: &DragEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let in_field = target.is_some_and(|target| target.closest(FIELDS).is_ok_and(|field| field.is_some()));
    let text = event.data_transfer().is_some_and(|carried| {
        !carries(&carried, "Files") && (carries(&carried, "text/plain") || carries(&carried, "text/html"))
    });
    let refused = !(in_field && text);
    if refused {
        event.prevent_default();
    }
    refused
}

fn carries(carried: &DataTransfer, kind: &str) -> bool {
    carried.types().includes(&kind.into(), 0)
}
