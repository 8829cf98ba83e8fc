//! The codes that lead into a room, for its moderators.

use super::Rooms;
use crate::{
    domain::{Code, CurrentUser, Reason},
    error::AppError,
    server::{
        accounts::{
            invitations::MadeCode,
            room_codes::{MadeRoomCode, NewRoomCode},
        },
        store::Need,
    },
};

/// How many codes of a room can be used at a time.
pub const MOST_CODES: u32 = 100;

/// A code that a moderator makes.
#[derive(Clone, Copy, Debug)]
pub struct NewInvitation<'a> {
    pub uses: u32,
    pub days: Option<u32>,
    pub label: &'a str,
}

impl Rooms {
    /// Makes a code into the room, which is never shown again.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::Forbidden`]; [`AppError::Invalid`] names the field; [`AppError::Conflict`]: there are
    /// too many.
    pub async fn invite(
        &self,
        current: &CurrentUser,
        id: &str,
        new: NewInvitation<'_>,
    ) -> Result<MadeRoomCode, AppError> {
        let grant = self.granted(current, id, Need::Manage).await?;
        Self::not_on_board(&grant, "board-no-codes")?;
        let there = self.codes.room_codes(&grant, MOST_CODES, self.clock.now()).await?;
        if there.len() >= MOST_CODES as usize {
            let reason = Reason::new("room-codes-too-many").with("most", MOST_CODES);
            return Err(AppError::Conflict { reason });
        }
        let NewInvitation { uses, days, label } = new;
        let new = NewRoomCode { room_id: grant.conversation_id(), uses, days, label };
        self.accounts.make_room_code(current, new).await
    }

    /// The code that [`Self::invite`] made, as long as somebody knows its seed.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::Forbidden`].
    pub async fn made_code(&self, current: &CurrentUser, id: &str, seed: &str) -> Result<MadeCode, AppError> {
        self.granted(current, id, Need::Manage).await?;
        self.accounts.made_room_code(seed, id).await
    }

    /// The codes that lead into the room now, newest first.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::Forbidden`].
    pub async fn codes(&self, current: &CurrentUser, id: &str) -> Result<Vec<Code>, AppError> {
        let grant = self.granted(current, id, Need::Manage).await?;
        Self::not_on_board(&grant, "board-no-codes")?;
        Ok(self.codes.room_codes(&grant, MOST_CODES, self.clock.now()).await?)
    }

    /// Ends a code into the room. Who used it stays.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is no such room, or no such code that can be used; [`AppError::Forbidden`].
    pub async fn end_code(&self, current: &CurrentUser, id: &str, code_id: &str) -> Result<(), AppError> {
        let grant = self.granted(current, id, Need::Manage).await?;
        match self.codes.end_room_code(&grant, code_id, self.clock.now()).await? {
            true => Ok(()),
            false => Err(AppError::NotFound),
        }
    }
}
