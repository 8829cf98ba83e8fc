//! Messages of a room that are changed or deleted, in SQLite.

use async_trait::async_trait;
use futures::StreamExt;
use sqlx::{FromRow, Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    domain::{Message, Role, Status, Version, talk::MOST_EDITS},
    server::store::{Changed, Grant, Need, Result, TalkOutcome, Talks, VersionPage, VersionQuery},
};

use super::{
    Sqlite,
    access::{may, number},
    error::store_error,
    line::{mention, queue_changed},
    reports,
    rows::{json, talk_json},
    tree::message,
};

/// The number of a change of a message, which leaves title, settings and branch as they are.
const CHANGE: &str = "UPDATE conversations SET last_seq = last_seq + 1 WHERE id = ?1 RETURNING *";

const STORE: &str = "
    UPDATE messages SET content = ?2, reasoning = ?3, talk = ?4, length_limited = ?5, revision = ?6
    WHERE id = ?1 RETURNING *";

const KEEP: &str = "INSERT INTO versions (message_id, until, changed_by, content) VALUES (?1, ?2, ?3, ?4)";

const EDITS: &str = "SELECT count(*) FROM versions WHERE message_id = ?1";

const VERSIONS: &str = concat!(
    "SELECT versions.rowid AS at, versions.* FROM versions JOIN messages ON messages.id = versions.message_id
    WHERE message_id = ?4 AND versions.rowid < ?5 AND conversation_id = ?1 AND ",
    may!(),
    " ORDER BY versions.rowid DESC"
);

impl FromRow<'_, SqliteRow> for Version {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            content: row.try_get("content")?,
            until: row.try_get("until")?,
            changed_by: row.try_get("changed_by")?,
        })
    }
}

const REPLIES: &str = "
    SELECT id FROM messages
    WHERE conversation_id = ?1 AND id IN (SELECT value FROM json_each(?2))
        AND talk ->> '$.reply_to' IN (SELECT value FROM json_each(?3))";

#[async_trait]
impl Talks for Sqlite {
    async fn edit_message(
        &self,
        grant: &Grant,
        message_id: &str,
        text: &str,
        mentions: &[String],
        now: i64,
    ) -> Result<TalkOutcome> {
        self.edit_one(grant, message_id, (text, mentions), now).await.map_err(store_error)
    }

    async fn erase_message(&self, grant: &Grant, message_id: &str, now: i64) -> Result<TalkOutcome> {
        self.erase_one(grant, message_id, now).await.map_err(store_error)
    }

    async fn replies_among(
        &self,
        grant: &Grant,
        ids: &[String],
        originals: &[String],
    ) -> Result<Vec<String>> {
        let replies = sqlx::query_scalar(REPLIES).bind(grant.conversation_id());
        let replies = replies.bind(json(&ids)).bind(json(&originals));
        replies.fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn versions(&self, grant: &Grant, message_id: &str, query: VersionQuery) -> Result<VersionPage> {
        let found = sqlx::query(VERSIONS)
            .bind(grant.conversation_id())
            .bind(grant.user_id())
            .bind(number(Need::Manage.least()))
            .bind(message_id)
            .bind(query.before.unwrap_or(i64::MAX))
            .fetch(&self.readers);
        let found = found.map(|row| {
            let row: SqliteRow = row?;
            sqlx::Result::Ok((row.try_get("at")?, Version::from_row(&row)?))
        });
        VersionPage::read(found, query.bytes).await.map_err(store_error)
    }
}

// An early return drops the transaction, which rolls it back.
impl Sqlite {
    async fn edit_one(
        &self,
        grant: &Grant,
        message_id: &str,
        (text, mentions): (&str, &[String]),
        now: i64,
    ) -> sqlx::Result<TalkOutcome> {
        if !grant.conversation().kind.is_shared() {
            return Ok(TalkOutcome::Missing);
        }
        let mut tx = self.writer.begin().await?;
        let Some(old) = message(&mut tx, grant, Need::Write, message_id).await? else {
            return Ok(TalkOutcome::Missing);
        };
        let own = old.role == Role::User && old.author_id == grant.user_id();
        if !own || old.talk.deleted_at.is_some() {
            return Ok(TalkOutcome::Missing);
        }
        if old.content == text && old.talk.mentions == mentions {
            return Ok(TalkOutcome::Same(old));
        }
        let edits: i64 = sqlx::query_scalar(EDITS).bind(&old.id).fetch_one(&mut *tx).await?;
        if edits >= i64::from(MOST_EDITS) {
            return Ok(TalkOutcome::Full);
        }
        let mut new = Message { content: text.to_owned(), ..old.clone() };
        new.talk.mentions = mentions.to_vec();
        new.talk.edited_at = Some(now);
        let (message, changed) = replace(&mut tx, grant, (&old, new), now).await?;
        let waits = "UPDATE queued SET text = ?3, refused = NULL, waits_until = NULL
            WHERE conversation_id = ?1 AND message_id = ?2";
        let waits = sqlx::query(waits).bind(grant.conversation_id()).bind(message_id).bind(text);
        let waited = waits.execute(&mut *tx).await?.rows_affected() > 0;
        if waited {
            queue_changed(&mut tx, grant.conversation_id()).await?;
        }
        tx.commit().await?;
        Ok(TalkOutcome::Changed { message, changed, waited })
    }

