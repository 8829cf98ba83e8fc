//! Following the conversation: the page shows at once what happens in it elsewhere, and after a lost connection it goes on
//! from the last event that it has. The events come through a WebSocket (`hear`), or as a stream, or by polling, whichever
//! works first ([`Way`]). A browser opens few connections to one site for streams, so a page that is hidden, or that is one of
//! many, keeps none open and polls instead.

use futures::{
    StreamExt,
    channel::mpsc::UnboundedReceiver,
    future::{Either, select},
};
use leptos::{prelude::*, task::spawn_local};
use web_sys::ReadableStreamDefaultReader;

use super::{
    apply, browser,
    following::{Ended, SILENCE, Visit, connected, lost, may_disconnect, refused},
    hear,
    json::Json,
    phrases::say,
    request, sidebar,
    state::PageState,
    typing,
    way::Way,
};
use crate::ui::stream::Lines;

/// The pause before the first try to connect again, and the longest pause, in milliseconds.
const FIRST_PAUSE: i32 = 250;
const LONGEST_PAUSE: i32 = 5_000;
/// A stream that the server ends within so many milliseconds was an answer to a poll. One that lasted longer has shown that
/// connecting works.
const LASTING: f64 = 2_000.0;
/// The pause between two polls of a page that keeps no connection, in milliseconds: while an answer is written, while none
/// is, and while the page is hidden.
const POLL_GENERATING: i32 = 1_000;
const POLL_IDLE: i32 = 3_000;
const POLL_HIDDEN: i32 = 5_000;
/// How long a page that is told no more may take to leave before it says why, in milliseconds.
const LEAVING: i32 = 1_000;
/// How long the beginning of a stream may take, in milliseconds.
const BEGINS: i32 = 20_000;

/// Follows the conversation on the page, until another one is.
pub(super) fn begin(state: PageState) {
    let Some(conversation_id) = state.conversation().filter(|_| state.follows.get_value()) else { return };
    let visit = state.visit.get_value();
    typing::forget();
    spawn_local(follow(Visit { state, conversation_id, visit }));
}

