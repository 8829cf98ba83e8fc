//! A running answer: reads the model's stream, makes it safe, tells the listeners, and stores it.
//!
//! Text that arrives together is told together: it goes to the local journal, then to the channel's
//! log, then, a few times a second, to the store as appended chunks; never the whole answer again. At
//! the end the message is stored in one step, and only then `done` or `failed` is told ([`end`]).

mod end;

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use tokio::{sync::watch, time::Instant};

use self::end::Ending;
use super::{Asked, Chat, prompt::Prompt, tail::Tail, turn::Turn};
use crate::{
    domain::{AskedQuestion, ChatEvent, Failure, FailureCode, Reason, Usage},
    error::AppError,
    server::{
        journal,
        live::{
            channel::StopReason,
            registry::{Held, RunningJob},
        },
        llm::{ChatRequest, Delta, DeltaStream, LlmError, MAX_ANSWER_BYTES, PromptMessage, Provider},
        ops::tasks,
        store::Run,
    },
};

/// How often listeners are told, at the most; the first words are told at once. A server that writes many
/// answers tells them less often: each time costs the same however much is told.
const TELL_EVERY: Duration = Duration::from_millis(40);
const MORE_PER_ANSWER: Duration = Duration::from_micros(40);
const TELL_AT_LEAST: Duration = Duration::from_millis(160);
/// Ends thinking whose end has only now shown it to be thinking, in what can only grow.
const THINKING_ENDS: &str = "\n</think>\n\n";

/// Starts the job of a stored turn on a task of its own. An answer that has text already goes on.
pub async fn start(
    chat: &Arc<Chat>,
    turn: Turn,
    prompt: Result<Prompt, AppError>,
    provider: Arc<dyn Provider>,
    model_name: String,
) -> Asked {
    let conversation_id = turn.grant.conversation_id();
    // The channel first: whoever deletes the conversation after the look below finds the channel, and closes it.
    let channel = chat.live.channel(conversation_id);
    if matches!(chat.store.standing(turn.grant.user_id(), conversation_id).await, Ok(None)) {
        channel.close();
    }
    let stop = channel.begin(&turn.answer.id, turn.after);
    let (after, _) = channel.bounds();
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
        tail: Tail::new(&answer.id, answer.content.len(), answer.reasoning.len()),
        chat: chat.clone(),
        channel,
        provider,
        model_name,
        prompt: prompt.map(|prompt| prompt.messages),
        usage: None,
        length_limited: false,
        bytes: answer.content.len() + answer.reasoning.len(),
        text: String::new(),
        reasoning: String::new(),
        turn,
    };
    let running = chat.live.begin_job(run.clone());
    tasks::spawn("answer", supervise(job, run, running, stop));
    asked
}

/// Runs the job. Should it panic, the answer still ends, with what was shown of it.
async fn supervise(job: Job, run: Run, running: RunningJob, stop: watch::Receiver<Option<StopReason>>) {
    let ending = job.ending(run);
    if let Err(panic) = tasks::caught(job.run(&ending, stop)).await {
        tracing::error!(panic, message = %ending.run.message_id, "an answer ended in a panic");
        ending.fail(internal_failure()).await;
    }
    drop(running);
}

struct Job {
    chat: Arc<Chat>,
    channel: Held,
    provider: Arc<dyn Provider>,
    model_name: String,
    /// What is sent, until it is; or why nothing can be.
    prompt: Result<Vec<PromptMessage>, AppError>,
    turn: Turn,
    entry: Option<Arc<journal::Entry>>,
    tail: Arc<Tail>,
    usage: Option<Usage>,
    /// The provider said that it stopped at a length limit.
    length_limited: bool,
    /// Of the whole answer so far, reasoning included.
    bytes: usize,
    /// What listeners have not been told yet.
    text: String,
    reasoning: String,
}

/// How the writing ended.
enum End {
    Complete,
    Asked(StopReason),
    Failed(Failure),
}

impl Job {
    fn ending(&self, run: Run) -> Ending {
        let grant = self.turn.grant.clone();
        let (chat, channel, tail) = (self.chat.clone(), self.channel.clone(), self.tail.clone());
        Ending { chat, channel, tail, entry: self.entry.clone(), grant, run }
    }

    async fn run(mut self, ending: &Ending, mut stop: watch::Receiver<Option<StopReason>>) {
        self.channel.publish(started(&self.turn));
        let answer = &self.turn.answer;
        if !answer.content.is_empty() || !answer.reasoning.is_empty() {
            self.channel.append(&answer.content, &answer.reasoning);
        }
        let end = match self.write(&mut stop).await {
            Ok(end) => end,
            Err(error) => {
                tracing::warn!(provider = self.provider.name(), detail = %error.detail, code = error.failure.code.as_str(), "the provider gave no whole answer");
                End::Failed(error.failure)
            }
        };
        self.finish(ending, end).await;
    }

