//! Brings the messages on the page up to date with what the server has: the server sends those that changed, and the page
//! puts them in place. This is how the page shows whatever no event can show in full.

use std::cell::Cell;

use leptos::{prelude::*, task::spawn_local};
use web_sys::Element;

use super::{
    announce, browser, messages, posts, request, scroll, sidebar, state::Fetched, state::PageState, thread,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    None,
    Running,
    /// Something changed while a refresh was running.
    Again,
}

/// How long [`soon`] waits, in milliseconds.
const SOON_AFTER: i32 = 3_000;

thread_local! {
    static SOON: Cell<bool> = const { Cell::new(false) };
    static WORK: Cell<Work> = const { Cell::new(Work::None) };
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
            if WORK.replace(Work::None) != Work::Again {
                break;
            }
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
        browser::sleep(SOON_AFTER).await;
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
    if let Some((from, leaf)) = messages::ends() {
        path.push_str(&format!("&from={from}&leaf={leaf}&since={}", state.synced.get_value()));
    }
    let fetched = request::get(&path).await.map(|json| Fetched::read(&json));
    if state.visit.get_value() != visit {
        return;
    }
    match fetched {
        Ok(Some(fetched)) => show(state, &fetched),
        // Without a connection the next event or the next connection brings it.
        Ok(None) => {}
        Err(refusal) if refusal.is_unreachable() => {}
        Err(refusal) => state.show_refusal(refusal),
    }
}

fn show(state: PageState, fetched: &Fetched) {
    // Text that came while this was made is newer, and is not told again.
    let after = fetched.shown.after.unwrap_or_default();
    let is_later = state.position.get_value() > after;
    let is_ahead = is_later && !state.overlaps.get_value();
    let placed = thread::show(&fetched.thread, is_ahead, posts::is_awaited(state));
    sidebar::show_bar(state, &fetched.bar, &fetched.title);
    state.allow(&fetched.shown);
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
