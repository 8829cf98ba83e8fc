//! [`Stopwatch`]: how long an answer takes.

use std::time::{Duration, Instant};

use crate::domain::Timings;

/// Measures one run of an answer. A continued answer adds to what was measured before.
#[derive(Clone, Copy, Debug)]
pub(in crate::server::chat) struct Stopwatch {
    began: Instant,
    before: Timings,
    first_token: Option<Instant>,
    /// Since when the model thinks, if it does.
    thinking: Option<Instant>,
    thought: Option<Duration>,
}

impl Stopwatch {
    /// Starts when the answer was stored as being written.
    pub(in crate::server::chat) fn start(before: Timings, now: Instant) -> Self {
        Self { began: now, before, first_token: None, thinking: None, thought: None }
    }

    pub(in crate::server::chat) fn text(&mut self, now: Instant) {
        self.first_token.get_or_insert(now);
        self.stop_thinking(now);
    }

    pub(in crate::server::chat) fn reasoning(&mut self, now: Instant) {
        self.first_token.get_or_insert(now);
        self.thinking.get_or_insert(now);
    }

    /// All so far was thinking.
    pub(in crate::server::chat) fn text_was_reasoning(&mut self, now: Instant) {
        self.thinking = None;
        self.thought = self.first_token.map(|first| now - first);
    }

    fn stop_thinking(&mut self, now: Instant) {
        if let Some(since) = self.thinking.take() {
            *self.thought.get_or_insert_default() += now - since;
        }
    }

    /// What was measured until now.
    pub(in crate::server::chat) fn timings(mut self, now: Instant) -> Timings {
        self.stop_thinking(now);
        let first = self.first_token.map(|first| milliseconds(first - self.began));
        let added = |before: Option<u32>, now: u32| Some(before.unwrap_or_default().saturating_add(now));
        Timings {
            first_token_ms: self.before.first_token_ms.or(first),
            duration_ms: added(self.before.duration_ms, milliseconds(now - self.began)),
            reasoning_ms: match self.thought {
                Some(thought) => added(self.before.reasoning_ms, milliseconds(thought)),
                None => self.before.reasoning_ms,
            },
        }
    }
}

fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timings(first: Option<u32>, all: u32, thought: Option<u32>) -> Timings {
        Timings { first_token_ms: first, duration_ms: Some(all), reasoning_ms: thought }
    }

    #[test]
    fn an_answer_is_measured_and_a_continued_one_adds_its_time() {
        let began = Instant::now();
        let at = |ms| began + Duration::from_millis(ms);
        let mut watch = Stopwatch::start(Timings::default(), began);
        assert_eq!(watch.timings(at(30)), timings(None, 30, None));
        watch.reasoning(at(40));
        watch.reasoning(at(140));
        assert_eq!(watch.timings(at(140)), timings(Some(40), 140, Some(100)));
        watch.text(at(145));
        watch.text(at(195));
        watch.reasoning(at(195));
        let first_run = watch.timings(at(202));
        assert_eq!(first_run, timings(Some(40), 202, Some(112)));
        let mut watch = Stopwatch::start(first_run, began);
        watch.text(at(1_000));
        assert_eq!(watch.timings(at(1_000)), timings(Some(40), 1_202, Some(112)));
    }

    #[test]
    fn text_that_was_thinking_counts_as_thinking() {
        let began = Instant::now();
        let at = |ms| began + Duration::from_millis(ms);
        let mut watch = Stopwatch::start(Timings::default(), began);
        watch.text(at(20));
        watch.text_was_reasoning(at(320));
        watch.text(at(320));
        assert_eq!(watch.timings(at(330)), timings(Some(20), 330, Some(300)));
    }
}
