//! Conversations are created, changed and deleted.

use super::{
    Conversations,
    models::{unknown_model, valid_model},
};
use crate::{
    domain::{
        ChatEvent, Conversation, ConversationKind, ConversationPatch, CurrentUser, Reason,
        conversation::{MAX_SYSTEM_PROMPT_BYTES, MAX_TITLE_CHARS},
    },
    error::AppError,
    server::store::Need,
};

impl Conversations {
    /// Creates an empty conversation.
    pub async fn create(
        &self,
        current: &CurrentUser,
        mut patch: ConversationPatch,
    ) -> Result<Conversation, AppError> {
        self.check(&mut patch).await?;
        let now = self.clock.now();
        let conversation = Conversation {
            id: self.ids.next(),
            kind: ConversationKind::Private,
            title: patch.title.unwrap_or_default(),
            model: patch.model.flatten(),
            system_prompt: patch.system_prompt.flatten(),
            pinned: patch.pinned.unwrap_or_default(),
            archived: patch.archived.unwrap_or_default(),
            leaf_id: None,
            created_at: now,
            updated_at: now,
        };
        self.chats.create_conversation(current.id(), &conversation).await?;
        Ok(conversation)
    }

    pub async fn update(
        &self,
        current: &CurrentUser,
        id: &str,
        mut patch: ConversationPatch,
    ) -> Result<Conversation, AppError> {
        self.check(&mut patch).await?;
        if patch.title.as_deref() == Some("") {
            return Err(AppError::invalid("title", Reason::new("title-missing")));
        }
        let grant = self.chats.access(current.id(), id, Need::Manage).await?;
        let changed = self.chats.update_conversation(&grant, &patch).await?.ok_or(AppError::NotFound)?;
        if let Some((title, log)) = patch.title.zip(self.live.get(id)) {
            log.publish(ChatEvent::Title { title }, changed.revision);
        }
        Ok(changed.conversation)
    }

    /// Deletes a conversation with all its messages. An answer that is being written ends.
    pub async fn delete(&self, current: &CurrentUser, id: &str) -> Result<(), AppError> {
        let grant = self.chats.access(current.id(), id, Need::Own).await?;
        if !self.chats.delete_conversation(&grant).await? {
            return Err(AppError::NotFound);
        }
        if let Some(log) = self.live.get(id) {
            log.close();
        }
        self.purge();
        Ok(())
    }

    /// Removes in the background what deleted conversations left behind. The rest, if the server ends before that, goes
    /// with the next deletion or the hourly job.
    fn purge(&self) {
        let chats = self.chats.clone();
        self.tasks.spawn("removal of deleted conversations", async move {
            loop {
                match chats.purge().await {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => {
                        tracing::warn!(%error, "what deleted conversations left is removed later");
                        return;
                    }
                }
            }
        });
    }

    async fn check(&self, patch: &mut ConversationPatch) -> Result<(), AppError> {
        if let Some(title) = &mut patch.title {
            *title = title.trim().to_owned();
            if title.chars().count() > MAX_TITLE_CHARS || title.chars().any(char::is_control) {
                let reason = Reason::new("title-too-long").with("most", MAX_TITLE_CHARS);
                return Err(AppError::invalid("title", reason));
            }
        }
        if let Some(Some(prompt)) = &patch.system_prompt
            && prompt.len() > MAX_SYSTEM_PROMPT_BYTES
        {
            let reason = Reason::new("system-prompt-too-long").with("most", MAX_SYSTEM_PROMPT_BYTES);
            return Err(AppError::invalid("system_prompt", reason));
        }
        if let Some(Some(model)) = &mut patch.model {
            let id = valid_model(model)?;
            *model = self.models.find(id).await.ok_or_else(|| unknown_model(id))?.id;
        }
        Ok(())
    }
}
