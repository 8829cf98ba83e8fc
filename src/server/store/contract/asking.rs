//! Calls of the store by ids, for the cases: each call first gets a grant, as a service does, and a stranger gets
//! nothing.

use async_trait::async_trait;

use crate::{
    domain::{Conversation, ConversationPatch, Message},
    server::store::{
        BeginOutcome, Continuation, ContinueOutcome, Destination, Grant, Key, Need, NewAnswer, NoAccess,
        Result, Store, TreeOutcome,
    },
};

/// A question and the empty answer to it, or a further answer to an old question. The grant is not part of it.
#[derive(Clone, Debug)]
pub(super) struct NewTurn {
    pub user_id: String,
    pub conversation: Conversation,
    pub new_conversation: bool,
    pub question: Option<Message>,
    pub answer: Message,
    pub key: Option<Key>,
    pub queued: Option<String>,
    pub most_running: u32,
    pub now: i64,
}

/// [`BeginOutcome`] without the content of `Begun`, so that a case can compare outcomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TurnOutcome {
    Begun,
    Repeated { conversation_id: String, question_id: Option<String>, answer_id: String },
    KeyReused,
    NoConversation,
    NoParent,
    Busy { answer_id: String },
    TooMany,
    NotQueued,
    Behind,
}

impl From<BeginOutcome> for TurnOutcome {
    fn from(outcome: BeginOutcome) -> Self {
        match outcome {
            BeginOutcome::Begun { .. } => Self::Begun,
            BeginOutcome::Repeated { conversation_id, question_id, answer_id } => {
                Self::Repeated { conversation_id, question_id, answer_id }
            }
            BeginOutcome::KeyReused => Self::KeyReused,
            BeginOutcome::NoConversation => Self::NoConversation,
            BeginOutcome::NoParent => Self::NoParent,
            BeginOutcome::Busy { answer_id } => Self::Busy { answer_id },
            BeginOutcome::TooMany => Self::TooMany,
            BeginOutcome::NotQueued => Self::NotQueued,
            BeginOutcome::Behind { .. } => Self::Behind,
        }
    }
}

impl NewTurn {
    pub(super) fn to(&self, to: Destination) -> NewAnswer {
        let NewTurn { question, answer, key, queued, most_running, now, .. } = self.clone();
        NewAnswer { to, question, answer, key, queued, most_running, now }
    }

    pub(super) fn new_destination(&self) -> Destination {
        Destination::New { owner_id: self.user_id.clone(), conversation: self.conversation.clone() }
    }
}

fn known<T>(access: std::result::Result<T, NoAccess>) -> Result<Option<T>> {
    match access {
        Ok(found) => Ok(Some(found)),
        Err(NoAccess::Missing | NoAccess::Denied) => Ok(None),
        Err(NoAccess::Store(error)) => Err(error),
    }
}

#[async_trait]
pub(super) trait Asking: Store {
    async fn grant(&self, user_id: &str, conversation_id: &str) -> Result<Option<Grant>> {
        known(self.access(user_id, conversation_id, Need::Read).await)
    }

    async fn grant_of_message(&self, user_id: &str, message_id: &str) -> Result<Option<(Grant, Message)>> {
        known(self.message_access(user_id, message_id, Need::Read).await)
    }

    async fn conversation(&self, user_id: &str, id: &str) -> Result<Option<Conversation>> {
        Ok(self.grant(user_id, id).await?.map(Grant::into_conversation))
    }

    /// The number of the conversation's newest change; 0 if the person has no such conversation.
    async fn last_seq(&self, user_id: &str, id: &str) -> Result<u64> {
        Ok(self.grant(user_id, id).await?.map_or(0, |grant| grant.last_seq()))
    }

    async fn stored(&self, user_id: &str, id: &str) -> Result<Option<Message>> {
        Ok(self.grant_of_message(user_id, id).await?.map(|(_, message)| message))
    }

    async fn back(&self, user_id: &str, id: &str, upto: Option<&str>, limit: u32) -> Result<Vec<Message>> {
        match self.grant(user_id, id).await? {
            Some(grant) => self.messages_back(&grant, upto, limit).await,
            None => Ok(Vec::new()),
        }
    }

    async fn begin_turn(&self, turn: &NewTurn) -> Result<TurnOutcome> {
        let to = if turn.new_conversation {
            turn.new_destination()
        } else {
            match self.grant(&turn.user_id, &turn.conversation.id).await? {
                Some(grant) => Destination::There(grant),
                None => return Ok(TurnOutcome::NoConversation),
            }
        };
        Ok(self.begin_answer(&turn.to(to)).await?.into())
    }

    async fn update(
        &self,
        user_id: &str,
        id: &str,
        patch: &ConversationPatch,
    ) -> Result<Option<Conversation>> {
        let Some(grant) = self.grant(user_id, id).await? else { return Ok(None) };
        Ok(self.update_conversation(&grant, patch).await?.map(|changed| changed.conversation))
    }

    async fn delete(&self, user_id: &str, id: &str) -> Result<bool> {
        let Some(grant) = self.grant(user_id, id).await? else { return Ok(false) };
        self.delete_conversation(&grant, super::fixtures::NOW).await
    }

    async fn select(&self, user_id: &str, message_id: &str) -> Result<TreeOutcome> {
        match self.grant_of_message(user_id, message_id).await? {
            Some((grant, _)) => self.select_branch(&grant, message_id).await,
            None => Ok(TreeOutcome::Missing),
        }
    }

    async fn remove(&self, user_id: &str, message_id: &str) -> Result<TreeOutcome> {
        match self.grant_of_message(user_id, message_id).await? {
            Some((grant, _)) => self.delete_message(&grant, message_id, super::fixtures::NOW).await,
            None => Ok(TreeOutcome::Missing),
        }
    }

    async fn go_on(
        &self,
        user_id: &str,
        message_id: &str,
        key: Option<&Key>,
        run: &str,
        most_running: u32,
        now: i64,
    ) -> Result<ContinueOutcome> {
        let Some((grant, _)) = self.grant_of_message(user_id, message_id).await? else {
            return Ok(ContinueOutcome::Missing);
        };
        self.continue_answer(&grant, &Continuation { message_id, key, run, most_running, now }).await
    }
}

impl<T: Store + ?Sized> Asking for T {}
