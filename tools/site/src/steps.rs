//! What the person at the terminal sees: a line per step, with the time it usually takes and the time it took.

use std::{
    io::{IsTerminal, Write, stderr},
    path::Path,
    time::{Duration, Instant},
};

pub struct Steps {
    begun: Instant,
    /// The line of the step that is under way.
    line: String,
    step: Instant,
    terminal: bool,
}

impl Default for Steps {
    fn default() -> Self {
        let now = Instant::now();
        Self { begun: now, line: String::new(), step: now, terminal: stderr().is_terminal() }
    }
}

impl Steps {
    /// Begins a step; `usually` is the time that it takes on two cores when nothing is there yet.
    pub fn begin(&mut self, what: &str, usually: &str) {
        self.step = Instant::now();
        self.line = format!("build: {what} (usually {usually})");
        if self.terminal {
            eprint!("{} …", self.line);
        }
    }

    /// Shows on a terminal how far a step has come. Elsewhere a line is written once, at its end.
    pub fn progress(&self, done: &str) {
        if self.terminal {
            eprint!("\r{} … {done}\x1b[K", self.line);
            let _ = stderr().flush();
        }
    }

    /// Ends the step.
    pub fn end(&self) {
        let start = if self.terminal { "\r" } else { "" };
        let clear = if self.terminal { "\x1b[K" } else { "" };
        eprintln!("{start}{}: {}{clear}", self.line, shown(self.step.elapsed()));
    }

    pub fn done(&self, server: &Path) {
        eprintln!("build: {} is ready after {}", server.display(), shown(self.begun.elapsed()));
    }
}

fn shown(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_seconds_or_minutes() {
        assert_eq!(shown(Duration::from_millis(900)), "0 s");
        assert_eq!(shown(Duration::from_secs(119)), "119 s");
        assert_eq!(shown(Duration::from_secs(125)), "2 min 5 s");
    }
}
