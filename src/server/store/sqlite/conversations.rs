//! Conversations, in SQLite.

use async_trait::async_trait;
use sqlx::SqliteExecutor;

use crate::{
    domain::{Conversation, ConversationPatch},
    server::store::{Changed, ConversationQuery, Conversations, Grant, Need, Result},
};

use super::{
    Sqlite,
    access::{may, number},
    error::store_error,
};

const CREATE: &str = "
    INSERT INTO conversations (id, owner_id, kind, title, title_lower, model, system_prompt, pinned, archived,
        leaf_id, created_at, updated_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

/// `instr` needs no escaping, because it gives no character of the searched text a meaning.
const LIST: &str = "
    SELECT * FROM conversations
    WHERE owner_id = ?1 AND archived = ?2 AND NOT deleted AND (updated_at, id) < (?3, ?4)
        AND (?5 = '' OR instr(title_lower, ?5) > 0)
    ORDER BY updated_at DESC, id DESC LIMIT ?6";

/// `?6` and `?8` say whether to set columns that may also be cleared, `?12` whether the change contains anything.
const UPDATE: &str = concat!(
    "UPDATE conversations SET
        title = coalesce(?4, title), title_lower = coalesce(?5, title_lower),
        model = iif(?6, ?7, model), system_prompt = iif(?8, ?9, system_prompt),
        pinned = coalesce(?10, pinned), archived = coalesce(?11, archived),
        last_seq = last_seq + ?12, revision = iif(?12, last_seq + 1, revision)
    WHERE id = ?1 AND ",
    may!(),
    " RETURNING *"
);

const TITLE: &str = "
    UPDATE conversations SET title = ?2, title_lower = ?3, last_seq = last_seq + 1, revision = last_seq + 1
    WHERE id = ?1 AND title = '' AND NOT deleted
    RETURNING last_seq";

/// How many messages one statement removes: it takes about a hundredth of a second, in which no other call can write.
const BATCH: i64 = 500;

/// Deletes the conversation at once, unless it has very many messages. Its messages and chunks go with it, because of
/// their foreign keys.
const DELETE: &str = concat!(
    "DELETE FROM conversations WHERE id = ?1
        AND (SELECT count(*) FROM (SELECT 1 FROM messages WHERE conversation_id = ?1 LIMIT ?4)) < ?4 AND ",
    may!()
);

const HIDE: &str = concat!("UPDATE conversations SET deleted = 1 WHERE id = ?1 AND ?4 > 0 AND ", may!());

const PURGE: &str =
    "DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE conversation_id = ?1 LIMIT ?2)";

pub(super) async fn insert(
    to: impl SqliteExecutor<'_>,
    owner_id: &str,
    conversation: &Conversation,
) -> sqlx::Result<()> {
    sqlx::query(CREATE)
        .bind(&conversation.id)
        .bind(owner_id)
        .bind(conversation.kind.into_str())
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
    async fn create_conversation(&self, owner_id: &str, conversation: &Conversation) -> Result<()> {
        insert(&self.writer, owner_id, conversation).await.map_err(store_error)
    }

    async fn conversations(&self, owner_id: &str, query: &ConversationQuery) -> Result<Vec<Conversation>> {
        let after = query.after.as_ref();
        let (before, id) = after.map_or((i64::MAX, ""), |position| (position.updated_at, &position.id));
        sqlx::query_as(LIST)
            .bind(owner_id)
            .bind(query.archived)
            .bind(before)
            .bind(id)
            .bind(query.title_contains.as_deref().unwrap_or_default().to_lowercase())
            .bind(query.limit)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn update_conversation(&self, grant: &Grant, patch: &ConversationPatch) -> Result<Option<Changed>> {
        sqlx::query_as(UPDATE)
            .bind(grant.conversation_id())
            .bind(grant.user_id())
            .bind(number(Need::Manage.least()))
            .bind(&patch.title)
            .bind(patch.title.as_ref().map(|title| title.to_lowercase()))
            .bind(patch.model.is_some())
            .bind(patch.model.as_ref().and_then(Option::as_deref))
            .bind(patch.system_prompt.is_some())
            .bind(patch.system_prompt.as_ref().and_then(Option::as_deref))
            .bind(patch.pinned)
            .bind(patch.archived)
            .bind(*patch != ConversationPatch::default())
            .fetch_all(&self.writer)
            .await
            .map(|mut rows| rows.pop())
            .map_err(store_error)
    }

    async fn set_title_if_empty(&self, conversation_id: &str, title: &str) -> Result<Option<u64>> {
        let revision: Option<i64> = sqlx::query_scalar(TITLE)
            .bind(conversation_id)
            .bind(title)
            .bind(title.to_lowercase())
            .fetch_all(&self.writer)
            .await
            .map_err(store_error)?
            .pop();
        Ok(revision.map(i64::unsigned_abs))
    }

    async fn delete_conversation(&self, grant: &Grant) -> Result<bool> {
        let changed = async |statement: &'static str| {
            let changed = sqlx::query(statement)
                .bind(grant.conversation_id())
                .bind(grant.user_id())
                .bind(number(Need::Own.least()))
                .bind(BATCH)
                .execute(&self.writer)
                .await;
            changed.map(|done| done.rows_affected() == 1).map_err(store_error)
        };
        Ok(changed(DELETE).await? || changed(HIDE).await?)
    }

    async fn purge(&self) -> Result<bool> {
        self.purge_some().await.map_err(store_error)
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
