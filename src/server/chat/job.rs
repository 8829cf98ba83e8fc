//! A running answer: its job reads the model's stream, makes it safe, publishes it, and stores it.
//!
//! Text that arrives together is published together: it goes to the local journal, then to the log of the
//! conversation, then, a few times a second, to the store as appended chunks; never the whole answer again. At
//! the end the message is stored in one step, and only then `done` or `failed` is published ([`end`]).

mod end;
pub(super) mod stopwatch;

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt};
use tokio::{sync::watch, time::Instant};

use self::{end::Finisher, stopwatch::Stopwatch};
use super::{
    Asked, Chat, choice::ChosenModel, chunk_writer::UnstoredText, prompt::Prompt, spent::Spent, turn::Turn,
};
use crate::{
    domain::{ChatEvent, Failure, FailureCode, Reason, Usage},
    error::AppError,
    server::{
        journal,
        live::{
            log::{StopReason, events_of},
            registry::{LogHandle, RunningJob},
        },
        llm::{ChatRequest, Delta, DeltaStream, LlmError, MAX_ANSWER_BYTES, Provider},
        ops::tasks::caught,
        store::Run,
    },
};

/// How often text is published, at most; the first words are published at once. A server that writes many answers
/// publishes each less often, because publishing has a fixed cost.
const PUBLISH_EVERY: Duration = Duration::from_millis(40);
const MORE_PER_ANSWER: Duration = Duration::from_micros(40);
const PUBLISH_AT_LEAST: Duration = Duration::from_millis(160);
/// In bytes: text comes faster than any model writes when one read brings this much.
const MUCH: usize = 32 << 10;
/// Closes text that turned out to be thinking, for the journal and the store, to which the server can only append.
const THINKING_ENDS: &str = "\n</think>\n\n";

/// Starts the job of a stored turn in a task of its own. An answer that has text already is continued.
pub fn start(
    chat: &Arc<Chat>,
    log: LogHandle,
    turn: Turn,
    prompt: Result<Prompt, AppError>,
    model: ChosenModel,
) -> Asked {
    let conversation_id = turn.grant.conversation_id();
    let (after, stop) = log.begin(&turn.answer.id, turn.after);
    let asked = Asked {
        conversation_id: conversation_id.to_owned(),
        question: turn.question.clone(),
        answer: turn.answer.clone(),
        after,
    };
    let answer = &turn.answer;
    let run = turn.run();
    let job = Job {
        entry: chat
            .journal
            .as_ref()
            .map(|it| Arc::new(it.begin(&answer.id, &answer.content, &answer.reasoning))),
        unstored: UnstoredText::new(&answer.id, answer.content.len(), answer.reasoning.len()),
        chat: chat.clone(),
        log,
        provider: model.provider,
        model_name: model.name,
        prompt,
        usage: None,
        spent: Spent::default(),
        stopwatch: Stopwatch::start(answer.timings, std::time::Instant::now()),
        length_limited: false,
        title: turn.grant.conversation().title.clone(),
        bytes: answer.content.len() + answer.reasoning.len(),
        text: String::new(),
        reasoning: String::new(),
        turn,
    };
    let running = chat.live.begin_job(run.clone());
    chat.tasks.spawn("answer", supervise(job, run, running, stop));
    asked
}

/// Runs the job. If it panics, the answer ends with the text that was published.
async fn supervise(job: Job, run: Run, running: RunningJob, stop: watch::Receiver<Option<StopReason>>) {
    let finisher = job.finisher(run);
    if let Err(panic) = caught(job.run(&finisher, stop)).await {
        tracing::error!(panic, message = %finisher.run.message_id, "an answer ended in a panic");
        finisher.fail(internal_failure()).await;
    }
    drop(running);
}

struct Job {
    chat: Arc<Chat>,
    log: LogHandle,
    provider: Arc<dyn Provider>,
    model_name: String,
    /// The prompt until it is sent, or the reason why there is none.
    prompt: Result<Prompt, AppError>,
    turn: Turn,
    entry: Option<Arc<journal::AnswerRecords>>,
    unstored: Arc<UnstoredText>,
    usage: Option<Usage>,
    spent: Spent,
    stopwatch: Stopwatch,
    /// Whether the provider said that it stopped at a length limit.
    length_limited: bool,
    /// The conversation's title, unless somebody else changed it meanwhile.
    title: String,
    /// The length of the whole answer so far, including reasoning.
    bytes: usize,
    /// The text that is not published yet.
    text: String,
    reasoning: String,
}

