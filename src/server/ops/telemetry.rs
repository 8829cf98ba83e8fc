//! The log: where it goes, at which level and in which form.

mod plain;

use std::{
    error::Error,
    io::{self, IsTerminal, Write},
};

use tracing::Level;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{EnvFilter, fmt};

use plain::{Lines, PlainFields};

/// Lines that may wait to be written; further ones are dropped and counted.
const WAITING_LINES: usize = 10_000;

/// Writes down what still waits when it is dropped, if somebody takes it.
pub struct Log(#[expect(dead_code, reason = "its end is what it is for")] WorkerGuard);

/// What is logged, and how.
#[derive(Clone, Copy, Debug)]
pub struct LogConfig {
    pub level: tracing::Level,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// Begins logging to standard error. `directives` is `RUST_LOG`; when it is set and sound it goes
/// before the level. Call it once; later calls change nothing.
#[must_use]
pub fn init(config: LogConfig, directives: Option<&str>) -> Log {
    let given = directives.map(str::trim).filter(|text| !text.is_empty());
    let (filter, refused) = match given.map(EnvFilter::try_new) {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (EnvFilter::new(default_directives(config.level)), Some(error.to_string())),
        None => (EnvFilter::new(default_directives(config.level)), None),
    };
    // On a thread of its own: a pipe that nobody empties must not stop the site.
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(WAITING_LINES)
        .thread_name("log")
        .finish(io::stderr());
    let dropped = writer.error_counter();
    let lines = Lines::new(writer, dropped, config.format);
    // Where the log cannot be written (it may be a file on a full disk), telling so on the same way would
    // be a panic.
    let lines = fmt().with_env_filter(filter).with_writer(lines).log_internal_errors(false);
    // An error means that a test or an embedding program has its own.
    let _ = match config.format {
        LogFormat::Text => {
            lines.with_ansi(io::stderr().is_terminal()).fmt_fields(PlainFields::default()).try_init()
        }
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).try_init(),
    };
    if let Some(error) = refused {
        tracing::warn!("RUST_LOG is ignored: {error}");
    }
    Log(guard)
}

/// For the last words of a process: a closed standard error is no reason to panic.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Our own lines at `level`; those of dependencies from warnings on, for they say more than helps.
fn default_directives(level: Level) -> String {
    let others = level.min(Level::WARN);
    format!("{others},inglenook={level}").to_lowercase()
}

/// An error and its sources in one line, leaving out what the line before already says.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let more = source.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the answer did not come")]
    struct Outer(#[source] io::Error);

    #[test]
    fn levels_become_directives() {
        assert_eq!(default_directives(Level::ERROR), "error,inglenook=error");
        assert_eq!(default_directives(Level::INFO), "warn,inglenook=info");
        assert_eq!(default_directives(Level::TRACE), "warn,inglenook=trace");
    }

    #[test]
    fn the_chain_says_everything_once() {
        let error = Outer(io::Error::other("broken pipe"));
        assert_eq!(chain(&error), "the answer did not come: broken pipe");
        assert_eq!(chain(&io::Error::other(error)), "the answer did not come: broken pipe");
    }
}
