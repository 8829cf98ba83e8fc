//! A turn is stored, and its job begins.

use std::{sync::Arc, time::Duration};

use super::{
    Asked, Chat, job,
    prompt::{self, Prompt},
};
use crate::{
    domain::{CurrentUser, Message, Reason},
    error::AppError,
    server::{
        llm::Provider,
        ops::tasks,
        store::{Leftovers, NewTurn, Run, StoreError, TurnOutcome},
    },
};

/// Between two questions to a database that did not answer.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// How often the database may refuse to interrupt an answer before that is left to [`super::orphans`].
const REFUSALS: u32 = 5;

impl Chat {
    /// Stores the turn and starts its job; a repeated key answers what was stored before.
    pub(super) async fn begin(
        self: &Arc<Self>,
        current: &CurrentUser,
        mut turn: NewTurn,
        provider: std::sync::Arc<dyn Provider>,
        name: String,
    ) -> Result<Asked, AppError> {
        let begun = {
            let (chat, user_id) = (self.clone(), current.id().to_owned());
            detached(async move {
                let _turn = chat.live.in_turn(&user_id).await?;
                // The server may have begun to stop while this waited for its turn.
                if chat.live.is_draining() {
                    return Err(AppError::Stopping);
                }
                let prompt = chat.prompt_of(&turn, &*provider, &name).await?;
                turn.answer.left_out = prompt.left_out;
                let begun = chat.store.begin_turn(&turn).await;
                // The first run of an answer bears its id.
                let run = turn.answer.id.clone();
                let forsaken = || chat.forsake(&turn.answer, &run);
                Ok(match begun.inspect_err(|_| forsaken())? {
                    TurnOutcome::Begun => Ok(job::start(&chat, turn, Ok(prompt), run, provider, name).await),
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
                self.repeated(current, conversation_id, question_id, &answer_id).await
            }
            TurnOutcome::KeyReused => Err(AppError::IdempotencyKeyReused),
            TurnOutcome::NoConversation => Err(AppError::NotFound),
            TurnOutcome::NoParent => Err(AppError::invalid("parent_id", Reason::new("parent-unknown"))),
            TurnOutcome::Busy { .. } => Err(busy()),
            TurnOutcome::TooMany => Err(self.too_many()),
        }
    }

    /// What is sent for the answer of this turn, by what is known of the model `name`.
    pub(super) async fn prompt_of(
        &self,
        turn: &NewTurn,
        provider: &dyn Provider,
        name: &str,
    ) -> Result<Prompt, AppError> {
        let context = provider.traits(name).context;
        prompt::build(&*self.store, &turn.conversation, turn.question.as_ref(), &turn.answer, context).await
    }

    pub(super) fn too_many(&self) -> AppError {
        AppError::TooManyAnswers { most: self.limits.answers_per_user }
    }

    /// A run of an answer of which the database did not say whether it began: should it have, it is interrupted as
    /// soon as the database can be asked. A later run of the same answer is left alone.
    pub(super) fn forsake(&self, answer: &Message, run: &str) {
        let (message_id, conversation_id) = (answer.id.clone(), answer.conversation_id.clone());
        let (store, run) = (self.store.clone(), Run { message_id, conversation_id, run: run.to_owned() });
        tasks::spawn("interrupt what may have begun", async move {
            let mut refusals = 0;
            // Twice, as what was sent may still be on its way.
            for _ in 0..2 {
                tokio::time::sleep(ASK_AGAIN).await;
                while let Err(error) = store.interrupt_unfinished(Leftovers::Run(&run)).await {
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

/// Runs to its end also when the caller goes away: what is stored as being written must be written.
pub(super) async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, AppError>> + Send + 'static,
) -> Result<T, AppError> {
    tokio::spawn(work).await.unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be begun");
        Err(AppError::Internal)
    })
}
