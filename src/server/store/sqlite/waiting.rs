//! Questions that wait, in SQLite.

use async_trait::async_trait;
use sqlx::{FromRow, Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    domain::{ConversationKind, Queued},
    server::store::{
        Grant, MOST_STORED, Need, NewQueued, NextQueued, QUEUES_AT_ONCE, QueueChange, QueueFull,
        QueueOutcome, Result, Waiting,
    },
};

use super::{
    Sqlite,
    access::{may, number},
    error::store_error,
    keys::{use_key, used_for},
    rows::{get, json},
};

const QUEUED: &str = "
    SELECT *, row_number() OVER (ORDER BY position, id) - 1 AS place FROM queued
    WHERE conversation_id = ?1 ORDER BY position, id";

/// The number of a change of the queue.
const CHANGE: &str = concat!(
    "UPDATE conversations SET last_seq = last_seq + 1, queue_revision = last_seq + 1 WHERE id = ?1 AND ",
    may!(),
    " RETURNING last_seq"
);

const FORGOTTEN: &str = "
    UPDATE conversations SET last_seq = last_seq + 1, queue_revision = last_seq + 1 WHERE id = ?1 RETURNING last_seq";

const ADD: &str = "
    INSERT INTO queued (id, conversation_id, author_id, text, model, message_id, position, created_at)
    SELECT ?2, ?1, ?3, ?4, ?5, ?7, coalesce(max(position), -1) + 1, ?6 FROM queued
    WHERE conversation_id = ?1";

/// How many questions wait, and how many of one person. In a room (`?3`) only what can go on counts for everybody.
const COUNT: &str = "
    SELECT count(*) FILTER (WHERE NOT ?3 OR refused IS NULL AND waits_until IS NULL) AS of_all,
        count(*) AS stored, count(*) FILTER (WHERE author_id = ?2) AS of_person
    FROM queued WHERE conversation_id = ?1";

const TEXT: &str =
    "UPDATE queued SET text = ?3, refused = NULL, waits_until = NULL WHERE id = ?2 AND conversation_id = ?1";
const REMOVE: &str = "DELETE FROM queued WHERE id = ?2 AND conversation_id = ?1";
const SEND: &str = "
    UPDATE queued SET send_now = 1, refused = NULL, waits_until = NULL WHERE id = ?2 AND conversation_id = ?1";
const REFUSE: &str = "
    UPDATE queued SET refused = ?3, send_now = 0, waits_until = NULL WHERE id = ?2 AND conversation_id = ?1";
const DELAY: &str = "UPDATE queued SET waits_until = ?3 WHERE id = ?2 AND conversation_id = ?1";
const PLACE: &str = "
    UPDATE queued SET position = ?3, refused = iif(?4, NULL, refused), waits_until = iif(?4, NULL, waits_until)
    WHERE id = ?2 AND conversation_id = ?1";

/// In a room, what was refused, waits for a day, or is of somebody in `?2` (a JSON array) holds nobody else up.
const NEXT: &str = "
    SELECT first.*, 0 AS place, leaf_id, kind
    FROM conversations JOIN queued AS first ON first.id = (
            SELECT waiting.id FROM queued AS waiting JOIN conversations AS place ON place.id = ?1
            WHERE waiting.conversation_id = ?1
                AND (place.kind = 'private' OR author_id NOT IN (SELECT value FROM json_each(?2)))
            ORDER BY place.kind <> 'private' AND refused IS NOT NULL,
                place.kind <> 'private' AND waits_until IS NOT NULL, send_now DESC, position, waiting.id
            LIMIT 1)
        LEFT JOIN messages AS newest
            ON newest.id = (SELECT max(id) FROM messages WHERE conversation_id = ?1)
    WHERE conversations.id = ?1 AND NOT deleted AND refused IS NULL
        AND NOT EXISTS (SELECT 1 FROM messages WHERE conversation_id = ?1 AND status = 'generating')
        AND (send_now OR newest.id IS NULL OR conversations.kind <> 'private'
            OR newest.id = leaf_id AND newest.role = 'assistant' AND newest.status = 'complete')";

const WITH_QUEUED: &str = "
    SELECT DISTINCT conversation_id FROM queued WHERE conversation_id > ?1 ORDER BY conversation_id LIMIT ?2";

/// Takes a question that is about to be asked out of the queue, if it still has the text and would still follow the
/// message that its answer was made for.
const TAKE: &str = "
    DELETE FROM queued WHERE id = ?2 AND conversation_id = ?1 AND text = ?3
        AND ?4 IS (SELECT leaf_id FROM conversations WHERE id = ?1)";

