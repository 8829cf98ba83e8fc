//! [`deltas`]: reads one answer from the network, bytes to events to deltas, within limits of time and size.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures::{FutureExt, Stream, StreamExt};
use tokio::time::{Instant, timeout_at};

use super::answer::{Answer, StreamEnd};
use super::client::causes;
use super::errors::{ErrorContext, human};
use super::frames::Frames;
use super::{Delta, DeltaStream, LlmError, ProviderTimeouts};
use crate::domain::Reason;

/// The longest event of a stream and the longest body read whole, in bytes; JSON takes more than the text in it.
const MAX_EVENT_BYTES: usize = 8 << 20;
/// The most bytes that are read before their deltas are handed on.
const MAX_BATCH_BYTES: usize = 64 << 10;
/// How long to wait for more once an answer seems complete: token counts and `[DONE]` follow at once, but some
/// servers write a `finish_reason` into every chunk and go on.
const AFTER_THE_END: Duration = Duration::from_secs(10);
/// For how many silence limits a server may send nothing but signs of life: enough for models that think unseen for
/// ten minutes, while a server that sends comments for ever is cut off.
const SIGNS_OF_LIFE: u32 = 10;

type Body = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

/// The deltas of an answer, however its body is written. Anything from the server, a comment too, must come by
/// `first_token` and then again and again: within the first-token limit until the answer has begun, within the idle
/// limit after that. [`SIGNS_OF_LIFE`] limits how long nothing but comments may come.
pub(super) fn deltas(
    response: reqwest::Response,
    errors: ErrorContext,
    model: String,
    timeouts: ProviderTimeouts,
    first_token: Instant,
) -> DeltaStream {
    let reader = AnswerReader {
        body: Some(Box::pin(response.bytes_stream())),
        frames: Frames::new(MAX_EVENT_BYTES),
        answer: Answer::new(errors, model),
        timeouts,
        silence: first_token,
        // One limit has passed by `first_token`, as that is counted from the request.
        ceiling: first_token + timeouts.first_token * (SIGNS_OF_LIFE - 1),
        after: None,
        started: false,
    };
    Box::pin(futures::stream::unfold(reader, async |mut reader| {
        let item = reader.next().await?;
        Some((item, reader))
    }))
}

struct AnswerReader {
    /// `None` once the end was given out.
    body: Option<Body>,
    frames: Frames,
    answer: Answer,
    timeouts: ProviderTimeouts,
    /// When the server has been silent for too long.
    silence: Instant,
    /// When no part of the answer has come for too long.
    ceiling: Instant,
    /// When an answer that seems complete is taken for complete.
    after: Option<Instant>,
    /// Whether a part of the answer has come.
    started: bool,
}

impl AnswerReader {
    async fn next(&mut self) -> Option<Result<Delta, LlmError>> {
        loop {
            if let Some(delta) = self.answer.queue.pop_front() {
                return Some(Ok(delta));
            }
            if let Some(end) = self.answer.end.take() {
                // Usually the end of the body is here already; reading it frees the connection for the next request.
                let mut body = self.body.take();
                let _ = body.as_mut().and_then(|body| body.next().now_or_never());
                return end.err().map(Err);
            }
            let deadline = self.after.unwrap_or_else(|| self.silence.min(self.ceiling));
            match timeout_at(deadline, self.body.as_mut()?.next()).await {
                Ok(Some(Ok(bytes))) => self.read_on(bytes).await,
                Ok(Some(Err(error))) => self.answer.conclude(StreamEnd::Cut(&causes(&error))),
                Ok(None) => self.closed(),
                Err(_) => self.late(),
            }
        }
    }

    /// Takes these bytes and all others that are here. The pieces of one network read arrive one by one from another
    /// task, which must get its turn in between.
    async fn read_on(&mut self, bytes: Bytes) {
        let mut taken = bytes.len();
        self.take(&bytes);
        let mut waited = false;
        while taken < MAX_BATCH_BYTES && self.answer.end.is_none() {
            let Some(body) = &mut self.body else { break };
            match body.next().now_or_never() {
                Some(Some(Ok(bytes))) => {
                    waited = false;
                    taken += bytes.len();
                    self.take(&bytes);
                }
                Some(Some(Err(error))) => self.answer.conclude(StreamEnd::Cut(&causes(&error))),
                Some(None) => self.closed(),
                None if waited => break,
                None => {
                    waited = true;
                    tokio::task::yield_now().await;
                }
            }
        }
        self.wait_on();
    }

    /// Restarts the limits after something came.
    fn wait_on(&mut self) {
        let now = Instant::now();
        let heard = std::mem::take(&mut self.answer.heard);
        if std::mem::take(&mut self.answer.progress) {
            self.started = true;
            self.ceiling = now + self.timeouts.idle * SIGNS_OF_LIFE;
        }
        self.silence = now + if self.started { self.timeouts.idle } else { self.timeouts.first_token };
        if !self.answer.is_over() {
            self.after = None;
        } else if heard || self.after.is_none() {
            self.after = Some(now + AFTER_THE_END.min(self.timeouts.idle));
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let answer = &mut self.answer;
        if self.frames.feed(bytes, |name, data| answer.take(name, data)).is_err() {
            answer.fail_broken(Reason::new("provider-event-too-long"), "event too long");
        }
        if self.frames.is_page() {
            answer.fail_broken(Reason::new("provider-page"), &format!("200 with {}", self.frames.start()));
        }
    }

    /// The body ended in order; a broken connection would be an error of the body instead.
    fn closed(&mut self) {
        let answer = &mut self.answer;
        self.frames.finish(|name, data| answer.take_last(name, data));
        if !answer.has_events() && !self.frames.is_silent() {
            answer.fail_broken(
                Reason::new("provider-not-an-answer-address"),
                &format!("200 with {}", self.frames.start()),
            );
        }
        answer.conclude(StreamEnd::Closed);
    }

    fn late(&mut self) {
        if self.answer.is_finished() {
            return self.answer.conclude(StreamEnd::Closed);
        }
        let only_alive = self.ceiling < self.silence;
        let limit = if self.started { self.timeouts.idle } else { self.timeouts.first_token };
        let limit = if only_alive { limit * SIGNS_OF_LIFE } else { limit };
        let shown = human(limit);
        let reason = match (self.started, only_alive) {
            (true, false) => Reason::new("provider-late-middle").with("limit", shown),
            (true, true) => Reason::new("provider-late-middle-alive").with("limit", shown),
            (false, false) => Reason::new("provider-late-begin").with("limit", shown),
            (false, true) => Reason::new("provider-late-begin-alive").with("limit", shown),
        };
        self.answer.fail(self.answer.errors.timeout(reason, limit));
    }
}
