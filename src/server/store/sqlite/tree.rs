//! The tree of messages, in SQLite: each change is one transaction that holds the writing connection from its first
//! statement.

use async_trait::async_trait;
use sqlx::{FromRow, SqliteConnection, sqlite::SqliteRow};

use crate::{
    domain::{Conversation, Message},
    server::store::{
        Changed, Child, Continuation, ContinueOutcome, Grant, KEY_LIFE, Key, Need, Result, Standing, Tree,
        TreeOutcome, keys::Used,
    },
};

use super::{
    Sqlite,
    access::{may, number},
    error::store_error,
    keys::use_key,
};

/// `?2` is a JSON array, `?3` says whether the children of the root are asked for too. There are two SELECTs, because
/// with an OR SQLite would not use the index from its start. They are sorted afterwards, because for an ORDER BY of both it
/// would read the whole conversation.
const CHILDREN: &str = "
    SELECT parent_id, id FROM messages
    WHERE conversation_id = ?1 AND parent_id IN (SELECT value FROM json_each(?2))
    UNION ALL
    SELECT parent_id, id FROM messages WHERE ?3 AND conversation_id = ?1 AND parent_id IS NULL";

/// A message is older than the messages below it, so the newest one below has no children.
const NEWEST_BELOW: &str = "
    WITH RECURSIVE below (id) AS (
        SELECT ?2
        UNION
        SELECT messages.id FROM below JOIN messages
            ON messages.conversation_id = ?1 AND messages.parent_id = below.id
    )
    SELECT max(id) FROM below";

/// Each change has a number of its own, for the event that reports it.
const MOVE_LEAF: &str = "
    UPDATE conversations SET leaf_id = ?2, last_seq = last_seq + 1, revision = last_seq + 1 WHERE id = ?1 RETURNING *";
pub(super) const CHANGE: &str = "
    UPDATE conversations SET last_seq = last_seq + 1, revision = last_seq + 1 WHERE id = ?1 RETURNING *";
const GO_ON: &str = "
    UPDATE conversations SET updated_at = ?2, running = 1, last_seq = last_seq + 1, revision = last_seq + 1 WHERE id = ?1 RETURNING *";

pub(super) const RUNNING: &str =
    "SELECT count(*) FROM messages WHERE author_id = ?1 AND status = 'generating'";

const CONTINUE: &str = "
    UPDATE messages SET status = 'generating', length_limited = 0, failure_code = NULL, failure_message = NULL,
        failure_reason = NULL, failure_retryable = NULL, instance = ?2, run = ?3, author_id = ?4, revision = ?5,
        began_seq = ?5
    WHERE id = ?1 RETURNING *";

const MOVE_UP: &str = "
    UPDATE messages SET parent_id = ?3, revision = ?4 WHERE conversation_id = ?1 AND parent_id = ?2";

/// A message of the conversation `?1`, if the person `?2` has at least the level `?3` there.
const MESSAGE: &str = concat!("SELECT * FROM messages WHERE id = ?4 AND conversation_id = ?1 AND ", may!());

#[async_trait]
impl Tree for Sqlite {
    async fn children(&self, grant: &Grant, parents: &[Option<String>]) -> Result<Vec<Child>> {
        let named: Vec<&str> = parents.iter().flatten().map(String::as_str).collect();
        let mut children: Vec<Child> = sqlx::query_as(CHILDREN)
            .bind(grant.conversation_id())
            .bind(serde_json::to_string(&named).unwrap_or_default())
            .bind(parents.contains(&None))
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        children.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        Ok(children)
    }

    async fn select_branch(&self, grant: &Grant, message_id: &str) -> Result<TreeOutcome> {
        self.select(grant, message_id).await.map_err(store_error)
    }

    async fn delete_message(&self, grant: &Grant, message_id: &str, now: i64) -> Result<TreeOutcome> {
        self.delete_one(grant, message_id, now).await.map_err(store_error)
    }