async fn follow(here: Visit) {
    let state = here.state;
    let mut wake_ups = browser::wake_ups();
    let (mut pause, mut way) = (FIRST_PAUSE, Way::remembered());
    while !here.is_over() {
        if may_disconnect(state, way) {
            wake_ups.next().await;
            if state.is_room() {
                // A room is heard while it is hidden, too, when a WebSocket gets through again.
                way = Way::remembered();
            }
            continue;
        }
        if way.is_stale() {
            way = Way::Socket;
        }
        let (opened, hidden) = (browser::now(), browser::is_hidden());
        let ended = match way {
            Way::Socket => hear::hear(&here, &mut wake_ups).await,
            Way::Stream => listen(&here, &mut wake_ups, (way, opened, hidden)).await,
            Way::Poll => listen(&here, &mut wake_ups, (way, opened, true)).await,
        };
        if here.is_over() {
            return;
        }
        match &ended {
            Ended::Failed(refusal) if matches!(&*refusal.code, "signed_out" | "not_found") => {
                // Most often this page itself signed out or deleted the conversation, and is about to show something else.
                browser::sleep(LEAVING).await;
                if here.is_over() {
                    return;
                }
                state.generating.set(None);
                if !state.is_room() || refusal.code != "not_found" {
                    state.show_refusal(refusal.clone());
                    return;
                }
                // In place of the composer.
                state.only_reads.set(Some(say("room-over")));
                sidebar::reload(state);
                refused();
                // Somebody may be let in again.
                wait_until_seen(&mut wake_ups).await;
                continue;
            }
            Ended::Failed(refusal) if !refusal.is_unreachable() => pause = pause.max(FIRST_PAUSE * 2),
            // Without a network no way is better than another.
            Ended::Failed(_) | Ended::Unfit if !browser::is_online() => pause = pause.max(FIRST_PAUSE * 2),
            Ended::Failed(_) | Ended::Unfit => {
                let (next, at_once) = way.failed();
                way = next;
                if at_once && browser::is_online() {
                    continue;
                }
                pause = pause.max(FIRST_PAUSE * 2);
            }
            Ended::Rewound => continue,
            Ended::Polled | Ended::Closed => {}
        }
        if may_disconnect(state, way) || (way == Way::Stream && browser::is_hidden() != hidden) {
            continue;
        }
        if matches!(ended, Ended::Polled) {
            pause = FIRST_PAUSE;
            select(Box::pin(browser::sleep(poll_pause(state))), wake_ups.next()).await;
            continue;
        }
        if browser::now() - opened > LASTING {
            pause = FIRST_PAUSE;
        }
        lost(state);
        select(Box::pin(browser::sleep(browser::spread(pause))), wake_ups.next()).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Opens the stream of events and applies them until it ends, or until this page no longer needs it. `opened` is the time
/// now; `hidden` is whether the page is hidden now, which tells the server to close the stream after the events that there are.
async fn listen(
    here: &Visit,
    wake_ups: &mut UnboundedReceiver<()>,
    (way, opened, hidden): (Way, f64, bool),
) -> Ended {
    let state = here.state;
    state.rewind();
    let position = state.position.get_value().to_string();
    let hidden_now = if hidden { "true" } else { "false" };
    let fields = request::fields(&[
        ("conversation_id", &here.conversation_id),
        ("after", &position),
        ("hidden", hidden_now),
    ]);
    let Some(fields) = fields else { return Ended::Closed };
    let begun = Box::pin(request::stream("/fn/follow", &fields));
    let reader = match select(begun, Box::pin(browser::sleep(BEGINS))).await {
        Either::Left((Ok(reader), _)) => reader,
        Either::Left((Err(refusal), _)) => return Ended::Failed(refusal),
        Either::Right(_) => return Ended::Unfit,
    };
    let ended = read(here, &reader, wake_ups, (way, opened, hidden)).await;
    // The server stops at once to send what nobody reads. The promise of a stream that broke off is awaited, too, because
    // the browser reports one that nobody heeds.
    let cancelled = wasm_bindgen_futures::JsFuture::from(reader.cancel());
    spawn_local(async move { drop(cancelled.await) });
    ended
}

async fn read(
    here: &Visit,
    reader: &ReadableStreamDefaultReader,
    wake_ups: &mut UnboundedReceiver<()>,
    (way, opened, hidden): (Way, f64, bool),
) -> Ended {
    let state = here.state;
    connected(state);
    let mut any = false;
    let mut lines = Lines::default();
    let mut last_heard = opened;
    let mut next = Box::pin(request::next(reader));
    loop {
        match select(next.as_mut(), wake_ups.next()).await {
            Either::Left((Ok(Some(bytes)), _)) => {
                if here.is_over() {
                    return Ended::Closed;
                }
                last_heard = browser::now();
                if !std::mem::replace(&mut any, true) {
                    way.works();
                }
                apply::apply_batch(state, &Json::parse_all(&lines.feed(&bytes)));
                next.set(request::next(reader));
            }
            Either::Left((Ok(None), _)) if way == Way::Poll || browser::now() - opened < LASTING => {
                way.works();
                return Ended::Polled;
            }
            Either::Left(_) => return Ended::Closed,
            Either::Right(_) => {}
        }
        if state.rewind() {
            return Ended::Rewound;
        }
        let silent = browser::now() - last_heard > SILENCE;
        if silent && !any {
            return Ended::Unfit;
        }
        let now_hidden = browser::is_hidden() && !hidden;
        let done = silent || now_hidden || way.is_stale() || may_disconnect(state, way);
        if done || !browser::is_online() || here.is_over() {
            return Ended::Closed;
        }
    }
}

/// Waits until somebody comes back to the page.
async fn wait_until_seen(wake_ups: &mut UnboundedReceiver<()>) {
    let mut hidden = browser::is_hidden();
    while wake_ups.next().await.is_some() {
        if std::mem::replace(&mut hidden, browser::is_hidden()) && !hidden {
            return;
        }
    }
}

fn poll_pause(state: PageState) -> i32 {
    match state.is_generating() {
        _ if browser::is_hidden() => POLL_HIDDEN,
        true => POLL_GENERATING,
        false => POLL_IDLE,
    }
}
