//! A question, or a further answer to one: a person's words become a turn that can be stored.

use std::sync::Arc;

use super::{
    Chat,
    begin::Earlier,
    keys,
    room::only_in_private,
    title,
    turn::{Asker, Payer, no_id},
};
use crate::{
    domain::{
        Conversation, ConversationKind, CurrentUser, Message, Params, Reason, Role, Status, Talk, Timings,
    },
    error::AppError,
    server::store::{Destination, Grant, Key, Need, NewAnswer},
};

/// The position of a question in the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Position<'a> {
    /// After the newest message of the branch on screen.
    #[default]
    Leaf,
    /// Without a parent: a first question, beside those that exist.
    Root,
    /// After this message.
    After(&'a str),
}

/// A question of a person or a program.
#[derive(Clone, Debug, Default)]
pub struct Ask<'a> {
    /// `None` begins a new conversation.
    pub conversation_id: Option<&'a str>,
    pub text: &'a str,
    pub position: Position<'a>,
    /// `None`: the conversation's model, or the default model.
    pub model: Option<&'a str>,
    /// A repeated key with the same question answers the same messages and starts no job.
    pub key: Option<&'a str>,
    /// The message that this question replaces.
    pub edited: Option<&'a str>,
}

impl Ask<'_> {
    /// The key, with a hash of the request as the caller sent it and not of what it resolves to now.
    fn key(&self) -> Result<Option<Key>, AppError> {
        let (edited, model) = (self.edited.unwrap_or_default(), self.model.map_or("", str::trim));
        let position = match self.position {
            // An edited question keeps its position, so the caller sends none.
            _ if self.edited.is_some() => "",
            Position::Leaf => "",
            Position::Root => "root",
            Position::After(id) => id,
        };
        keys::of(self.key, keys::Request { what: "ask", parts: &[edited, position, model, self.text] })
    }
}

/// The outcome of a question. A listener that goes on from `after` misses nothing of the answer.
#[derive(Clone, Debug)]
pub struct Asked {
    pub conversation_id: String,
    /// `None` for a further answer to an earlier question.
    pub question: Option<Message>,
    pub answer: Message,
    pub after: u64,
}

impl Chat {
    /// Stores the question with an empty answer and starts the job that writes it.
    pub async fn ask(self: &Arc<Self>, current: &CurrentUser, ask: Ask<'_>) -> Result<Asked, AppError> {
        valid_text(ask.text, self.limits.message_bytes)?;
        let to = match ask.conversation_id {
            Some(id) => {
                let grant = self.store.access(current.id(), id, Need::Write).await?;
                only_in_private(&grant, "room-post")?;
                Destination::There(grant)
            }
            None => self.new_conversation_of(current, title::first_words(ask.text)),
        };
        self.ask_in(current.into(), to, ask).await
    }

    pub(super) async fn ask_in(
        self: &Arc<Self>,
        asker: Asker<'_>,
        to: Destination,
        ask: Ask<'_>,
    ) -> Result<Asked, AppError> {
        let text = valid_text(ask.text, self.limits.message_bytes)?;
        let key = ask.key()?;
        let conversation = to.conversation();
        let parent_id = match ask.position {
            Position::Leaf => conversation.leaf_id.clone(),
            Position::Root => None,
            Position::After(parent) => Some(parent.to_owned()),
        };
        let model = self.choose_model(asker.user, ask.model, conversation.model.as_deref()).await?;
        let question_id = self.id_after(to.grant(), parent_id.as_deref()).await?;
        let mut question = self.message(&to, question_id, parent_id, Role::User);
        question.content = text.to_owned();
        let answer_id = self.ids.next_after(&question.id).ok_or_else(no_id)?;
        let mut answer = self.message(&to, answer_id, Some(question.id.clone()), Role::Assistant);
        answer.model = Some(model.id.clone());
        let most_running = self.limits.answers_per_user;
        let (queued, now) = (asker.queued.map(str::to_owned), self.clock.now());
        let new = NewAnswer { to, question: Some(question), answer, key, queued, most_running, now };
        // The model of a question that waited was remembered when it was put into the queue.
        let chosen = (model.is_new_choice && asker.queued.is_none()).then(|| model.id.clone());
        let asked = self.begin_new((asker.user, Payer::asker(asker.user)), new, model).await?;
        if let Some(model_id) = chosen {
            self.remember_choice(asker.user, model_id).await;
        }
        Ok(asked)
    }

