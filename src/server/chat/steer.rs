//! Steering a conversation: edit a question, continue an answer, choose a branch, delete a message and restore it.
//!
//! A running answer is always the newest message of the branch on screen. While there is one, the server refuses
//! changes of the tree with a reason, just as it refuses a second question.

use std::sync::Arc;

use super::{
    Ask, Asked, Chat, Position,
    begin::{Begun, Earlier, busy},
    keys,
    room::only_in_private,
    turn::Turn,
};
use crate::{
    domain::{ChatEvent, Conversation, CurrentUser, Message, Reason, Role},
    error::AppError,
    server::store::{Changed, Continuation, ContinueOutcome, Destination, Grant, Need, TreeOutcome},
};

/// A question that replaces an earlier one: the new question stands beside the earlier one and gets an answer of its
/// own.
#[derive(Clone, Copy, Debug)]
pub struct Edit<'a> {
    pub message_id: &'a str,
    pub text: &'a str,
    /// `None`: the conversation's model, or the default model.
    pub model: Option<&'a str>,
    pub key: Option<&'a str>,
}

impl Chat {
    pub async fn edit(self: &Arc<Self>, current: &CurrentUser, edit: Edit<'_>) -> Result<Asked, AppError> {
        let (grant, old) = self.store.message_access(current.id(), edit.message_id, Need::Write).await?;
        only_in_private(&grant, "room-edit")?;
        if old.role != Role::User {
            return Err(AppError::invalid("id", Reason::new("only-questions-edited")));
        }
        let ask = Ask {
            conversation_id: None,
            text: edit.text,
            position: old.parent_id.as_deref().map_or(Position::Root, Position::After),
            model: edit.model,
            key: edit.key,
            edited: Some(edit.message_id),
        };
        self.ask_in(current.into(), Destination::There(grant), ask).await
    }

    /// Continues an answer that was stopped, interrupted, cut at a length limit or broken off, with the model that
    /// began it: the same message grows.
    pub async fn continue_answer(
        self: &Arc<Self>,
        current: &CurrentUser,
        message_id: &str,
        key: Option<&str>,
    ) -> Result<Asked, AppError> {
        let key = keys::of(key, keys::Request { what: "continue", parts: &[message_id] })?;
        let (grant, old) = self.store.message_access(current.id(), message_id, Need::Write).await?;
        if old.role != Role::Assistant {
            return Err(AppError::invalid("id", Reason::new("only-answers-continued")));
        }
        if grant.conversation().kind.is_shared() && old.author_id != current.id() {
            return Err(AppError::Forbidden { reason: Reason::new("room-continue-others") });
        }
        let payer = self.payer(&grant, &current.user).await?;
        let model = match self.choose_model(&current.user, None, old.model.as_deref()).await {
            Err(_) if old.model.is_some() => {
                self.choose_model(&current.user, None, grant.conversation().model.as_deref()).await?
            }
            chosen => chosen?,
        };
        let (chat, provider, name) = (self.clone(), model.provider.clone(), model.name.clone());
        let (person, asker) = (current.user.preferences.clone(), current.user.clone());
        let run = self.run_of(&old, self.ids.next());
        let conversation_id = grant.conversation_id().to_owned();
        let continued = async move {
            let (most_running, refusal) = chat.most_running(&asker, &payer.user).await?;
            let how = Continuation {
                message_id: &old.id,
                key: key.as_ref(),
                run: &run.run,
                most_running,
                now: chat.clock.now(),
            };
            let begun = chat.store.continue_answer(&grant, &how).await;
            let (grant, answer, after) = match begun.inspect_err(|_| chat.interrupt_when_reachable(&run))? {
                ContinueOutcome::Begun { grant, answer, after } => (grant, answer, after),
                ContinueOutcome::TooMany => return Err(refusal),
                outcome => return chat.not_continued(outcome),
            };
            let to = Destination::There(grant);
            let persons = (&person, payer.which);
            let prompt = chat.prompt_of(&to, (None, &answer), persons, (&*provider, &name)).await;
            let Destination::There(grant) = to else { return Err(AppError::Internal) };
            let payer_id = payer.user.id;
            let mut turn =
                Turn { grant, question: None, answer, queued: false, payer_id, run: run.run, after };
            // The existing text of the answer takes up room in the context, too.
            let left_out = prompt.as_ref().map_or(turn.answer.left_out, |prompt| prompt.left_out);
            if left_out != turn.answer.left_out {
                turn.answer.left_out = left_out;
                if let Err(error) = chat.store.set_left_out(&turn.answer.id, left_out).await {
                    tracing::warn!(%error, "what a prompt had no room for could not be stored");
                }
            }
            Ok(Begun::Now(Box::new(turn), prompt))
        };
        self.begin(current.id(), Some(&conversation_id), model, continued).await
    }

