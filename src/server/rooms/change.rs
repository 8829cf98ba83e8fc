//! Rooms are made, changed and deleted.

use super::{OpenRoom, Rooms, bring};
use crate::{
    domain::{
        Conversation, ConversationKind, CurrentUser, Message, Params, Reason, RoomPatch, RoomSettings, User,
        conversation::MAX_TITLE_CHARS,
        room::{MAX_SLOW_SECONDS, MAX_TOPIC_CHARS},
    },
    error::AppError,
    server::{
        accounts::{picture::valid_initial, valid},
        chat::keys,
        conversations::{allowance::Allowances, valid_instructions},
        store::{AccessLevel, Key, Need, NewRoom, RoomOutcome},
    },
};

impl Rooms {
    /// Makes a room, whose owner is the person who makes it.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] names the field; [`AppError::Forbidden`]: the person's tier allows no more rooms;
    /// [`AppError::IdempotencyKeyReused`].
    pub async fn create(
        &self,
        current: &CurrentUser,
        wanted: RoomPatch,
        key: Option<&str>,
    ) -> Result<OpenRoom, AppError> {
        let request = serde_json::to_string(&wanted).map_err(|_| AppError::Internal)?;
        let key = keys::of(key, keys::Request { what: "room", parts: &[&request] })?;
        self.make(current, wanted, None, key).await
    }

    /// Makes a room, perhaps with the copied messages of a private conversation.
    pub(super) async fn make(
        &self,
        current: &CurrentUser,
        mut wanted: RoomPatch,
        mut copied: Option<Vec<Message>>,
        key: Option<Key>,
    ) -> Result<OpenRoom, AppError> {
        self.check(&current.user, &mut wanted).await?;
        let name = wanted.name.clone().unwrap_or_default();
        if name.is_empty() {
            return Err(AppError::invalid("name", Reason::new("room-name-missing")));
        }
        let most = self.allowances.most_rooms(&current.user).await?;
        let mut conversation = self.conversation(ConversationKind::Room, name, &wanted);
        if let Some(messages) = &mut copied {
            conversation.leaf_id = self.conversations.moved(&conversation.id, messages);
            bring::name_questions(messages);
        }
        let new = NewRoom {
            owner_id: current.id(),
            owner_name: &current.user.name,
            conversation: &conversation,
            settings: &RoomSettings::default().patched(&wanted),
            board: None,
            copied: copied.as_deref(),
            key: key.as_ref(),
            most,
        };
        let id = match self.chats.create_room(&new).await? {
            RoomOutcome::Made => conversation.id.clone(),
            RoomOutcome::Repeated { conversation_id } => conversation_id,
            RoomOutcome::KeyReused => return Err(AppError::IdempotencyKeyReused),
            RoomOutcome::Exists => return Err(AppError::Internal),
            RoomOutcome::TooMany => return Err(Allowances::too_many_rooms(most)),
        };
        tracing::info!(user = %current.id(), room = %id, "a room was made");
        self.open(current, &id).await
    }

    /// The conversation of a room that is made now.
    pub(super) fn conversation(
        &self,
        kind: ConversationKind,
        title: String,
        wanted: &RoomPatch,
    ) -> Conversation {
        let now = self.clock.now();
        Conversation {
            id: self.ids.next(),
            kind,
            title,
            model: wanted.model.clone().flatten(),
            system_prompt: wanted.system_prompt.clone().flatten().filter(|text| !text.trim().is_empty()),
            params: Params::default(),
            pinned: false,
            archived: false,
            unread: false,
            running: false,
            leaf_id: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// How many more rooms the person may make; `None`: as many as they like.
    pub async fn left_to_make(&self, current: &CurrentUser) -> Result<Option<u32>, AppError> {
        let Some(most) = self.allowances.most_rooms(&current.user).await? else { return Ok(None) };
        Ok(Some(most.saturating_sub(self.chats.rooms_owned(current.id()).await?)))
    }

    /// The key of the sentence that says why the person may make no room now; `None`: they may.
    pub async fn why_none_to_make(&self, current: &CurrentUser) -> Result<Option<&'static str>, AppError> {
        if self.left_to_make(current).await? != Some(0) {
            return Ok(None);
        }
        let most = self.allowances.most_rooms(&current.user).await?;
        Ok(Some(if most == Some(0) { "rooms-none" } else { "rooms-no-more" }))
    }

    /// Changes what moderators decide about a room.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::Forbidden`], also of `payer` for whoever does not own the room;
    /// [`AppError::Invalid`] names the field.
    pub async fn update(
        &self,
        current: &CurrentUser,
        id: &str,
        mut patch: RoomPatch,
    ) -> Result<OpenRoom, AppError> {
        let grant = self.granted(current, id, Need::Manage).await?;
        self.check(&current.user, &mut patch).await?;
        if patch.name.as_deref() == Some("") {
            return Err(AppError::invalid("name", Reason::new("room-name-missing")));
        }
        if patch.payer.is_some() && grant.level() < AccessLevel::Owner {
            return Err(AppError::Forbidden { reason: Reason::new("room-payer-others") });
        }
        let changed = self.chats.update_room(&grant, &patch).await?.ok_or(AppError::NotFound)?;
        self.tell_settings(id, patch.name, changed.revision);
        self.open(current, id).await
    }

    /// Deletes a room for everybody, as a conversation is deleted.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::Forbidden`]: the person does not own it.
    pub async fn delete(&self, current: &CurrentUser, id: &str) -> Result<(), AppError> {
        self.granted(current, id, Need::Own).await?;
        self.conversations.delete(current, id).await?;
        tracing::info!(user = %current.id(), room = %id, "a room was deleted");
        Ok(())
    }

    async fn check(&self, user: &User, patch: &mut RoomPatch) -> Result<(), AppError> {
        if let Some(name) = &mut patch.name {
            let plain = valid::plain(name, MAX_TITLE_CHARS).ok_or_else(|| {
                AppError::invalid("name", Reason::new("title-too-long").with("most", MAX_TITLE_CHARS))
            })?;
            valid::only_seen(plain)?;
            *name = plain.to_owned();
        }
        if let Some(topic) = &mut patch.topic {
            let plain = valid::plain(topic, MAX_TOPIC_CHARS).ok_or_else(|| {
                AppError::invalid("topic", Reason::new("topic-too-long").with("most", MAX_TOPIC_CHARS))
            })?;
            *topic = plain.to_owned();
        }
        if let Some(initial) = &mut patch.initial {
            *initial = valid_initial("initial", initial.as_deref().unwrap_or_default())?;
        }
        if patch.slow_seconds.is_some_and(|seconds| seconds > MAX_SLOW_SECONDS) {
            let reason = Reason::new("number-too-large").with("most", MAX_SLOW_SECONDS);
            return Err(AppError::invalid("slow_seconds", reason));
        }
        if let Some(Some(prompt)) = &patch.system_prompt {
            valid_instructions(prompt)?;
        }
        if let Some(model) = &mut patch.model {
            match model.as_deref().map(str::trim).filter(|model| !model.is_empty()) {
                Some(id) => *model = Some(self.models.of(user).await?.chosen_id(id).await?),
                None => *model = None,
            }
        }
        Ok(())
    }
}
