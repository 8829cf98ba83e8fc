//! A private conversation is never opened for others in its place: who wants to bring people in makes a room of a copy.

use super::{OpenRoom, Rooms};
use crate::{
    domain::{ConversationKind, CurrentUser, Message, Reason, Role, RoomAnswers, RoomPatch, Talk},
    error::AppError,
    server::{chat::keys, store::Need},
};

/// What somebody wants of the room that a private conversation is copied into.
#[derive(Clone, Debug)]
pub struct BringIn {
    pub name: String,
    pub answers: RoomAnswers,
}

impl Rooms {
    /// Makes a room with a copy of the branch on screen of a private conversation, which stays as it is. Its instructions are
    /// not copied, because a room shows them to its moderators.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::Conflict`]: it is a room already, the branch is too long, or an answer is still being
    /// written; and as [`Self::create`].
    pub async fn bring_in(
        &self,
        current: &CurrentUser,
        conversation_id: &str,
        wanted: BringIn,
        key: Option<&str>,
    ) -> Result<OpenRoom, AppError> {
        let BringIn { name, answers } = wanted;
        let parts = [conversation_id, &name, answers.into_str()];
        let key = keys::of(key, keys::Request { what: "bring people in", parts: &parts })?;
        let grant = self.chats.access(current.id(), conversation_id, Need::Read).await?;
        if grant.conversation().kind != ConversationKind::Private {
            return Err(AppError::Conflict { reason: Reason::new("bring-in-room") });
        }
        // What the room says of its own; the model is that of the conversation, as long as the person may use it.
        let model = grant.conversation().model.clone();
        let offered = match &model {
            Some(model) => self.models.of(&current.user).await?.chosen_id(model).await.is_ok(),
            None => false,
        };
        let wanted = RoomPatch {
            name: Some(name),
            answers: Some(answers),
            model: Some(model.filter(|_| offered)),
            ..RoomPatch::default()
        };
        let (messages, _permit) = self.conversations.branch(current, &grant, None).await?;
        let room = self.make(current, wanted, Some(messages), key).await?;
        tracing::info!(user = %current.id(), from = %conversation_id, "a private conversation was copied into a room");
        Ok(room)
    }
}

/// Lets each answer name the question above it, as answers in a room do.
pub(super) fn name_questions(messages: &mut [Message]) {
    let mut question = None;
    for message in messages {
        message.talk = Talk::default();
        match message.role {
            Role::User => question = Some(message.id.clone()),
            _ => message.talk.reply_to.clone_from(&question),
        }
    }
}
