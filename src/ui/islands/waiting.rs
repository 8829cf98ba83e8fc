//! The line that stands in for an answer's first words: still at first, and after some seconds it says what is waited for
//! and how long.

use std::{cell::Cell, time::Duration};

use leptos::prelude::*;

use super::{
    browser, elements::found, elements::set_hidden, phrases::say, phrases::say_with, state::PageState,
};

/// How long nothing is said, in milliseconds.
const SILENT: f64 = 3_000.0;

thread_local! {
    /// When the answer that is awaited was asked for.
    static SINCE: Cell<f64> = const { Cell::new(0.0) };
}

pub(super) fn begin(state: PageState) {
    Effect::new(move |before: Option<Option<u32>>| {
        // In another conversation it is another answer.
        let now = state.generating.with(Option::is_some).then(|| state.visit.get_value());
        if now.is_some() && before != Some(now) {
            SINCE.set(browser::now());
        }
        now
    });
    set_interval(move || tick(state), Duration::from_secs(1));
}

fn tick(state: PageState) {
    count_down();
    if !state.is_generating() || !browser::is_online() {
        return;
    }
    let waited = browser::now() - SINCE.get();
    if waited >= SILENT {
        let model = state.model.get_untracked().unwrap_or_default();
        let name = model.rsplit('/').next().unwrap_or_default();
        say_on_line(&say_with("waiting-for", Some((waited / 1000.0) as u32), &[("model", name)]));
    }
}

/// Says that a question waits until there is a network.
pub(super) fn for_network() {
    say_on_line(&say("waits-for-network"));
}

fn say_on_line(sentence: &str) {
    if let Some(line) = found("#messages .waiting") {
        line.set_text_content(Some(sentence));
    }
}

/// Counts the seconds until a provider takes requests again, on the newest answer.
fn count_down() {
    let Some(line) = found("#messages > .message[data-retry-at]:last-child .retry-in") else { return };
    let at =
        line.closest(".message").ok().flatten().and_then(|message| message.get_attribute("data-retry-at"));
    let at: u64 = at.and_then(|at| at.parse().ok()).unwrap_or_default();
    let left = (at as f64 - browser::now()) / 1000.0;
    set_hidden(&line, left <= 0.0);
    if left > 0.0 {
        line.set_text_content(Some(&say_with("retry-in", Some(left.ceil() as u32), &[])));
    }
}