    fn not_continued(&self, outcome: ContinueOutcome) -> Result<Begun, AppError> {
        let conflict = |reason| Err(AppError::Conflict { reason });
        match outcome {
            // The caller handles these outcomes.
            ContinueOutcome::Begun { .. } | ContinueOutcome::TooMany => Err(AppError::Internal),
            ContinueOutcome::Repeated(answer) => {
                Ok(Begun::Earlier(Earlier { question_id: None, answer_id: answer.id }))
            }
            ContinueOutcome::KeyReused => Err(AppError::IdempotencyKeyReused),
            ContinueOutcome::Missing => Err(AppError::NotFound),
            ContinueOutcome::Busy => Err(busy()),
            ContinueOutcome::Ended => conflict(Reason::new("continue-ended")),
            ContinueOutcome::NotLeaf => conflict(Reason::new("continue-not-newest")),
        }
    }

    /// Shows the branch through a message, down to its newest message.
    pub async fn select(&self, current: &CurrentUser, message_id: &str) -> Result<Conversation, AppError> {
        let (grant, _) = self.store.message_access(current.id(), message_id, Need::Write).await?;
        only_in_private(&grant, "room-line")?;
        self.changed(self.store.select_branch(&grant, message_id).await?, ChatEvent::Changed {})
    }

    /// Deletes one message; the messages below it stay, below its parent. In a room a mark stays in its place.
    pub async fn delete(
        self: &Arc<Self>,
        current: &CurrentUser,
        message_id: &str,
    ) -> Result<Conversation, AppError> {
        let (grant, _) = self.store.message_access(current.id(), message_id, Need::Write).await?;
        if grant.conversation().kind.is_shared() {
            self.erase_post(current, message_id).await?;
            return Ok(grant.into_conversation());
        }
        let deleted = ChatEvent::Deleted { message_id: message_id.to_owned() };
        self.changed(self.store.delete_message(&grant, message_id, self.clock.now()).await?, deleted)
    }

    /// Puts a deleted message back; one that is there stays as it is.
    pub async fn restore(&self, current: &CurrentUser, message_id: &str) -> Result<Conversation, AppError> {
        let Some(conversation_id) = self.store.conversation_of_deleted(message_id).await? else {
            let (grant, _) = self.store.message_access(current.id(), message_id, Need::Manage).await?;
            only_in_private(&grant, "room-restore")?;
            return Ok(grant.into_conversation());
        };
        let grant = self.store.access(current.id(), &conversation_id, Need::Manage).await?;
        self.changed(self.store.restore_message(&grant, message_id).await?, ChatEvent::Changed {})
    }

    fn changed(&self, outcome: TreeOutcome, event: ChatEvent) -> Result<Conversation, AppError> {
        match outcome {
            TreeOutcome::Changed(Changed { conversation, revision }) => {
                if let Some(log) = self.live.get(&conversation.id) {
                    log.publish(event, revision);
                }
                Ok(conversation)
            }
            TreeOutcome::Missing => Err(AppError::NotFound),
            TreeOutcome::Busy => Err(busy()),
        }
    }

    /// The question of an answer that is to be written again; the question must still exist.
    pub(super) async fn question_of(&self, grant: &Grant, answer: &Message) -> Result<Message, AppError> {
        let parent = match &answer.parent_id {
            Some(id) => self.store.message(grant, id).await?,
            None => None,
        };
        let deleted = || AppError::Conflict { reason: Reason::new("question-deleted") };
        parent.filter(|parent| parent.role == Role::User).ok_or_else(deleted)
    }
}
