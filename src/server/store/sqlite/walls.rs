//! The notes on people's profiles, in SQLite.

use async_trait::async_trait;
use sqlx::{FromRow, Row, sqlite::SqliteRow};

use crate::{
    domain::Note,
    server::store::{NoteOutcome, NotesOf, Result, Walls},
};

use super::{Sqlite, error::store_error, pairs::blocked};

/// Whose wall it is may write there, too. Administrators are no exception.
const MAY: &str = concat!(
    "SELECT EXISTS (
        SELECT 1 FROM users AS owner JOIN users AS author ON author.id = ?2 AND author.state = 'active'
        WHERE owner.id = ?1 AND owner.state = 'active'
            AND coalesce(json_extract(owner.preferences, '$.wall'), 1) <> 0
    ) AND NOT ",
    blocked!("?1", "?2")
);

const ADD: &str = "INSERT INTO notes (id, wall_id, author_id, text, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";

const OF_WALL: &str =
    "SELECT * FROM notes WHERE wall_id = ?1 AND id < coalesce(?2, '~') ORDER BY id DESC LIMIT ?3";

const OF_AUTHOR: &str =
    "SELECT * FROM notes WHERE author_id = ?1 AND id < coalesce(?2, '~') ORDER BY id DESC LIMIT ?3";

impl FromRow<'_, SqliteRow> for Note {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            wall_id: row.try_get("wall_id")?,
            author_id: row.try_get("author_id")?,
            text: row.try_get("text")?,
            created_at: row.try_get("created_at")?,
        })
    }
}

#[async_trait]
impl Walls for Sqlite {
    async fn leave_note(&self, note: &Note, most: u32) -> Result<NoteOutcome> {
        self.add_note(note, most).await.map_err(store_error)
    }

    async fn note(&self, id: &str) -> Result<Option<Note>> {
        let note = sqlx::query_as("SELECT * FROM notes WHERE id = ?1").bind(id);
        note.fetch_optional(&self.readers).await.map_err(store_error)
    }

    async fn notes(&self, of: NotesOf<'_>, before: Option<&str>, limit: u32) -> Result<Vec<Note>> {
        let (statement, id) = match of {
            NotesOf::Wall(id) => (OF_WALL, id),
            NotesOf::Author(id) => (OF_AUTHOR, id),
        };
        let notes = sqlx::query_as(statement).bind(id).bind(before).bind(limit);
        notes.fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn remove_note(&self, id: &str) -> Result<bool> {
        let gone = sqlx::query("DELETE FROM notes WHERE id = ?1").bind(id).execute(&self.writer).await;
        gone.map(|done| done.rows_affected() == 1).map_err(store_error)
    }
}

impl Sqlite {
    async fn add_note(&self, note: &Note, most: u32) -> sqlx::Result<NoteOutcome> {
        let mut tx = self.writer.begin().await?;
        let may = sqlx::query_scalar(MAY).bind(&note.wall_id).bind(&note.author_id);
        if !may.fetch_one(&mut *tx).await? {
            return Ok(NoteOutcome::Refused);
        }
        let count = sqlx::query_scalar("SELECT count(*) FROM notes WHERE wall_id = ?1").bind(&note.wall_id);
        if count.fetch_one(&mut *tx).await.map(|count: u32| count >= most)? {
            return Ok(NoteOutcome::Full);
        }
        let add = sqlx::query(ADD).bind(&note.id).bind(&note.wall_id).bind(&note.author_id);
        add.bind(&note.text).bind(note.created_at).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(NoteOutcome::Left)
    }
}
