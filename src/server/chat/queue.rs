//! The queue of questions: what is sent while an answer is being written waits, and the server asks it when the answer
//! has ended.
//!
//! The server looks for the next question when an answer ends, when the queue changes, when it starts, and once a minute.
//! It keeps nothing of this in memory: the store says whose turn it is, and takes a question out of the queue in the
//! transaction that begins its answer. So it does no harm when several look at once.

use std::{sync::Arc, time::Duration};

use super::{Ask, Chat, Position, ask::valid_text, begin::busy, keys, room::only_in_private, turn::Asker};
use crate::{
    domain::{
        ChatEvent, CurrentUser, QuestionQueue, Reason, UserState,
        budget::next_day,
        queued::{MOST_QUEUED, MOST_QUEUED_OWN},
    },
    error::AppError,
    server::store::{
        Destination, Grant, Need, NewQueued, NextQueued, QueueChange, QueueFull, QueueOutcome, Texts, conceal,
    },
};

/// How often all queues are looked at, for what was missed: another process died, or the person had too many answers.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How many questions the server tries to ask at once, when somebody else was faster or a question cannot be asked.
const TRIES: usize = 20;

/// Why a question was not asked when its turn came.
enum NotAsked {
    /// Its turn was over; another one may be next.
    Again,
    /// Something is in the way that goes by itself.
    Later,
    /// The author has as many answers being written as one person may.
    Crowded,
    /// The author has used up what a day allows.
    Tomorrow,
    /// Its author may not ask in the room any more.
    Never,
    /// It cannot be asked like this.
    Refused(Reason),
}

impl Chat {
    /// The questions that wait in a conversation.
    pub async fn queue(
        &self,
        current: &CurrentUser,
        conversation_id: &str,
    ) -> Result<QuestionQueue, AppError> {
        let grant = self.store.access(current.id(), conversation_id, Need::Read).await?;
        self.queue_in(&grant).await
    }

    /// Puts a question at the end of the queue. It is asked at once when no answer is in the way. Another request with the
    /// same key adds nothing, whatever has become of the question.
    pub async fn queue_add(
        self: &Arc<Self>,
        current: &CurrentUser,
        conversation_id: &str,
        (text, model): (&str, Option<&str>),
        key: Option<&str>,
    ) -> Result<QuestionQueue, AppError> {
        let text = valid_text(text, self.limits.message_bytes)?;
        let model = model.map(str::trim).filter(|model| !model.is_empty());
        let parts = [model.unwrap_or_default(), text];
        let key = keys::of(key, keys::Request { what: "queue", parts: &parts })?;
        let grant = self.store.access(current.id(), conversation_id, Need::Write).await?;
        only_in_private(&grant, "room-post")?;
        let chosen = self.choose_model(&current.user, model, grant.conversation().model.as_deref()).await?;
        let (id, now) = (self.ids.next(), self.clock.now());
        let key = key.as_ref();
        let new = NewQueued { id: &id, text, model, key, most: MOST_QUEUED, now, ..NewQueued::default() };
        let added = self.store.add_queued(&grant, &new).await?;
        let is_new = added != QueueOutcome::Repeated;
        self.changed_queue(&grant, added)?;
        if is_new && chosen.is_new_choice {
            self.remember_choice(&current.user, chosen.id).await;
        }
        self.ask_next(conversation_id).await;
        self.queue_in(&grant).await
    }

    /// Gives a question that waits another text, another position (from 0), or both in one step. Without either, it answers
    /// the queue.
    pub async fn queue_edit(
        self: &Arc<Self>,
        current: &CurrentUser,
        (conversation_id, id): (&str, &str),
        (text, position): (Option<&str>, Option<u32>),
    ) -> Result<QuestionQueue, AppError> {
        let text = text.map(|text| valid_text(text, self.limits.message_bytes)).transpose()?;
        let change = match (text, position) {
            (Some(text), Some(position)) => QueueChange::TextAt(text, position),
            (Some(text), None) => QueueChange::Text(text),
            (None, Some(position)) => QueueChange::Move(position),
            (None, None) => return self.queue(current, conversation_id).await,
        };
        self.queue_change(current, conversation_id, id, change).await
    }

    pub async fn queue_remove(
        self: &Arc<Self>,
        current: &CurrentUser,
        (conversation_id, id): (&str, &str),
    ) -> Result<QuestionQueue, AppError> {
        self.queue_change(current, conversation_id, id, QueueChange::Remove).await
    }

    /// Asks a question that waits as soon as may be: the running answer is stopped.
    pub async fn queue_send(
        self: &Arc<Self>,
        current: &CurrentUser,
        (conversation_id, id): (&str, &str),
    ) -> Result<QuestionQueue, AppError> {
        self.queue_change(current, conversation_id, id, QueueChange::Send).await
    }

