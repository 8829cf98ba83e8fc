//! What islands ask of the browser: the time, whether anybody looks, whether there is a network, and a
//! place for what must outlive a reload.

use std::time::Duration;

use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use js_sys::{Array, Intl, Object};
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlDocument, Storage};

use crate::ui::keys::Pressed;

/// How often a connection is looked after.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Milliseconds since 1970.
pub fn now() -> f64 {
    js_sys::Date::now()
}

/// Whether the page is used with fingers: there is no mouse to hover with.
pub fn is_touch() -> bool {
    let query = window().match_media("(pointer: coarse) and (hover: none)");
    query.ok().flatten().is_some_and(|query| query.matches())
}

pub fn pressed(event: &ev::KeyboardEvent) -> Pressed {
    Pressed {
        key: event.key(),
        code: event.key_code(),
        composing: event.is_composing(),
        shift: event.shift_key(),
        command: event.ctrl_key() || event.meta_key(),
    }
}

/// Tells the server, by a cookie, how many minutes this place is behind UTC: its days are the reader's.
pub fn tell_time_zone() {
    let minutes = js_sys::Date::new_0().get_timezone_offset() as i32;
    if let Ok(document) = document().dyn_into::<HtmlDocument>() {
        let _ = document.set_cookie(&format!("tz={minutes}; Path=/; SameSite=Lax; Max-Age=31536000"));
    }
}

/// The plural category of a number in a language, given by its tag: see [`PluralCategory`](crate::ui::words::PluralCategory).
pub fn plural_category(language: &str, number: i64) -> String {
    let rules = Intl::PluralRules::new(&Array::of1(&language.into()), &Object::new());
    rules.select(number as f64).into()
}

pub fn is_hidden() -> bool {
    document().hidden()
}

pub fn is_online() -> bool {
    window().navigator().on_line()
}

/// Says something whenever it may be time to connect or to disconnect: the network comes or goes, the
/// page is looked at or not, or some seconds are over.
pub fn woken() -> UnboundedReceiver<()> {
    let (send, woken) = unbounded();
    for name in ["online", "offline", "visibilitychange", "focus"] {
        let send = send.clone();
        window_event_listener_untyped(name, move |_: ev::Event| {
            let _ = send.unbounded_send(());
        });
    }
    set_interval(
        move || {
            let _ = send.unbounded_send(());
        },
        LOOK_EVERY,
    );
    woken
}

fn storage() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

/// What this tab keeps under a name.
pub fn kept(name: &str) -> Option<String> {
    storage()?.get_item(name).ok().flatten()
}

/// Keeps a text for as long as the tab is open; an empty one is forgotten. A full or forbidden storage
/// keeps nothing.
pub fn keep(name: &str, text: &str) {
    let Some(storage) = storage() else { return };
    let _ = if text.is_empty() { storage.remove_item(name) } else { storage.set_item(name, text) };
}

/// Forgets whatever is kept under names that `unwanted` picks.
pub fn forget(unwanted: impl Fn(&str) -> bool) {
    let Some(storage) = storage() else { return };
    let names: Vec<String> = (0..storage.length().unwrap_or_default())
        .filter_map(|at| storage.key(at).ok().flatten())
        .filter(|name| unwanted(name))
        .collect();
    for name in names {
        let _ = storage.remove_item(&name);
    }
}
