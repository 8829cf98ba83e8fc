//! What was deleted and can be restored, in SQLite: conversations stay where they are, hidden; a deleted message is kept
//! in a table of its own, because no statement about messages may see it.

use sqlx::{FromRow, Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    domain::{Binned, Conversation, ConversationKind, Message},
    server::store::{BIN_LIFE, BinPosition, Changed, Grant, Need, Restored, TreeOutcome},
};

use super::{
    Sqlite,
    access::{may, number},
    line::Place,
    rooms::OWNED,
    tree::{CHANGE, is_busy, newest_below, set_leaf},
};

const HIDE: &str = concat!("UPDATE conversations SET deleted = 1, binned_at = ?4 WHERE id = ?1 AND ", may!());

const RESTORE: &str = "
    UPDATE conversations SET deleted = 0, binned_at = NULL
    WHERE id = ?1 AND owner_id = ?2 AND deleted AND binned_at IS NOT NULL RETURNING *";

const THERE: &str = "SELECT * FROM conversations WHERE id = ?1 AND owner_id = ?2 AND NOT deleted";

const BIN: &str = "
    SELECT * FROM conversations WHERE owner_id = ?1 AND deleted AND binned_at <= ?2 AND (binned_at < ?2 OR id < ?3)
    ORDER BY binned_at DESC, id DESC LIMIT ?4";

/// From then on a conversation cannot be restored, so that none comes back with a part of its messages.
const LEAVE_BIN: &str = "UPDATE conversations SET binned_at = NULL WHERE deleted AND binned_at <= ?1";

const FORGET: &str = "DELETE FROM deleted_messages WHERE deleted_at <= ?1";

/// How many messages one statement removes: it takes about a hundredth of a second, in which no other call can write.
const BATCH: i64 = 500;

const PURGE: &str =
    "DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE conversation_id = ?1 LIMIT ?2)";

const KEEP: &str = "
    INSERT INTO deleted_messages (message_id, conversation_id, parent_id, gave_to, message, children, on_screen,
        deleted_at)
    VALUES (?2, ?1, ?3, ?3, ?4,
        (SELECT json_group_array(id) FROM messages WHERE conversation_id = ?1 AND parent_id = ?2),
        (WITH RECURSIVE branch (id) AS (
            SELECT leaf_id FROM conversations WHERE id = ?1
            UNION
            SELECT messages.parent_id FROM branch JOIN messages ON messages.id = branch.id
        ) SELECT EXISTS (SELECT 1 FROM branch WHERE id = ?2)), ?5)";

const KEPT: &str = concat!(
    "SELECT message, parent_id, gave_to, on_screen FROM deleted_messages
    WHERE message_id = ?4 AND conversation_id = ?1 AND ",
    may!()
);

/// A deleted parent, and the parent that it had: a message that comes back before its parent becomes one of the
/// children that the parent takes back later.
const ADOPT: &str = "
    UPDATE deleted_messages SET children = iif(?2 IS NULL, children, json_insert(children, '$[#]', ?2))
    WHERE message_id = ?1 AND conversation_id = ?3 RETURNING parent_id";

/// `?2` is the message that comes back, `?3` a JSON array of the messages above it, `null` for none.
const TAKE_BACK: &str = "
    UPDATE messages SET parent_id = ?2, revision = ?4
    WHERE conversation_id = ?1 AND coalesce(parent_id, '') IN (SELECT coalesce(value, '') FROM json_each(?3))
        AND id IN (SELECT value FROM json_each((SELECT children FROM deleted_messages WHERE message_id = ?2)))";
/// Children that were deleted after it come back below it, too.
const TAKE_BACK_DELETED: &str = "
    UPDATE deleted_messages SET parent_id = ?2
    WHERE conversation_id = ?1 AND coalesce(parent_id, '') IN (SELECT coalesce(value, '') FROM json_each(?3))
        AND message_id IN (SELECT value FROM json_each((SELECT children FROM deleted_messages WHERE message_id = ?2)))";

const NOT_DELETED: [&str; 2] = [
    "DELETE FROM deleted_messages WHERE conversation_id = ?1 AND message_id = ?2",
    "DELETE FROM removed_messages WHERE conversation_id = ?1 AND message_id = ?2",
];

const IS_BELOW: &str = "
    WITH RECURSIVE branch (id) AS (
        SELECT ?1 UNION SELECT messages.parent_id FROM branch JOIN messages ON messages.id = branch.id
    ) SELECT EXISTS (SELECT 1 FROM branch WHERE id = ?2)";

impl FromRow<'_, SqliteRow> for Binned {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self { conversation: Conversation::from_row(row)?, deleted_at: row.try_get("binned_at")? })
    }
}

