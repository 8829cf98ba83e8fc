//! Conversations are created, changed and deleted.

use super::{
    Conversations,
    allowance::Allowances,
    models::{unknown_model, valid_model},
};
use crate::{
    domain::{
        ChatEvent, Conversation, ConversationKind, ConversationPatch, CurrentUser, Reason, User,
        conversation::{MAX_SYSTEM_PROMPT_BYTES, MAX_TITLE_CHARS},
    },
    error::AppError,
    server::store::{Need, Restored},
};

impl Conversations {
    /// Creates an empty conversation.
    pub async fn create(
        &self,
        current: &CurrentUser,
        mut patch: ConversationPatch,
    ) -> Result<Conversation, AppError> {
        self.check(&current.user, &mut patch).await?;
        let now = self.clock.now();
        let conversation = Conversation {
            id: self.ids.next(),
            kind: ConversationKind::Private,
            title: patch.title.unwrap_or_default(),
            model: patch.model.flatten(),
            system_prompt: patch.system_prompt.flatten(),
            params: patch.params.flatten().unwrap_or_default(),
            pinned: patch.pinned.unwrap_or_default(),
            archived: patch.archived.unwrap_or_default(),
            unread: false,
            running: false,
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
        self.check(&current.user, &mut patch).await?;
        if patch.title.as_deref() == Some("") {
            return Err(AppError::invalid("title", Reason::new("title-missing")));
        }
        let grant = self.chats.access(current.id(), id, Need::Manage).await?;
        // A room has settings of its own, with other rules and other listeners.
        if grant.conversation().kind.is_shared() {
            return Err(AppError::Conflict { reason: Reason::new("room-settings-elsewhere") });
        }
        let changed = self.chats.update_conversation(&grant, &patch).await?.ok_or(AppError::NotFound)?;
        if let Some((title, log)) = patch.title.zip(self.live.get(id)) {
            log.publish(ChatEvent::Title { title }, changed.revision);
        }
        Ok(changed.conversation)
    }

    /// Moves a conversation to the bin. An answer that is being written ends.
    pub async fn delete(&self, current: &CurrentUser, id: &str) -> Result<(), AppError> {
        let grant = self.chats.access(current.id(), id, Need::Own).await?;
        if grant.conversation().kind == ConversationKind::Board {
            return Err(AppError::Conflict { reason: Reason::new("board-switched-off") });
        }
        if !self.chats.delete_conversation(&grant, self.clock.now()).await? {
            return Err(AppError::NotFound);
        }
        if let Some(log) = self.live.get(id) {
            log.close();
        }
        Ok(())
    }

    /// Brings a conversation back from the bin; one that is not there stays as it is.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::Forbidden`]: it is a room, and the person's tier allows no more.
    pub async fn restore(&self, current: &CurrentUser, id: &str) -> Result<Conversation, AppError> {
        let most = self.allowances.most_rooms(&current.user).await?;
        let restored = match self.chats.restore_conversation(current.id(), id, most).await? {
            Restored::Back(restored) => *restored,
            Restored::Missing => return Err(AppError::NotFound),
            Restored::TooManyRooms => return Err(Allowances::too_many_rooms(most)),
        };
        // The answer that was being written may still be about to end there.
        if let Some(log) = self.live.get(id) {
            log.open_again();
        }
        Ok(restored)
    }

    /// The person has seen what there is in a conversation.
    pub async fn seen(&self, current: &CurrentUser, id: &str) -> Result<(), AppError> {
        let grant = self.chats.access(current.id(), id, Need::Read).await?;
        match (grant.conversation().kind, &grant.conversation().leaf_id) {
            (ConversationKind::Private, _) => self.chats.mark_seen(&grant).await?,
            (_, Some(leaf)) => self.chats.set_read(&grant, leaf).await?,
            (_, None) => false,
        };
        Ok(())
    }

    async fn check(&self, user: &User, patch: &mut ConversationPatch) -> Result<(), AppError> {
        if let Some(title) = &mut patch.title {
            *title = title.trim().to_owned();
            if title.chars().count() > MAX_TITLE_CHARS || title.chars().any(char::is_control) {
                let reason = Reason::new("title-too-long").with("most", MAX_TITLE_CHARS);
                return Err(AppError::invalid("title", reason));
            }
        }
        if let Some(Some(prompt)) = &patch.system_prompt {
            valid_instructions(prompt)?;
        }
        if let Some(Some(params)) = &patch.params {
            params.check().map_err(|(name, reason)| AppError::invalid(&format!("params.{name}"), reason))?;
        }
        if let Some(Some(model)) = &mut patch.model {
            let id = valid_model(model)?;
            *model = self.models.of(user).await?.find(id).await.ok_or_else(|| unknown_model(id))?.id;
        }
        Ok(())
    }
}

/// # Errors
///
/// The instructions are too long to be stored.
pub fn valid_instructions(text: &str) -> Result<(), AppError> {
    if text.len() > MAX_SYSTEM_PROMPT_BYTES {
        let reason = Reason::new("system-prompt-too-long").with("most", MAX_SYSTEM_PROMPT_BYTES);
        return Err(AppError::invalid("system_prompt", reason));
    }
    Ok(())
}
