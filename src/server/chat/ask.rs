//! A question, and a further answer to one: what a person says becomes a turn that can be stored.

use std::sync::Arc;

use super::{Chat, keys};
use crate::{
    domain::{Conversation, CurrentUser, Message, Reason, Role, Status},
    error::AppError,
    server::store::{Key, NewTurn},
};

/// Where a question goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place<'a> {
    /// On from the branch on screen.
    #[default]
    Leaf,
    /// After nothing: a first question, beside those that are there.
    Root,
    /// After this message.
    After(&'a str),
}

/// A question as a person or a program asks it.
#[derive(Clone, Debug, Default)]
pub struct Ask<'a> {
    /// `None` begins a new conversation.
    pub conversation_id: Option<&'a str>,
    pub text: &'a str,
    pub place: Place<'a>,
    /// `None`: the conversation's model, or the default one.
    pub model: Option<&'a str>,
    /// The same key with the same question again answers the same messages and starts nothing.
    pub key: Option<&'a str>,
    /// The question in whose place this one is asked.
    pub edited: Option<&'a str>,
}

impl Ask<'_> {
    /// The key with what the caller said, whatever became of it since.
    fn key(&self) -> Result<Option<Key>, AppError> {
        let (edited, model) = (self.edited.unwrap_or_default(), self.model.map_or("", str::trim));
        let place = match self.place {
            // An edited question keeps its place, of which the caller said nothing.
            _ if self.edited.is_some() => "",
            Place::Leaf => "",
            Place::Root => "root",
            Place::After(id) => id,
        };
        keys::of(self.key, keys::Request { what: "ask", parts: &[edited, place, model, self.text] })
    }
}

/// What a question led to. Listening after `after` misses nothing of the answer.
#[derive(Clone, Debug)]
pub struct Asked {
    pub conversation_id: String,
    /// `None` for a further answer to an old question.
    pub question: Option<Message>,
    pub answer: Message,
    pub after: u64,
}

impl Chat {
    /// Stores the question with an empty answer and starts the job that writes it.
    pub async fn ask(self: &Arc<Self>, current: &CurrentUser, ask: Ask<'_>) -> Result<Asked, AppError> {
        let text = valid_text(ask.text, self.limits.message_bytes)?;
        let key = ask.key()?;
        let old = match ask.conversation_id {
            Some(id) => Some(self.store.conversation(current.id(), id).await?.ok_or(AppError::NotFound)?),
            None => None,
        };
        let new_conversation = old.is_none();
        let mut conversation = old.unwrap_or_else(|| self.new_conversation_of());
        let parent_id = match ask.place {
            Place::Leaf => conversation.leaf_id.clone(),
            Place::Root => None,
            Place::After(parent) => Some(parent.to_owned()),
        };
        let (model, provider, name) = self.choose_model(ask.model, conversation.model.as_deref()).await?;
        conversation.model = Some(model.clone());
        let question_id = self.id_after(current, parent_id.as_deref()).await?;
        let mut question = self.message(&conversation.id, question_id, parent_id, Role::User);
        question.content = text.to_owned();
        let answer_id = self.ids.next_after(&question.id).ok_or_else(no_place)?;
        let mut answer =
            self.message(&conversation.id, answer_id, Some(question.id.clone()), Role::Assistant);
        answer.model = Some(model);
        let turn = self.turn(current, conversation, new_conversation, Some(question), answer, key);
        self.begin(current, turn, provider, name).await
    }

    /// The id of a question that follows the message `parent_id`. That is a caller's word, and counts only when
    /// there is such a message; when there is none the store refuses the question.
    pub(super) async fn id_after(
        &self,
        current: &CurrentUser,
        parent_id: Option<&str>,
    ) -> Result<String, AppError> {
        let parent = match parent_id {
            Some(id) => self.store.message(current.id(), id).await?,
            None => None,
        };
        match parent {
            Some(parent) => self.ids.next_after(&parent.id).ok_or_else(no_place),
            None => Ok(self.ids.next()),
        }
    }

