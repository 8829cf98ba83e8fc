//! Conversations, in SQLite.

use async_trait::async_trait;
use sqlx::SqliteExecutor;

use crate::{
    domain::{Conversation, ConversationPatch},
    server::store::{ConversationQuery, Conversations, Result},
};

use super::{Sqlite, error::store_error};

const CREATE: &str = "
    INSERT INTO conversations (id, user_id, title, title_lower, model, system_prompt, pinned, archived,
        leaf_id, created_at, updated_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

/// `instr` needs no escaping: nothing in what is looked for has a meaning.
const LIST: &str = "
    SELECT * FROM conversations
    WHERE user_id = ?1 AND archived = ?2 AND NOT deleted AND (updated_at, id) < (?3, ?4)
        AND (?5 = '' OR instr(title_lower, ?5) > 0)
    ORDER BY updated_at DESC, id DESC LIMIT ?6";

/// `?5` and `?7` say whether to set what may also be cleared. A new title is an event, which takes a number.
const UPDATE: &str = "
    UPDATE conversations SET
        title = coalesce(?3, title), title_lower = coalesce(?4, title_lower),
        model = iif(?5, ?6, model), system_prompt = iif(?7, ?8, system_prompt),
        pinned = coalesce(?9, pinned), archived = coalesce(?10, archived),
        last_seq = last_seq + (?3 IS NOT NULL)
    WHERE id = ?1 AND user_id = ?2 AND NOT deleted
    RETURNING *";

const TITLE: &str = "
    UPDATE conversations SET title = ?3, title_lower = ?4
    WHERE id = ?1 AND user_id = ?2 AND title = '' AND NOT deleted";

/// How many messages are removed in one statement: about so many take a hundredth of a second, in which nobody else
/// can write.
const BATCH: i64 = 500;

/// All at once, unless there are very many messages. They and their chunks go with it, by their foreign keys.
const DELETE: &str = "
    DELETE FROM conversations WHERE id = ?1 AND user_id = ?2 AND NOT deleted
        AND (SELECT count(*) FROM (SELECT 1 FROM messages WHERE conversation_id = ?1 LIMIT ?3)) < ?3";

const HIDE: &str =
    "UPDATE conversations SET deleted = 1 WHERE id = ?1 AND user_id = ?2 AND NOT deleted AND ?3 > 0";

const PURGE: &str =
    "DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE conversation_id = ?1 LIMIT ?2)";

pub(super) async fn insert(
    to: impl SqliteExecutor<'_>,
    user_id: &str,
    conversation: &Conversation,
) -> sqlx::Result<()> {
    sqlx::query(CREATE)
        .bind(&conversation.id)
        .bind(user_id)
        .bind(&conversation.title)
        .bind(conversation.title.to_lowercase())
        .bind(&conversation.model)
        .bind(&conversation.system_prompt)
        .bind(conversation.pinned)
        .bind(conversation.archived)
        .bind(&conversation.leaf_id)
        .bind(conversation.created_at)
        .bind(conversation.updated_at)
        .execute(to)
        .await
        .map(|_| ())
}

#[async_trait]
impl Conversations for Sqlite {
    async fn create_conversation(&self, user_id: &str, conversation: &Conversation) -> Result<()> {
        insert(&self.writer, user_id, conversation).await.map_err(store_error)
    }

    async fn conversation(&self, user_id: &str, id: &str) -> Result<Option<Conversation>> {
        sqlx::query_as("SELECT * FROM conversations WHERE id = ?1 AND user_id = ?2 AND NOT deleted")
            .bind(id)
            .bind(user_id)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn conversations(&self, user_id: &str, query: &ConversationQuery) -> Result<Vec<Conversation>> {
        let (before, id) = query.after.as_ref().map_or((i64::MAX, ""), |place| (place.updated_at, &place.id));
        sqlx::query_as(LIST)
            .bind(user_id)
            .bind(query.archived)
            .bind(before)
            .bind(id)
            .bind(query.title_contains.as_deref().unwrap_or_default().to_lowercase())
            .bind(query.limit)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn update_conversation(
        &self,
        user_id: &str,
        id: &str,
        patch: &ConversationPatch,
    ) -> Result<Option<Conversation>> {
        sqlx::query_as(UPDATE)
            .bind(id)
            .bind(user_id)
            .bind(&patch.title)
            .bind(patch.title.as_ref().map(|title| title.to_lowercase()))
            .bind(patch.model.is_some())
            .bind(patch.model.as_ref().and_then(Option::as_deref))
            .bind(patch.system_prompt.is_some())
            .bind(patch.system_prompt.as_ref().and_then(Option::as_deref))
            .bind(patch.pinned)
            .bind(patch.archived)
            .fetch_all(&self.writer)
            .await
            .map(|mut rows| rows.pop())
            .map_err(store_error)
    }

    async fn set_title_if_empty(&self, user_id: &str, id: &str, title: &str) -> Result<bool> {
        sqlx::query(TITLE)
            .bind(id)
            .bind(user_id)
            .bind(title)
            .bind(title.to_lowercase())
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(store_error)
    }

    async fn delete_conversation(&self, user_id: &str, id: &str) -> Result<bool> {
        let changed = async |statement: &'static str| {
            let changed =
                sqlx::query(statement).bind(id).bind(user_id).bind(BATCH).execute(&self.writer).await;
            changed.map(|done| done.rows_affected() == 1).map_err(store_error)
        };
        Ok(changed(DELETE).await? || changed(HIDE).await?)
    }

    async fn purge(&self) -> Result<bool> {
        self.purge_some().await.map_err(store_error)
    }

    async fn last_seq(&self, conversation_id: &str) -> Result<u64> {
        let found: Option<i64> = sqlx::query_scalar("SELECT last_seq FROM conversations WHERE id = ?1")
            .bind(conversation_id)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        Ok(found.unwrap_or_default().unsigned_abs())
    }
}

impl Sqlite {
    async fn purge_some(&self) -> sqlx::Result<bool> {
        let hidden: Option<String> = sqlx::query_scalar("SELECT id FROM conversations WHERE deleted LIMIT 1")
            .fetch_optional(&self.readers)
            .await?;
        let Some(id) = hidden else { return Ok(false) };
        let removed = sqlx::query(PURGE).bind(&id).bind(BATCH).execute(&self.writer).await?;
        if removed.rows_affected() == 0 {
            sqlx::query("DELETE FROM conversations WHERE id = ?1 AND deleted")
                .bind(&id)
                .execute(&self.writer)
                .await?;
        }
        Ok(true)
    }
}
