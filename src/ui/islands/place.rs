//! The reader's place: which message is at the upper edge of the thread, and how far. It belongs to an entry of the
//! browser's history, so that a reload, Back and Forward lead to it. `pages/place.js` brings a page that is loaded there
//! before it is painted.

use std::{cell::Cell, time::Duration};

use leptos::{ev, prelude::*};
use wasm_bindgen::JsValue;
use web_sys::UrlSearchParams;

use super::{messages, reach, scroll, scroll::Anchor, state::PageState};

/// How long the thread is still before its place is stored; browsers limit how often that may be.
const STILL: Duration = Duration::from_millis(200);

thread_local! {
    /// Whether [`store`] is to come.
    static DUE: Cell<bool> = const { Cell::new(false) };
    /// The question that is pinned to the upper edge.
    static PINNED: Cell<Option<String>> = const { Cell::new(None) };
}

/// Goes to the place of a page that was loaded, and stores the place from now on.
pub(super) fn begin(state: PageState) {
    restore(state);
    let Some(scroller) = messages::scroller() else { return };
    let on_scroll = wasm_bindgen::closure::Closure::<dyn Fn()>::new(move || {
        if !DUE.replace(true) {
            set_timeout(move || store(state), STILL);
        }
    });
    let _ = scroller
        .add_event_listener_with_callback("scroll", wasm_bindgen::JsCast::unchecked_ref(on_scroll.as_ref()));
    on_scroll.forget();
    window_event_listener(ev::pagehide, move |_| store(state));
}

/// Stores the place in the current entry of the history.
pub(super) fn store(state: PageState) {
    DUE.set(false);
    // The entry may be that of the conversation that is on its way.
    if state.moving.get_value() {
        return;
    }
    let Some(history) = window().history().ok() else { return };
    let _ = history.replace_state_with_url(&JsValue::from_str(&now(state)), "", None);
}

/// The place as it is stored: `end`, or message, block, pixels and, if there is one, the pinned question.
fn now(state: PageState) -> String {
    match scroll::current_anchor().filter(|_| !state.following.get_untracked()) {
        None => "end".to_owned(),
        Some(anchor) => {
            let pinned = PINNED.take();
            PINNED.set(pinned.clone());
            let pinned = pinned.filter(|id| messages::message(id).is_some()).unwrap_or_default();
            format!("{} {} {} {pinned}", anchor.message_id, anchor.block, anchor.offset.round() as i32)
        }
    }
}

/// Remembers that the newest question is at the upper edge, with room below it.
pub(super) fn pin(question_id: Option<String>) {
    PINNED.set(question_id);
}

/// Goes to the place of the current entry of the history; where there is none, to the message that the address names or
/// to the newest one.
pub(super) fn restore(state: PageState) {
    scroll::unpin();
    PINNED.set(None);
    let stored = window().history().ok().and_then(|history| history.state().ok()?.as_string());
    let Some(stored) = stored else { return first(state) };
    let mut parts = stored.split(' ');
    let (id, block, offset) = (parts.next(), parts.next(), parts.next());
    if let Some(question) = parts.next().and_then(messages::message) {
        scroll::pin(state, &question);
        PINNED.set(Some(question.id()));
    }
    let anchor = id.and_then(|id| Anchor::at(id, block?.parse().ok()?, offset?.parse::<i32>().ok()?.into()));
    match anchor {
        Some(anchor) => scroll::to_anchor(state, anchor),
        None => first(state),
    }
}

/// Where a page opens that nobody has read yet.
fn first(state: PageState) {
    let location = window().location();
    let search = UrlSearchParams::new_with_str(&location.search().unwrap_or_default()).ok();
    if let Some(message) = search.and_then(|search| search.get("at")).and_then(|id| messages::message(&id)) {
        return reach::focus(state, &message);
    }
    let named = location.hash().ok().and_then(|hash| messages::message(hash.strip_prefix('#')?));
    match named {
        Some(message) => message.scroll_into_view(),
        None if !state.follows.get_value() => {}
        None => scroll::to_end(state),
    }
}
