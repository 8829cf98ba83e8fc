//! What islands ask of the browser: the time, whether the page is looked at, whether there is a
//! network, and storage that outlives a reload.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use js_sys::{Math, Promise};
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlDocument, Storage};

use crate::ui::keys::KeyPress;

/// The time between two wake-ups when no event of the browser brings one.
const WAKE_EVERY: Duration = Duration::from_secs(10);
/// A page with which nobody did anything for so many milliseconds is one that nobody looks at.
const IDLE: f64 = 300_000.0;

/// Milliseconds since 1970.
pub fn now() -> f64 {
    js_sys::Date::now()
}

pub async fn sleep(milliseconds: i32) {
    let promise = Promise::new(&mut |resolve, _| {
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
    });
    let _ = JsFuture::from(promise).await;
}

/// Half of these milliseconds to one and a half, because many pages do the same in the same moment.
pub fn spread(milliseconds: i32) -> i32 {
    milliseconds / 2 + (Math::random() * f64::from(milliseconds)) as i32
}

/// An idempotency key: random enough that no two requests of a person share one.
pub fn random_key() -> String {
    format!("{:x}{:x}", (Math::random() * 1e15) as u64, (Math::random() * 1e15) as u64)
}

/// Whether the page is used with fingers and has no mouse that could hover.
pub fn is_touch() -> bool {
    matches("(pointer: coarse) and (hover: none)")
}

/// Whether a media query holds now.
pub fn matches(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|query| query.matches())
}

pub fn key_press(event: &ev::KeyboardEvent) -> KeyPress {
    KeyPress {
        key: event.key(),
        key_code: event.key_code(),
        composing: event.is_composing(),
        shift: event.shift_key(),
        command: event.ctrl_key() || event.meta_key(),
    }
}

/// Sets the cookie that says how many minutes the reader's clock is behind UTC, because the server groups conversations
/// by the reader's days.
pub fn set_time_zone_cookie() {
    let minutes = js_sys::Date::new_0().get_timezone_offset() as i32;
    if let Ok(document) = document().dyn_into::<HtmlDocument>() {
        let _ = document.set_cookie(&format!("tz={minutes}; Path=/; SameSite=Lax; Max-Age=31536000"));
    }
}

pub fn is_hidden() -> bool {
    document().hidden()
}

/// Comes when there is a network again.
pub async fn online() {
    let promise = Promise::new(&mut |resolve, _| {
        let once = web_sys::AddEventListenerOptions::new();
        once.set_once(true);
        let _ = window()
            .add_event_listener_with_callback_and_add_event_listener_options("online", &resolve, &once);
    });
    let _ = JsFuture::from(promise).await;
}

pub fn is_online() -> bool {
    window().navigator().on_line()
}

thread_local! {
    /// Whoever waits for wake-ups; `None`: nobody has asked yet, and nothing is listened to.
    static WAKES: RefCell<Option<UnboundedSender<()>>> = const { RefCell::new(None) };
    /// When somebody did something with the page last.
    static TOUCHED: Cell<f64> = const { Cell::new(0.0) };
}

/// An item whenever it may be time to connect or to disconnect: the network comes or goes, the page is shown or hidden,
/// or [`WAKE_EVERY`] is over. Whoever asked before gets no more, and so notices that another conversation is followed.
pub fn wake_ups() -> UnboundedReceiver<()> {
    let (send, wake_ups) = unbounded();
    if WAKES.replace(Some(send)).is_none() {
        for name in ["online", "offline", "visibilitychange", "focus"] {
            window_event_listener_untyped(name, |_: ev::Event| wake());
        }
        TOUCHED.set(now());
        for name in ["keydown", "pointerdown", "pointermove", "wheel", "visibilitychange"] {
            window_event_listener_untyped(name, |_: ev::Event| TOUCHED.set(now()));
        }
        set_interval(wake, WAKE_EVERY);
    }
    wake_ups
}

/// Whether somebody looks at the page.
pub fn is_active() -> bool {
    !is_hidden() && now() - TOUCHED.get() < IDLE
}

/// Wakes whoever waits for [`wake_ups`].
pub fn wake() {
    WAKES.with_borrow(|wakes| {
        if let Some(wakes) = wakes {
            let _ = wakes.unbounded_send(());
        }
    });
}

/// The storage of this site, which all tabs share.
fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// What is stored under a name.
pub fn stored(name: &str) -> Option<String> {
    storage()?.get_item(name).ok().flatten()
}

/// Stores a text; an empty text removes what is stored. Where storage is full or forbidden nothing happens.
pub fn store(name: &str, text: &str) {
    let Some(storage) = storage() else { return };
    let _ = if text.is_empty() { storage.remove_item(name) } else { storage.set_item(name, text) };
}

/// Removes all that is stored under names that `unwanted` picks.
pub fn remove_stored(unwanted: impl Fn(&str) -> bool) {
    let Some(storage) = storage() else { return };
    let names: Vec<String> = (0..storage.length().unwrap_or_default())
        .filter_map(|at| storage.key(at).ok().flatten())
        .filter(|name| unwanted(name))
        .collect();
    for name in names {
        let _ = storage.remove_item(&name);
    }
}
