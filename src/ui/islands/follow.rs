//! Following the conversation: the page shows at once what happens in it elsewhere, and after a lost connection it goes on
//! from the last event that it has. A browser opens few connections to one site, so a page that is hidden, or that is one
//! of many, keeps none open and polls instead.

use std::cell::Cell;

use futures::{
    StreamExt,
    channel::mpsc::UnboundedReceiver,
    future::{Either, select},
};
use leptos::{prelude::*, task::spawn_local};
use web_sys::ReadableStreamDefaultReader;

use super::{apply, browser, request, request::Refused, state::PageState};
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
/// A connection on which nothing came for so many milliseconds is dead, because the server sends something every 15 seconds.
const SILENCE: f64 = 40_000.0;

/// For how many milliseconds the page says nothing of a lost connection, because most come back at once.
const CALM: f64 = 5_000.0;

thread_local! {
    /// When the connection was lost; 0 while there is one.
    static LOST: Cell<f64> = const { Cell::new(0.0) };
}

/// Follows the conversation on the page, until another one is.
pub(super) fn begin(state: PageState) {
    let Some(conversation_id) = state.conversation().filter(|_| state.follows.get_value()) else { return };
    let visit = state.visit.get_value();
    spawn_local(follow(Visit { state, conversation_id, visit }));
}

/// A conversation while it is on the page.
struct Visit {
    state: PageState,
    conversation_id: String,
    /// See [`PageState::visit`].
    visit: u32,
}

impl Visit {
    /// Whether another conversation is on the page.
    fn is_over(&self) -> bool {
        self.state.visit.get_value() != self.visit
    }
}

/// How a connection ended.
enum Ended {
    /// The server sent all there is and closed the stream: this page shall poll.
    Polled,
    /// The stream broke off, or this page closed it.
    Closed,
    /// The next stream begins at an earlier event, at once.
    Rewound,
    /// No stream came.
    Failed(Refused),
}

async fn follow(here: Visit) {
    let state = here.state;
    let mut wake_ups = browser::wake_ups();
    let mut pause = FIRST_PAUSE;
    while !here.is_over() {
        if may_disconnect(state) {
            wake_ups.next().await;
            continue;
        }
        let (opened, hidden) = (browser::now(), browser::is_hidden());
        let ended = listen(&here, &mut wake_ups, opened, hidden).await;
        if here.is_over() {
            return;
        }
        match &ended {
            Ended::Failed(refusal) if matches!(&*refusal.code, "signed_out" | "not_found") => {
                state.show_refusal(refusal.clone());
                state.generating.set(None);
                return;
            }
            Ended::Failed(_) => pause = pause.max(FIRST_PAUSE * 2),
            Ended::Rewound => continue,
            Ended::Polled | Ended::Closed => {}
        }
        if may_disconnect(state) || browser::is_hidden() != hidden {
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
        let lost = LOST.get();
        if lost == 0.0 {
            LOST.set(browser::now());
        } else if browser::now() - lost > CALM {
            state.disconnected.set(true);
        }
        select(Box::pin(browser::sleep(pause)), wake_ups.next()).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Opens the stream of events and applies them until it ends, or until this page no longer needs it. `opened` is the time
/// now; `hidden` is whether the page is hidden now, which tells the server to close the stream after the events that there are.
async fn listen(here: &Visit, wake_ups: &mut UnboundedReceiver<()>, opened: f64, hidden: bool) -> Ended {
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
    let reader = match request::stream("/fn/follow", &fields).await {
        Ok(reader) => reader,
        Err(refusal) => return Ended::Failed(refusal),
    };
    let ended = read(here, &reader, wake_ups, opened, hidden).await;
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
    opened: f64,
    hidden: bool,
) -> Ended {
    let state = here.state;
    LOST.set(0.0);
    state.disconnected.set(false);
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
                apply::apply_batch(state, lines.feed(&bytes));
                next.set(request::next(reader));
            }
            Either::Left((Ok(None), _)) if browser::now() - opened < LASTING => return Ended::Polled,
            Either::Left(_) => return Ended::Closed,
            Either::Right(_) => {}
        }
        if state.rewind() {
            return Ended::Rewound;
        }
        let dead = !browser::is_online() || browser::now() - last_heard > SILENCE;
        let now_hidden = browser::is_hidden() && !hidden;
        if dead || now_hidden || may_disconnect(state) || here.is_over() {
            return Ended::Closed;
        }
    }
}

/// Whether the page needs no events for now: nobody sees it, and no answer is written.
fn may_disconnect(state: PageState) -> bool {
    browser::is_hidden() && !state.is_generating()
}

fn poll_pause(state: PageState) -> i32 {
    match state.is_generating() {
        _ if browser::is_hidden() => POLL_HIDDEN,
        true => POLL_GENERATING,
        false => POLL_IDLE,
    }
}