impl FromRow<'_, SqliteRow> for Queued {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let refused: Option<&str> = row.try_get("refused")?;
        let undecoded =
            |error| sqlx::Error::ColumnDecode { index: "refused".into(), source: Box::new(error) };
        Ok(Self {
            id: row.try_get("id")?,
            author_id: row.try_get("author_id")?,
            text: row.try_get("text")?,
            message_id: row.try_get("message_id")?,
            model: row.try_get("model")?,
            position: row.try_get("place")?,
            refused: refused.map(serde_json::from_str).transpose().map_err(undecoded)?,
            refused_message: None,
            waits_until: row.try_get("waits_until")?,
            waits_message: None,
            created_at: row.try_get("created_at")?,
        })
    }
}

#[async_trait]
impl Waiting for Sqlite {
    async fn queued(&self, grant: &Grant) -> Result<Vec<Queued>> {
        let queued = sqlx::query_as(QUEUED).bind(grant.conversation_id());
        queued.fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn add_queued(&self, grant: &Grant, new: &NewQueued<'_>) -> Result<QueueOutcome> {
        self.add_one(grant, new).await.map_err(store_error)
    }

    async fn change_queued(&self, grant: &Grant, id: &str, change: QueueChange<'_>) -> Result<QueueOutcome> {
        self.change_one(grant, id, change).await.map_err(store_error)
    }

    async fn next_queued(&self, conversation_id: &str, passed_over: &[String]) -> Result<Option<NextQueued>> {
        let row = sqlx::query(NEXT).bind(conversation_id).bind(json(&passed_over));
        let row = row.fetch_optional(&self.readers).await;
        let next = |row: SqliteRow| {
            let kind: ConversationKind = get(&row, "kind")?;
            let (queued, after) = (Queued::from_row(&row)?, row.try_get("leaf_id")?);
            Ok(NextQueued { queued, after, is_shared: kind.is_shared() })
        };
        row.and_then(|row| row.map(next).transpose()).map_err(store_error)
    }

    async fn forget_queued(&self, conversation_id: &str, id: &str) -> Result<Option<u64>> {
        self.forget_one(conversation_id, id).await.map_err(store_error)
    }

    async fn conversations_with_queued(&self, after: &str) -> Result<Vec<String>> {
        let found = sqlx::query_scalar(WITH_QUEUED).bind(after).bind(QUEUES_AT_ONCE);
        found.fetch_all(&self.readers).await.map_err(store_error)
    }
}

// An early return drops the transaction, which rolls it back.
impl Sqlite {
    async fn add_one(&self, grant: &Grant, new: &NewQueued<'_>) -> sqlx::Result<QueueOutcome> {
        let mut tx = self.writer.begin().await?;
        let Some(revision) = numbered(&mut tx, grant).await? else { return Ok(QueueOutcome::Missing) };
        if let Some(key) = new.key {
            let scope = (grant.user_id(), grant.conversation_id());
            if let Some(request) = used_for(&mut tx, scope, key, new.now).await? {
                let same = request.as_ref() == Some(&key.request);
                return Ok(if same { QueueOutcome::Repeated } else { QueueOutcome::KeyReused });
            }
            use_key(&mut tx, scope.0, scope.1, key, new.id, new.now).await?;
        }
        let NewQueued { id, text, message_id, model, now, most, most_own, .. } = *new;
        let asked = Asked { id, author_id: grant.user_id(), text, message_id, model, now, most, most_own };
        if let Some(full) = add(&mut tx, grant.conversation_id(), &asked).await? {
            return Ok(QueueOutcome::Full(full));
        }
        tx.commit().await?;
        Ok(QueueOutcome::Changed { revision })
    }

    async fn forget_one(&self, conversation_id: &str, id: &str) -> sqlx::Result<Option<u64>> {
        let mut tx = self.writer.begin().await?;
        if take_message(&mut tx, conversation_id, id).await?.is_none() {
            return Ok(None);
        }
        let revision: Option<i64> =
            sqlx::query_scalar(FORGOTTEN).bind(conversation_id).fetch_optional(&mut *tx).await?;
        tx.commit().await?;
        Ok(revision.map(i64::unsigned_abs))
    }

