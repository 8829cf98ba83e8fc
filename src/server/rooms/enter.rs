//! How people come into a room, and leave it.

use std::time::{Duration, Instant};

use super::Rooms;
use crate::{
    domain::{CurrentUser, Notify, Reason, Room},
    error::AppError,
    server::{
        accounts::{Caller, attempts::Limit, room_codes::RoomInvitation},
        store::{Entry, Join, JoinOutcome, LeaveOutcome, Need},
    },
};

/// How often a person may come into rooms and leave them within [`MOVES_WINDOW`].
const MOVES: u32 = 30;
const MOVES_WINDOW: Duration = Duration::from_secs(60);

pub fn moves() -> Limit {
    Limit::new(MOVES, MOVES_WINDOW)
}

/// Where the code of a link leads.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// `None`: nobody may say now what the room is called.
    pub room: Option<Room>,
    /// Whether the person takes part already.
    pub is_member: bool,
    pub room_id: String,
}

impl Rooms {
    /// Joins a listed room. Whoever takes part already stays what they are.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is none, or it is not listed; [`AppError::Forbidden`]: the person is banned;
    /// [`AppError::Conflict`]: it is full.
    pub async fn join(&self, current: &CurrentUser, id: &str) -> Result<String, AppError> {
        self.enter(current, id, Entry::Listed, AppError::NotFound).await
    }

    /// Joins the room that a code leads into.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] of `code`; [`AppError::TooMany`] for a caller who tried too many; as [`Self::join`].
    pub async fn join_with(
        &self,
        current: &CurrentUser,
        caller: &Caller,
        typed: &str,
    ) -> Result<String, AppError> {
        let RoomInvitation { room_id, hash, .. } = self.accounts.room_invitation(caller, typed).await?;
        let refused = AppError::invalid("code", Reason::new("code-refused"));
        self.enter(current, &room_id, Entry::Code(&hash), refused).await
    }

    pub(super) async fn enter(
        &self,
        current: &CurrentUser,
        id: &str,
        entry: Entry<'_>,
        refused: AppError,
    ) -> Result<String, AppError> {
        let counted = self.moves.take(current.id(), Instant::now())?;
        let join = Join {
            conversation_id: id,
            user_id: current.id(),
            name: &current.user.name,
            entry,
            most: self.most_members,
            now: self.clock.now(),
        };
        match self.chats.join(&join).await? {
            JoinOutcome::Joined { conversation_id, revision, .. } => {
                tracing::info!(user = %current.id(), room = %conversation_id, "somebody joined a room");
                self.tell(&conversation_id, Vec::new(), revision);
                Ok(conversation_id)
            }
            JoinOutcome::Already { conversation_id } => {
                counted.forgive();
                Ok(conversation_id)
            }
            JoinOutcome::Banned => Err(AppError::Forbidden { reason: Reason::new("room-banned") }),
            JoinOutcome::Full => Err(AppError::Conflict { reason: Reason::new("room-full") }),
            JoinOutcome::Refused => Err(refused),
        }
    }

    /// What the page of a code's link says of the room that it leads into; `current` is who opens it, if they are signed in.
    ///
    /// # Errors
    ///
    /// The store does not answer.
    pub async fn invitation(
        &self,
        current: Option<&CurrentUser>,
        (room_id, inviter): (&str, Option<&str>),
    ) -> Result<Invitation, AppError> {
        let mut seen = None;
        let is_member = match current {
            Some(current) => {
                seen = self.chats.access(current.id(), room_id, Need::Read).await.ok();
                seen.is_some()
            }
            None => false,
        };
        if let (None, Some(inviter)) = (&seen, inviter) {
            // What the inviter sees of the room is what the code tells.
            seen = self.chats.access(inviter, room_id, Need::Read).await.ok();
        }
        let room = match &seen {
            Some(grant) => self.chats.room(grant).await?,
            None => None,
        };
        Ok(Invitation { room, is_member, room_id: room_id.to_owned() })
    }

    /// Leaves a room, whose streams of this person end.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::Conflict`]: the person owns it, or it is the board.
    pub async fn leave(&self, current: &CurrentUser, id: &str) -> Result<(), AppError> {
        let grant = self.granted(current, id, Need::Read).await?;
        Self::not_on_board(&grant, "board-stays")?;
        let _ = self.moves.take(current.id(), Instant::now())?;
        match self.chats.leave(&grant).await? {
            LeaveOutcome::Left { revision } => {
                tracing::info!(user = %current.id(), room = %id, "somebody left a room");
                self.tell(id, vec![current.id().to_owned()], revision);
                Ok(())
            }
            LeaveOutcome::Owner => Err(AppError::Conflict { reason: Reason::new("room-owner-stays") }),
            LeaveOutcome::Missing => Err(AppError::NotFound),
        }
    }

    /// Chooses of which messages of the room, or of the conversation of two, the person is told.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`].
    pub async fn set_notify(&self, current: &CurrentUser, id: &str, notify: Notify) -> Result<(), AppError> {
        let grant = self.shared(current, id).await?;
        if self.chats.set_notify(&grant, notify).await? { Ok(()) } else { Err(AppError::NotFound) }
    }

    /// The person has seen everything up to this message of the room, or of the conversation of two. One that is not of it
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is no such room.
    pub async fn seen(&self, current: &CurrentUser, id: &str, message_id: &str) -> Result<(), AppError> {
        let grant = self.shared(current, id).await?;
        self.chats.set_read(&grant, message_id).await?;
        Ok(())
    }
}
