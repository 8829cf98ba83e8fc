//! Reads one answer from the network: bytes to events to deltas, with its limits of time and size.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures::{FutureExt, Stream, StreamExt};
use tokio::time::{Instant, timeout_at};

use super::chunk::{Chunk, Piece};
use super::errors::{Blame, causes};
use super::sse::Decoder;
use super::{Delta, DeltaStream, LlmError, Timeouts};
use crate::domain::{FailureCode, Usage};

/// The longest event of a stream, and the longest body that is read whole.
const MAX_EVENT_BYTES: usize = 4 << 20;
/// The longest answer, reasoning included.
const MAX_ANSWER_BYTES: usize = 8 << 20;
/// How many bytes may be taken in before what is in them is handed on.
const MAX_BATCH_BYTES: usize = 64 << 10;
/// How long to wait for the token counts and `[DONE]` once the answer itself is complete.
const AFTER_THE_END: Duration = Duration::from_secs(5);

type Body = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

/// The deltas of an event stream. The first must come by `first_token`, and each later one within the
/// idle limit; only what carries a part of the answer counts, comments and empty deltas do not.
pub(super) fn deltas(
    response: reqwest::Response,
    blame: Blame,
    model: String,
    timeouts: Timeouts,
    first_token: Instant,
) -> DeltaStream {
    let reader = Reader {
        body: Some(Box::pin(response.bytes_stream())),
        decoder: Decoder::new(MAX_EVENT_BYTES),
        answer: Answer::new(blame, model),
        timeouts,
        deadline: first_token,
        started: false,
    };
    Box::pin(futures::stream::unfold(reader, async |mut reader| {
        let item = reader.next().await?;
        Some((item, reader))
    }))
}

/// The deltas of an answer that came as one JSON body although a stream was asked for.
pub(super) fn whole(body: &str, blame: Blame, model: String) -> Result<DeltaStream, LlmError> {
    let mut answer = Answer::new(blame, model);
    answer.take(body);
    if answer.end.is_none() {
        answer.finish();
    }
    if let Some(Err(error)) = answer.end {
        return Err(error);
    }
    Ok(Box::pin(futures::stream::iter(answer.queue.into_iter().map(Ok))))
}

struct Reader {
    /// `None` once the end was told.
    body: Option<Body>,
    decoder: Decoder,
    answer: Answer,
    timeouts: Timeouts,
    deadline: Instant,
    started: bool,
}

impl Reader {
    async fn next(&mut self) -> Option<Result<Delta, LlmError>> {
        loop {
            if let Some(delta) = self.answer.queue.pop_front() {
                return Some(Ok(delta));
            }
            if let Some(end) = self.answer.end.take() {
                // Usually the end of the body is already here; read, it leaves a connection that the
                // next request can use.
                let mut body = self.body.take();
                let _ = body.as_mut().and_then(|body| body.next().now_or_never());
                return end.err().map(Err);
            }
            let read = timeout_at(self.deadline, self.body.as_mut()?.next()).await;
            match read {
                Ok(Some(Ok(bytes))) => self.read_on(bytes).await,
                Ok(Some(Err(error))) => self.answer.cut(&causes(&error)),
                Ok(None) => self.answer.cut("end of the body without an end of the answer"),
                Err(_) => self.late(),
            }
        }
    }

    /// Takes in these bytes and all that came with them: the parts of one network read arrive one by
    /// one, handed over by a task that must get its turn.
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
                Some(Some(Err(error))) => self.answer.cut(&causes(&error)),
                Some(None) => self.answer.cut("end of the body without an end of the answer"),
                None if waited => break,
                None => {
                    waited = true;
                    tokio::task::yield_now().await;
                }
            }
        }
        if std::mem::take(&mut self.answer.progress) {
            self.started = true;
            self.deadline = Instant::now() + self.timeouts.idle;
        }
        if self.answer.finished {
            self.deadline = self.deadline.min(Instant::now() + AFTER_THE_END);
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let answer = &mut self.answer;
        if self.decoder.feed(bytes, |event| answer.take(event.data)).is_err() {
            answer.fail_broken("sent more at once than an answer can have. Try again.", "event too long");
        }
    }

    fn late(&mut self) {
        if self.answer.finished {
            return self.answer.finish();
        }
        let error = if self.started {
            self.answer
                .blame
                .timeout("stopped in the middle of the answer and sent nothing more", self.timeouts.idle)
        } else {
            self.answer.blame.timeout("did not begin to answer", self.timeouts.first_token)
        };
        self.answer.end = Some(Err(error));
    }
}

