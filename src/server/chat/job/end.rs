//! The end of an answer: it is stored, then published, and a new conversation then gets its title.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Completion, Job, stopwatch::Stopwatch};
use crate::{
    domain::{ChatEvent, Failure, FailureCode, Message, Reason, Spending, Status, Timings, Usage},
    server::{
        chat::{Chat, chunk_writer::UnstoredText, spent::Spent, title},
        journal::AnswerRecords,
        live::{
            log::{Log, StopReason},
            registry::LogHandle,
        },
        store::{Finish, Grant, Orphans, Recovered, Run, StoreError},
    },
};

/// The pauses between tries to store the end of an answer.
const STORE_AGAIN: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];
/// How often the database may refuse the end of an answer, within about ten seconds, before the server tries with less
/// text.
const REFUSALS: u32 = 8;
/// How many bytes are kept of an answer that the database refuses: first this much, then only the fact that it failed.
const KEPT: [usize; 2] = [256 * 1024, 0];

/// Everything needed to end an answer, also after its job is gone.
pub(super) struct Finisher {
    pub chat: Arc<Chat>,
    pub log: LogHandle,
    pub unstored: Arc<UnstoredText>,
    pub entry: Option<Arc<AnswerRecords>>,
    pub grant: Grant,
    pub run: Run,
    pub stopwatch: Stopwatch,
}

/// The outcome of storing the end of an answer.
enum Stored {
    /// The end is stored like this.
    As(Finish),
    /// Somebody else ended the answer before. This is the stored message, or `None` if it was deleted.
    Before(Option<Box<Message>>),
    /// The end is not stored; the journal, or [`super::super::orphans`], completes it later.
    Not(Finish),
}

impl Job {
    pub(super) async fn finish(mut self, finisher: &Finisher, end: Completion) {
        let end = match self.publish().await {
            Ok(()) => end,
            Err(error) => Completion::Failed(error.failure),
        };
        let (status, failure) = match end {
            Completion::Complete => (Status::Complete, None),
            // The text is kept with a deleted conversation, which may be restored.
            Completion::Asked(StopReason::Person | StopReason::Deleted) => (Status::Stopped, None),
            Completion::Asked(StopReason::Shutdown) => (Status::Interrupted, None),
            Completion::Failed(failure) => (Status::Failed, Some(failure)),
        };
        let marks = self.chat.chunk_writer.settle(&self.unstored).await;
        let usage = added(self.turn.answer.usage, self.usage);
        let length_limited = self.length_limited && status == Status::Complete;
        let finish = finish_of(
            &self.log,
            &self.turn.answer.id,
            status,
            failure,
            self.stopwatch.timings(Instant::now()),
        );
        // First, because an answer that is stored as ended and not counted yet would leave room for one more in the day.
        self.count(self.spent.of_answer(status == Status::Failed)).await;
        let stored = finisher.store(Finish { usage, length_limited, marks, ..finish }).await;
        let ours = matches!(stored, Stored::As(_) | Stored::Not(_));
        finisher.publish(stored);
        if status == Status::Complete && ours && !self.log.is_closed() {
            self.title_by_model().await;
        }
    }

    async fn count(&self, spending: Spending) {
        let answer = &self.turn.answer;
        let model = answer.model.as_deref().unwrap_or_default();
        self.chat.allowances.count(&self.turn.payer_id, model, spending).await;
    }

    /// A room has the name that its people gave it.
    fn is_in_room(&self) -> bool {
        self.turn.grant.conversation().kind.is_shared()
    }

    /// The question of this answer.
    async fn question(&self) -> Option<Message> {
        match (&self.turn.question, &self.turn.answer.parent_id) {
            (Some(question), _) => Some(question.clone()),
            (None, Some(id)) => self.chat.store.message(&self.turn.grant, id).await.ok()?,
            (None, None) => None,
        }
    }

    /// Gives a conversation without a title the first words of its question. A conversation that begins with the question
    /// has them already.
    pub(super) async fn title_at_once(&mut self) {
        if self.title.is_empty()
            && !self.is_in_room()
            && let Some(question) = self.question().await
        {
            self.retitle(title::first_words(&question.content)).await;
        }
    }

    /// Puts the model's title in place of the first words, after the answer, so that a local model that does one thing at
    /// a time answers first. A model that did not answer to the end is not asked for a title, and a title that a person
    /// gave stays.
    async fn title_by_model(&mut self) {
        if self.is_in_room() {
            return;
        }
        let Some(question) = self.question().await else { return };
        if self.title != title::first_words(&question.content) {
            return;
        }
        let mut spent = Spent::default();
        let title = title::of(&self.provider, &self.model_name, &question.content, &mut spent).await;
        self.count(spent.of_others()).await;
        if let Some(title) = title {
            self.retitle(title).await;
        }
    }

    async fn retitle(&mut self, title: String) {
        if title == self.title {
            return;
        }
        match self.chat.store.replace_title(self.turn.grant.conversation_id(), &self.title, &title).await {
            Ok(Some(revision)) => {
                self.title.clone_from(&title);
                self.log.publish(ChatEvent::Title { title }, revision);
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a title could not be stored"),
        }
    }
}

impl Finisher {
    /// Ends an answer whose job is gone, with the text that was published.
    pub(super) async fn fail(&self, failure: Failure) {
        if !self.log.runs(&self.run.message_id) {
            return; // The answer has ended.
        }
        let marks = self.chat.chunk_writer.settle(&self.unstored).await;
        let timings = self.stopwatch.timings(Instant::now());
        let finish = finish_of(&self.log, &self.run.message_id, Status::Failed, Some(failure), timings);
        let finish = Finish { marks, ..finish };
        self.publish(self.store(finish).await);
    }