    async fn queue_change(
        self: &Arc<Self>,
        current: &CurrentUser,
        conversation_id: &str,
        id: &str,
        change: QueueChange<'_>,
    ) -> Result<QuestionQueue, AppError> {
        let grant = self.store.access(current.id(), conversation_id, Need::Write).await?;
        let is_shared = grant.conversation().kind.is_shared();
        if is_shared {
            self.may_change_queued(&grant, id, change).await?;
        }
        self.changed_queue(&grant, self.store.change_queued(&grant, id, change).await?)?;
        // In a room it is asked next, and the answer to somebody else goes on.
        if change == QueueChange::Send
            && !is_shared
            && let Some(leaf) = &grant.conversation().leaf_id
        {
            // A running answer is always the leaf.
            match self.stop(current, leaf).await {
                Ok(_) | Err(AppError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        self.ask_next(conversation_id).await;
        self.queue_in(&grant).await
    }

    /// Tells listeners of a change of the queue.
    pub(super) fn changed_queue(&self, grant: &Grant, outcome: QueueOutcome) -> Result<(), AppError> {
        match outcome {
            QueueOutcome::Changed { revision } => {
                self.tell_queue(grant.conversation_id(), revision);
                Ok(())
            }
            QueueOutcome::Repeated => Ok(()),
            QueueOutcome::KeyReused => Err(AppError::IdempotencyKeyReused),
            QueueOutcome::Full(full) => Err(queue_full(full)),
            QueueOutcome::Missing => Err(AppError::NotFound),
        }
    }

    pub(super) fn tell_queue(&self, conversation_id: &str, revision: u64) {
        if let Some(log) = self.live.get(conversation_id) {
            log.publish(ChatEvent::Queue {}, revision);
        }
    }

    pub(super) async fn queue_in(&self, grant: &Grant) -> Result<QuestionQueue, AppError> {
        let (mut items, now) = (self.store.queued(grant).await?, self.clock.now());
        if grant.conversation().kind.is_shared() && !items.is_empty() {
            // Somebody may have asked about a message in the moment in which it was hidden.
            let ids: Vec<String> = items.iter().filter_map(|item| item.message_id.clone()).collect();
            let mut asked = self.store.messages_of(grant, &ids, Texts::WithoutReasoning).await?;
            conceal(&*self.store, grant, &mut asked, None).await?;
            let is_shown =
                |id: &String| asked.iter().any(|message| message.id == *id && !message.content.is_empty());
            items.retain(|item| item.message_id.as_ref().is_none_or(is_shown));
        }
        for item in &mut items {
            item.waits_until = item.waits_until.filter(|until| *until > now);
        }
        let id = grant.conversation_id();
        let waits = !items.is_empty()
            && self.store.next_queued(id, &[]).await?.is_none()
            && self
                .store
                .access(grant.user_id(), id, Need::Read)
                .await
                .is_ok_and(|now| !now.conversation().running);
        Ok(QuestionQueue { items, waits })
    }

    /// Looks for the next question in the background.
    pub(super) fn go_on(self: &Arc<Self>, conversation_id: &str) {
        // The next start looks at all queues.
        if self.live.is_draining() {
            return;
        }
        let (chat, id) = (self.clone(), conversation_id.to_owned());
        self.tasks.spawn("ask the next question", async move { chat.ask_next(&id).await });
    }

    /// Asks the question whose turn it is, if it is the turn of one.
    pub(super) async fn ask_next(self: &Arc<Self>, conversation_id: &str) {
        let mut passed_over = Vec::new();
        for _ in 0..TRIES {
            let next = match self.store.next_queued(conversation_id, &passed_over).await {
                Ok(Some(next)) => next,
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "a question in a queue waits for the database");
                    return;
                }
            };
            match self.ask_queued(conversation_id, &next).await {
                Ok(()) | Err(NotAsked::Later) => return,
                Err(NotAsked::Again) => {}
                // In a room others may be next.
                Err(NotAsked::Crowded) if next.is_shared => passed_over.push(next.queued.author_id),
                Err(NotAsked::Crowded) => return,
                Err(NotAsked::Never) => {
                    if let Ok(Some(revision)) =
                        self.store.forget_queued(conversation_id, &next.queued.id).await
                    {
                        self.tell_queue(conversation_id, revision);
                    }
                }
                Err(NotAsked::Tomorrow) => {
                    let until = next_day(self.clock.now());
                    // All queues are looked at each minute, and the author is told once.
                    if next.queued.waits_until != Some(until) {
                        self.keep_waiting(conversation_id, &next, QueueChange::Delay(until)).await;
                    }
                    if !next.is_shared {
                        return;
                    }
                    passed_over.push(next.queued.author_id);
                }
                Err(NotAsked::Refused(reason)) => {
                    self.keep_waiting(conversation_id, &next, QueueChange::Refuse(&reason)).await;
                    // In a room others may be next.
                    if !next.is_shared {
                        return;
                    }
                }
            }
        }
    }

    async fn ask_queued(self: &Arc<Self>, conversation_id: &str, next: &NextQueued) -> Result<(), NotAsked> {
        let queued = &next.queued;
        let author = self.users.user(&queued.author_id).await.map_err(|_| NotAsked::Later)?;
        let still = self.asks_still(&queued.author_id, conversation_id).await;
        let grant = match (still.map_err(|_| NotAsked::Later)?, &author) {
            // Nobody is held up by somebody who cannot ask.
            (Some(grant), Some(author)) if !next.is_shared || author.state != UserState::Disabled => grant,
            _ if next.is_shared => return Err(NotAsked::Never),
            _ => return Err(NotAsked::Again),
        };
        let asked = async {
            let ask = Ask {
                conversation_id: None,
                text: &queued.text,
                position: next.after.as_deref().map_or(Position::Root, Position::After),
                model: queued.model.as_deref(),
                key: None,
                edited: None,
            };
            let author = author.ok_or(AppError::Unavailable)?;
            if author.state == UserState::Disabled {
                return Err(AppError::Unavailable);
            }
            // Before a prompt is made, because the queue is looked at each minute of the day.
            let payer = self.payer(&grant, &author).await?;
            if let Some(left) = self.allowances.left(&payer.user).await?.filter(|left| left.messages == 0) {
                return Err(left.refusal);
            }
            let asker = Asker { user: &author, queued: Some(&queued.id) };
            if next.is_shared {
                return self.answer_in_room(asker, (grant, payer), queued).await;
            }
            self.ask_in(asker, Destination::There(grant), ask).await
        };
        match asked.await {
            Ok(_) => Ok(()),
            Err(error) if error == busy() => Err(NotAsked::Later),
            Err(AppError::NotFound) => Err(NotAsked::Again),
            // The message before it was deleted meanwhile.
            Err(AppError::Invalid { field, .. }) if field == "parent_id" => Err(NotAsked::Again),
            Err(
                AppError::Unavailable
                | AppError::Stopping
                | AppError::StorageFull
                | AppError::StorageLost
                | AppError::Internal,
            ) => Err(NotAsked::Later),
            Err(AppError::TooManyAnswers { .. }) => Err(NotAsked::Crowded),
            // The next day it is asked by itself.
            Err(AppError::BudgetUsedUp { .. }) => Err(NotAsked::Tomorrow),
            Err(error) => Err(NotAsked::Refused(error.reason())),
        }
    }

    /// Stores why a question waits on, and tells whoever has the conversation open.
    async fn keep_waiting(&self, conversation_id: &str, next: &NextQueued, why: QueueChange<'_>) {
        let stored = async {
            let author = &next.queued.author_id;
            let Ok(grant) = self.store.access(author, conversation_id, Need::Write).await else {
                return Ok(QueueOutcome::Missing);
            };
            self.store.change_queued(&grant, &next.queued.id, why).await
        };
        match stored.await {
            Ok(QueueOutcome::Changed { revision }) => self.tell_queue(conversation_id, revision),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "why a question in a queue waits could not be stored"),
        }
    }

    /// Looks at all queues as long as the server runs, at once and then every minute.
    pub async fn watch_queues(self: &Arc<Self>) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            self.look_at_queues().await;
        }
    }

    /// Asks every question whose turn it is.
    pub async fn look_at_queues(self: &Arc<Self>) {
        let mut after = String::new();
        loop {
            match self.store.conversations_with_queued(&after).await {
                Ok(conversations) => {
                    for id in &conversations {
                        self.ask_next(id).await;
                    }
                    let Some(last) = conversations.into_iter().next_back() else { return };
                    after = last;
                }
                Err(error) => {
                    tracing::warn!(%error, "the queues of questions cannot be looked at");
                    return;
                }
            }
        }
    }
}

/// The refusal of one more question.
pub(super) fn queue_full(full: QueueFull) -> AppError {
    let reason = match full {
        QueueFull::All => Reason::new("queue-full").with("most", MOST_QUEUED),
        QueueFull::Own => Reason::new("queue-full-own").with("most", MOST_QUEUED_OWN),
    };
    AppError::Conflict { reason }
}