/// How far the model's stream was read.
#[derive(PartialEq, Eq)]
enum Reached {
    Pause,
    End,
}

/// How the model's stream ended.
enum Completion {
    Complete,
    Asked(StopReason),
    Failed(Failure),
}

impl Job {
    fn finisher(&self, run: Run) -> Finisher {
        let grant = self.turn.grant.clone();
        let (chat, log, unstored) = (self.chat.clone(), self.log.clone(), self.unstored.clone());
        let (entry, stopwatch) = (self.entry.clone(), self.stopwatch);
        Finisher { chat, log, unstored, entry, grant, run, stopwatch }
    }

    async fn run(mut self, finisher: &Finisher, mut stop: watch::Receiver<Option<StopReason>>) {
        let answer = &self.turn.answer;
        self.log.tell(&answer.id, ChatEvent::started(answer, self.turn.question.as_ref()));
        if self.turn.queued {
            self.log.tell(&answer.id, ChatEvent::Queue {});
        }
        if !answer.content.is_empty() || !answer.reasoning.is_empty() {
            self.log.append(&answer.id, &answer.content, &answer.reasoning);
        }
        self.title_at_once().await;
        let end = match self.write(&mut stop).await {
            Ok(end) => end,
            Err(error) => {
                tracing::warn!(provider = self.provider.name(), detail = %error.detail, code = error.failure.code.into_str(), "the provider gave no whole answer");
                Completion::Failed(error.failure)
            }
        };
        self.finish(finisher, end).await;
    }

    /// Reads the model's stream to its end.
    async fn write(
        &mut self,
        stop: &mut watch::Receiver<Option<StopReason>>,
    ) -> Result<Completion, LlmError> {
        if self.bytes >= MAX_ANSWER_BYTES {
            return Ok(Completion::Failed(Failure {
                code: FailureCode::Refused,
                reason: Reason::new("answer-too-long"),
                retryable: false,
            }));
        }
        let prompt = std::mem::replace(&mut self.prompt, Ok(Prompt::default()));
        if let Ok(prompt) = &prompt {
            self.spent.send(&prompt.messages);
        }
        let mut stream = tokio::select! {
            biased;
            reason = stopped(stop) => return Ok(Completion::Asked(reason)),
            stream = self.open(prompt) => stream?,
        };
        // The first words are published at once.
        let mut due = Instant::now();
        loop {
            // The socket is not read before text may be published, because each read has a fixed cost, and with many
            // answers the first words of the next one wait behind it.
            tokio::select! {
                biased;
                reason = stopped(stop) => return Ok(Completion::Asked(reason)),
                () = tokio::time::sleep_until(due) => {}
            }
            let delta = tokio::select! {
                biased;
                reason = stopped(stop) => return Ok(Completion::Asked(reason)),
                delta = stream.next() => delta.transpose()?,
            };
            let Some(delta) = delta else { return Ok(Completion::Complete) };
            let before = self.bytes;
            if self.take_with_all_that_is_here(delta, &mut stream).await? == Reached::End {
                return Ok(Completion::Complete);
            }
            self.publish().await?;
            // A stream that brings this much is not held back.
            let pause = if self.bytes - before < MUCH { self.publish_every() } else { Duration::ZERO };
            due = Instant::now() + pause;
        }
    }

    /// Takes a delta and those that the stream has ready behind it.
    async fn take_with_all_that_is_here(
        &mut self,
        first: Delta,
        stream: &mut DeltaStream,
    ) -> Result<Reached, LlmError> {
        let mut delta = first;
        loop {
            match delta {
                Delta::TextWasReasoning => self.text_was_reasoning().await?,
                delta => self.take(delta),
            }
            if self.bytes > MAX_ANSWER_BYTES {
                self.length_limited = true;
                return Ok(Reached::End);
            }
            delta = match stream.next().now_or_never() {
                Some(Some(next)) => next?,
                Some(None) => return Ok(Reached::End),
                None => return Ok(Reached::Pause),
            };
        }
    }