    async fn change_one(
        &self,
        grant: &Grant,
        id: &str,
        change: QueueChange<'_>,
    ) -> sqlx::Result<QueueOutcome> {
        let mut tx = self.writer.begin().await?;
        let Some(revision) = numbered(&mut tx, grant).await? else { return Ok(QueueOutcome::Missing) };
        let of = |statement: &'static str| sqlx::query(statement).bind(grant.conversation_id()).bind(id);
        let done = match change {
            QueueChange::Text(text) => of(TEXT).bind(text).execute(&mut *tx).await?.rows_affected() == 1,
            QueueChange::Remove => of(REMOVE).execute(&mut *tx).await?.rows_affected() == 1,
            QueueChange::Send => of(SEND).execute(&mut *tx).await?.rows_affected() == 1,
            QueueChange::Refuse(reason) => {
                of(REFUSE).bind(json(reason)).execute(&mut *tx).await?.rows_affected() == 1
            }
            QueueChange::Delay(until) => of(DELAY).bind(until).execute(&mut *tx).await?.rows_affected() == 1,
            QueueChange::Move(to) => place(&mut tx, grant, id, to).await?,
            QueueChange::TextAt(text, to) => {
                of(TEXT).bind(text).execute(&mut *tx).await?;
                place(&mut tx, grant, id, to).await?
            }
        };
        if !done {
            return Ok(QueueOutcome::Missing);
        }
        tx.commit().await?;
        Ok(QueueOutcome::Changed { revision })
    }
}

/// Gives the queue's conversation the number of a change.
async fn numbered(tx: &mut SqliteConnection, grant: &Grant) -> sqlx::Result<Option<u64>> {
    let revision: Option<i64> = sqlx::query_scalar(CHANGE)
        .bind(grant.conversation_id())
        .bind(grant.user_id())
        .bind(number(Need::Write.least()))
        .fetch_optional(tx)
        .await?;
    Ok(revision.map(i64::unsigned_abs))
}

/// A question to put at the end of a queue, see [`NewQueued`].
pub(super) struct Asked<'a> {
    pub id: &'a str,
    pub author_id: &'a str,
    pub text: &'a str,
    pub message_id: Option<&'a str>,
    pub model: Option<&'a str>,
    pub now: i64,
    pub most: u32,
    pub most_own: Option<u32>,
}

/// Puts a question at the end of the queue, unless no more may wait.
pub(super) async fn add(
    tx: &mut SqliteConnection,
    conversation_id: &str,
    asked: &Asked<'_>,
) -> sqlx::Result<Option<QueueFull>> {
    let count = sqlx::query(COUNT).bind(conversation_id).bind(asked.author_id);
    let count = count.bind(asked.most_own.is_some()).fetch_one(&mut *tx).await?;
    if count.try_get::<u32, _>("of_all")? >= asked.most || count.try_get::<u32, _>("stored")? >= MOST_STORED {
        return Ok(Some(QueueFull::All));
    }
    let of_person: u32 = count.try_get("of_person")?;
    if asked.most_own.is_some_and(|most| of_person >= most) {
        return Ok(Some(QueueFull::Own));
    }
    sqlx::query(ADD)
        .bind(conversation_id)
        .bind(asked.id)
        .bind(asked.author_id)
        .bind(asked.text)
        .bind(asked.model)
        .bind(asked.now)
        .bind(asked.message_id)
        .execute(tx)
        .await?;
    Ok(None)
}

/// Moves a question; `false` when it is not there.
async fn place(tx: &mut SqliteConnection, grant: &Grant, id: &str, to: u32) -> sqlx::Result<bool> {
    let all = "SELECT id FROM queued WHERE conversation_id = ?1 ORDER BY position, id";
    let all = sqlx::query_scalar(all).bind(grant.conversation_id());
    let mut all: Vec<String> = all.fetch_all(&mut *tx).await?;
    let Some(from) = all.iter().position(|one| one == id) else { return Ok(false) };
    let moved = all.remove(from);
    all.insert(usize::try_from(to).unwrap_or(usize::MAX).min(all.len()), moved);
    for (at, one) in (0_i64..).zip(&all) {
        sqlx::query(PLACE)
            .bind(grant.conversation_id())
            .bind(one)
            .bind(at)
            .bind(one == id)
            .execute(&mut *tx)
            .await?;
    }
    Ok(true)
}

/// Takes a question out of the queue as its answer begins; `false`: it is not the turn of this question (any more).
pub(super) async fn take(
    tx: &mut SqliteConnection,
    conversation_id: &str,
    id: &str,
    (text, after): (&str, Option<&str>),
) -> sqlx::Result<bool> {
    let taken = sqlx::query(TAKE).bind(conversation_id).bind(id).bind(text).bind(after).execute(tx).await?;
    Ok(taken.rows_affected() == 1)
}

/// Takes a question out of the queue; answers the message that it is in a room. `None`: it is not there
/// (any more).
pub(super) async fn take_message(
    tx: &mut SqliteConnection,
    conversation_id: &str,
    id: &str,
) -> sqlx::Result<Option<Option<String>>> {
    sqlx::query_scalar("DELETE FROM queued WHERE id = ?2 AND conversation_id = ?1 RETURNING message_id")
        .bind(conversation_id)
        .bind(id)
        .fetch_optional(tx)
        .await
}
