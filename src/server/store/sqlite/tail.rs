//! The tails of running answers, in SQLite.

use sqlx::{QueryBuilder, Row, Sqlite as Db, SqliteConnection, sqlite::SqliteRow};

use crate::server::store::{Chunk, Orphans, Recovered, Run, SEQ_GAP, fold};

use super::Sqlite;

/// The most rows of one statement, because SQLite takes at most 32766 values in one.
const ROWS: usize = 500;

/// Running answers: with `?2` those of the instance `?1`, without it those of all others; with `?3` and `?4` only this
/// run of this message.
const LEFT: &str = "
    SELECT id FROM messages
    WHERE status = 'generating' AND (instance IS ?1) = ?2 AND id = coalesce(?3, id)
        AND run IS coalesce(?4, run)";

const LEFT_ONE: &str = "
    SELECT conversation_id, content, reasoning, began_seq FROM messages
    WHERE id = ?3 AND status = 'generating' AND (instance IS ?1) = ?2 AND run IS coalesce(?4, run)";

const CHUNKS: &str = "SELECT * FROM chunks WHERE message_id = ?1 ORDER BY seq";

const INTERRUPT: &str =
    "UPDATE messages SET content = ?2, reasoning = ?3, status = 'interrupted' WHERE id = ?1";

const RECOVERABLE: &str = "
    SELECT conversation_id, content, reasoning, iif(status = 'generating', began_seq, NULL) FROM messages
    WHERE id = ?1 AND (status = 'generating' AND instance = ?2 OR status = 'interrupted'
        AND NOT EXISTS (SELECT 1 FROM messages AS below
            WHERE below.conversation_id = messages.conversation_id AND below.parent_id = ?1))";

impl Sqlite {
    /// Stores chunks without their marks, because no listener can come here from another process.
    pub(super) async fn append(&self, chunks: &[Chunk]) -> sqlx::Result<()> {
        if chunks.is_empty() {
            return Ok(());
        }
        let mut tx = self.writer.begin().await?;
        for chunks in chunks.chunks(ROWS) {
            let mut insert = QueryBuilder::<Db>::new(
                "INSERT OR IGNORE INTO chunks (message_id, seq, text_at, text, reasoning_at, reasoning)
                 SELECT chunk.* FROM (",
            );
            insert.push_values(chunks, |mut row, chunk| {
                row.push_bind(&chunk.message_id)
                    .push_bind(chunk.seq.cast_signed())
                    .push_bind(chunk.text_at.cast_signed())
                    .push_bind(&chunk.text)
                    .push_bind(chunk.reasoning_at.cast_signed())
                    .push_bind(&chunk.reasoning);
            });
            insert
                .push(") AS chunk JOIN messages ON messages.id = chunk.column1 WHERE status = 'generating' AND instance = ")
                .push_bind(&self.instance);
            insert.build().execute(&mut *tx).await?;
        }
        tx.commit().await
    }

    /// Interrupts each answer in a transaction of its own, so that an answer that the database refuses does not hold up
    /// the others.
    pub(super) async fn interrupt(&self, orphans: Orphans<'_>) -> sqlx::Result<u64> {
        let (instance, own, run) = self.whose(orphans);
        let left: Vec<String> = sqlx::query_scalar(LEFT)
            .bind(instance)
            .bind(own)
            .bind(run.map(|run| &run.message_id))
            .bind(run.map(|run| &run.run))
            .fetch_all(&self.readers)
            .await?;
        let (mut count, mut failed) = (0, Ok(()));
        for id in &left {
            match self.interrupt_one(id, orphans).await {
                Ok(interrupted) => count += u64::from(interrupted),
                Err(error) => failed = Err(error),
            }
        }
        failed.map(|()| count)
    }

    /// The instance, whether its own answers are meant (or those of all others), and the only run that is meant, if
    /// any.
    fn whose<'a>(&'a self, orphans: Orphans<'a>) -> (&'a str, bool, Option<&'a Run>) {
        match orphans {
            Orphans::Of(instance) => (instance, true, None),
            Orphans::Run(run) => (&self.instance, true, Some(run)),
            Orphans::Ownerless => (&self.instance, false, None),
        }
    }

