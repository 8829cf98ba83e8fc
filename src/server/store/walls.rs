//! The notes that people leave on the profiles of others, as a trait. They go with the account of their author and with that
//! of whose wall they stand on.

use async_trait::async_trait;

use super::Result;
use crate::domain::Note;

/// The outcome of leaving a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteOutcome {
    Left,
    /// One of the two accounts is not active, one has blocked the other, or the person has no wall.
    Refused,
    /// The wall holds as many notes as it may.
    Full,
}

/// Whose notes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotesOf<'a> {
    /// Those on the wall of this person.
    Wall(&'a str),
    /// Those that this person wrote.
    Author(&'a str),
}

#[async_trait]
pub trait Walls: Send + Sync {
    /// `most`: how many notes a wall holds.
    async fn leave_note(&self, note: &Note, most: u32) -> Result<NoteOutcome>;
    async fn note(&self, id: &str) -> Result<Option<Note>>;
    /// Newest first; `before`: the id of the last note that the reader has seen.
    async fn notes(&self, of: NotesOf<'_>, before: Option<&str>, limit: u32) -> Result<Vec<Note>>;
    /// `false`: there is none.
    async fn remove_note(&self, id: &str) -> Result<bool>;
}
