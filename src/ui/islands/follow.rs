//! Following the conversation: the page shows at once what happens in it elsewhere, and after a lost connection it goes on
//! from the last event that it has. A browser opens few connections to one site, so a page that is hidden, or that is one
//! of many, keeps none open and polls instead.

use futures::{
    StreamExt,
    channel::mpsc::UnboundedReceiver,
    future::{Either, select},
};
use leptos::{prelude::*, task::spawn_local};

use super::{apply::Applier, browser, state::ChatState};
use crate::{
    api,
    error::{AppError, Refusal},
    ui::stream,
};

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

/// Follows the conversation after event `after`, for as long as the page is there.
pub(super) fn begin(state: ChatState, after: u64) {
    let Some(conversation_id) = state.conversation_id.get_value().filter(|_| state.follows) else { return };
    spawn_local(follow(Applier::new(state, conversation_id, after)));
}

/// How a connection ended.
enum Ended {
    /// The server sent all there is and closed the stream: this page shall poll.
    Polled,
    /// The stream broke off, or this page closed it.
    Closed,
    /// No stream came.
    Failed(Refusal),
}

async fn follow(mut applier: Applier) {
    let state = applier.state;
    let mut wake_ups = browser::wake_ups();
    let mut pause = FIRST_PAUSE;
    while !state.leaving.get_value() {
        if may_disconnect(state) {
            wake_ups.next().await;
            continue;
        }
        let (opened, hidden) = (browser::now(), browser::is_hidden());
        let ended = listen(&mut applier, &mut wake_ups, opened, hidden).await;
        match &ended {
            Ended::Failed(refusal) if matches!(refusal.error, AppError::SignedOut | AppError::NotFound) => {
                state.show_refusal(refusal.clone());
                state.generating.set(None);
                return;
            }
            Ended::Failed(_) => pause = pause.max(FIRST_PAUSE * 2),
            Ended::Polled | Ended::Closed => {}
        }
        if may_disconnect(state) || state.leaving.get_value() || browser::is_hidden() != hidden {
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
        // The first pause is too short to be worth a word.
        state.disconnected.set(pause > FIRST_PAUSE || !browser::is_online());
        select(Box::pin(browser::sleep(pause)), wake_ups.next()).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Opens the stream of events and applies them until it ends, or until this page no longer needs it. `opened` is the time
/// now; `hidden` is whether the page is hidden now, which tells the server to close the stream after the events that there are.
async fn listen(
    applier: &mut Applier,
    wake_ups: &mut UnboundedReceiver<()>,
    opened: f64,
    hidden: bool,
) -> Ended {
    let state = applier.state;
    let stream = api::chat::follow(applier.conversation_id.clone(), Some(applier.position), Some(hidden));
    let bytes = match stream.await {
        Ok(bytes) => bytes,
        Err(refusal) => return Ended::Failed(refusal),
    };
    state.disconnected.set(false);
    applier.connections += 1;
    let mut last_heard = opened;
    let mut events = Box::pin(stream::events(bytes));
    loop {
        match select(events.next(), wake_ups.next()).await {
            Either::Left((Some(Ok(batch)), _)) => {
                last_heard = browser::now();
                applier.apply_batch(batch).await;
            }
            Either::Left((None, _)) if browser::now() - opened < LASTING => return Ended::Polled,
            Either::Left(_) => return Ended::Closed,
            Either::Right(_) => {}
        }
        let dead = !browser::is_online() || browser::now() - last_heard > SILENCE;
        let now_hidden = browser::is_hidden() && !hidden;
        if dead || now_hidden || may_disconnect(state) || state.leaving.get_value() {
            return Ended::Closed;
        }
    }
}

/// Whether the page needs no events for now: nobody sees it, and no answer is written.
fn may_disconnect(state: ChatState) -> bool {
    browser::is_hidden() && state.generating.with_untracked(Option::is_none)
}

fn poll_pause(state: ChatState) -> i32 {
    match state.generating.with_untracked(Option::is_some) {
        _ if browser::is_hidden() => POLL_HIDDEN,
        true => POLL_GENERATING,
        false => POLL_IDLE,
    }
}