    async fn conversation_of_deleted(&self, message_id: &str) -> Result<Option<String>> {
        sqlx::query_scalar("SELECT conversation_id FROM deleted_messages WHERE message_id = ?1")
            .bind(message_id)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn restore_message(&self, grant: &Grant, message_id: &str) -> Result<TreeOutcome> {
        self.restore_one(grant, message_id).await.map_err(store_error)
    }

    async fn continue_answer(&self, grant: &Grant, how: &Continuation<'_>) -> Result<ContinueOutcome> {
        self.continue_one(grant, how).await.map_err(store_error)
    }
}

// An early return drops the transaction, which rolls it back; nothing was written.
impl Sqlite {
    async fn select(&self, grant: &Grant, message_id: &str) -> sqlx::Result<TreeOutcome> {
        let id = grant.conversation_id();
        let mut tx = self.writer.begin().await?;
        if message(&mut tx, grant, Need::Write, message_id).await?.is_none() {
            return Ok(TreeOutcome::Missing);
        }
        if is_busy(&mut tx, id).await? {
            return Ok(TreeOutcome::Busy);
        }
        let leaf = newest_below(&mut tx, id, message_id).await?;
        let changed = sqlx::query_as(MOVE_LEAF).bind(id).bind(leaf).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        Ok(TreeOutcome::Changed(changed))
    }

    async fn delete_one(&self, grant: &Grant, message_id: &str, now: i64) -> sqlx::Result<TreeOutcome> {
        let id = grant.conversation_id();
        let mut tx = self.writer.begin().await?;
        let Some(gone) = message(&mut tx, grant, Need::Manage, message_id).await? else {
            return Ok(TreeOutcome::Missing);
        };
        if is_busy(&mut tx, id).await? {
            return Ok(TreeOutcome::Busy);
        }
        self.keep(&mut tx, &gone, now).await?;
        let mut changed: Changed = sqlx::query_as(CHANGE).bind(id).fetch_one(&mut *tx).await?;
        let revision = changed.revision.cast_signed();
        let (up, remove) = (sqlx::query(MOVE_UP), sqlx::query("DELETE FROM messages WHERE id = ?1"));
        up.bind(id).bind(message_id).bind(&gone.parent_id).bind(revision).execute(&mut *tx).await?;
        remove.bind(message_id).execute(&mut *tx).await?;
        sqlx::query(
            "INSERT INTO removed_messages (conversation_id, message_id, revision) VALUES (?1, ?2, ?3)",
        )
        .bind(id)
        .bind(message_id)
        .bind(revision)
        .execute(&mut *tx)
        .await?;
        if changed.conversation.leaf_id.as_deref() == Some(message_id) {
            let leaf = match &gone.parent_id {
                Some(parent) => newest_below(&mut tx, id, parent).await?,
                None => newest(&mut tx, id).await?,
            };
            set_leaf(&mut tx, &mut changed.conversation, leaf).await?;
        }
        tx.commit().await?;
        Ok(TreeOutcome::Changed(changed))
    }

