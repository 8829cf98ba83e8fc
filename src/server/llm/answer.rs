//! [`Answer`]: one answer as its events arrive, which of its text is thinking, and how it ends.

use std::collections::VecDeque;

use serde::Deserialize;
use serde_json::Value;

use super::chunk::{CompletionChoice, CompletionChunk};
use super::complaint::{self, Certainty};
use super::dialects::{self, FinishReason};
use super::errors::ErrorContext;
use super::mend::mended;
use super::think::{Splitter, push_reasoning};
use super::{Delta, LlmError, MAX_ANSWER_BYTES};
use crate::domain::{FailureCode, Reason, Usage};

/// An answer fails after this many events that are not JSON, if none was.
const MAX_GARBAGE: usize = 100;

/// How the connection of an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamEnd<'a> {
    /// The provider sent `[DONE]`.
    Done,
    /// The body ended in order, or nothing more came after a `finish_reason`.
    Closed,
    /// The connection broke, and why (for the log).
    Cut(&'a str),
}

/// All that is known of an answer so far.
pub(super) struct Answer {
    pub(super) errors: ErrorContext,
    model: String,
    /// Deltas that the reader has not taken yet.
    pub(super) queue: VecDeque<Delta>,
    /// How the answer ended; set once, and events after that are ignored.
    pub(super) end: Option<Result<(), LlmError>>,
    splitter: Splitter,
    /// The `finish_reason` that the provider sent, if any.
    finish: FinishReason,
    /// The provider sent a `finish_reason` and then more of the answer.
    went_on: bool,
    /// The last event may have been an error instead of a part of the answer.
    doubt: Option<Doubt>,
    /// The number of events that were not JSON.
    garbage: usize,
    /// An event that is JSON came since the reader last reset this.
    pub(super) heard: bool,
    /// A part of the answer came since the reader last reset this.
    pub(super) progress: bool,
    /// The number of events of any kind.
    events: usize,
    /// An event had choices.
    chosen: bool,
    calls_a_tool: bool,
    usage: Option<Usage>,
    bytes: usize,
}

/// An event that may be an error.
enum Doubt {
    /// An event that is not JSON.
    Garbage(String),
    /// An event with a message where a part of the answer should be.
    Message(String),
}

impl Answer {
    pub(super) fn new(errors: ErrorContext, model: String) -> Self {
        Self {
            errors,
            model,
            queue: VecDeque::new(),
            end: None,
            splitter: Splitter::new(),
            finish: FinishReason::NotYet,
            went_on: false,
            doubt: None,
            garbage: 0,
            heard: false,
            progress: false,
            events: 0,
            chosen: false,
            calls_a_tool: false,
            usage: None,
            bytes: 0,
        }
    }

    /// Whether everything but token counts and `[DONE]` seems to be here. False when the provider went on after its
    /// `finish_reason`, because some providers write one into every chunk.
    pub(super) fn is_over(&self) -> bool {
        self.finish != FinishReason::NotYet && !self.went_on && self.splitter.wrote()
    }

    /// Whether the provider has sent a `finish_reason`, rightly or not.
    pub(super) fn is_finished(&self) -> bool {
        self.finish != FinishReason::NotYet
    }

    /// Whether any event has come.
    pub(super) fn has_events(&self) -> bool {
        self.end.is_some() || self.events > 0
    }