    fn publish_every(&self) -> Duration {
        let answers = u32::try_from(self.chat.live.jobs()).unwrap_or(u32::MAX);
        (PUBLISH_EVERY + MORE_PER_ANSWER.saturating_mul(answers)).min(PUBLISH_AT_LEAST)
    }

    async fn open(&self, prompt: Result<Prompt, AppError>) -> Result<DeltaStream, LlmError> {
        let Prompt { messages, params, .. } = prompt.map_err(|error| match error {
            AppError::Conflict { reason } => {
                let failure = Failure { code: FailureCode::Refused, reason, retryable: false };
                LlmError { failure, detail: "the prompt is too long".into() }
            }
            error => LlmError {
                failure: internal_failure(),
                detail: format!("the prompt could not be read: {error}"),
            },
        })?;
        self.provider.chat(ChatRequest { model: self.model_name.clone(), messages, params }).await
    }

    fn take(&mut self, delta: Delta) {
        match delta {
            Delta::Text(text) => {
                self.stopwatch.text(std::time::Instant::now());
                self.bytes += text.len();
                self.spent.write(&text);
                self.text.push_str(&text);
            }
            Delta::Reasoning(text) => {
                self.stopwatch.reasoning(std::time::Instant::now());
                self.bytes += text.len();
                self.spent.write(&text);
                self.reasoning.push_str(&text);
            }
            Delta::Usage(usage) => {
                self.spent.count(usage);
                self.usage = Some(usage);
            }
            Delta::LengthLimit => self.length_limited = true,
            // `write` handles this delta.
            Delta::TextWasReasoning => {}
        }
    }

    /// Gives listeners the answer anew, because its text so far was reasoning. The server only appends to the journal
    /// and to the stored chunks, so these get a closing tag: if the server dies now, the text is kept as it came, and
    /// the tag says which part of it no model may see.
    async fn text_was_reasoning(&mut self) -> Result<(), LlmError> {
        self.stopwatch.text_was_reasoning(std::time::Instant::now());
        self.publish().await?;
        let answer = &self.turn.answer;
        self.log.content_was_reasoning(&answer.id, answer.content.len());
        self.keep(self.log.bounds().1, THINKING_ENDS, "").await
    }

    /// Publishes new text, after it is stored where it survives this process.
    async fn publish(&mut self) -> Result<(), LlmError> {
        if self.text.is_empty() && self.reasoning.is_empty() {
            return Ok(());
        }
        let (text, reasoning) = (std::mem::take(&mut self.text), std::mem::take(&mut self.reasoning));
        let seq = self.log.bounds().1 + events_of(&text, &reasoning);
        self.keep(seq, &text, &reasoning).await?;
        fail::fail_point!("answer");
        self.log.append(&self.turn.answer.id, &text, &reasoning);
        Ok(())
    }

    /// Stores more of the answer where it survives this process: in the journal, or if that fails, in the database.
    async fn keep(&self, seq: u64, text: &str, reasoning: &str) -> Result<(), LlmError> {
        let safe = match &self.entry {
            Some(entry) => match entry.append(seq, text, reasoning).await {
                Ok(()) => true,
                Err(error) => {
                    tracing::error!(%error, "the journal cannot be written; answers go to the database first");
                    false
                }
            },
            None => false,
        };
        self.chat.chunk_writer.add(&self.unstored, seq, text, reasoning);
        if !safe && !self.chat.chunk_writer.store_now(&self.unstored).await {
            let failure = Failure {
                code: FailureCode::Broken,
                reason: Reason::new("answer-not-kept"),
                retryable: true,
            };
            return Err(LlmError { failure, detail: "nothing takes the text".into() });
        }
        Ok(())
    }
}

pub(super) async fn stopped(stop: &mut watch::Receiver<Option<StopReason>>) -> StopReason {
    loop {
        let reason = *stop.borrow_and_update();
        if let Some(reason) = reason {
            return reason;
        }
        if stop.changed().await.is_err() {
            // The sender is gone, so no stop can be requested any more; the answer goes on.
            std::future::pending::<()>().await;
        }
    }
}

pub(super) fn internal_failure() -> Failure {
    Failure { code: FailureCode::Broken, reason: AppError::Internal.reason(), retryable: true }
}