/// What is known of the answer so far.
struct Answer {
    blame: Blame,
    model: String,
    /// Deltas that nobody has taken yet.
    queue: VecDeque<Delta>,
    /// Set once; nothing after it counts.
    end: Option<Result<(), LlmError>>,
    /// The provider has said that the answer is over.
    finished: bool,
    length_limit: bool,
    usage: Option<Usage>,
    bytes: usize,
    /// A part of the answer came since this was last reset.
    progress: bool,
}

impl Answer {
    fn new(blame: Blame, model: String) -> Self {
        Self {
            blame,
            model,
            queue: VecDeque::new(),
            end: None,
            finished: false,
            length_limit: false,
            usage: None,
            bytes: 0,
            progress: false,
        }
    }

    /// One `data:` of the stream, or a whole body.
    fn take(&mut self, data: &str) {
        if self.end.is_some() || data.is_empty() {
            return;
        }
        if data == "[DONE]" {
            return self.done();
        }
        let chunk = match serde_json::from_str::<Chunk<'_>>(data) {
            Ok(chunk) => chunk,
            Err(error) => {
                return self.fail_broken(
                    "sent something that is not an answer. Try again, or choose another model.",
                    &format!("{error} in: {data}"),
                );
            }
        };
        if chunk.error.is_some() {
            self.end = Some(Err(self.blame.in_stream(data, &self.model)));
            return;
        }
        if let Some(choice) = &chunk.choices.0 {
            if let Some(piece) = choice.piece() {
                self.take_piece(piece);
            }
            self.take_finish(choice.finish_reason());
        }
        if let Some(counts) = chunk.usage {
            self.usage = Some(counts.into());
        }
    }

    fn take_piece(&mut self, piece: &Piece<'_>) {
        if let Some(text) = piece.reasoning() {
            match self.queue.back_mut() {
                Some(Delta::Reasoning(open)) => open.push_str(text),
                _ => self.queue.push_back(Delta::Reasoning(text.to_owned())),
            }
            self.count(text.len());
        }
        if let Some(text) = piece.text() {
            match self.queue.back_mut() {
                Some(Delta::Text(open)) => open.push_str(text),
                _ => self.queue.push_back(Delta::Text(text.to_owned())),
            }
            self.count(text.len());
        }
    }

    fn count(&mut self, bytes: usize) {
        self.progress = true;
        self.bytes += bytes;
        if self.bytes > MAX_ANSWER_BYTES {
            self.fail_broken(
                "sent more than an answer can have. Ask for something shorter.",
                "answer too long",
            );
        }
    }

    fn take_finish(&mut self, reason: Option<&str>) {
        match reason {
            None => return,
            Some("length") => self.length_limit = true,
            Some("content_filter") => {
                self.end.get_or_insert(Err(self.blame.error(
                    FailureCode::Refused,
                    false,
                    "ended the answer because of its rules for content. Ask in another way.",
                    "finish_reason content_filter",
                )));
            }
            Some("error") => {
                self.end.get_or_insert(Err(self.blame.error(
                    FailureCode::Overloaded,
                    true,
                    "had a problem in the middle of the answer. Try again.",
                    "finish_reason error",
                )));
            }
            Some(_) => {}
        }
        self.finished = true;
    }

    /// `[DONE]`: the end, also for servers that give no reason for it, but not without any answer.
    fn done(&mut self) {
        if self.finished || self.bytes > 0 {
            self.finish();
        } else {
            self.fail_broken(
                "sent an empty answer. Try again, or choose another model.",
                "[DONE] and nothing else",
            );
        }
    }

    /// Nothing more comes: fine if the answer was complete.
    fn cut(&mut self, detail: &str) {
        if self.end.is_some() {
            return;
        }
        if self.finished {
            self.finish();
        } else if self.bytes > 0 {
            self.fail_broken("broke off in the middle of the answer. Try again.", detail);
        } else {
            self.fail_broken("closed the connection without an answer. Try again.", detail);
        }
    }

    fn finish(&mut self) {
        if !self.finished && self.bytes == 0 {
            return self
                .fail_broken("sent something that is not an answer. Check its base_url.", "no choices");
        }
        if self.length_limit {
            self.queue.push_back(Delta::LengthLimit);
        }
        if let Some(usage) = self.usage {
            self.queue.push_back(Delta::Usage(usage));
        }
        self.end = Some(Ok(()));
    }

    fn fail_broken(&mut self, sentence: &str, detail: &str) {
        if self.end.is_none() {
            self.end = Some(Err(self.blame.broken(sentence, detail)));
        }
    }
}
