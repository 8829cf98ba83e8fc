//! What the ways of following a conversation share: whose page it is, how a connection ends, and whether one is needed.

use std::cell::Cell;

use leptos::prelude::*;

use super::{browser, refresh, request::Refused, state::PageState, way::Way};

/// A connection on which nothing came for so many milliseconds is dead, because the server sends something every 15 seconds.
pub(super) const SILENCE: f64 = 40_000.0;
/// For how many milliseconds the page says nothing of a lost connection, because most come back at once.
const CALM: f64 = 5_000.0;

thread_local! {
    /// When the connection was lost; 0 while there is one.
    static LOST: Cell<f64> = const { Cell::new(0.0) };
    /// Whether the page says that it is told nothing any more.
    static REFUSED: Cell<bool> = const { Cell::new(false) };
}

/// A conversation while it is on the page.
pub(super) struct Visit {
    pub state: PageState,
    pub conversation_id: String,
    /// See [`PageState::visit`].
    pub visit: u32,
}

impl Visit {
    /// Whether another conversation is on the page.
    pub fn is_over(&self) -> bool {
        self.state.visit.get_value() != self.visit
    }
}

/// How a connection ended.
pub(super) enum Ended {
    /// The server sent all there is and closed the stream: this page shall poll.
    Polled,
    /// It broke off, or this page closed it.
    Closed,
    /// The next stream begins at an earlier event, at once.
    Rewound,
    /// The server refused, or could not be reached.
    Failed(Refused),
    /// What this page is told does not get through in this way.
    Unfit,
}

/// The events come.
pub(super) fn connected(state: PageState) {
    LOST.set(0.0);
    if REFUSED.replace(false) {
        refresh::refresh(state);
    }
    state.disconnected.set(false);
}

/// The server tells this page nothing any more, which the page has said.
pub(super) fn refused() {
    REFUSED.set(true);
}

/// There is no connection, which the page says after a while.
pub(super) fn lost(state: PageState) {
    let lost = LOST.get();
    if lost == 0.0 {
        LOST.set(browser::now());
    } else if browser::now() - lost > CALM {
        state.disconnected.set(true);
    }
}

/// Whether the page needs no events for now: nobody sees it, and no answer is written. In a room others write at any time,
/// and a WebSocket takes nothing from other pages.
pub(super) fn may_disconnect(state: PageState, way: Way) -> bool {
    let stays = way == Way::Socket && state.is_room();
    browser::is_hidden() && !state.is_generating() && !stays
}
