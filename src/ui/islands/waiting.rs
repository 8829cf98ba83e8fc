//! The line that stands in for an answer's first words: still at first, and after some seconds it says what is waited for
//! and how long.

use std::{cell::Cell, time::Duration};

use leptos::prelude::*;

use super::{browser, phrases::say_with, state::PageState};

/// How long nothing is said, in milliseconds.
const SILENT: f64 = 3_000.0;

thread_local! {
    /// When the answer that is awaited was asked for.
    static SINCE: Cell<f64> = const { Cell::new(0.0) };
}

pub(super) fn begin(state: PageState) {
    Effect::new(move |before: Option<bool>| {
        let now = state.generating.with(Option::is_some);
        if now && before != Some(true) {
            SINCE.set(browser::now());
        }
        now
    });
    set_interval(move || tick(state), Duration::from_secs(1));
}

fn tick(state: PageState) {
    if !state.is_generating() {
        return;
    }
    let waited = browser::now() - SINCE.get();
    let line = document().query_selector("#messages .waiting").ok().flatten();
    let Some(line) = line.filter(|_| waited >= SILENT) else { return };
    let model = state.model.get_untracked().unwrap_or_default();
    let name = model.rsplit('/').next().unwrap_or_default();
    let sentence = say_with("waiting-for", Some((waited / 1000.0) as u32), &[("model", name)]);
    line.set_text_content(Some(&sentence));
}
