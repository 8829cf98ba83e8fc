//! Ask, stop and retry: the way of a question from a person to a running [`job`]. [`steer`] has what else
//! is done with the messages of a conversation.

pub mod browsers;
pub mod channel;
pub mod entry;
pub mod follow;
mod job;
pub mod live;
mod prompt;
pub mod relay;
pub mod steer;
pub mod tail;
mod title;
mod view;

use std::time::Duration;

use self::channel::StopReason;
use super::{
    llm::Provider,
    session::CurrentUser,
    state::AppState,
    store::{Leftovers, NewTurn, TurnOutcome},
};
use crate::{
    domain::{Conversation, Message, Model, Role, STILL_WRITING, Status},
    error::AppError,
};

/// The longest idempotency key, in bytes.
const MAX_KEY_BYTES: usize = 200;
/// How long a caller of `stop` waits for the answer to be stored.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// Between two questions to a database that did not answer.
const ASK_AGAIN: Duration = Duration::from_secs(5);

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
    /// The same key again answers the same messages and starts nothing.
    pub key: Option<&'a str>,
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

/// Stores the question with an empty answer and starts the job that writes it.
pub async fn ask(state: &AppState, current: &CurrentUser, ask: Ask<'_>) -> Result<Asked, AppError> {
    let text = valid_text(ask.text, state.config.limits.message_bytes)?;
    let old = match ask.conversation_id {
        Some(id) => Some(state.store.conversation(current.id(), id).await?.ok_or(AppError::NotFound)?),
        None => None,
    };
    let new_conversation = old.is_none();
    let mut conversation = old.unwrap_or_else(|| new_conversation_of(state));
    let parent_id = match ask.place {
        Place::Leaf => conversation.leaf_id.clone(),
        Place::Root => None,
        Place::After(parent) => Some(parent.to_owned()),
    };
    let (model, provider, name) = choose_model(state, ask.model, conversation.model.as_deref()).await?;
    conversation.model = Some(model.clone());
    let question_id = state.ids.next_after(parent_id.as_deref());
    let mut question = message(state, &conversation.id, question_id, parent_id, Role::User);
    question.content = text.to_owned();
    let answer_id = state.ids.next_after(Some(&question.id));
    let mut answer = message(state, &conversation.id, answer_id, Some(question.id.clone()), Role::Assistant);
    answer.model = Some(model);
    let turn = turn(state, current, conversation, new_conversation, Some(question), answer, ask.key)?;
    begin(state, current, turn, provider, name).await
}

/// Writes a further answer to the question of `answer_id`, beside the old one.
pub async fn retry(
    state: &AppState,
    current: &CurrentUser,
    answer_id: &str,
    key: Option<&str>,
) -> Result<Asked, AppError> {
    let old = state.store.message(current.id(), answer_id).await?.ok_or(AppError::NotFound)?;
    if old.role != Role::Assistant {
        return Err(AppError::invalid("id", "Only an answer can be written again."));
    }
    steer::question_of(state, current, &old).await?;
    let conversation =
        state.store.conversation(current.id(), &old.conversation_id).await?.ok_or(AppError::NotFound)?;
    let (model, provider, name) = choose_model(state, None, conversation.model.as_deref()).await?;
    let id = state.ids.next_after(Some(&old.id));
    let mut answer = message(state, &conversation.id, id, old.parent_id, Role::Assistant);
    answer.model = Some(model);
    let turn = turn(state, current, conversation, false, None, answer, key)?;
    begin(state, current, turn, provider, name).await
}

/// Ends a running answer and keeps what was written. Stopping an ended one changes nothing.
pub async fn stop(state: &AppState, current: &CurrentUser, message_id: &str) -> Result<Message, AppError> {
    let message = state.store.message(current.id(), message_id).await?.ok_or(AppError::NotFound)?;
    if message.status != Status::Generating {
        return Ok(message);
    }
    if !stop_here(state, &message).await && state.store.request_stop(message_id).await? {
        relay::ended(state, current, message_id, STOP_PATIENCE).await?;
    }
    state.store.message(current.id(), message_id).await?.ok_or(AppError::NotFound)
}

/// Stops an answer that this process writes, and waits for its end; `false` when it does not.
async fn stop_here(state: &AppState, message: &Message) -> bool {
    let Some(channel) = state.live.get(&message.conversation_id) else { return false };
    let mut changes = channel.changes();
    let here = channel.stop(Some(&message.id), StopReason::Person);
    if here {
        let ended = async {
            while channel.running_id().is_some_and(|(id, _)| id == message.id)
                && changes.changed().await.is_ok()
            {}
        };
        let _ = tokio::time::timeout(STOP_PATIENCE, ended).await;
    }
    drop(changes);
    state.live.release(&message.conversation_id, channel);
    here
}

