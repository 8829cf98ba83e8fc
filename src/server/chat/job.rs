//! A running answer: reads the model's stream, renders it, tells the listeners, and stores it.
//!
//! Text that arrives together is told together. It goes to the store as appended chunks, never the
//! whole answer again, and is folded into the message in one step at the end. `done` and `failed` are
//! told only once that step is stored.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use tokio::{sync::watch, time::Instant};

use super::{
    Asked,
    channel::{Channel, StopReason},
    prompt, title,
};
use crate::{
    domain::{ChatEvent, Failure, FailureCode, Status, Usage},
    error::AppError,
    server::{
        llm::{ChatRequest, Delta, DeltaStream, LlmError, Provider},
        markdown::{Change, Stream as Markdown},
        state::AppState,
        store::{Chunk, Finish, NewTurn, StoreError},
    },
};

/// How often listeners are told, at the most; the first words are told at once.
const TELL_EVERY: Duration = Duration::from_millis(40);
/// How often text goes to the store.
const STORE_EVERY: Duration = Duration::from_millis(200);
/// How long the end of an answer is tried to be stored while the database is away.
const STORE_PATIENCE: Duration = Duration::from_secs(60);
/// The longest answer kept, in bytes; what a model writes beyond is cut off.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Starts the job of a stored turn on a task of its own.
pub async fn start(
    state: &AppState,
    turn: NewTurn,
    provider: Arc<dyn Provider>,
    model_name: String,
) -> Result<Asked, AppError> {
    let last_seq = state.store.last_seq(&turn.conversation.id).await?;
    let channel = state.live.channel(&turn.conversation.id, last_seq);
    let stop = channel.begin(&turn.answer.id, last_seq);
    let (after, _) = channel.bounds();
    let asked = Asked {
        conversation_id: turn.conversation.id.clone(),
        question: turn.question.clone(),
        answer: turn.answer.clone(),
        after,
    };
    let job = Job {
        state: state.clone(),
        channel: channel.clone(),
        provider,
        model_name,
        content: String::new(),
        reasoning: String::new(),
        usage: None,
        untold: String::new(),
        unstored: String::new(),
        markdown: Some(Markdown::new()),
        turn,
    };
    tokio::spawn(supervise(job, stop));
    Ok(asked)
}

/// Runs the job. Should it panic, the answer still ends, with what the store has of it.
async fn supervise(job: Job, stop: watch::Receiver<Option<StopReason>>) {
    let (state, channel) = (job.state.clone(), job.channel.clone());
    let (conversation_id, message_id) = (job.turn.conversation.id.clone(), job.turn.answer.id.clone());
    if let Err(error) = tokio::spawn(job.run(stop)).await {
        tracing::error!(%error, message = %message_id, "an answer ended in a panic");
        let text = channel.running().map(|(_, text, _)| text).unwrap_or_default();
        let failure = internal_failure();
        let event = failed(&message_id, &failure);
        let finish = Finish {
            content: text,
            reasoning: String::new(),
            status: Status::Failed,
            usage: None,
            failure: Some(failure),
            seq: channel.bounds().1 + 1,
            marks: Vec::new(),
        };
        if let Err(error) = state.store.finish_message(&message_id, &finish).await {
            tracing::error!(%error, "its end could not be stored");
        }
        channel.publish(&event);
        channel.end();
    }
    state.live.release(&conversation_id, channel);
}

struct Job {
    state: AppState,
    channel: Arc<Channel>,
    provider: Arc<dyn Provider>,
    model_name: String,
    turn: NewTurn,
    content: String,
    reasoning: String,
    usage: Option<Usage>,
    /// Text that listeners have not been told yet.
    untold: String,
    /// Text that the store has not got yet.
    unstored: String,
    /// `None` only while it is away on a rendering thread.
    markdown: Option<Markdown>,
}