    /// `false` when the answer has ended meanwhile, even if it has been continued since.
    async fn interrupt_one(&self, id: &str, orphans: Orphans<'_>) -> sqlx::Result<bool> {
        let (instance, own, run) = self.whose(orphans);
        let mut tx = self.writer.begin().await?;
        let left: Option<(String, String, String, i64)> = sqlx::query_as(LEFT_ONE)
            .bind(instance)
            .bind(own)
            .bind(id)
            .bind(run.map(|run| &run.run))
            .fetch_optional(&mut *tx)
            .await?;
        let Some((conversation, mut content, mut reasoning, began_seq)) = left else {
            tx.rollback().await?;
            return Ok(false);
        };
        let chunks = chunks(&mut tx, id, content.len()).await?;
        let seen = fold(&mut content, &mut reasoning, &chunks);
        sqlx::query(INTERRUPT).bind(id).bind(content).bind(reasoning).execute(&mut *tx).await?;
        delete_chunks(&mut tx, id).await?;
        raise(&mut tx, &conversation, began_seq, seen.cast_signed(), SEQ_GAP).await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(super) async fn recover(&self, recovered: &Recovered) -> sqlx::Result<bool> {
        let mut tx = self.writer.begin().await?;
        let found: Option<(String, String, String, Option<i64>)> = sqlx::query_as(RECOVERABLE)
            .bind(&recovered.message_id)
            .bind(&recovered.instance)
            .fetch_optional(&mut *tx)
            .await?;
        let Some((conversation, old_content, old_reasoning, began_seq)) = found else {
            tx.rollback().await?;
            return Ok(false);
        };
        let stored = chunks(&mut tx, &recovered.message_id, old_content.len()).await?;
        let (content, reasoning, seq) = recovered.over(&old_content, &old_reasoning, &stored);
        if began_seq.is_none() && (&content, &reasoning) == (&old_content, &old_reasoning) {
            tx.rollback().await?;
            return Ok(false);
        }
        sqlx::query(INTERRUPT)
            .bind(&recovered.message_id)
            .bind(&content)
            .bind(&reasoning)
            .execute(&mut *tx)
            .await?;
        delete_chunks(&mut tx, &recovered.message_id).await?;
        match began_seq {
            Some(began_seq) => raise(&mut tx, &conversation, began_seq, seq.cast_signed(), 0).await?,
            None => lengthened(&mut tx, &conversation, &recovered.message_id, seq.cast_signed()).await?,
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// The stored chunks of an answer, in order; `known` is the length of its content in bytes.
async fn chunks(tx: &mut SqliteConnection, message_id: &str, known: usize) -> sqlx::Result<Vec<Chunk>> {
    let rows = sqlx::query(CHUNKS).bind(message_id).fetch_all(tx).await?;
    let mut end = known as u64;
    let chunks = rows.iter().map(|row| {
        let chunk = chunk(row, end)?;
        end = end.max(chunk.text_at + chunk.text.len() as u64);
        Ok(chunk)
    });
    chunks.collect()
}

/// A chunk of a version that stored no offsets follows the text before it.
fn chunk(row: &SqliteRow, known: u64) -> sqlx::Result<Chunk> {
    let text_at: Option<i64> = row.try_get("text_at")?;
    Ok(Chunk {
        message_id: row.try_get("message_id")?,
        seq: row.try_get::<i64, _>("seq")?.cast_unsigned(),
        text_at: text_at.map_or(known, i64::cast_unsigned),
        text: row.try_get("text")?,
        reasoning_at: row.try_get::<i64, _>("reasoning_at")?.cast_unsigned(),
        reasoning: row.try_get("reasoning")?,
        marks: Vec::new(),
    })
}

pub(super) async fn delete_chunks(tx: &mut SqliteConnection, message_id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM chunks WHERE message_id = ?1").bind(message_id).execute(tx).await.map(|_| ())
}

/// While an answer runs, its writer publishes other people's changes with numbers beyond those that the store knows,
/// perhaps the last of them after the answer's end. So the new number leaves room for each change since the run began
/// (`last_seq - ?2`).
const RAISE: &str = "
    UPDATE conversations SET
        last_seq = max(last_seq, ?3) + (last_seq - ?2) + ?4, revision = max(last_seq, ?3) + (last_seq - ?2) + ?4,
        queue_revision = iif(queue_revision >= ?2, max(last_seq, ?3) + (last_seq - ?2) + ?4, queue_revision),
        members_revision = iif(members_revision >= ?2, max(last_seq, ?3) + (last_seq - ?2) + ?4, members_revision),
        hidden_revision = iif(hidden_revision >= ?2, max(last_seq, ?3) + (last_seq - ?2) + ?4, hidden_revision),
        running = 0, unread = 1
    WHERE id = ?1 RETURNING last_seq";

const RAISE_MESSAGES: &str =
    "UPDATE messages SET revision = ?3 WHERE conversation_id = ?1 AND revision >= ?2";
const RAISE_REMOVED: &str =
    "UPDATE removed_messages SET revision = ?3 WHERE conversation_id = ?1 AND revision >= ?2";

/// Ends a run, which its owner has not seen yet: raises the conversation's number to at least `seq`, with `gap` on top,
/// and gives the new number to everything that changed since the run began. That includes the conversation itself,
/// because its leaf was moved.
pub(super) async fn raise(
    tx: &mut SqliteConnection,
    conversation_id: &str,
    began_seq: i64,
    seq: i64,
    gap: i64,
) -> sqlx::Result<()> {
    let revision: Option<i64> = sqlx::query_scalar(RAISE)
        .bind(conversation_id)
        .bind(began_seq)
        .bind(seq)
        .bind(gap)
        .fetch_optional(&mut *tx)
        .await?;
    for statement in [RAISE_MESSAGES, RAISE_REMOVED] {
        sqlx::query(statement).bind(conversation_id).bind(began_seq).bind(revision).execute(&mut *tx).await?;
    }
    Ok(())
}

const LENGTHENED: &str =
    "UPDATE conversations SET last_seq = max(last_seq + 1, ?2) WHERE id = ?1 RETURNING last_seq";

/// Gives a new number to an ended answer that got more text, of events up to `seq`.
async fn lengthened(
    tx: &mut SqliteConnection,
    conversation_id: &str,
    message_id: &str,
    seq: i64,
) -> sqlx::Result<()> {
    let revision: Option<i64> =
        sqlx::query_scalar(LENGTHENED).bind(conversation_id).bind(seq).fetch_optional(&mut *tx).await?;
    sqlx::query("UPDATE messages SET revision = ?2 WHERE id = ?1")
        .bind(message_id)
        .bind(revision)
        .execute(tx)
        .await
        .map(|_| ())
}
