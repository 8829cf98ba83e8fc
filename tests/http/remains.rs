//! A test may leave nothing of its answers and listeners behind, or it fails.

use std::{
    thread,
    time::{Duration, Instant},
};

use inglenook::server::app::App;

/// How long the work that a test began may take to end.
const PATIENCE: Duration = Duration::from_secs(3);

/// Waits until nothing is left but `in_journal` answers in the journal, or says what is left. The test's runtime has
/// more than one thread, so that the server's tasks go on while this thread waits.
pub fn wait_for_none(state: &App, in_journal: usize) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        let remains = remains(state, in_journal);
        if remains.is_empty() {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            return Err(remains.join(", "));
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn remains(state: &App, in_journal: usize) -> Vec<String> {
    [
        ("answers being written", state.live.jobs()),
        ("channels", state.live.conversations().len()),
        ("streams", state.live.streams()),
        ("streams of sessions", state.live.sessions().len()),
        ("streams of pages", state.listening.browsers.streams()),
        ("people who read", state.reading.readers()),
        ("answers whose parts wait for the database", state.chat.unstored_answers()),
        (
            "answers in the journal",
            state.journal.as_ref().map_or(0, |journal| journal.unstored()).abs_diff(in_journal),
        ),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(what, count)| format!("{count} {what}"))
    .collect()
}
