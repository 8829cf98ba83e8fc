//! The tree of messages, in SQLite: each change is one transaction that holds the writer from its first
//! statement.

use async_trait::async_trait;
use sqlx::{FromRow, SqliteConnection, sqlite::SqliteRow};

use crate::{
    domain::{Conversation, Message},
    server::store::{Child, ContinueOutcome, KEY_LIFE, Key, Result, Tree, TreeOutcome, keys::Used},
};

use super::{Sqlite, error::store_error, turns::use_key};

/// `?2` is a JSON array, `?3` says whether first questions are asked for too: an OR would keep SQLite
/// from starting at the right place.
const CHILDREN: &str = "
    SELECT parent_id, id FROM messages
    WHERE conversation_id = ?1 AND parent_id IN (SELECT value FROM json_each(?2))
    UNION ALL
    SELECT parent_id, id FROM messages WHERE ?3 AND conversation_id = ?1 AND parent_id IS NULL
    ORDER BY id";

/// A message is older than what is below it, so the newest one below has none below itself.
const NEWEST_BELOW: &str = "
    WITH RECURSIVE below (id) AS (
        SELECT ?2
        UNION
        SELECT messages.id FROM below JOIN messages
            ON messages.conversation_id = ?1 AND messages.parent_id = below.id
    )
    SELECT max(id) FROM below";

/// `last_seq` makes room for the event that tells of the change.
const MOVE_LEAF: &str = "
    UPDATE conversations SET leaf_id = ?2, last_seq = last_seq + 1 WHERE id = ?1 RETURNING *";

const CONTINUE: &str = "
    UPDATE messages SET status = 'generating', length_limited = 0, failure_code = NULL, failure_message = NULL,
        failure_reason = NULL, failure_retryable = NULL, instance = ?2, run = ?3
    WHERE id = ?1 RETURNING *";

#[async_trait]
impl Tree for Sqlite {
    async fn children(&self, conversation_id: &str, parents: &[Option<String>]) -> Result<Vec<Child>> {
        let named: Vec<&str> = parents.iter().flatten().map(String::as_str).collect();
        sqlx::query_as(CHILDREN)
            .bind(conversation_id)
            .bind(serde_json::to_string(&named).unwrap_or_default())
            .bind(parents.contains(&None))
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn select_branch(&self, user_id: &str, message_id: &str) -> Result<TreeOutcome> {
        self.select(user_id, message_id).await.map_err(store_error)
    }

    async fn delete_message(&self, user_id: &str, message_id: &str) -> Result<TreeOutcome> {
        self.delete_one(user_id, message_id).await.map_err(store_error)
    }

    async fn continue_answer(
        &self,
        user_id: &str,
        message_id: &str,
        key: Option<&Key>,
        run: &str,
        most_running: u32,
        now: i64,
    ) -> Result<ContinueOutcome> {
        self.go_on(user_id, message_id, (key, run), most_running, now).await.map_err(store_error)
    }
}

// What ends early leaves the transaction to be rolled back where it is dropped: nothing was written.
impl Sqlite {
    async fn select(&self, user_id: &str, message_id: &str) -> sqlx::Result<TreeOutcome> {
        let mut tx = self.writer.begin().await?;
        let Some(message) = message(&mut tx, user_id, message_id).await? else {
            return Ok(TreeOutcome::Missing);
        };
        if is_busy(&mut tx, &message.conversation_id).await? {
            return Ok(TreeOutcome::Busy);
        }
        let leaf = newest_below(&mut tx, &message.conversation_id, &message.id).await?;
        let conversation = move_leaf(&mut tx, &message.conversation_id, leaf.as_deref()).await?;
        tx.commit().await?;
        Ok(TreeOutcome::Changed(conversation))
    }

    async fn delete_one(&self, user_id: &str, message_id: &str) -> sqlx::Result<TreeOutcome> {
        let mut tx = self.writer.begin().await?;
        let Some(Message { id, conversation_id, parent_id, .. }) =
            message(&mut tx, user_id, message_id).await?
        else {
            return Ok(TreeOutcome::Missing);
        };
        if is_busy(&mut tx, &conversation_id).await? {
            return Ok(TreeOutcome::Busy);
        }
        sqlx::query("UPDATE messages SET parent_id = ?3 WHERE conversation_id = ?1 AND parent_id = ?2")
            .bind(&conversation_id)
            .bind(&id)
            .bind(&parent_id)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM messages WHERE id = ?1").bind(&id).execute(&mut *tx).await?;
        let mut leaf = leaf(&mut tx, &conversation_id).await?;
        if leaf.as_ref() == Some(&id) {
            leaf = match &parent_id {
                Some(parent) => newest_below(&mut tx, &conversation_id, parent).await?,
                None => newest(&mut tx, &conversation_id).await?,
            };
        }
        let conversation = move_leaf(&mut tx, &conversation_id, leaf.as_deref()).await?;
        tx.commit().await?;
        Ok(TreeOutcome::Changed(conversation))
    }

