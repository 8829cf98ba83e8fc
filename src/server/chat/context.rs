//! How much of its model's context a conversation takes, as the provider counted, and what is part of that.

use super::{
    Chat,
    prompt::{instructions, surely_exceeds},
    tokens::estimate,
};
use crate::{
    domain::{Conversation, CurrentUser, Reason, context_used},
    error::AppError,
    server::{conversations::valid_instructions, store::Grant},
};

/// Tokens, as of the newest answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextUse {
    pub used: u32,
    /// All that the model has room for.
    pub of: u32,
    /// An estimate of what the instructions take, which are sent with each question.
    pub instructions: u32,
    /// How many of the newest questions are sent, where that is limited.
    pub turns: Option<u32>,
    /// See [`crate::domain::Message::left_out`].
    pub left_out: u32,
}

impl ContextUse {
    /// From 0 to 100.
    pub fn percent(self) -> u32 {
        u32::try_from(u64::from(self.used) * 100 / u64::from(self.of.max(1))).unwrap_or(100)
    }
}

impl Chat {
    /// `None` while nothing was asked, or when the model's context or the usage of its newest answer is not known.
    pub async fn context_use(
        &self,
        current: &CurrentUser,
        grant: &Grant,
    ) -> Result<Option<ContextUse>, AppError> {
        let conversation = grant.conversation();
        let context = self.context_of(conversation).await;
        let Some(leaf_id) = conversation.leaf_id.as_ref().filter(|_| context.is_some()) else {
            return Ok(None);
        };
        let Some(newest) = self.store.spent(grant, leaf_id).await? else { return Ok(None) };
        let Some((used, of)) = context_used(newest.usage, context).filter(|(used, _)| *used > 0) else {
            return Ok(None);
        };
        let person = &current.user.preferences;
        let sent = instructions([&person.system_prompt, &conversation.system_prompt]);
        Ok(Some(ContextUse {
            used,
            of,
            instructions: sent.map(|sent| estimate(&sent.content)).unwrap_or_default(),
            turns: conversation.params.or(&person.params).turns,
            left_out: newest.left_out,
        }))
    }

    /// # Errors
    ///
    /// They are too long to be stored, or the conversation's model surely has no room for these instructions.
    pub async fn check_instructions(&self, conversation: &Conversation, text: &str) -> Result<(), AppError> {
        // The estimate reads the whole text.
        valid_instructions(text)?;
        let tokens = estimate(text);
        match self.context_of(conversation).await.filter(|context| surely_exceeds(tokens, *context)) {
            Some(context) => {
                let reason =
                    Reason::new("system-prompt-beyond-context").with("tokens", tokens).with("most", context);
                Err(AppError::invalid("system_prompt", reason))
            }
            None => Ok(()),
        }
    }

    async fn context_of(&self, conversation: &Conversation) -> Option<u32> {
        self.models.context_of(conversation.model.as_deref()?).await
    }
}