    /// An id for a question below the message `parent_id`. The parent's id comes from the caller, so it counts only if
    /// the message exists; if it does not, the store refuses the question.
    async fn id_after(&self, grant: Option<&Grant>, parent_id: Option<&str>) -> Result<String, AppError> {
        let parent = match (grant, parent_id) {
            (Some(grant), Some(id)) => self.store.message(grant, id).await?,
            _ => None,
        };
        match parent {
            Some(parent) => self.ids.next_after(&parent.id).ok_or_else(no_id),
            None => Ok(self.ids.next()),
        }
    }

    /// Writes a further answer to the question of `answer_id`, beside the old one, with `model`, or with the one that is
    /// the conversation's now, whichever wrote the old one.
    pub async fn retry(
        self: &Arc<Self>,
        current: &CurrentUser,
        answer_id: &str,
        model: Option<&str>,
        key: Option<&str>,
    ) -> Result<Asked, AppError> {
        let key = keys::of(key, keys::Request { what: "again", parts: &parts_of_retry(answer_id, model) })?;
        let (grant, old) = self.store.message_access(current.id(), answer_id, Need::Write).await?;
        only_in_private(&grant, "room-ask-again")?;
        if old.role != Role::Assistant {
            return Err(AppError::invalid("id", Reason::new("only-answers-again")));
        }
        self.question_of(&grant, &old).await?;
        let model = self.choose_model(&current.user, model, grant.conversation().model.as_deref()).await?;
        let id = self.ids.next_after(&old.id).ok_or_else(no_id)?;
        let to = Destination::There(grant);
        let mut answer = self.message(&to, id, old.parent_id, Role::Assistant);
        answer.model = Some(model.id.clone());
        let most_running = self.limits.answers_per_user;
        let (queued, now) = (None, self.clock.now());
        let new = NewAnswer { to, question: None, answer, key, queued, most_running, now };
        self.begin_new((&current.user, Payer::asker(&current.user)), new, model).await
    }

    /// The messages to which an earlier request with the same key led.
    pub(super) async fn repeated(&self, user_id: &str, earlier: Earlier) -> Result<Asked, AppError> {
        let Earlier { question_id, answer_id } = earlier;
        let (grant, answer) = self.store.message_access(user_id, &answer_id, Need::Read).await?;
        let question = match question_id {
            Some(id) => self.store.message(&grant, &id).await?,
            None => None,
        };
        let log = self.live.get(grant.conversation_id());
        let running = log.and_then(|log| log.running_ids().into_iter().find(|(id, _)| *id == answer.id));
        let after = running.map_or_else(|| grant.last_seq(), |(_, after)| after);
        Ok(Asked { conversation_id: answer.conversation_id.clone(), question, answer, after })
    }

    pub(super) fn new_conversation_of(&self, current: &CurrentUser, title: String) -> Destination {
        let now = self.clock.now();
        let conversation = Conversation {
            id: self.ids.next(),
            kind: ConversationKind::Private,
            title,
            model: None,
            system_prompt: None,
            params: Params::default(),
            pinned: false,
            archived: false,
            unread: false,
            running: false,
            leaf_id: None,
            created_at: now,
            updated_at: now,
        };
        Destination::New { owner_id: current.id().to_owned(), conversation }
    }

    pub(super) fn message(
        &self,
        to: &Destination,
        id: String,
        parent_id: Option<String>,
        role: Role,
    ) -> Message {
        Message {
            id,
            conversation_id: to.conversation_id().to_owned(),
            author_id: to.author_id().to_owned(),
            parent_id,
            role,
            content: String::new(),
            reasoning: String::new(),
            status: if role == Role::Assistant { Status::Generating } else { Status::Complete },
            model: None,
            usage: None,
            failure: None,
            timings: Timings::default(),
            length_limited: false,
            left_out: 0,
            continued: false,
            talk: Talk::default(),
            created_at: self.clock.now(),
            revision: 0,
        }
    }
}

/// What a key of a retry names.
pub fn parts_of_retry<'a>(answer_id: &'a str, model: Option<&'a str>) -> Vec<&'a str> {
    let model = model.map(str::trim).filter(|model| !model.is_empty());
    [answer_id].into_iter().chain(model).collect()
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
