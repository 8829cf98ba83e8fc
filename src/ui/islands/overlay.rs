//! What lies over the page: a sheet, which is a dialog that the server fills, and on a phone the list of conversations. Back
//! closes it first, as do Escape and a click beside it; the focus goes back to where it was.

use std::cell::Cell;

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Element, Event, HtmlDialogElement, HtmlElement, HtmlInputElement};

use super::{browser, request, state::PageState};

thread_local! {
    /// Whether the newest entry of the history is there for Back to close what is open.
    static ENTRY: Cell<bool> = const { Cell::new(false) };
    /// Whether the browser is on its way back from that entry, which takes it some milliseconds.
    static LEAVING: Cell<bool> = const { Cell::new(false) };
    /// The address that is to be opened as a new entry when it has arrived.
    static NEXT: Cell<Option<String>> = const { Cell::new(None) };
}

/// Makes a new entry of the history; that of an overlay becomes it, so that closing the overlay does not lead back. While the browser is on its way back from the entry of an overlay, the new one has to
/// wait, because the way back would lead from it.
pub(super) fn push(path: &str) {
    if ENTRY.take() {
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(path));
        }
    } else if LEAVING.get() {
        NEXT.set(Some(path.to_owned()));
    } else if let Ok(history) = window().history() {
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(path));
    }
}

fn sheet() -> Option<HtmlDialogElement> {
    document().get_element_by_id("sheet")?.dyn_into().ok()
}

fn drawer() -> Option<HtmlInputElement> {
    document().get_element_by_id("open-sidebar")?.dyn_into().ok()
}

/// Whether a sheet is open.
pub(super) fn is_open() -> bool {
    sheet().is_some_and(|sheet| sheet.open())
}

/// Listens to the sheet, which Escape and its own button close without asking.
pub(super) fn begin() {
    let Some(sheet) = sheet() else { return };
    let on_close = Closure::<dyn Fn()>::new(|| {
        if let Some(sheet) = self::sheet() {
            sheet.set_inner_html("");
        }
        leave();
    });
    let _ = sheet.add_event_listener_with_callback("close", on_close.as_ref().unchecked_ref());
    on_close.forget();
}

/// Opens the sheet that an element names.
pub(super) fn on_click(state: PageState, opener: &Element, event: &Event) {
    if let Some(path) = opener.get_attribute("data-sheet") {
        event.prevent_default();
        open(state, path);
    }
}

/// Opens a sheet with what the server has at `path`.
pub(super) fn open(state: PageState, path: String) {
    let Some(sheet) = sheet() else { return };
    spawn_local(async move {
        match request::get(&path).await {
            Ok(html) => {
                sheet.set_inner_html(&html.as_text().unwrap_or_default());
                if !sheet.open() && sheet.show_modal().is_ok() {
                    enter();
                }
                // What is typed first is looked for in the sheet.
                let field = sheet.query_selector("[autofocus]").ok().flatten();
                if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
                    let _ = field.focus();
                }
            }
            Err(refused) => state.show_refusal(refused),
        }
    });
}

/// Closes the sheet, or the list of conversations on a phone; answers whether one was open.
pub(super) fn close() -> bool {
    let open = take_away();
    if open {
        leave();
    }
    open
}

/// [`close`] before the page goes elsewhere; answers whether the newest entry of the history is to be replaced.
pub(super) fn close_to_go() -> bool {
    take_away();
    ENTRY.take()
}

/// Back was pressed: closes what is open; answers whether something was.
pub(super) fn on_back() -> bool {
    if LEAVING.take() {
        if let Some(path) = NEXT.take() {
            push(&path);
        }
        return true;
    }
    ENTRY.take() && take_away()
}

fn take_away() -> bool {
    let mut open = false;
    if let Some(sheet) = sheet().filter(HtmlDialogElement::open) {
        sheet.close();
        open = true;
    }
    if let Some(drawer) = drawer().filter(HtmlInputElement::checked) {
        drawer.set_checked(false);
        open = true;
    }
    open
}

fn enter() {
    let Ok(history) = window().history() else { return };
    if !ENTRY.replace(true) {
        let state = history.state().unwrap_or(JsValue::NULL);
        let _ = history.push_state_with_url(&state, "", None);
    }
}

fn leave() {
    if ENTRY.take()
        && let Ok(history) = window().history()
    {
        LEAVING.set(true);
        let _ = history.back();
    }
}

/// The list of conversations was opened or closed by its button.
pub(super) fn on_drawer(_: PageState, drawer: &Element, _: &Event) {
    match drawer.dyn_ref::<HtmlInputElement>().is_some_and(HtmlInputElement::checked) {
        true => enter(),
        false => leave(),
    }
}

/// A click on a sheet that is on none of its elements is one beside it.
pub(super) fn on_beside(_: PageState, sheet: &Element, event: &Event) {
    let own = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    if own.is_some_and(|own| own.is_same_node(Some(sheet))) {
        close();
    }
}

/// Opens the list of conversations when a finger moves in from the left edge.
pub(super) fn on_touch(event: &web_sys::TouchEvent) {
    const EDGE: i32 = 24;
    const FAR: i32 = 48;
    thread_local! {
        static FROM: Cell<Option<(i32, i32)>> = const { Cell::new(None) };
    }
    let Some(touch) = event.touches().get(0) else { return };
    let (x, y) = (touch.client_x(), touch.client_y());
    if event.type_() == "touchstart" {
        return FROM.set((x < EDGE).then_some((x, y)));
    }
    let Some((from_x, from_y)) = FROM.get() else { return };
    let narrow = browser::matches("(max-width: 47.5em)");
    if narrow && x - from_x > FAR && (y - from_y).abs() < x - from_x {
        FROM.set(None);
        if let Some(drawer) = drawer().filter(|drawer| !drawer.checked()) {
            drawer.set_checked(true);
            enter();
        }
    }
}