    async fn continue_one(&self, grant: &Grant, how: &Continuation<'_>) -> sqlx::Result<ContinueOutcome> {
        let (id, user_id, message_id) = (grant.conversation_id(), grant.user_id(), how.message_id);
        let mut tx = self.writer.begin().await?;
        let Some(found) = message(&mut tx, grant, Need::Write, message_id).await? else {
            return Ok(ContinueOutcome::Missing);
        };
        if let Some(key) = how.key
            && let Some((used, answer_id)) = used(&mut tx, grant, key, how.now).await?
        {
            let same = used.continued(key, &answer_id, message_id);
            return Ok(if same { ContinueOutcome::Repeated(found) } else { ContinueOutcome::KeyReused });
        }
        if is_busy(&mut tx, id).await? {
            return Ok(ContinueOutcome::Busy);
        }
        if !found.can_continue() {
            return Ok(ContinueOutcome::Ended);
        }
        let changed: Changed = sqlx::query_as(GO_ON).bind(id).bind(how.now).fetch_one(&mut *tx).await?;
        if changed.conversation.leaf_id.as_deref() != Some(message_id) {
            return Ok(ContinueOutcome::NotLeaf);
        }
        if running(&mut tx, user_id).await? >= how.most_running {
            return Ok(ContinueOutcome::TooMany);
        }
        if let Some(key) = how.key {
            use_key(&mut tx, user_id, id, key, message_id, how.now).await?;
        }
        let answer = sqlx::query_as(CONTINUE)
            .bind(message_id)
            .bind(&self.instance)
            .bind(how.run)
            .bind(user_id)
            .bind(changed.revision.cast_signed())
            .fetch_one(&mut *tx)
            .await?;
        let standing = Standing::new(changed.conversation, changed.revision, user_id, grant.level());
        let Ok(grant) = standing.grant(Need::Write) else { return Ok(ContinueOutcome::Missing) };
        tx.commit().await?;
        Ok(ContinueOutcome::Begun { grant, answer, after: changed.revision })
    }
}

/// A message of the conversation, if the person may do this there.
pub(super) async fn message(
    tx: &mut SqliteConnection,
    grant: &Grant,
    need: Need,
    id: &str,
) -> sqlx::Result<Option<Message>> {
    sqlx::query_as(MESSAGE)
        .bind(grant.conversation_id())
        .bind(grant.user_id())
        .bind(number(need.least()))
        .bind(id)
        .fetch_optional(tx)
        .await
}

/// Moves the leaf, as a part of a change that has its number already.
pub(super) async fn set_leaf(
    tx: &mut SqliteConnection,
    conversation: &mut Conversation,
    leaf: Option<String>,
) -> sqlx::Result<()> {
    let move_leaf = sqlx::query("UPDATE conversations SET leaf_id = ?2 WHERE id = ?1");
    move_leaf.bind(&conversation.id).bind(&leaf).execute(tx).await?;
    conversation.leaf_id = leaf;
    Ok(())
}

pub(super) async fn is_busy(tx: &mut SqliteConnection, conversation_id: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM messages WHERE conversation_id = ?1 AND status = 'generating')",
    )
    .bind(conversation_id)
    .fetch_one(tx)
    .await
}

/// How many answers of the user are being written.
async fn running(tx: &mut SqliteConnection, user_id: &str) -> sqlx::Result<u32> {
    sqlx::query_scalar(RUNNING).bind(user_id).fetch_one(tx).await
}

pub(super) async fn newest_below(
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

/// What the key was used for in the conversation, and the answer that the request led to.
async fn used(
    tx: &mut SqliteConnection,
    grant: &Grant,
    key: &Key,
    now: i64,
) -> sqlx::Result<Option<(Used, String)>> {
    let used: Option<(Option<String>, String)> = sqlx::query_as(
        "SELECT request, answer_id FROM idempotency_keys JOIN messages ON messages.id = answer_id
         WHERE idempotency_keys.user_id = ?1 AND idempotency_keys.conversation_id = ?2 AND key = ?3
            AND idempotency_keys.created_at > ?4",
    )
    .bind(grant.user_id())
    .bind(grant.conversation_id())
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

#[cfg(test)]
mod tests {
    use sqlx::Row;

    use super::*;
    use crate::server::store::OpenOptions;

    #[tokio::test]
    async fn children_are_found_without_reading_the_conversation() {
        let store = Sqlite::open(":memory:", &OpenOptions::default()).await.unwrap();
        let explain = format!("EXPLAIN QUERY PLAN {CHILDREN}");
        let plan = sqlx::query(sqlx::AssertSqlSafe(explain)).bind("01").bind("[]").bind(true);
        let plan = plan.fetch_all(&store.readers).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
        let finds = |step: &&String| step.contains("messages_children (conversation_id=? AND parent_id=?)");
        assert_eq!(plan.iter().filter(finds).count(), 2, "{plan:?}");
    }
}
