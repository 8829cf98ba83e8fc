//! Brings the messages on the page up to date with what the server has: the server sends those that changed, and the page
//! puts them in place. This is how the page shows whatever no event can show in full.

use std::cell::Cell;

use leptos::{prelude::*, task::spawn_local};
use web_sys::Element;

use super::{
    announce, browser, messages, posts, queue, request, scroll, sidebar, state::Fetched, state::PageState,
    thread,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    None,
    Running,
    /// Something changed while a refresh was running.
    Again,
}

/// The pause before one more refresh, in milliseconds, and where nobody looks at the page.
const AGAIN: i32 = 150;
const AGAIN_HIDDEN: i32 = 3_000;
/// How long [`soon`] waits, in milliseconds.
const SOON_AFTER: i32 = 3_000;

/// A page that follows a room holds so many messages at the most, and so many are left then.
const MOST_HELD: usize = 400;
const HELD: usize = 200;

thread_local! {
    static SOON: Cell<bool> = const { Cell::new(false) };
    static WORK: Cell<Work> = const { Cell::new(Work::None) };
    /// How many times the messages were asked for, and which of the answers is on the page.
    static ASKED: Cell<u32> = const { Cell::new(0) };
    static SHOWN: Cell<u32> = const { Cell::new(0) };
    /// Whether all messages are wanted, because others of their buttons are the reader's.
    static ANEW: Cell<bool> = const { Cell::new(false) };
}

/// Shows what has changed. However often it is called, one request is under way at a time.
pub(super) fn refresh(state: PageState) {
    if !state.follows.get_value() {
        return;
    }
    if WORK.get() != Work::None {
        return WORK.set(Work::Again);
    }
    spawn_local(async move {
        loop {
            WORK.set(Work::Running);
            once(state).await;
            if WORK.get() != Work::Again {
                break WORK.set(Work::None);
            }
            let pause = if browser::is_hidden() { AGAIN_HIDDEN } else { AGAIN };
            browser::sleep(browser::spread(pause)).await;
        }
    });
}

/// Shows what has changed of what stands around the messages. Many who come and go are one refresh, because each goes to every
/// page.
pub(super) fn soon(state: PageState) {
    if SOON.replace(true) {
        return;
    }
    spawn_local(async move {
        browser::sleep(browser::spread(SOON_AFTER)).await;
        SOON.set(false);
        refresh(state);
    });
}

/// Shows what has changed up to now.
pub(super) async fn now(state: PageState) {
    if state.follows.get_value() {
        once(state).await;
    }
}

async fn once(state: PageState) {
    let visit = state.visit.get_value();
    let Some(id) = state.conversation() else { return };
    let mut path = format!("/fn/part?conversation={id}");
    if let Some((oldest, leaf)) = messages::ends() {
        let from = first_held(state).unwrap_or(oldest);
        let since = if ANEW.take() { 0 } else { state.synced.get_value() };
        path.push_str(&format!("&from={from}&leaf={leaf}&since={since}"));
    }
    let number = ASKED.get() + 1;
    ASKED.set(number);
    let fetched = request::get(&path).await.map(|json| Fetched::read(&json));
    // What was asked for later is newer.
    if state.visit.get_value() != visit || number < SHOWN.get() {
        return;
    }
    SHOWN.set(number);
    match fetched {
        Ok(Some(fetched)) => show(state, &fetched),
        // Without a connection the next event or the next connection brings it.
        Ok(None) => {}
        Err(refusal) if refusal.is_unreachable() => {}
        Err(refusal) => state.show_refusal(refusal),
    }
}

/// The first message of those that stay on a page that has shown more and more of a room, while nobody is looking at the
/// others. They come back with the link to earlier ones.
fn first_held(state: PageState) -> Option<String> {
    if !state.is_room() || !state.following.get_untracked() {
        return None;
    }
    let all = messages::all();
    let (leaving, held) =
        all.split_at_checked(all.len().saturating_sub(HELD)).filter(|_| all.len() > MOST_HELD)?;
    let in_use = |message: &Element| message.matches(":focus-within, :has(.edit-form)") != Ok(false);
    // One that stands below another of the same person does not say who wrote it.
    let first = held.iter().find(|message| !message.class_list().contains("follows")).or(held.first())?.id();
    (!first.is_empty() && !leaving.iter().any(in_use)).then_some(first)
}

fn show(state: PageState, fetched: &Fetched) {
    // Text that came while this was made is newer, and is not told again.
    let after = fetched.shown.after.unwrap_or_default();
    let is_later = state.position.get_value() > after;
    let is_ahead = is_later && !state.overlaps.get_value();
    let placed = thread::show(&fetched.thread, is_ahead, posts::is_awaited(state));
    sidebar::show_bar(state, &fetched.bar, &fetched.title);
    if state.allow(&fetched.shown) {
        ANEW.set(true);
        refresh(state);
    }
    // What was left out is asked for again.
    if !placed.left_out {
        state.synced.set_value(after);
    }
    state.overlaps.set_value(placed.replaced && is_later);
    if placed.replaced && is_later {
        browser::wake();
    }
    if !is_ahead {
        state.generating.set(fetched.shown.generating.clone());
    }
    announce::say_end(state);
    scroll::settle(state);
    // Who asked a question stands with its message.
    state.queue.with_untracked(|queue| queue::show(state, queue));
}

/// Brings the messages before `before`, and puts them above those that are there. A further click on the `link` that asked
/// for them does nothing until they are there.
pub(super) fn earlier(state: PageState, before: String, link: Element) {
    const BUSY: &str = "aria-busy";
    let (Some(id), visit) = (state.conversation(), state.visit.get_value()) else { return };
    if link.has_attribute(BUSY) {
        return;
    }
    let _ = link.set_attribute(BUSY, "true");
    spawn_local(async move {
        let path = format!("/fn/part?conversation={id}&before={before}");
        let fetched = request::get(&path).await.map(|json| Fetched::read(&json));
        let _ = link.remove_attribute(BUSY);
        if state.visit.get_value() == visit {
            match fetched {
                Ok(Some(fetched)) => thread::prepend(&fetched.thread),
                Ok(None) => {}
                Err(refusal) => state.show_refusal(refusal),
            }
        }
    });
}