    /// Stores the end of the answer; tries again as long as the database is away. If the server stops before that, the
    /// journal has the end for the next start. An end that the database refuses is not tried for ever.
    async fn store(&self, mut finish: Finish) -> Stored {
        let message_id = &self.run.message_id;
        let [mut pause, longest] = STORE_AGAIN;
        let (mut refusals, mut less) = (0, KEPT.into_iter());
        loop {
            match self.chat.store.finish_message(message_id, &finish).await {
                Ok(true) => return Stored::As(finish),
                Ok(false) => return self.store_late(finish).await,
                Err(error) if self.chat.live.is_draining() => {
                    tracing::error!(%error, message = %message_id, "the end of an answer waits for the next start");
                    return Stored::Not(finish);
                }
                Err(error @ StoreError::Broken(_)) => {
                    refusals += 1;
                    tracing::error!(%error, refusals, message = %message_id, "the end of an answer is refused");
                    if refusals >= REFUSALS {
                        match less.next() {
                            Some(bytes) => finish = cut(finish, bytes),
                            None => return self.give_up(finish).await,
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "the end of an answer waits for the database"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }

    /// The answer was deleted meanwhile, or another server took this one for lost. Stores the published text if
    /// possible, and answers the stored message.
    async fn store_late(&self, finish: Finish) -> Stored {
        let (message_id, instance) = (&self.run.message_id, self.chat.store.instance());
        let Finish { content, reasoning, seq, .. } = &finish;
        let recovered = Recovered::whole(message_id, instance, content, reasoning, *seq);
        let late = match self.chat.store.recover_message(&recovered).await {
            Ok(_) => self.chat.store.message(&self.grant, &self.run.message_id).await,
            Err(error) => Err(error),
        };
        match late {
            Ok(message) => Stored::Before(message.map(Box::new)),
            Err(error) => {
                tracing::warn!(%error, "what another server took for interrupted could not be completed");
                Stored::Not(Finish { status: Status::Interrupted, failure: None, ..finish })
            }
        }
    }

    /// Makes the stored chunks the text of the answer, unless the database refuses even that.
    async fn give_up(&self, finish: Finish) -> Stored {
        let message_id = &self.run.message_id;
        if let Err(error) = self.chat.store.interrupt_unfinished(Orphans::Run(&self.run)).await {
            tracing::error!(%error, message = %message_id, "an answer cannot be ended in the database");
            return Stored::Not(finish);
        }
        match self.chat.store.message(&self.grant, message_id).await {
            Ok(message) => Stored::Before(message.map(Box::new)),
            Err(_) => Stored::Not(finish),
        }
    }

    /// Publishes the stored end, tells the journal when it can drop its records, and lets the next question begin.
    fn publish(&self, stored: Stored) {
        if !matches!(stored, Stored::Not(_))
            && let Some(entry) = &self.entry
        {
            entry.stored();
        }
        let message_id = self.run.message_id.clone();
        match stored {
            Stored::As(Finish { failure: Some(failure), timings, .. })
            | Stored::Not(Finish { failure: Some(failure), timings, .. }) => {
                self.log.tell(&self.run.message_id, ChatEvent::failed(message_id, failure, timings));
            }
            Stored::As(Finish { status, usage, length_limited, timings, .. })
            | Stored::Not(Finish { status, usage, length_limited, timings, .. }) => {
                let done = ChatEvent::Done { message_id, status, usage, length_limited, timings };
                self.log.tell(&self.run.message_id, done);
            }
            Stored::Before(message) => {
                if let Some(message) = message.filter(|message| message.status != Status::Generating) {
                    self.log.tell(&self.run.message_id, ChatEvent::ended(&message));
                }
                // Listeners read the conversation anew, because the stored text may differ from the published one.
                self.log.reread();
            }
        }
        self.log.end(&self.run.message_id);
        self.chat.go_on(&self.run.conversation_id);
    }
}

/// The end of the answer by its log: exactly the text that was published.
fn finish_of(
    log: &Log,
    answer_id: &str,
    status: Status,
    failure: Option<Failure>,
    timings: Timings,
) -> Finish {
    let (content, reasoning) = log.text(answer_id).unwrap_or_default();
    // The number of the event that publishes the end.
    let seq = log.bounds().1 + 1;
    Finish {
        content,
        reasoning,
        status,
        usage: None,
        failure,
        length_limited: false,
        timings,
        seq,
        marks: Vec::new(),
    }
}

/// The first part of the answer, short enough for the database.
fn cut(finish: Finish, bytes: usize) -> Finish {
    let first = |mut text: String| {
        text.truncate(text.floor_char_boundary(bytes));
        text
    };
    let failure =
        Failure { code: FailureCode::Broken, reason: Reason::new("answer-not-taken"), retryable: true };
    Finish {
        content: first(finish.content),
        reasoning: first(finish.reasoning),
        status: Status::Failed,
        failure: Some(failure),
        length_limited: false,
        marks: Vec::new(),
        ..finish
    }
}

/// The usage of a continued answer, over all its runs.
fn added(before: Option<Usage>, now: Option<Usage>) -> Option<Usage> {
    let (Some(before), Some(now)) = (before, now) else { return now.or(before) };
    Some(Usage {
        prompt_tokens: before.prompt_tokens.saturating_add(now.prompt_tokens),
        completion_tokens: before.completion_tokens.saturating_add(now.completion_tokens),
    })
}
