//! [`init`]: begins the log, which goes to standard error; and [`chain`]: an error in one line of it.

mod plain;

use std::{
    error::Error,
    io::{self, IsTerminal, Write},
};

use tracing::Level;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{EnvFilter, fmt};

use plain::{Lines, PlainFields};

/// The most lines that wait to be written; further ones are dropped and counted.
const WAITING_LINES: usize = 10_000;

/// Writes the lines that still wait when it is dropped.
pub struct Log(#[expect(dead_code, reason = "it is held only to be dropped")] WorkerGuard);

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

/// Begins logging to standard error. `directives` is the value of `RUST_LOG`; if it is set and valid it replaces the level
/// of `config`. Later calls change nothing.
#[must_use]
pub fn init(config: LogConfig, directives: Option<&str>) -> Log {
    let given = directives.map(str::trim).filter(|text| !text.is_empty());
    let (filter, refused) = match given.map(EnvFilter::try_new) {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (EnvFilter::new(default_directives(config.level)), Some(error.to_string())),
        None => (EnvFilter::new(default_directives(config.level)), None),
    };
    // On a thread of its own, because a pipe that nobody reads must not stop the site.
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(WAITING_LINES)
        .thread_name("log")
        .finish(io::stderr());
    let dropped = writer.error_counter();
    let lines = Lines::new(writer, dropped, config.format);
    // If the log cannot be written, as on a full disk, reporting that to the same place would panic.
    let lines = fmt().with_env_filter(filter).with_writer(lines).log_internal_errors(false);
    // An error means that a test or an embedding program has a log of its own.
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

/// Writes a line to standard error just before the process ends. Does not panic where standard error is closed.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The server's own lines at `level`, and those of dependencies from warnings on, because below that they are too many.
fn default_directives(level: Level) -> String {
    let others = level.min(Level::WARN);
    format!("{others},inglenook={level}").to_lowercase()
}

/// An error and its sources in one line. A source that the text already contains is left out.
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
