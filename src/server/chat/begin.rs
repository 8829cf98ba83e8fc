//! An answer is stored as being written, and its job starts.

use std::{sync::Arc, time::Duration};

use tokio::sync::oneshot;

use super::{
    Asked, Chat,
    choice::ChosenModel,
    job,
    prompt::{self, Prompt},
    turn::{Payer, Turn, no_id},
};
use crate::{
    domain::{Message, Preferences, Reason, RoomPayer, User},
    error::AppError,
    server::{
        live::registry::LogHandle,
        llm::Provider,
        ops::tasks::Tasks,
        store::{BeginOutcome, Destination, NewAnswer, Orphans, Run, StoreError},
    },
};

/// The pause between two tries to reach a database that does not answer.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// How often the database may refuse to interrupt an answer before the server leaves that to [`super::orphans`].
const REFUSALS: u32 = 5;

/// How often the server makes another id for an answer in a room, because a message was faster.
const BEHIND: u32 = 20;

/// The outcome of a request for an answer.
pub(super) enum Begun {
    /// The answer is stored and its job can start, with the prompt, or with the reason why there is none.
    Now(Box<Turn>, Result<Prompt, AppError>),
    /// An earlier request with the same key led to this answer.
    Earlier(Earlier),
}

pub(super) struct Earlier {
    pub question_id: Option<String>,
    pub answer_id: String,
}

impl Chat {
    /// Stores a new answer and starts its job. A repeated key answers the messages that are stored already.
    pub(super) async fn begin_new(
        self: &Arc<Self>,
        (user, payer): (&User, Payer),
        mut new: NewAnswer,
        model: ChosenModel,
    ) -> Result<Asked, AppError> {
        let (chat, provider, name) = (self.clone(), model.provider.clone(), model.name.clone());
        let (person, asker) = (user.preferences.clone(), user.clone());
        let conversation_id = new.to.grant().map(|grant| grant.conversation_id().to_owned());
        let begun = async move {
            let messages = (new.question.as_ref(), &new.answer);
            let persons = (&person, payer.which);
            let prompt = chat.prompt_of(&new.to, messages, persons, (&*provider, &name)).await?;
            new.answer.left_out = prompt.left_out;
            new.answer.talk.read.clone_from(&prompt.read);
            // What was asked with the same key before is answered all the same, so the store decides.
            let (most_running, refusal) = chat.most_running(&asker, &payer.user).await?;
            new.most_running = most_running;
            // The first run of an answer has the answer's id.
            let mut run = chat.run_of(&new.answer, new.answer.id.clone());
            let mut begun = chat.store.begin_answer(&new).await;
            for _ in 0..BEHIND {
                let Ok(BeginOutcome::Behind { leaf_id }) = &begun else { break };
                new.answer.id = chat.ids.next_after(leaf_id).ok_or_else(no_id)?;
                run = chat.run_of(&new.answer, new.answer.id.clone());
                begun = chat.store.begin_answer(&new).await;
            }
            let (grant, after) = match begun.inspect_err(|_| chat.interrupt_when_reachable(&run))? {
                BeginOutcome::Begun { grant, after } => (grant, after),
                BeginOutcome::TooMany => return Err(refusal),
                outcome => return chat.not_begun(outcome),
            };
            let NewAnswer { mut question, mut answer, queued, .. } = new;
            if grant.conversation().kind.is_shared()
                && let Ok(Some(stored)) = chat.store.message(&grant, &answer.id).await
            {
                // The store knows which message it follows.
                answer = stored;
            }
            for stored in question.iter_mut().chain([&mut answer]) {
                stored.revision = after;
            }
            Ok(Begun::Now(
                Box::new(Turn {
                    grant,
                    question,
                    answer,
                    queued: queued.is_some(),
                    payer_id: payer.user.id,
                    run: run.run,
                    after,
                }),
                Ok(prompt),
            ))
        };
        self.begin(&user.id, conversation_id.as_deref(), model, begun).await
    }

    fn not_begun(&self, outcome: BeginOutcome) -> Result<Begun, AppError> {
        match outcome {
            // The caller handles these outcomes.
            BeginOutcome::Begun { .. } | BeginOutcome::TooMany => Err(AppError::Internal),
            BeginOutcome::Repeated { question_id, answer_id, .. } => {
                Ok(Begun::Earlier(Earlier { question_id, answer_id }))
            }
            BeginOutcome::KeyReused => Err(AppError::IdempotencyKeyReused),
            BeginOutcome::NoConversation | BeginOutcome::NotQueued | BeginOutcome::Behind { .. } => {
                Err(AppError::NotFound)
            }
            BeginOutcome::NoParent => Err(AppError::invalid("parent_id", Reason::new("parent-unknown"))),
            BeginOutcome::Busy { .. } => Err(busy()),
        }
    }

