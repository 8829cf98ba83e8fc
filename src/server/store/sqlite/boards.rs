//! The board, in SQLite.

use async_trait::async_trait;
use sqlx::{FromRow, Row, SqliteConnection, SqliteExecutor, sqlite::SqliteRow};

use crate::{
    domain::{Board, BoardNote, BoardPatch, BoardSettings},
    server::store::{Boards, NoteQuery, Result},
};

use super::{Sqlite, error::store_error, joining, rows::get};

const BOARD: &str = "
    SELECT id, title, created_at, closed, writers, guests, on_start
    FROM conversations JOIN rooms ON rooms.conversation_id = conversations.id
    WHERE kind = 'board' AND NOT deleted";

const SET: &str =
    "UPDATE rooms SET closed = ?2, writers = ?3, guests = ?4, on_start = ?5 WHERE conversation_id = ?1";

const RENAME: &str =
    "UPDATE conversations SET title = ?2, title_lower = ?3, revision = last_seq + 1 WHERE id = ?1";

const NOTES: &str = "
    SELECT messages.id, messages.author_id, messages.role, messages.model, substr(content, 1, ?3) AS text,
        length(content) > ?3 AS cut, messages.created_at, talk ->> '$.edited_at' AS edited_at, members.name AS author
    FROM conversations JOIN rooms ON rooms.conversation_id = conversations.id
        JOIN messages ON messages.conversation_id = conversations.id
        LEFT JOIN members ON members.conversation_id = conversations.id AND members.user_id = messages.author_id
    WHERE kind = 'board' AND NOT deleted AND NOT closed AND content <> '' AND status <> 'generating'
        AND talk ->> '$.deleted_at' IS NULL AND NOT coalesce(members.hidden, 0) AND messages.id < coalesce(?1, '~')
    ORDER BY messages.id DESC LIMIT ?2";

const BANNED: &str = "
    SELECT EXISTS (SELECT 1 FROM conversations JOIN members ON members.conversation_id = conversations.id
        WHERE kind = 'board' AND members.user_id = ?1 AND members.state = 'banned')";

impl FromRow<'_, SqliteRow> for Board {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let settings = BoardSettings {
            on: !row.try_get::<bool, _>("closed")?,
            writers: get(row, "writers")?,
            guests: row.try_get("guests")?,
            on_start: row.try_get("on_start")?,
        };
        let (id, name, created_at) = (row.try_get("id")?, row.try_get("title")?, row.try_get("created_at")?);
        Ok(Self { id, name, settings, created_at })
    }
}

impl FromRow<'_, SqliteRow> for BoardNote {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            author: row.try_get("author")?,
            author_id: row.try_get("author_id")?,
            role: get(row, "role")?,
            model: row.try_get("model")?,
            text: row.try_get("text")?,
            cut: row.try_get("cut")?,
            created_at: row.try_get("created_at")?,
            edited_at: row.try_get("edited_at")?,
        })
    }
}

#[async_trait]
impl Boards for Sqlite {
    async fn board(&self) -> Result<Option<Board>> {
        sqlx::query_as(BOARD).fetch_optional(&self.readers).await.map_err(store_error)
    }

    async fn set_board(&self, patch: &BoardPatch) -> Result<Option<u64>> {
        self.change_board(patch).await.map_err(store_error)
    }

    async fn board_notes(&self, query: &NoteQuery) -> Result<Vec<BoardNote>> {
        sqlx::query_as(NOTES)
            .bind(query.before.as_deref().filter(|before| !before.is_empty()))
            .bind(query.limit)
            .bind(query.chars)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn is_banned_from_board(&self, user_id: &str) -> Result<bool> {
        sqlx::query_scalar(BANNED).bind(user_id).fetch_one(&self.readers).await.map_err(store_error)
    }
}

impl Sqlite {
    async fn change_board(&self, patch: &BoardPatch) -> sqlx::Result<Option<u64>> {
        let mut tx = self.writer.begin().await?;
        let board: Option<Board> = sqlx::query_as(BOARD).fetch_optional(&mut *tx).await?;
        let Some(Board { id, settings, .. }) = board else { return Ok(None) };
        put(&mut tx, &id, &settings.patched(patch)).await?;
        if let Some(name) = &patch.name {
            let rename = sqlx::query(RENAME).bind(&id).bind(name).bind(name.to_lowercase());
            rename.execute(&mut *tx).await?;
        }
        let revision = joining::changed(&mut tx, &id, None).await?;
        tx.commit().await?;
        Ok(Some(revision))
    }
}

pub(super) async fn id(from: impl SqliteExecutor<'_>) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT id FROM conversations WHERE kind = 'board'").fetch_optional(from).await
}

pub(super) async fn put(tx: &mut SqliteConnection, id: &str, settings: &BoardSettings) -> sqlx::Result<()> {
    sqlx::query(SET)
        .bind(id)
        .bind(!settings.on)
        .bind(settings.writers.into_str())
        .bind(settings.guests)
        .bind(settings.on_start)
        .execute(tx)
        .await
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::store::OpenOptions;

    #[tokio::test]
    async fn notes_before_another_are_a_range_of_the_index() {
        let store = Sqlite::open(":memory:", &OpenOptions::default()).await.unwrap();
        let explain = format!("EXPLAIN QUERY PLAN {NOTES}");
        let plan = sqlx::query(sqlx::AssertSqlSafe(explain)).bind("01").bind(9).bind(9);
        let plan = plan.fetch_all(&store.readers).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
        assert!(plan.iter().any(|step| step.contains("(conversation_id=? AND id<?)")), "{plan:?}");
    }
}