/// How the writing ended.
enum End {
    Complete,
    Asked(StopReason),
    Failed(Failure),
}

impl Job {
    async fn run(mut self, mut stop: watch::Receiver<Option<StopReason>>) {
        let message_id = self.turn.answer.id.clone();
        let model = self.turn.answer.model.clone().unwrap_or_default();
        self.channel.publish(&ChatEvent::Started { message_id, model });
        let end = match self.write(&mut stop).await {
            Ok(end) => end,
            Err(error) => {
                tracing::warn!(provider = self.provider.name(), detail = %error.detail, code = error.failure.code.as_str(), "the provider gave no whole answer");
                End::Failed(error.failure)
            }
        };
        self.finish(end).await;
    }

    /// Reads the model's stream to its end.
    async fn write(&mut self, stop: &mut watch::Receiver<Option<StopReason>>) -> Result<End, LlmError> {
        let mut stream = tokio::select! {
            reason = stopped(stop) => return Ok(End::Asked(reason)),
            stream = self.open() => stream?,
        };
        // In the past, so that the first words are told at once.
        let mut told = Instant::now() - TELL_EVERY;
        let mut stored = Instant::now();
        loop {
            let delta = tokio::select! {
                biased;
                reason = stopped(stop) => return Ok(End::Asked(reason)),
                delta = stream.next() => delta.transpose()?,
                () = tokio::time::sleep_until(told + TELL_EVERY), if !self.untold.is_empty() => {
                    self.tell(false).await;
                    told = Instant::now();
                    if stored.elapsed() >= STORE_EVERY {
                        self.store_chunk().await;
                        stored = Instant::now();
                    }
                    continue;
                }
            };
            match delta {
                None => return Ok(End::Complete),
                Some(delta) => self.take(delta),
            }
            if self.content.len() > MAX_ANSWER_BYTES {
                return Ok(End::Complete);
            }
        }
    }

    async fn open(&self) -> Result<DeltaStream, LlmError> {
        let question_id = self.turn.answer.parent_id.as_deref().unwrap_or_default();
        let messages =
            prompt::build(&self.state, &self.turn.conversation, question_id).await.map_err(|error| {
                LlmError {
                    failure: internal_failure(),
                    detail: format!("the prompt could not be read: {error}"),
                }
            })?;
        self.provider.chat(ChatRequest { model: self.model_name.clone(), messages, max_tokens: None }).await
    }

    fn take(&mut self, delta: Delta) {
        match delta {
            Delta::Text(text) => {
                self.untold.push_str(&text);
                self.unstored.push_str(&text);
                self.content.push_str(&text);
            }
            Delta::Reasoning(text) => {
                self.reasoning.push_str(&text);
                let message_id = self.turn.answer.id.clone();
                self.channel.publish(&ChatEvent::Reasoning { message_id, text });
            }
            Delta::Usage(usage) => self.usage = Some(usage),
            Delta::LengthLimit => {}
        }
    }

    /// Tells listeners what is new: the text, then the blocks that it changed.
    async fn tell(&mut self, last: bool) {
        let message_id = self.turn.answer.id.clone();
        let text = std::mem::take(&mut self.untold);
        if !text.is_empty() {
            self.channel.publish(&ChatEvent::Delta { message_id: message_id.clone(), text: text.clone() });
        }
        let Some(mut markdown) = self.markdown.take() else { return };
        let rendered = self.state.renderer.run(move || {
            markdown.push(&text);
            let changes = if last { markdown.finish() } else { markdown.flush() };
            (markdown, changes)
        });
        // Should rendering fail, the text is still told and stored; the page shows it on its next load.
        let Ok((markdown, changes)) = rendered.await else { return };
        self.markdown = Some(markdown);
        for change in changes {
            let message_id = message_id.clone();
            self.channel.publish(&match change {
                Change::Block { index, html } => {
                    ChatEvent::Block { message_id, index, html: html.into_string() }
                }
                Change::Lines { index, html } => {
                    ChatEvent::Lines { message_id, index, html: html.into_string() }
                }
            });
        }
    }

