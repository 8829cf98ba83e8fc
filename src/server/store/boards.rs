//! The board, which is a room of its own kind, as a trait. [`super::Rooms::create_room`] makes it.
//!
//! On the board levels are others than in a room: an active member who is an administrator has the owner's, whoever owns it; a
//! member reads alone where only moderators write; and nobody has one while it is switched off.

use async_trait::async_trait;

use super::Result;
use crate::domain::{Board, BoardNote, BoardPatch};

/// Which notes to read, newest first.
#[derive(Clone, Debug, Default)]
pub struct NoteQuery {
    /// Only those whose ids sort before this text.
    pub before: Option<String>,
    pub limit: u32,
    /// How many characters of each text.
    pub chars: u32,
}

#[async_trait]
pub trait Boards: Send + Sync {
    /// The board, also one that is switched off.
    async fn board(&self) -> Result<Option<Board>>;
    /// Changes what administrators decide, and answers the number of the change; `None`: there is no board. Takes no grant,
    /// because it is the administrators' matter, whatever they are on the board.
    async fn set_board(&self, patch: &BoardPatch) -> Result<Option<u64>>;
    /// What is written on the board: nothing that is deleted, hidden, without a text, or still being written. Takes no grant,
    /// because guests may read it, too. A board that is switched off has none.
    async fn board_notes(&self, query: &NoteQuery) -> Result<Vec<BoardNote>>;
    /// Whether the person is banned from the board.
    async fn is_banned_from_board(&self, user_id: &str) -> Result<bool>;
}
