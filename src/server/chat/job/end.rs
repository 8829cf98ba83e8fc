//! The end of an answer: stored, then told, and the title that a new conversation gets after it.

use std::time::Duration;

use super::{End, Job};
use crate::{
    domain::{ChatEvent, Failure, Message, Status, Usage},
    server::{
        chat::{
            channel::{Channel, StopReason},
            title,
        },
        store::{Finish, Recovered},
    },
};

/// The pauses between tries to store the end of an answer while the database is away.
const STORE_AGAIN: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];

impl Job {
    pub(super) async fn finish(mut self, end: End) {
        if matches!(end, End::Asked(StopReason::Deleted)) {
            self.state.tails.settle(&self.tail).await;
            if let Some(entry) = self.entry.take() {
                entry.stored();
            }
            self.channel.end(&self.turn.answer.id);
            return;
        }
        let end = match self.tell().await {
            Ok(()) => end,
            Err(error) => End::Failed(error.failure),
        };
        let (status, failure) = match end {
            End::Complete => (Status::Complete, None),
            End::Asked(StopReason::Person) => (Status::Stopped, None),
            End::Asked(_) => (Status::Interrupted, None),
            End::Failed(failure) => (Status::Failed, Some(failure)),
        };
        let marks = self.state.tails.settle(&self.tail).await;
        let usage = added(self.turn.answer.usage, self.usage);
        let length_limited = self.length_limited && status == Status::Complete;
        let finish = finish_of(&self.channel, status, failure);
        // The title comes after the end.
        let title_due = status != Status::Interrupted && self.turn.conversation.title.is_empty();
        let seq = finish.seq + u64::from(title_due);
        let finish = Finish { usage, length_limited, marks, seq, ..finish };
        let stored = self.store_end(&finish).await;
        if stored && let Some(entry) = self.entry.take() {
            entry.stored();
        }
        let message_id = self.turn.answer.id.clone();
        self.channel.publish(match &finish.failure {
            Some(failure) => failed(&message_id, failure),
            None => ChatEvent::Done { message_id, status, usage, length_limited },
        });
        self.channel.end(&self.turn.answer.id);
        if title_due {
            self.give_title().await;
        }
    }

    /// Tries until the database takes it; `false` when the server goes down before. The journal has it
    /// then, for the next start.
    async fn store_end(&self, finish: &Finish) -> bool {
        let message_id = &self.turn.answer.id;
        let [mut pause, longest] = STORE_AGAIN;
        loop {
            match self.state.store.finish_message(message_id, finish).await {
                Ok(true) => return true,
                // Deleted meanwhile; or another server took this one for dead.
                Ok(false) => return self.store_late(finish).await,
                Err(error) if self.state.live.is_draining() => {
                    tracing::error!(%error, message = %message_id, "the end of an answer waits for the next start");
                    return false;
                }
                Err(error) => tracing::warn!(%error, "the end of an answer waits for the database"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }

    async fn store_late(&self, finish: &Finish) -> bool {
        let (message_id, instance) = (&self.turn.answer.id, self.state.store.instance());
        let Finish { content, reasoning, seq, .. } = finish;
        let recovered = Recovered::whole(message_id, instance, content, reasoning, *seq);
        match self.state.store.recover_message(&recovered).await {
            Ok(_) => true,
            Err(error) => {
                tracing::warn!(%error, "what another server took for interrupted could not be completed");
                false
            }
        }
    }

    /// The one configured for the provider, or the one that answered.
    fn title_model(&self) -> &str {
        let provider = self.state.config.providers.iter().find(|known| known.name == self.provider.name());
        provider.and_then(|provider| provider.title_model.as_deref()).unwrap_or(&self.model_name)
    }

    /// The question that is answered.
    async fn question(&self) -> Option<Message> {
        match (&self.turn.question, &self.turn.answer.parent_id) {
            (Some(question), _) => Some(question.clone()),
            (None, Some(id)) => self.state.store.message(&self.turn.user_id, id).await.ok()?,
            (None, None) => None,
        }
    }

    /// A new conversation gets its title after its first answer, so that a local model that works on one
    /// thing at a time answers first.
    async fn give_title(&self) {
        let conversation = &self.turn.conversation;
        let Some(question) = self.question().await else { return };
        let title = title::of(&self.provider, self.title_model(), &question.content).await;
        match self.state.store.set_title_if_empty(&self.turn.user_id, &conversation.id, &title).await {
            Ok(true) => {
                self.channel.publish(ChatEvent::Title { title });
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "a title could not be stored"),
        }
    }
}

/// The end of the answer in the log: exactly what listeners were told.
pub(super) fn finish_of(channel: &Channel, status: Status, failure: Option<Failure>) -> Finish {
    let (content, reasoning) = channel.running().map(|it| (it.text, it.reasoning)).unwrap_or_default();
    // The event that tells the end.
    let seq = channel.bounds().1 + 1;
    Finish { content, reasoning, status, usage: None, failure, length_limited: false, seq, marks: Vec::new() }
}

pub(super) fn failed(message_id: &str, failure: &Failure) -> ChatEvent {
    ChatEvent::Failed {
        message_id: message_id.to_owned(),
        code: failure.code,
        message: failure.message.clone(),
        retryable: failure.retryable,
    }
}

/// What a continued answer took, over all its parts.
fn added(before: Option<Usage>, now: Option<Usage>) -> Option<Usage> {
    let (Some(before), Some(now)) = (before, now) else { return now.or(before) };
    Some(Usage {
        prompt_tokens: before.prompt_tokens.saturating_add(now.prompt_tokens),
        completion_tokens: before.completion_tokens.saturating_add(now.completion_tokens),
    })
}