    /// Waits for the person's turn, runs `store`, which stores the answer as being written, and starts the job that
    /// writes it. `conversation_id` is `None` for a conversation that `store` makes.
    pub(super) async fn begin(
        self: &Arc<Self>,
        user_id: &str,
        conversation_id: Option<&str>,
        model: ChosenModel,
        store: impl Future<Output = Result<Begun, AppError>> + Send + 'static,
    ) -> Result<Asked, AppError> {
        let (chat, user) = (self.clone(), user_id.to_owned());
        // The log is opened before the answer is stored, so that a deletion of the conversation after that finds the log
        // and closes it.
        let log = conversation_id.map(|id| self.live.log(id));
        // In a box, because each function on the way to the task would hold the future once more.
        let store = Box::pin(store);
        let begun = detached(&self.tasks, async move {
            let _turn = chat.live.in_turn(&user).await?;
            // The server may have begun to stop while the request waited for its turn.
            if chat.live.is_draining() {
                return Err(AppError::Stopping);
            }
            Ok(match store.await? {
                Begun::Now(turn, prompt) => {
                    let log = match log {
                        Some(log) => log,
                        None => chat.log_of_new(&turn).await,
                    };
                    Ok(job::start(&chat, log, *turn, prompt, model))
                }
                Begun::Earlier(earlier) => Err(earlier),
            })
        });
        match begun.await? {
            Ok(asked) => Ok(asked),
            Err(earlier) => self.repeated(user_id, earlier).await,
        }
    }

    /// The log of a conversation that was stored with the turn. It is opened only now, because the relay closes a log
    /// whose conversation is not in the database.
    async fn log_of_new(&self, turn: &Turn) -> LogHandle {
        let conversation_id = turn.grant.conversation_id();
        let log = self.live.log(conversation_id);
        // The conversation may have been deleted since it was stored; whoever deletes it later finds the log.
        if matches!(self.store.standing(turn.grant.user_id(), conversation_id).await, Ok(None)) {
            log.close();
        }
        log
    }

    /// The prompt for this answer to a person, within the context of the model `name` as far as it is known.
    pub(super) async fn prompt_of(
        &self,
        to: &Destination,
        messages: (Option<&Message>, &Message),
        (person, payer): (&Preferences, RoomPayer),
        (provider, name): (&dyn Provider, &str),
    ) -> Result<Prompt, AppError> {
        let context = provider.traits(name).context;
        match to.grant().filter(|grant| grant.conversation().kind.is_shared()) {
            Some(grant) => prompt::in_room::build(&*self.store, grant, messages.1, payer, context).await,
            None => prompt::build(&*self.store, to, messages, person, context).await,
        }
    }

    pub(super) fn run_of(&self, answer: &Message, run: String) -> Run {
        Run { message_id: answer.id.clone(), conversation_id: answer.conversation_id.clone(), run }
    }

    /// Marks the answer of this run interrupted, if it was begun, once the database answers again: the store failed to
    /// begin the run, but may have begun it nevertheless. A later run of the same answer is left alone.
    pub(super) fn interrupt_when_reachable(&self, run: &Run) {
        let (store, run) = (self.store.clone(), run.clone());
        self.tasks.spawn("interrupt what may have begun", async move {
            let mut refusals = 0;
            // The server does this twice, because the database may process the first request after it answers again.
            for _ in 0..2 {
                tokio::time::sleep(ASK_AGAIN).await;
                while let Err(error) = store.interrupt_unfinished(Orphans::Run(&run)).await {
                    refusals += u32::from(matches!(error, StoreError::Broken(_)));
                    if refusals >= REFUSALS {
                        return;
                    }
                    tokio::time::sleep(ASK_AGAIN).await;
                }
            }
        });
    }
}

pub(super) fn busy() -> AppError {
    AppError::Conflict { reason: Reason::new("conversation-busy") }
}

/// Runs `work` to its end, even when the caller goes away, because an answer that is stored as being written must be
/// written.
async fn detached<T: Send + 'static>(
    tasks: &Tasks,
    work: impl Future<Output = Result<T, AppError>> + Send + 'static,
) -> Result<T, AppError> {
    let (answer, answered) = oneshot::channel();
    let begins = tasks.spawn("begin an answer", async move {
        // Fails when the caller has gone away.
        let _ = answer.send(work.await);
    });
    answered.await.unwrap_or(Err(if begins { AppError::Internal } else { AppError::Stopping }))
}