    /// Takes one event of the stream, or a whole body that is not a stream.
    pub(super) fn take(&mut self, name: &str, data: &str) {
        let data = data.trim();
        if self.end.is_some() || data.is_empty() {
            return;
        }
        self.events += 1;
        if data.eq_ignore_ascii_case("[done]") {
            return self.conclude(StreamEnd::Done);
        }
        // serde would read a list as the fields of a chunk in their order.
        let error = if data.starts_with('[') {
            None
        } else {
            match serde_json::from_str::<CompletionChunk<'_>>(data) {
                Ok(chunk) => return self.take_chunk(name, &chunk, data),
                Err(error) => Some(error),
            }
        };
        // JSON that is broken or names a field twice is read once more by more patient rules.
        let json = mended(data).and_then(|json| serde_json::from_str(&json).ok());
        match json.or_else(|| serde_json::from_str::<Value>(data).ok()) {
            Some(Value::Array(list)) => list.iter().for_each(|event| self.take(name, &event.to_string())),
            Some(Value::Object(object)) => {
                let value = Value::Object(object);
                match CompletionChunk::deserialize(&value) {
                    Ok(chunk) => self.take_chunk(name, &chunk, data),
                    Err(error) => self.take_garbage(name, data, &error.to_string()),
                }
            }
            // Several events without the empty line between them.
            None if data.contains('\n') && data.lines().any(|line| line.starts_with('{')) => {
                data.lines().for_each(|line| self.take(name, line));
            }
            _ => {
                let error = error.map(|error| error.to_string()).unwrap_or_default();
                self.take_garbage(name, data, &error);
            }
        }
    }

    /// Takes the event that was open when the body ended. Half an event is ignored.
    pub(super) fn take_last(&mut self, name: &str, data: &str) {
        let whole = data.trim().eq_ignore_ascii_case("[done]") || serde_json::from_str::<Value>(data).is_ok();
        if whole || self.bytes == 0 {
            self.take(name, data);
        } else if self.finish == FinishReason::NotYet && !data.trim().is_empty() {
            self.conclude(StreamEnd::Cut("the body ended in the middle of an event"));
        }
    }

    fn take_chunk(&mut self, name: &str, chunk: &CompletionChunk<'_>, data: &str) {
        self.heard = true;
        if let Some(choice) = &chunk.choices.0 {
            self.doubt = None;
            self.take_choice(choice);
        }
        if let Some(counts) = &chunk.usage.0 {
            let usage = Usage::from(counts);
            // Some providers write zeros into every chunk, or into the last one.
            if usage != Usage::default() || self.usage.is_none() {
                self.usage = Some(usage);
            }
        }
        if chunk.error.0 || (name.eq_ignore_ascii_case("error") && chunk.choices.0.is_none()) {
            return self.fail(self.errors.in_stream(data, &self.model));
        }
        if chunk.choices.0.is_none() && chunk.usage.0.is_none() {
            let value = serde_json::from_str(data).unwrap_or_default();
            match complaint::is_error(&value) {
                Certainty::Sure => self.fail(self.errors.in_stream(data, &self.model)),
                Certainty::Perhaps => self.doubt = Some(Doubt::Message(data.to_owned())),
                Certainty::No => {}
            }
        }
    }

    fn take_choice(&mut self, choice: &CompletionChoice<'_>) {
        self.chosen = true;
        self.calls_a_tool |= choice.calls_a_tool();
        let before = self.bytes;
        if let Some(thinking) = choice.reasoning() {
            self.splitter.thought_beside();
            push_reasoning(&thinking, &mut self.queue);
            self.bytes += thinking.len();
        }
        if let Some(text) = choice.text() {
            self.splitter.feed(text, &mut self.queue);
            self.bytes += text.len();
        }
        if self.bytes > before {
            self.progress = true;
            self.went_on |= self.finish != FinishReason::NotYet;
        }
        let finish = choice.finish_reason().map_or(FinishReason::NotYet, dialects::finish);
        self.finish = self.finish.max(finish);
        if self.bytes > MAX_ANSWER_BYTES {
            self.finish = FinishReason::Length;
            self.conclude(StreamEnd::Closed);
        }
    }

    fn take_garbage(&mut self, name: &str, data: &str, error: &str) {
        if name.eq_ignore_ascii_case("error") {
            return self.fail(self.errors.in_stream(data, &self.model));
        }
        let detail = format!("{error} in: {data}");
        if self.garbage == 0 {
            // Without the event, which may have what a person wrote in a conversation that is stored nowhere.
            tracing::warn!(
                provider = self.errors.name,
                bytes = data.len(),
                "an event that is not JSON was left out"
            );
        }
        self.garbage += 1;
        if self.garbage > MAX_GARBAGE && self.garbage == self.events {
            return self.fail(self.errors.broken(NOT_AN_ANSWER, detail));
        }
        self.doubt = Some(Doubt::Garbage(detail));
    }

    /// Ends the answer. It is good if there is text and no sign of an error.
    pub(super) fn conclude(&mut self, ending: StreamEnd<'_>) {
        if self.end.is_some() {
            return;
        }
        self.splitter.end(&mut self.queue);
        let end = self.judge(ending);
        if end.is_ok() && self.finish == FinishReason::Length {
            self.queue.push_back(Delta::LengthLimit);
        }
        if let Some(usage) = self.usage {
            self.queue.push_back(Delta::Usage(usage));
        }
        self.end = Some(end);
    }

    fn judge(&mut self, ending: StreamEnd<'_>) -> Result<(), LlmError> {
        let errors = &self.errors;
        let (wrote, thought) = (self.splitter.wrote(), self.splitter.thought());
        if let StreamEnd::Cut(detail) = ending
            && self.finish == FinishReason::NotYet
        {
            let reason = match wrote || thought {
                true => BROKE_OFF,
                false => Reason::new("provider-no-answer"),
            };
            return Err(errors.broken(reason, detail));
        }
        match self.finish {
            FinishReason::Filtered => return Err(errors.filtered(wrote, "finish_reason: filtered")),
            FinishReason::Failed => {
                let reason = Reason::new("provider-failed-midway");
                return Err(errors.error(FailureCode::Overloaded, true, reason, "finish_reason: failed"));
            }
            FinishReason::NotYet | FinishReason::Stop | FinishReason::Length => {}
        }
        match &self.doubt {
            // After a text and before `[DONE]` a message may well be good news.
            Some(Doubt::Message(data))
                if !wrote
                    || self.finish == FinishReason::NotYet
                        && (ending != StreamEnd::Done || complaint::sounds_bad(data)) =>
            {
                return Err(errors.in_stream(data, &self.model));
            }
            // Garbage before `[DONE]` stood between good events, so it does not matter.
            Some(Doubt::Garbage(detail))
                if self.finish == FinishReason::NotYet && ending != StreamEnd::Done =>
            {
                return Err(errors.broken(NOT_AN_ANSWER, detail));
            }
            _ => {}
        }
        if wrote { Ok(()) } else { Err(self.empty(ending)) }
    }

    /// The error for an answer without text.
    fn empty(&self, ending: StreamEnd<'_>) -> LlmError {
        let (thought, cut) = (self.splitter.thought(), self.finish == FinishReason::Length);
        let reason = if thought && cut {
            Reason::new("provider-thought-too-long")
        } else if thought {
            Reason::new("provider-only-thought")
        } else if cut {
            Reason::new("provider-cut-before-first-word")
        } else if self.calls_a_tool {
            Reason::new("provider-wants-tool")
        } else if self.chosen || ending == StreamEnd::Done {
            Reason::new("provider-empty")
        } else if self.events > 0 {
            Reason::new("provider-not-an-answer-address")
        } else {
            Reason::new("provider-no-answer")
        };
        self.errors.broken(reason, format!("no text; {ending:?}"))
    }

    /// Ends the answer with an error; the text that came before is kept.
    pub(super) fn fail(&mut self, error: LlmError) {
        if self.end.is_none() {
            self.splitter.end(&mut self.queue);
            self.end = Some(Err(error));
        }
    }

    pub(super) fn fail_broken(&mut self, reason: Reason, detail: &str) {
        self.fail(self.errors.broken(reason, detail));
    }
}

const NOT_AN_ANSWER: Reason = Reason::new("provider-not-an-answer");
const BROKE_OFF: Reason = Reason::new("provider-broke-off");