    /// Writes a further answer to the question of `answer_id`, beside the old one.
    pub async fn retry(
        self: &Arc<Self>,
        current: &CurrentUser,
        answer_id: &str,
        key: Option<&str>,
    ) -> Result<Asked, AppError> {
        let key = keys::of(key, keys::Request { what: "again", parts: &[answer_id] })?;
        let old = self.store.message(current.id(), answer_id).await?.ok_or(AppError::NotFound)?;
        if old.role != Role::Assistant {
            return Err(AppError::invalid("id", Reason::new("only-answers-again")));
        }
        self.question_of(current, &old).await?;
        let conversation =
            self.store.conversation(current.id(), &old.conversation_id).await?.ok_or(AppError::NotFound)?;
        let (model, provider, name) = self.choose_model(None, conversation.model.as_deref()).await?;
        let id = self.ids.next_after(&old.id).ok_or_else(no_place)?;
        let mut answer = self.message(&conversation.id, id, old.parent_id, Role::Assistant);
        answer.model = Some(model);
        let turn = self.turn(current, conversation, false, None, answer, key);
        self.begin(current, turn, provider, name).await
    }

    pub(super) async fn repeated(
        &self,
        current: &CurrentUser,
        conversation_id: String,
        question_id: Option<String>,
        answer_id: &str,
    ) -> Result<Asked, AppError> {
        let answer = self.store.message(current.id(), answer_id).await?.ok_or(AppError::NotFound)?;
        let question = match question_id {
            Some(id) => self.store.message(current.id(), &id).await?,
            None => None,
        };
        let log = self.live.get(&conversation_id);
        let running = log.and_then(|log| log.running_ids().into_iter().find(|(id, _)| id == answer_id));
        let after = match running {
            Some((_, after)) => after,
            None => self.store.last_seq(&conversation_id).await?,
        };
        Ok(Asked { conversation_id, question, answer, after })
    }

    pub(super) fn new_conversation_of(&self) -> Conversation {
        let now = self.clock.now();
        Conversation {
            id: self.ids.next(),
            title: String::new(),
            model: None,
            system_prompt: None,
            pinned: false,
            archived: false,
            leaf_id: None,
            created_at: now,
            updated_at: now,
        }
    }

    pub(super) fn message(
        &self,
        conversation_id: &str,
        id: String,
        parent_id: Option<String>,
        role: Role,
    ) -> Message {
        Message {
            id,
            conversation_id: conversation_id.to_owned(),
            parent_id,
            role,
            content: String::new(),
            reasoning: String::new(),
            status: if role == Role::Assistant { Status::Generating } else { Status::Complete },
            model: None,
            usage: None,
            failure: None,
            length_limited: false,
            left_out: 0,
            created_at: self.clock.now(),
        }
    }

    pub(super) fn turn(
        &self,
        current: &CurrentUser,
        conversation: Conversation,
        new_conversation: bool,
        question: Option<Message>,
        answer: Message,
        key: Option<Key>,
    ) -> NewTurn {
        NewTurn {
            user_id: current.id().to_owned(),
            conversation,
            new_conversation,
            question,
            answer,
            key,
            most_running: self.limits.answers_per_user,
            now: self.clock.now(),
        }
    }
}

/// Ids sort by time, and the one of this message is the last that there is.
pub(super) fn no_place() -> AppError {
    AppError::Conflict { reason: Reason::new("conversation-at-end-of-time") }
}

pub(super) fn valid_text(text: &str, limit: usize) -> Result<&str, AppError> {
    if text.len() > limit {
        return Err(AppError::TooLong { size: Some(text.len()), limit });
    }
    let visible = |c: char| !c.is_whitespace() && !c.is_control();
    if !text.contains(visible) {
        return Err(AppError::invalid("content", Reason::new("message-empty")));
    }
    Ok(text)
}