/// Stores the turn and starts its job; a repeated key answers what was stored before.
async fn begin(
    state: &AppState,
    current: &CurrentUser,
    turn: NewTurn,
    provider: std::sync::Arc<dyn Provider>,
    name: String,
) -> Result<Asked, AppError> {
    if state.live.is_draining() {
        return Err(AppError::Unavailable);
    }
    let (new_conversation, wanted) = (turn.new_conversation, turn.conversation.id.clone());
    let begun = {
        let state = state.clone();
        detached(async move {
            let begun = state.store.begin_turn(&turn).await;
            Ok(match begun.inspect_err(|_| forsake(&state, &turn.answer.id))? {
                TurnOutcome::Begun => Ok(job::start(&state, turn, provider, name).await),
                outcome => Err(outcome),
            })
        })
        .await?
    };
    let outcome = match begun {
        Ok(asked) => return Ok(asked),
        Err(outcome) => outcome,
    };
    match outcome {
        // Told above.
        TurnOutcome::Begun => Err(AppError::Internal),
        TurnOutcome::Repeated { conversation_id, .. } if !new_conversation && conversation_id != wanted => {
            Err(AppError::Conflict {
                message: "This Idempotency-Key was used in another conversation.".into(),
            })
        }
        TurnOutcome::Repeated { conversation_id, question_id, answer_id } => {
            repeated(state, current, conversation_id, question_id, &answer_id).await
        }
        TurnOutcome::NoConversation => Err(AppError::NotFound),
        TurnOutcome::NoParent => Err(AppError::invalid(
            "parent_id",
            "This conversation has no message with the id given as parent.",
        )),
        TurnOutcome::Busy { .. } => Err(busy()),
    }
}

fn busy() -> AppError {
    AppError::Conflict { message: STILL_WRITING.into() }
}

/// An answer of which the database did not say whether it began: should it have, it is interrupted as
/// soon as the database can be asked.
fn forsake(state: &AppState, answer_id: &str) {
    let (state, id) = (state.clone(), answer_id.to_owned());
    tokio::spawn(async move {
        // Twice, as what was sent may still be on its way.
        for _ in 0..2 {
            tokio::time::sleep(ASK_AGAIN).await;
            while state.store.interrupt_unfinished(Leftovers::Answer(&id)).await.is_err() {
                tokio::time::sleep(ASK_AGAIN).await;
            }
        }
    });
}

/// Runs to its end also when the caller goes away: what is stored as being written must be written.
async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, AppError>> + Send + 'static,
) -> Result<T, AppError> {
    tokio::spawn(work).await.unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be begun");
        Err(AppError::Internal)
    })
}

async fn repeated(
    state: &AppState,
    current: &CurrentUser,
    conversation_id: String,
    question_id: Option<String>,
    answer_id: &str,
) -> Result<Asked, AppError> {
    let answer = state.store.message(current.id(), answer_id).await?.ok_or(AppError::NotFound)?;
    let question = match question_id {
        Some(id) => state.store.message(current.id(), &id).await?,
        None => None,
    };
    let running = state.live.get(&conversation_id).and_then(|channel| channel.running_id());
    let after = match running {
        Some((_, place)) => place,
        None => state.store.last_seq(&conversation_id).await?,
    };
    Ok(Asked { conversation_id, question, answer, after })
}

fn valid_text(text: &str, limit: usize) -> Result<&str, AppError> {
    if text.len() > limit {
        return Err(AppError::TooLarge { limit });
    }
    let visible = |c: char| !c.is_whitespace() && !c.is_control();
    if !text.contains(visible) {
        return Err(AppError::invalid("content", "Write a message first."));
    }
    Ok(text)
}

fn new_conversation_of(state: &AppState) -> Conversation {
    let now = state.clock.now();
    Conversation {
        id: state.ids.next(),
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

fn message(
    state: &AppState,
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
        created_at: state.clock.now(),
    }
}

/// A blank key is none.
fn valid_key(key: Option<&str>) -> Result<Option<&str>, AppError> {
    let key = key.map(str::trim).filter(|key| !key.is_empty());
    if key.is_some_and(|key| key.len() > MAX_KEY_BYTES) {
        let message = format!("An idempotency key has at most {MAX_KEY_BYTES} bytes.");
        return Err(AppError::invalid("Idempotency-Key", message));
    }
    Ok(key)
}

fn turn(
    state: &AppState,
    current: &CurrentUser,
    conversation: Conversation,
    new_conversation: bool,
    question: Option<Message>,
    answer: Message,
    key: Option<&str>,
) -> Result<NewTurn, AppError> {
    let key = valid_key(key)?;
    Ok(NewTurn {
        user_id: current.id().to_owned(),
        conversation,
        new_conversation,
        question,
        answer,
        key: key.map(str::to_owned),
        now: state.clock.now(),
    })
}

/// The model that is asked: the caller's choice, the conversation's, or the default one. Its id, its
/// provider and the name the provider knows it by.
async fn choose_model(
    state: &AppState,
    asked: Option<&str>,
    of_conversation: Option<&str>,
) -> Result<(String, std::sync::Arc<dyn Provider>, String), AppError> {
    if let Some(id) = asked.map(str::trim).filter(|id| !id.is_empty()) {
        let (provider, name) = state.providers.find(id).ok_or_else(|| unknown_model(id))?;
        return Ok((Model::new(provider.name(), &name).id, provider, name));
    }
    if let Some((id, (provider, name))) = of_conversation.and_then(|id| Some((id, state.providers.find(id)?)))
    {
        return Ok((id.to_owned(), provider, name));
    }
    let model = default_model(state).await.ok_or_else(|| {
        let message =
            "No model can be asked: no provider answers. Ask the administrator to look at the providers.";
        AppError::Conflict { message: message.into() }
    })?;
    let (provider, name) = state.providers.find(&model).ok_or_else(|| unknown_model(&model))?;
    Ok((model, provider, name))
}

/// The configured default, or the first model that a provider lists.
pub async fn default_model(state: &AppState) -> Option<String> {
    match &state.config.chat.default_model {
        Some(id) => Some(id.clone()),
        None => state.models.list().await.first().map(|model| model.id.clone()),
    }
}

fn unknown_model(id: &str) -> AppError {
    let shown: String = id.chars().take(80).collect();
    AppError::invalid("model", format!("No provider has a model named “{shown}”. Choose one of the list."))
}