    /// Reads the model's stream to its end.
    async fn write(&mut self, stop: &mut watch::Receiver<Option<StopReason>>) -> Result<End, LlmError> {
        if self.bytes >= MAX_ANSWER_BYTES {
            return Ok(End::Failed(Failure {
                code: FailureCode::Refused,
                reason: Reason::new("answer-too-long"),
                retryable: false,
            }));
        }
        let prompt = std::mem::replace(&mut self.prompt, Ok(Vec::new()));
        let mut stream = tokio::select! {
            biased;
            reason = stopped(stop) => return Ok(End::Asked(reason)),
            stream = self.open(prompt) => stream?,
        };
        // In the past, so that the first words are told at once.
        let mut told = Instant::now() - TELL_AT_LEAST;
        loop {
            let every = self.tell_every();
            let untold = !self.text.is_empty() || !self.reasoning.is_empty();
            let delta = tokio::select! {
                biased;
                reason = stopped(stop) => return Ok(End::Asked(reason)),
                delta = stream.next() => delta.transpose()?,
                () = tokio::time::sleep_until(told + every), if untold => {
                    self.tell().await?;
                    told = Instant::now();
                    continue;
                }
            };
            let Some(delta) = delta else { return Ok(End::Complete) };
            if delta == Delta::TextWasReasoning {
                self.text_was_reasoning().await?;
                continue;
            }
            self.take(delta);
            if self.bytes > MAX_ANSWER_BYTES {
                self.length_limited = true;
                return Ok(End::Complete);
            }
            // A stream that never pauses does not hold back what it brought.
            if told.elapsed() >= every {
                self.tell().await?;
                told = Instant::now();
            }
        }
    }

    fn tell_every(&self) -> Duration {
        let answers = u32::try_from(self.chat.live.jobs()).unwrap_or(u32::MAX);
        (TELL_EVERY + MORE_PER_ANSWER.saturating_mul(answers)).min(TELL_AT_LEAST)
    }

    async fn open(&self, prompt: Result<Vec<PromptMessage>, AppError>) -> Result<DeltaStream, LlmError> {
        let messages = prompt.map_err(|error| match error {
            AppError::Conflict { reason } => {
                let failure = Failure { code: FailureCode::Refused, reason, retryable: false };
                LlmError { failure, detail: "the prompt is too long".into() }
            }
            error => LlmError {
                failure: internal_failure(),
                detail: format!("the prompt could not be read: {error}"),
            },
        })?;
        self.provider.chat(ChatRequest { model: self.model_name.clone(), messages, max_tokens: None }).await
    }

    fn take(&mut self, delta: Delta) {
        match delta {
            Delta::Text(text) => {
                self.bytes += text.len();
                self.text.push_str(&text);
            }
            Delta::Reasoning(text) => {
                self.bytes += text.len();
                self.reasoning.push_str(&text);
            }
            Delta::Usage(usage) => self.usage = Some(usage),
            Delta::LengthLimit => self.length_limited = true,
            // See `write`.
            Delta::TextWasReasoning => {}
        }
    }

    /// Listeners get the answer anew. The journal and the stored parts only grow, so they get a closing tag: should
    /// this server die now, the text is kept as it came, and the tag says what of it a model is not shown.
    async fn text_was_reasoning(&mut self) -> Result<(), LlmError> {
        self.tell().await?;
        self.channel.text_was_reasoning(self.turn.answer.content.len());
        self.keep(self.channel.bounds().1, THINKING_ENDS, "").await
    }

    /// Tells listeners what is new, once it would survive this process.
    async fn tell(&mut self) -> Result<(), LlmError> {
        if self.text.is_empty() && self.reasoning.is_empty() {
            return Ok(());
        }
        let (text, reasoning) = (std::mem::take(&mut self.text), std::mem::take(&mut self.reasoning));
        let events = u64::from(!text.is_empty()) + u64::from(!reasoning.is_empty());
        let seq = self.channel.bounds().1 + events;
        self.keep(seq, &text, &reasoning).await?;
        fail::fail_point!("answer");
        self.channel.append(&text, &reasoning);
        Ok(())
    }

    /// Puts more of the answer where it survives this process: into the journal, or else into the database.
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
        self.chat.tails.add(&self.tail, seq, text, reasoning);
        if !safe && !self.chat.tails.store_now(&self.tail).await {
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

async fn stopped(stop: &mut watch::Receiver<Option<StopReason>>) -> StopReason {
    loop {
        let reason = *stop.borrow_and_update();
        if let Some(reason) = reason {
            return reason;
        }
        if stop.changed().await.is_err() {
            // Nobody can tell us to stop any more, and that is no reason to.
            std::future::pending::<()>().await;
        }
    }
}

fn started(turn: &Turn) -> ChatEvent {
    let answer = &turn.answer;
    ChatEvent::Started {
        message_id: answer.id.clone(),
        model: answer.model.clone().unwrap_or_default(),
        parent_id: answer.parent_id.clone(),
        question: turn.question.as_ref().map(|question| AskedQuestion {
            id: question.id.clone(),
            parent_id: question.parent_id.clone(),
            content: question.content.clone(),
        }),
        left_out: answer.left_out,
    }
}

fn internal_failure() -> Failure {
    Failure { code: FailureCode::Broken, reason: AppError::Internal.reason(), retryable: true }
}