    /// What cannot be stored now stays in the buffer and goes with the next chunk.
    async fn store_chunk(&mut self) {
        if self.unstored.is_empty() {
            return;
        }
        let (_, seq) = self.channel.bounds();
        let chunk = Chunk {
            message_id: self.turn.answer.id.clone(),
            seq,
            text_at: (self.content.len() - self.unstored.len()) as u64,
            text: self.unstored.clone(),
            ..Chunk::default()
        };
        match self.state.store.append_chunks(&[chunk]).await {
            Ok(()) => self.unstored.clear(),
            Err(error) => tracing::warn!(%error, "a part of an answer waits for the database"),
        }
    }

    async fn finish(mut self, end: End) {
        if matches!(end, End::Asked(StopReason::Deleted)) {
            self.channel.end();
            return;
        }
        self.tell(true).await;
        let (status, failure) = match end {
            End::Complete => (Status::Complete, None),
            End::Asked(StopReason::Person) => (Status::Stopped, None),
            End::Asked(_) => (Status::Interrupted, None),
            End::Failed(failure) => (Status::Failed, Some(failure)),
        };
        let message_id = self.turn.answer.id.clone();
        let mut event = match &failure {
            Some(failure) => failed(&message_id, failure),
            None => ChatEvent::Done { message_id: message_id.clone(), status, usage: self.usage },
        };
        let finish = Finish {
            content: std::mem::take(&mut self.content),
            reasoning: std::mem::take(&mut self.reasoning),
            status,
            usage: self.usage,
            failure,
            // The event that tells the end, and the title after it.
            seq: self.channel.bounds().1 + 2,
            marks: Vec::new(),
        };
        if let Err(error) = self.store_end(&finish).await {
            tracing::error!(%error, message = %message_id, "the end of an answer could not be stored");
            event = failed(&message_id, &internal_failure());
        }
        self.channel.publish(&event);
        if status != Status::Interrupted {
            self.give_title().await;
        }
        self.channel.end();
    }

    /// Tries again while the database is away.
    async fn store_end(&self, finish: &Finish) -> Result<(), StoreError> {
        let deadline = Instant::now() + STORE_PATIENCE;
        let mut pause = Duration::from_millis(100);
        loop {
            match self.state.store.finish_message(&self.turn.answer.id, finish).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Unavailable(error))
                    if Instant::now() < deadline && !self.state.live.is_draining() =>
                {
                    tracing::warn!(%error, "the end of an answer waits for the database");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The one configured for the provider, or the one that answered.
    fn title_model(&self) -> &str {
        let provider = self.state.config.providers.iter().find(|known| known.name == self.provider.name());
        provider.and_then(|provider| provider.title_model.as_deref()).unwrap_or(&self.model_name)
    }

    /// A new conversation gets its title after its first answer, so that a local model that works on one
    /// thing at a time answers first.
    async fn give_title(&self) {
        let conversation = &self.turn.conversation;
        let Some(question) = self.turn.question.as_ref().filter(|_| conversation.title.is_empty()) else {
            return;
        };
        let title = title::of(&self.provider, self.title_model(), &question.content).await;
        match self.state.store.set_title_if_empty(&self.turn.user_id, &conversation.id, &title).await {
            Ok(true) => {
                self.channel.publish(&ChatEvent::Title { title });
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "a title could not be stored"),
        }
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

fn failed(message_id: &str, failure: &Failure) -> ChatEvent {
    ChatEvent::Failed {
        message_id: message_id.to_owned(),
        code: failure.code,
        message: failure.message.clone(),
        retryable: failure.retryable,
    }
}

fn internal_failure() -> Failure {
    Failure { code: FailureCode::Broken, message: AppError::Internal.to_string(), retryable: true }
}
