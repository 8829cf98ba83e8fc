//! [`Steps`]: the lines about the build in the terminal, one for each step, with the usual time and the time it took.

use std::{
    io::{IsTerminal, Write, stderr},
    path::Path,
    time::{Duration, Instant},
};

pub struct Steps {
    begun: Instant,
    /// The line of the present step.
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
    /// Begins a step. `usually` is the time that the step takes on two cores when nothing is compiled yet.
    pub fn begin(&mut self, what: &str, usually: &str) {
        self.step = Instant::now();
        self.line = format!("build: {what} (usually {usually})");
        if self.terminal {
            eprint!("{} …", self.line);
        }
    }

    /// Shows how far the step has come. Only a terminal shows that; elsewhere `end` writes the line once.
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
