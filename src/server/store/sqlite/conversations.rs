//! Conversations, in SQLite.

use async_trait::async_trait;
use sqlx::SqliteExecutor;

use crate::{
    domain::{Binned, Conversation, ConversationPatch, Message},
    server::store::{
        AccessLevel, BinPosition, Changed, ConversationQuery, Conversations, Created, Grant, Key, Need,
        Restored, Result,
    },
};

use super::{
    Sqlite,
    access::{may, number},
    error::store_error,
    rows::params_json,
};

const CREATE: &str = "
    INSERT INTO conversations (id, owner_id, kind, title, title_lower, model, system_prompt, pinned, archived,
        leaf_id, created_at, updated_at, params)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

/// A listing with a further condition. `instr` needs no escaping, because it gives no character of the searched text a
/// meaning.
macro_rules! list {
    ($and:literal) => {
        concat!(
            "SELECT * FROM conversations
            WHERE owner_id = ?1 AND kind = 'private' AND archived = ?2 AND NOT deleted AND (updated_at, id) < (?3, ?4)
                AND (?5 = '' OR instr(title_lower, ?5) > 0) ",
            $and,
            " ORDER BY updated_at DESC, id DESC LIMIT ?6"
        )
    };
}
const LIST: &str = list!("");
const LIST_OTHERS: &str = list!("AND NOT pinned");
/// The condition is that of the index `conversations_pinned`, so that SQLite uses it.
const LIST_PINNED: &str = list!("AND pinned");

/// `?6`, `?8` and `?13` say whether to set columns that may also be cleared, `?12` whether the change contains anything.
const UPDATE: &str = concat!(
    "UPDATE conversations SET
        title = coalesce(?4, title), title_lower = coalesce(?5, title_lower),
        model = iif(?6, ?7, model), system_prompt = iif(?8, ?9, system_prompt),
        pinned = coalesce(?10, pinned), archived = coalesce(?11, archived), params = iif(?13, ?14, params),
        last_seq = last_seq + ?12, revision = iif(?12, last_seq + 1, revision)
    WHERE id = ?1 AND ",
    may!(),
    " RETURNING *"
);

const TITLE: &str = "
    UPDATE conversations SET title = ?2, title_lower = ?3, last_seq = last_seq + 1, revision = last_seq + 1
    WHERE id = ?1 AND title = ?4 AND NOT deleted
    RETURNING last_seq";

const SEEN: &str = concat!("UPDATE conversations SET unread = 0 WHERE id = ?1 AND unread AND ", may!());

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
        .bind(params_json(&conversation.params))
        .execute(to)
        .await
        .map(|_| ())
}

#[async_trait]
impl Conversations for Sqlite {
    async fn create_conversation(&self, owner_id: &str, conversation: &Conversation) -> Result<()> {
        insert(&self.writer, owner_id, conversation).await.map_err(store_error)
    }

    async fn create_with_messages(
        &self,
        owner_id: &str,
        conversation: &Conversation,
        messages: &[Message],
        key: Option<&Key>,
    ) -> Result<Created> {
        self.copy(owner_id, conversation, messages, key).await.map_err(store_error)
    }

    async fn conversations(&self, owner_id: &str, query: &ConversationQuery) -> Result<Vec<Conversation>> {
        let after = query.after.as_ref();
        let (before, id) = after.map_or((i64::MAX, ""), |position| (position.updated_at, &position.id));
        let list = match query.pinned {
            None => LIST,
            Some(false) => LIST_OTHERS,
            Some(true) => LIST_PINNED,
        };
        sqlx::query_as(list)
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
            .bind(patch.params.is_some())
            .bind(patch.params.as_ref().and_then(Option::as_ref).and_then(params_json))
            .fetch_all(&self.writer)
            .await
            .map(|mut rows| rows.pop())
            .map_err(store_error)
    }

    async fn replace_title(&self, conversation_id: &str, from: &str, title: &str) -> Result<Option<u64>> {
        let revision: Option<i64> = sqlx::query_scalar(TITLE)
            .bind(conversation_id)
            .bind(title)
            .bind(title.to_lowercase())
            .bind(from)
            .fetch_all(&self.writer)
            .await
            .map_err(store_error)?
            .pop();
        Ok(revision.map(i64::unsigned_abs))
    }

    async fn delete_conversation(&self, grant: &Grant, now: i64) -> Result<bool> {
        self.hide(grant, now).await.map_err(store_error)
    }

    async fn restore_conversation(&self, owner_id: &str, id: &str, rooms: Option<u32>) -> Result<Restored> {
        self.bring_back(owner_id, id, rooms).await.map_err(store_error)
    }

    async fn bin(&self, owner_id: &str, after: Option<&BinPosition>, limit: u32) -> Result<Vec<Binned>> {
        self.in_bin(owner_id, after, limit).await.map_err(store_error)
    }

    async fn purge(&self, now: i64) -> Result<bool> {
        self.purge_some(now).await.map_err(store_error)
    }

    async fn mark_seen(&self, grant: &Grant) -> Result<bool> {
        if grant.level() != AccessLevel::Owner {
            return Ok(false);
        }
        if grant.conversation().unread {
            sqlx::query(SEEN)
                .bind(grant.conversation_id())
                .bind(grant.user_id())
                .bind(number(Need::Own.least()))
                .execute(&self.writer)
                .await
                .map_err(store_error)?;
        }
        Ok(true)
    }
}
