//! The model in a room: whose budget an answer counts against, who may steer it, and how the question whose turn it is becomes
//! an answer.

use std::sync::Arc;

use super::{
    Asked, Chat, keys,
    turn::{Asker, Payer, no_id},
};
use crate::{
    domain::{
        CurrentUser, Page, QuestionQueue, Queued, Reason, Role, RoomPayer, RoomSettings, User, Version,
        queued::{MOST_QUEUED, MOST_QUEUED_OWN},
    },
    error::AppError,
    server::store::{
        AccessLevel, Destination, Grant, Need, NewAnswer, NewQueued, NoAccess, QueueChange, QueueOutcome,
        StoreError, VersionPage, VersionQuery,
    },
};

/// How many bytes the texts of a page of versions have together.
const VERSIONS_BYTES: usize = 1024 * 1024;

/// Refuses with this reason what a room has not.
pub(super) fn only_in_private(grant: &Grant, key: &'static str) -> Result<(), AppError> {
    if grant.conversation().kind.is_shared() {
        Err(AppError::Conflict { reason: Reason::new(key) })
    } else {
        Ok(())
    }
}

/// Refuses what only a room has.
pub(super) fn only_in_shared(grant: &Grant) -> Result<(), AppError> {
    let reason = Reason::new("room-only");
    if grant.conversation().kind.is_shared() { Ok(()) } else { Err(AppError::Conflict { reason }) }
}

/// Refuses with this reason what a member of a room does with what is another's; moderators may.
pub(super) fn only_own(grant: &Grant, author_id: &str, key: &'static str) -> Result<(), AppError> {
    let is_shared = grant.conversation().kind.is_shared();
    if !is_shared || author_id == grant.user_id() || grant.level() >= AccessLevel::Moderator {
        return Ok(());
    }
    Err(AppError::Forbidden { reason: Reason::new(key) })
}

impl Chat {
    /// A conversation of several people in which the person may write.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::Forbidden`], which says why where it is one of two people.
    pub(super) async fn may_post(&self, user_id: &str, conversation_id: &str) -> Result<Grant, AppError> {
        let denied = match self.store.access(user_id, conversation_id, Need::Write).await {
            Ok(grant) => return only_in_shared(&grant).map(|()| grant),
            Err(NoAccess::Denied) => NoAccess::Denied.into(),
            Err(error) => return Err(error.into()),
        };
        let grant = self.store.access(user_id, conversation_id, Need::Read).await?;
        let partner = self.store.partner(&grant).await?;
        let why = partner.and_then(|partner| Some((partner.state.why_not()?, partner.name)));
        Err(why.map_or(denied, |(key, name)| AppError::Forbidden {
            reason: Reason::new(key).with("name", name),
        }))
    }

    /// What moderators decided about a room.
    pub(super) async fn settings_of(
        &self,
        grant: &Grant,
    ) -> Result<(RoomSettings, Option<String>), AppError> {
        let room = self.store.room(grant).await?;
        Ok(room.map(|room| (room.settings, Some(room.owner_id))).unwrap_or_default())
    }

    /// Whose budget an answer for `asker` counts against.
    pub(super) async fn payer(&self, grant: &Grant, asker: &User) -> Result<Payer, AppError> {
        if !grant.conversation().kind.is_shared() {
            return Ok(Payer::asker(asker));
        }
        let (settings, owner_id) = self.settings_of(grant).await?;
        match owner_id.filter(|_| settings.payer == RoomPayer::Owner) {
            Some(owner_id) => {
                let user = self.users.user(&owner_id).await?.ok_or(AppError::Unavailable)?;
                Ok(Payer { user, which: RoomPayer::Owner })
            }
            None => Ok(Payer::asker(asker)),
        }
    }