    async fn go_on(
        &self,
        user_id: &str,
        message_id: &str,
        (key, run): (Option<&Key>, &str),
        most_running: u32,
        now: i64,
    ) -> sqlx::Result<ContinueOutcome> {
        let mut tx = self.writer.begin().await?;
        let Some(found) = message(&mut tx, user_id, message_id).await? else {
            return Ok(ContinueOutcome::Missing);
        };
        if let Some(key) = key
            && let Some((used, answer_id)) = used(&mut tx, &found, user_id, key, now).await?
        {
            let same = used.continued(key, &answer_id, message_id);
            return Ok(if same { ContinueOutcome::Repeated(found) } else { ContinueOutcome::KeyReused });
        }
        if is_busy(&mut tx, &found.conversation_id).await? {
            return Ok(ContinueOutcome::Busy);
        }
        if !found.can_continue() {
            return Ok(ContinueOutcome::Ended);
        }
        if leaf(&mut tx, &found.conversation_id).await?.as_deref() != Some(message_id) {
            return Ok(ContinueOutcome::NotLeaf);
        }
        if running(&mut tx, user_id).await? >= most_running {
            return Ok(ContinueOutcome::TooMany);
        }
        if let Some(key) = key {
            use_key(&mut tx, user_id, &found.conversation_id, key, message_id, now).await?;
        }
        let message = sqlx::query_as(CONTINUE)
            .bind(message_id)
            .bind(&self.instance)
            .bind(run)
            .fetch_one(&mut *tx)
            .await?;
        let conversation =
            sqlx::query_as("UPDATE conversations SET updated_at = ?2 WHERE id = ?1 RETURNING *")
                .bind(&found.conversation_id)
                .bind(now)
                .fetch_one(&mut *tx)
                .await?;
        tx.commit().await?;
        Ok(ContinueOutcome::Begun(conversation, message))
    }
}

async fn message(tx: &mut SqliteConnection, user_id: &str, id: &str) -> sqlx::Result<Option<Message>> {
    sqlx::query_as("SELECT * FROM messages WHERE id = ?1 AND user_id = ?2")
        .bind(id)
        .bind(user_id)
        .fetch_optional(tx)
        .await
}

async fn is_busy(tx: &mut SqliteConnection, conversation_id: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM messages WHERE conversation_id = ?1 AND status = 'generating')",
    )
    .bind(conversation_id)
    .fetch_one(tx)
    .await
}

/// How many answers of the user are being written.
async fn running(tx: &mut SqliteConnection, user_id: &str) -> sqlx::Result<u32> {
    sqlx::query_scalar("SELECT count(*) FROM messages WHERE user_id = ?1 AND status = 'generating'")
        .bind(user_id)
        .fetch_one(tx)
        .await
}

async fn leaf(tx: &mut SqliteConnection, conversation_id: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT leaf_id FROM conversations WHERE id = ?1")
        .bind(conversation_id)
        .fetch_one(tx)
        .await
}

async fn newest_below(
    tx: &mut SqliteConnection,
    conversation_id: &str,
    message_id: &str,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(NEWEST_BELOW).bind(conversation_id).bind(message_id).fetch_one(tx).await
}

async fn newest(tx: &mut SqliteConnection, conversation_id: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT max(id) FROM messages WHERE conversation_id = ?1")
        .bind(conversation_id)
        .fetch_one(tx)
        .await
}

async fn move_leaf(
    tx: &mut SqliteConnection,
    conversation_id: &str,
    leaf: Option<&str>,
) -> sqlx::Result<Conversation> {
    sqlx::query_as(MOVE_LEAF).bind(conversation_id).bind(leaf).fetch_one(tx).await
}

/// What the key was used for in the conversation, and the answer that it led to.
async fn used(
    tx: &mut SqliteConnection,
    found: &Message,
    user_id: &str,
    key: &Key,
    now: i64,
) -> sqlx::Result<Option<(Used, String)>> {
    let used: Option<(Option<String>, String)> = sqlx::query_as(
        "SELECT request, answer_id FROM idempotency_keys JOIN messages ON messages.id = answer_id
         WHERE idempotency_keys.user_id = ?1 AND idempotency_keys.conversation_id = ?2 AND key = ?3
            AND idempotency_keys.created_at > ?4",
    )
    .bind(user_id)
    .bind(&found.conversation_id)
    .bind(&key.name)
    .bind(now - KEY_LIFE)
    .fetch_optional(tx)
    .await?;
    Ok(used.map(|(request, answer_id)| (Used { request, asked: None, parent_id: None }, answer_id)))
}

impl FromRow<'_, SqliteRow> for Child {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let (parent_id, id) = FromRow::from_row(row)?;
        Ok(Self { parent_id, id })
    }
}
