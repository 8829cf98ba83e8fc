//! What islands ask of the browser: the time, whether anybody looks, whether there is a network, and a
//! place for what must outlive a reload.

use std::time::Duration;

use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use leptos::{ev, prelude::*};
use web_sys::Storage;

/// How often a connection is looked after.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Milliseconds since 1970.
pub fn now() -> f64 {
    js_sys::Date::now()
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