    /// Asks the model about a message of a room, or once more the question of an answer: it waits behind those that wait
    /// already.
    pub async fn ask_again(
        self: &Arc<Self>,
        current: &CurrentUser,
        message_id: &str,
        model: Option<&str>,
        key: Option<&str>,
    ) -> Result<QuestionQueue, AppError> {
        let model = model.map(str::trim).filter(|model| !model.is_empty());
        let parts = [message_id, model.unwrap_or_default()];
        let key = keys::of(key, keys::Request { what: "ask again", parts: &parts })?;
        let (grant, message) = self.store.message_access(current.id(), message_id, Need::Write).await?;
        only_in_shared(&grant)?;
        self.not_too_fast(&grant)?;
        let question = match (message.role, &message.talk.reply_to) {
            (Role::User, _) => Some(message),
            (_, Some(id)) => self.store.message(&grant, id).await?,
            (_, None) => None,
        };
        let question = question.filter(|question| question.talk.deleted_at.is_none());
        let deleted = || AppError::Conflict { reason: Reason::new("question-deleted") };
        let question = question.ok_or_else(deleted)?;
        if self.hides(&grant, &question).await? {
            return Err(deleted());
        }
        self.choose_model(&current.user, model, grant.conversation().model.as_deref()).await?;
        let waits = self.store.queued(&grant).await?;
        if !waits.iter().any(|one| one.message_id.as_ref() == Some(&question.id)) {
            let new = NewQueued {
                id: &self.ids.next(),
                text: &question.content,
                message_id: Some(&question.id),
                model,
                key: key.as_ref(),
                most: MOST_QUEUED,
                most_own: Some(MOST_QUEUED_OWN),
                now: self.clock.now(),
            };
            let added: QueueOutcome = self.store.add_queued(&grant, &new).await?;
            self.changed_queue(&grant, added)?;
            self.ask_next(grant.conversation_id()).await;
        }
        self.queue_in(&grant).await
    }

    /// What a message of a room said before it was changed or deleted, newest first; for moderators.
    pub async fn versions(
        &self,
        current: &CurrentUser,
        message_id: &str,
        cursor: Option<&str>,
    ) -> Result<Page<Version>, AppError> {
        let (grant, _) = self.store.message_access(current.id(), message_id, Need::Manage).await?;
        let before = cursor.filter(|cursor| !cursor.is_empty()).map(str::parse).transpose();
        let before = before.map_err(|_| AppError::invalid("cursor", Reason::new("cursor-not-ours")))?;
        let query = VersionQuery { before, bytes: VERSIONS_BYTES };
        let VersionPage { items, before } = self.store.versions(&grant, message_id, query).await?;
        Ok(Page { items, next_cursor: before.map(|before| before.to_string()) })
    }

    /// Members take their own questions out of the queue of a room; moderators take any, and choose which is next. The text
    /// is that of the message.
    pub(super) async fn may_change_queued(
        &self,
        grant: &Grant,
        id: &str,
        change: QueueChange<'_>,
    ) -> Result<(), AppError> {
        let refused = |key| Err(AppError::Conflict { reason: Reason::new(key) });
        match change {
            QueueChange::Remove => {
                let queued = self.store.queued(grant).await?;
                let author_id = queued.into_iter().find(|one| one.id == id).map(|one| one.author_id);
                only_own(grant, &author_id.ok_or(AppError::NotFound)?, "room-queue-others")
            }
            QueueChange::Text(_) | QueueChange::TextAt(..) => refused("room-edit"),
            _ if grant.level() >= AccessLevel::Moderator => Ok(()),
            _ => Err(AppError::Forbidden { reason: Reason::new("room-queue-moderators") }),
        }
    }

    /// The grant of somebody whose question waits; `None`: the person may not ask in the room any more.
    pub(super) async fn asks_still(
        &self,
        author_id: &str,
        conversation_id: &str,
    ) -> Result<Option<Grant>, StoreError> {
        match self.store.access(author_id, conversation_id, Need::Write).await {
            Ok(grant) => Ok(Some(grant)),
            Err(NoAccess::Missing | NoAccess::Denied) => Ok(None),
            Err(NoAccess::Store(error)) => Err(error),
        }
    }

    /// Begins the answer to a question of a room.
    pub(super) async fn answer_in_room(
        self: &Arc<Self>,
        asker: Asker<'_>,
        (grant, payer): (Grant, Payer),
        queued: &Queued,
    ) -> Result<Asked, AppError> {
        let conversation = grant.conversation();
        let model =
            self.choose_model(asker.user, queued.model.as_deref(), conversation.model.as_deref()).await?;
        let leaf_id = conversation.leaf_id.clone();
        let id = match &leaf_id {
            Some(leaf_id) => self.ids.next_after(leaf_id).ok_or_else(no_id)?,
            None => self.ids.next(),
        };
        let to = Destination::There(grant);
        let mut answer = self.message(&to, id, leaf_id, Role::Assistant);
        answer.model = Some(model.id.clone());
        answer.talk.reply_to.clone_from(&queued.message_id);
        let new = NewAnswer {
            to,
            question: None,
            answer,
            key: None,
            queued: Some(queued.id.clone()),
            most_running: self.limits.answers_per_user,
            now: self.clock.now(),
        };
        self.begin_new((asker.user, payer), new, model).await
    }
}