    async fn erase_one(&self, grant: &Grant, message_id: &str, now: i64) -> sqlx::Result<TalkOutcome> {
        if !grant.conversation().kind.is_shared() {
            return Ok(TalkOutcome::Missing);
        }
        let mut tx = self.writer.begin().await?;
        let Some(old) = message(&mut tx, grant, Need::Write, message_id).await? else {
            return Ok(TalkOutcome::Missing);
        };
        if old.author_id != grant.user_id()
            && message(&mut tx, grant, Need::Manage, message_id).await?.is_none()
        {
            return Ok(TalkOutcome::Missing);
        }
        if old.status == Status::Generating {
            return Ok(TalkOutcome::Busy);
        }
        if old.talk.deleted_at.is_some() {
            return Ok(TalkOutcome::Same(old));
        }
        let (message, changed) = replace(&mut tx, grant, (&old, old.clone().erased(now)), now).await?;
        sqlx::query("DELETE FROM reactions WHERE message_id = ?1").bind(message_id).execute(&mut *tx).await?;
        reports::settle(&mut tx, message_id, grant.user_id(), now).await?;
        let waits = "DELETE FROM queued WHERE conversation_id = ?1 AND message_id = ?2";
        let waits = sqlx::query(waits).bind(grant.conversation_id()).bind(message_id);
        let waited = waits.execute(&mut *tx).await?.rows_affected() > 0;
        if waited {
            queue_changed(&mut tx, grant.conversation_id()).await?;
        }
        tx.commit().await?;
        Ok(TalkOutcome::Changed { message, changed, waited })
    }
}

/// Stores a message anew and keeps what it said.
async fn replace(
    tx: &mut SqliteConnection,
    grant: &Grant,
    (old, new): (&Message, Message),
    now: i64,
) -> sqlx::Result<(Message, Changed)> {
    let id = grant.conversation_id();
    let keep = sqlx::query(KEEP).bind(&old.id).bind(now).bind(grant.user_id()).bind(&old.content);
    keep.execute(&mut *tx).await?;
    let changed: Changed = sqlx::query_as(CHANGE).bind(id).fetch_one(&mut *tx).await?;
    let message = sqlx::query_as(STORE)
        .bind(&new.id)
        .bind(&new.content)
        .bind(&new.reasoning)
        .bind(talk_json(&new.talk))
        .bind(new.length_limited)
        .bind(changed.revision.cast_signed())
        .fetch_one(&mut *tx)
        .await?;
    sqlx::query("DELETE FROM mentions WHERE message_id = ?1").bind(&new.id).execute(&mut *tx).await?;
    mention(tx, id, &new.id, &new.talk.mentions).await?;
    Ok((message, changed))
}
