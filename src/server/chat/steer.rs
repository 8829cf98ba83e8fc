//! Steering a conversation: edit a question, continue an answer, choose a branch, delete a message.
//!
//! A running answer is always the newest message of the branch on screen: while there is one, what would
//! change the tree is refused with a reason, as a second question is.

use std::sync::Arc;

use super::{
    Ask, Asked, Chat, Place,
    begin::{busy, detached},
    job, keys,
};
use crate::{
    domain::{ChatEvent, Conversation, CurrentUser, Message, Reason, Role},
    error::AppError,
    server::store::{ContinueOutcome, TreeOutcome},
};

/// A question in place of an old one: it stands beside it, and gets an answer of its own.
#[derive(Clone, Copy, Debug)]
pub struct Edit<'a> {
    pub message_id: &'a str,
    pub text: &'a str,
    /// `None`: the conversation's model, or the default one.
    pub model: Option<&'a str>,
    pub key: Option<&'a str>,
}

impl Chat {
    pub async fn edit(self: &Arc<Self>, current: &CurrentUser, edit: Edit<'_>) -> Result<Asked, AppError> {
        let old = self.store.message(current.id(), edit.message_id).await?.ok_or(AppError::NotFound)?;
        if old.role != Role::User {
            return Err(AppError::invalid("id", Reason::new("only-questions-edited")));
        }
        let ask = Ask {
            conversation_id: Some(&old.conversation_id),
            text: edit.text,
            place: old.parent_id.as_deref().map_or(Place::Root, Place::After),
            model: edit.model,
            key: edit.key,
            edited: Some(edit.message_id),
        };
        self.ask(current, ask).await
    }

    /// Goes on with an answer that was stopped, interrupted, cut at a length limit or broken off, by the model that began
    /// it: the same message grows.
    pub async fn continue_answer(
        self: &Arc<Self>,
        current: &CurrentUser,
        message_id: &str,
        key: Option<&str>,
    ) -> Result<Asked, AppError> {
        let key = keys::of(key, keys::Request { what: "continue", parts: &[message_id] })?;
        let old = self.store.message(current.id(), message_id).await?.ok_or(AppError::NotFound)?;
        if old.role != Role::Assistant {
            return Err(AppError::invalid("id", Reason::new("only-answers-continued")));
        }
        let conversation =
            self.store.conversation(current.id(), &old.conversation_id).await?.ok_or(AppError::NotFound)?;
        let (_, provider, name) = match self.choose_model(None, old.model.as_deref()).await {
            Err(_) if old.model.is_some() => self.choose_model(None, conversation.model.as_deref()).await?,
            chosen => chosen?,
        };
        let now = self.clock.now();
        let conflict = |reason| Err(AppError::Conflict { reason });
        let (chat, current_) = (self.clone(), current.clone());
        let run = self.ids.next();
        let outcome = detached(async move {
            let _turn = chat.live.in_turn(current_.id()).await?;
            if chat.live.is_draining() {
                return Err(AppError::Stopping);
            }
            let most = chat.limits.answers_per_user;
            let begun =
                chat.store.continue_answer(current_.id(), &old.id, key.as_ref(), &run, most, now).await;
            Ok(match begun.inspect_err(|_| chat.forsake(&old, &run))? {
                ContinueOutcome::Begun(conversation, answer) => {
                    let mut turn = chat.turn(&current_, conversation, false, None, answer, key);
                    let prompt = chat.prompt_of(&turn, &*provider, &name).await;
                    // The text that is there takes room, too.
                    let left_out = prompt.as_ref().map_or(turn.answer.left_out, |prompt| prompt.left_out);
                    if left_out != turn.answer.left_out {
                        turn.answer.left_out = left_out;
                        if let Err(error) = chat.store.set_left_out(&turn.answer.id, left_out).await {
                            tracing::warn!(%error, "what a prompt had no room for could not be stored");
                        }
                    }
                    Ok(job::start(&chat, turn, prompt, run, provider, name).await)
                }
                outcome => Err(outcome),
            })
        });
        let outcome = match outcome.await? {
            Ok(asked) => return Ok(asked),
            Err(outcome) => outcome,
        };
        match outcome {
            // Told above.
            ContinueOutcome::Begun(..) => Err(AppError::Internal),
            ContinueOutcome::Repeated(answer) => {
                self.repeated(current, answer.conversation_id, None, message_id).await
            }
            ContinueOutcome::KeyReused => Err(AppError::IdempotencyKeyReused),
            ContinueOutcome::Missing => Err(AppError::NotFound),
            ContinueOutcome::Busy => Err(busy()),
            ContinueOutcome::TooMany => Err(self.too_many()),
            ContinueOutcome::Ended => conflict(Reason::new("continue-ended")),
            ContinueOutcome::NotLeaf => conflict(Reason::new("continue-not-newest")),
        }
    }

    /// Shows the branch that goes through a message, down to its newest message.
    pub async fn select(&self, current: &CurrentUser, message_id: &str) -> Result<Conversation, AppError> {
        self.changed(self.store.select_branch(current.id(), message_id).await?)
    }

    /// Deletes one message; what follows it stays, after the message before it.
    pub async fn delete(&self, current: &CurrentUser, message_id: &str) -> Result<Conversation, AppError> {
        self.changed(self.store.delete_message(current.id(), message_id).await?)
    }

    fn changed(&self, outcome: TreeOutcome) -> Result<Conversation, AppError> {
        match outcome {
            TreeOutcome::Changed(conversation) => {
                if let Some(log) = self.live.get(&conversation.id) {
                    log.publish(ChatEvent::Changed {}, 0);
                }
                Ok(conversation)
            }
            TreeOutcome::Missing => Err(AppError::NotFound),
            TreeOutcome::Busy => Err(busy()),
        }
    }

    /// Whether an answer can be written again: its question must still be there.
    pub(super) async fn question_of(
        &self,
        current: &CurrentUser,
        answer: &Message,
    ) -> Result<Message, AppError> {
        let parent = match &answer.parent_id {
            Some(id) => self.store.message(current.id(), id).await?,
            None => None,
        };
        let deleted = || AppError::Conflict { reason: Reason::new("question-deleted") };
        parent.filter(|parent| parent.role == Role::User).ok_or_else(deleted)
    }
}
