//! Ask, stop and retry: the way of a question from a person to a running [`job`]. [`steer`] has what else
//! is done with the messages of a conversation.

mod choice;
mod job;
pub mod keys;
pub mod orphans;
mod prompt;
pub mod steer;
pub mod tail;
mod title;

use std::time::{Duration, Instant};

use self::choice::choose_model;
pub use self::choice::default_model;
use crate::{
    domain::{Conversation, Message, Reason, Role, Status},
    error::AppError,
    server::{
        accounts::session::CurrentUser,
        app::AppState,
        live::channel::StopReason,
        llm::Provider,
        ops::tasks,
        store::{Key, Leftovers, NewTurn, Run, StoreError, TurnOutcome},
    },
};

/// How long a caller of `stop` waits for the answer to be stored.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks whether it is.
const STOP_AGAIN: Duration = Duration::from_millis(100);
/// Between two questions to a database that did not answer.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// How often the database may refuse to interrupt an answer before that is left to [`orphans`].
const REFUSALS: u32 = 5;

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

/// Stores the question with an empty answer and starts the job that writes it.
pub async fn ask(state: &AppState, current: &CurrentUser, ask: Ask<'_>) -> Result<Asked, AppError> {
    let text = valid_text(ask.text, state.config.limits.message_bytes)?;
    let key = ask.key()?;
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
    let question_id = id_after(state, current, parent_id.as_deref()).await?;
    let mut question = message(state, &conversation.id, question_id, parent_id, Role::User);
    question.content = text.to_owned();
    let answer_id = state.ids.next_after(&question.id).ok_or_else(no_place)?;
    let mut answer = message(state, &conversation.id, answer_id, Some(question.id.clone()), Role::Assistant);
    answer.model = Some(model);
    let turn = turn(state, current, conversation, new_conversation, Some(question), answer, key);
    begin(state, current, turn, provider, name).await
}

/// The id of a question that follows the message `parent_id`. That is a caller's word, and counts only when
/// there is such a message; when there is none the store refuses the question.
async fn id_after(
    state: &AppState,
    current: &CurrentUser,
    parent_id: Option<&str>,
) -> Result<String, AppError> {
    let parent = match parent_id {
        Some(id) => state.store.message(current.id(), id).await?,
        None => None,
    };
    match parent {
        Some(parent) => state.ids.next_after(&parent.id).ok_or_else(no_place),
        None => Ok(state.ids.next()),
    }
}

/// Ids sort by time, and the one of this message is the last that there is.
fn no_place() -> AppError {
    AppError::Conflict { reason: Reason::new("conversation-at-end-of-time") }
}

/// Writes a further answer to the question of `answer_id`, beside the old one.
pub async fn retry(
    state: &AppState,
    current: &CurrentUser,
    answer_id: &str,
    key: Option<&str>,
) -> Result<Asked, AppError> {
    let key = keys::of(key, keys::Request { what: "again", parts: &[answer_id] })?;
    let old = state.store.message(current.id(), answer_id).await?.ok_or(AppError::NotFound)?;
    if old.role != Role::Assistant {
        return Err(AppError::invalid("id", Reason::new("only-answers-again")));
    }
    steer::question_of(state, current, &old).await?;
    let conversation =
        state.store.conversation(current.id(), &old.conversation_id).await?.ok_or(AppError::NotFound)?;
    let (model, provider, name) = choose_model(state, None, conversation.model.as_deref()).await?;
    let id = state.ids.next_after(&old.id).ok_or_else(no_place)?;
    let mut answer = message(state, &conversation.id, id, old.parent_id, Role::Assistant);
    answer.model = Some(model);
    let turn = turn(state, current, conversation, false, None, answer, key);
    begin(state, current, turn, provider, name).await
}

/// Ends a running answer and keeps what was written. Stopping an ended one changes nothing.
pub async fn stop(state: &AppState, current: &CurrentUser, message_id: &str) -> Result<Message, AppError> {
    let message = state.store.message(current.id(), message_id).await?.ok_or(AppError::NotFound)?;
    if message.status != Status::Generating {
        return Ok(message);
    }
    let deadline = Instant::now() + STOP_PATIENCE;
    let mut asked = false;
    // Its job may be about to begin, and another process may take a moment to hear of it.
    while !stop_here(state, &message).await && Instant::now() < deadline {
        asked = asked || state.store.request_stop(message_id).await?;
        let now = state.store.message(current.id(), message_id).await?;
        if now.is_none_or(|message| message.status != Status::Generating) {
            break;
        }
        tokio::time::sleep(STOP_AGAIN).await;
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
    let begun = {
        let (state, user_id) = (state.clone(), current.id().to_owned());
        detached(async move {
            let _turn = state.live.in_turn(&user_id).await?;
            // The server may have begun to stop while this waited for its turn.
            if state.live.is_draining() {
                return Err(AppError::Stopping);
            }
            let begun = state.store.begin_turn(&turn).await;
            // The first run of an answer bears its id.
            let run = turn.answer.id.clone();
            let forsaken = || forsake(&state, &turn.answer, &run);
            Ok(match begun.inspect_err(|_| forsaken())? {
                TurnOutcome::Begun => Ok(job::start(&state, turn, run, provider, name).await),
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
        TurnOutcome::Repeated { conversation_id, question_id, answer_id } => {
            repeated(state, current, conversation_id, question_id, &answer_id).await
        }
        TurnOutcome::KeyReused => Err(AppError::IdempotencyKeyReused),
        TurnOutcome::NoConversation => Err(AppError::NotFound),
        TurnOutcome::NoParent => Err(AppError::invalid("parent_id", Reason::new("parent-unknown"))),
        TurnOutcome::Busy { .. } => Err(busy()),
        TurnOutcome::TooMany => Err(too_many(state)),
    }
}

fn busy() -> AppError {
    AppError::Conflict { reason: Reason::new("conversation-busy") }
}

fn too_many(state: &AppState) -> AppError {
    AppError::TooManyAnswers { most: state.config.limits.answers_per_user }
}

/// A run of an answer of which the database did not say whether it began: should it have, it is interrupted as
/// soon as the database can be asked. A later run of the same answer is left alone.
fn forsake(state: &AppState, answer: &Message, run: &str) {
    let (message_id, conversation_id) = (answer.id.clone(), answer.conversation_id.clone());
    let (state, run) = (state.clone(), Run { message_id, conversation_id, run: run.to_owned() });
    tasks::spawn("interrupt what may have begun", async move {
        let mut refusals = 0;
        // Twice, as what was sent may still be on its way.
        for _ in 0..2 {
            tokio::time::sleep(ASK_AGAIN).await;
            while let Err(error) = state.store.interrupt_unfinished(Leftovers::Run(&run)).await {
                refusals += u32::from(matches!(error, StoreError::Broken(_)));
                if refusals >= REFUSALS {
                    return;
                }
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
        return Err(AppError::TooLong { size: Some(text.len()), limit });
    }
    let visible = |c: char| !c.is_whitespace() && !c.is_control();
    if !text.contains(visible) {
        return Err(AppError::invalid("content", Reason::new("message-empty")));
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

fn turn(
    state: &AppState,
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
        most_running: state.config.limits.answers_per_user,
        now: state.clock.now(),
    }
}