impl Sqlite {
    pub(super) async fn hide(&self, grant: &Grant, now: i64) -> sqlx::Result<bool> {
        sqlx::query(HIDE)
            .bind(grant.conversation_id())
            .bind(grant.user_id())
            .bind(number(Need::Own.least()))
            .bind(now)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected() == 1)
    }

    pub(super) async fn bring_back(
        &self,
        owner_id: &str,
        id: &str,
        rooms: Option<u32>,
    ) -> sqlx::Result<Restored> {
        let mut tx = self.writer.begin().await?;
        let restored: Option<Conversation> =
            sqlx::query_as(RESTORE).bind(id).bind(owner_id).fetch_optional(&mut *tx).await?;
        if let (Some(ConversationKind::Room), Some(most)) = (restored.as_ref().map(|it| it.kind), rooms) {
            let owned: u32 = sqlx::query_scalar(OWNED).bind(owner_id).fetch_one(&mut *tx).await?;
            if owned > most {
                return Ok(Restored::TooManyRooms);
            }
        }
        let found = match restored {
            None => sqlx::query_as(THERE).bind(id).bind(owner_id).fetch_optional(&mut *tx).await?,
            restored => restored,
        };
        tx.commit().await?;
        Ok(found.map_or(Restored::Missing, |found| Restored::Back(Box::new(found))))
    }

    pub(super) async fn in_bin(
        &self,
        owner_id: &str,
        after: Option<&BinPosition>,
        limit: u32,
    ) -> sqlx::Result<Vec<Binned>> {
        let (before, id) = after.map_or((i64::MAX, ""), |position| (position.deleted_at, &position.id));
        sqlx::query_as(BIN).bind(owner_id).bind(before).bind(id).bind(limit).fetch_all(&self.readers).await
    }

    pub(super) async fn purge_some(&self, now: i64) -> sqlx::Result<bool> {
        for statement in [LEAVE_BIN, FORGET] {
            sqlx::query(statement).bind(now - BIN_LIFE).execute(&self.writer).await?;
        }
        let gone = "SELECT id FROM conversations WHERE deleted AND binned_at IS NULL LIMIT 1";
        let gone: Option<String> = sqlx::query_scalar(gone).fetch_optional(&self.readers).await?;
        let Some(id) = gone else { return Ok(false) };
        let removed = sqlx::query(PURGE).bind(&id).bind(BATCH).execute(&self.writer).await?;
        if removed.rows_affected() == 0 {
            sqlx::query("DELETE FROM conversations WHERE id = ?1 AND deleted")
                .bind(&id)
                .execute(&self.writer)
                .await?;
        }
        Ok(true)
    }

    /// Keeps a message that is about to be deleted, while its children still follow it.
    pub(super) async fn keep(
        &self,
        tx: &mut SqliteConnection,
        message: &Message,
        now: i64,
    ) -> sqlx::Result<()> {
        sqlx::query(KEEP)
            .bind(&message.conversation_id)
            .bind(&message.id)
            .bind(&message.parent_id)
            .bind(serde_json::to_string(message).unwrap_or_default())
            .bind(now)
            .execute(tx)
            .await
            .map(|_| ())
    }

    pub(super) async fn restore_one(&self, grant: &Grant, message_id: &str) -> sqlx::Result<TreeOutcome> {
        let id = grant.conversation_id();
        let mut tx = self.writer.begin().await?;
        let kept = sqlx::query(KEPT)
            .bind(id)
            .bind(grant.user_id())
            .bind(number(Need::Manage.least()))
            .bind(message_id)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(kept) = kept else { return Ok(TreeOutcome::Missing) };
        if is_busy(&mut tx, id).await? {
            return Ok(TreeOutcome::Busy);
        }
        let mut message = read(kept.try_get("message")?)?;
        let mut above = above(&mut tx, id, kept.try_get("gave_to")?, None).await?;
        above.extend(self::above(&mut tx, id, kept.try_get("parent_id")?, Some(message_id)).await?);
        message.parent_id = above.last().cloned().flatten();
        let above = serde_json::to_string(&above).unwrap_or_default();
        let mut changed: Changed = sqlx::query_as(CHANGE).bind(id).fetch_one(&mut *tx).await?;
        let revision = changed.revision;
        let place = Place { id, author_id: &message.author_id, revision, question_id: None };
        self.insert(&mut tx, [&message], &place).await?;
        for statement in [TAKE_BACK, TAKE_BACK_DELETED] {
            let back = sqlx::query(statement).bind(id).bind(message_id).bind(&above);
            back.bind(revision.cast_signed()).execute(&mut *tx).await?;
        }
        for statement in NOT_DELETED {
            sqlx::query(statement).bind(id).bind(message_id).execute(&mut *tx).await?;
        }
        let leaf = changed.conversation.leaf_id.as_deref();
        if leaf.is_none() || (kept.try_get("on_screen")? && !is_below(&mut tx, leaf, message_id).await?) {
            let leaf = newest_below(&mut tx, id, message_id).await?;
            set_leaf(&mut tx, &mut changed.conversation, leaf).await?;
        }
        tx.commit().await?;
        Ok(TreeOutcome::Changed(changed))
    }
}

fn read(message: &str) -> sqlx::Result<Message> {
    serde_json::from_str(message)
        .map_err(|error| sqlx::Error::ColumnDecode { index: "message".into(), source: Box::new(error) })
}

/// The messages from `parent_id` up to the nearest one that is there; the last is that one, or `None` when there is none.
/// The deleted messages on the way remember `child` as their child.
async fn above(
    tx: &mut SqliteConnection,
    conversation_id: &str,
    parent_id: Option<String>,
    child: Option<&str>,
) -> sqlx::Result<Vec<Option<String>>> {
    let mut above = vec![parent_id];
    while let Some(Some(parent)) = above.last() {
        let there = "SELECT EXISTS (SELECT 1 FROM messages WHERE id = ?1 AND conversation_id = ?2)";
        let there = sqlx::query_scalar(there).bind(parent).bind(conversation_id);
        if there.fetch_one(&mut *tx).await? {
            break;
        }
        let next: Option<(Option<String>,)> = sqlx::query_as(ADOPT)
            .bind(parent)
            .bind(child)
            .bind(conversation_id)
            .fetch_optional(&mut *tx)
            .await?;
        above.push(next.and_then(|(next,)| next));
    }
    Ok(above)
}

/// Whether the message is on the branch of this leaf.
async fn is_below(tx: &mut SqliteConnection, leaf: Option<&str>, message_id: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar(IS_BELOW).bind(leaf).bind(message_id).fetch_one(tx).await
}
