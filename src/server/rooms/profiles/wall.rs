//! The notes on a person's wall.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};

use super::{DEFAULT_LIMIT, MAX_LIMIT, Profiles, blocks::AT_A_TIME, person};
use crate::{
    domain::{
        AuditKind, CurrentUser, Note, Page, Person, Reason,
        person::{MAX_NOTE_CHARS, MOST_NOTES},
    },
    error::AppError,
    server::{
        accounts::{attempts::Limit, audit, valid},
        store::{NoteOutcome, NotesOf},
    },
};

/// How many notes a person may leave within [`NOTES_WINDOW`].
const NOTES: u32 = 10;
const NOTES_WINDOW: Duration = Duration::from_secs(60 * 60);
/// A longer cursor cannot be one of ours: an id.
const MAX_CURSOR_BYTES: usize = 26;

pub fn limit() -> Limit {
    Limit::new(NOTES, NOTES_WINDOW)
}

/// A note with who wrote it.
#[derive(Clone, Debug)]
pub struct ShownNote {
    pub note: Note,
    pub author: Person,
    /// Whether the reader may delete it.
    pub may_delete: bool,
}

impl Profiles {
    /// A page of the notes on a wall, newest first. A wall that is switched off shows its owner and administrators what stands
    /// there, so that they can delete it.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is no such person, or they have no wall; [`AppError::Invalid`] of `cursor` or `limit`.
    pub async fn wall(
        &self,
        current: &CurrentUser,
        id: &str,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Page<ShownNote>, AppError> {
        let owner = self.active(id).await?;
        let manages = owner.id == current.id() || current.admin().is_some();
        if !owner.preferences.wall && !manages {
            return Err(AppError::NotFound);
        }
        let limit = AppError::valid_limit(limit, DEFAULT_LIMIT, MAX_LIMIT)?;
        let before = cursor.filter(|cursor| !cursor.is_empty());
        if before.is_some_and(|before| before.len() > MAX_CURSOR_BYTES) {
            return Err(AppError::invalid("cursor", Reason::new("cursor-not-ours")));
        }
        let mut notes = self.store.notes(NotesOf::Wall(id), before, limit + 1).await?;
        let more = notes.len() > limit as usize;
        notes.truncate(limit as usize);
        let next_cursor = notes.last().filter(|_| more).map(|note| note.id.clone());
        let shown = stream::iter(notes).map(async |note: Note| {
            let author = self.users.user(&note.author_id).await?;
            let may_delete = manages || note.author_id == current.id();
            Ok::<_, AppError>(author.map(|author| ShownNote { note, author: person(&author), may_delete }))
        });
        let shown: Vec<_> = shown.buffered(AT_A_TIME).collect().await;
        let shown: Vec<_> = shown.into_iter().collect::<Result<_, _>>()?;
        Ok(Page { items: shown.into_iter().flatten().collect(), next_cursor })
    }

    /// Leaves a note.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is no such person; [`AppError::Invalid`] of `text`; [`AppError::Forbidden`]: the person has
    /// no wall, or one has blocked the other; [`AppError::Conflict`]: the wall is full; [`AppError::TooMany`].
    pub async fn leave_note(
        &self,
        current: &CurrentUser,
        wall_id: &str,
        text: &str,
    ) -> Result<ShownNote, AppError> {
        self.active(wall_id).await?;
        let invalid = |key| AppError::invalid("text", Reason::new(key).with("most", MAX_NOTE_CHARS));
        let text = valid::text(text, MAX_NOTE_CHARS).ok_or_else(|| invalid("note-too-long"))?;
        if text.is_empty() {
            return Err(invalid("note-empty"));
        }
        let taken = self.notes.take(current.id(), Instant::now())?;
        let note = Note {
            id: self.ids.next(),
            wall_id: wall_id.to_owned(),
            author_id: current.id().to_owned(),
            text,
            created_at: self.clock.now(),
        };
        let refused = match self.store.leave_note(&note, MOST_NOTES).await? {
            NoteOutcome::Left => {
                let author = person(&current.user);
                return Ok(ShownNote { note, author, may_delete: true });
            }
            NoteOutcome::Refused => AppError::Forbidden { reason: Reason::new("note-refused") },
            NoteOutcome::Full => AppError::Conflict { reason: Reason::new("wall-full") },
        };
        taken.forgive();
        Err(refused)
    }

    /// Deletes a note: the owner of the wall any, its author the own, administrators all.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is none on this wall, or it is none of the person's to delete.
    pub async fn remove_note(
        &self,
        current: &CurrentUser,
        wall_id: &str,
        note_id: &str,
    ) -> Result<(), AppError> {
        let note = self.store.note(note_id).await?.filter(|note| note.wall_id == wall_id);
        let note = note.ok_or(AppError::NotFound)?;
        let own = [&note.wall_id, &note.author_id].into_iter().any(|id| id == current.id());
        let admin = current.admin().filter(|_| !own);
        if !own && admin.is_none() {
            return Err(AppError::NotFound);
        }
        if !self.store.remove_note(note_id).await? {
            return Err(AppError::NotFound);
        }
        if let (Some(admin), Some(author)) = (admin, self.users.user(&note.author_id).await?) {
            let done = audit::Note::on((&admin).into(), AuditKind::NoteRemoved);
            self.audit.note(done.to(&author)).await;
        }
        Ok(())
    }
}
