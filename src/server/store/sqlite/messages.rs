//! Messages and the tails of running answers, in SQLite.

use async_trait::async_trait;

use crate::{
    domain::Message,
    server::store::{
        AddOutcome, BeginOutcome, Changes, Chunk, Finish, Grant, KEY_LIFE, Key, Messages, NewAnswer,
        NewMessage, Opening, Orphans, Outline, Recovered, Result, Run, Spent, Texts,
    },
};

use super::{
    Sqlite,
    error::store_error,
    rows::json,
    tail::{delete_chunks, raise},
    tree::RUNNING,
};

const FINISH: &str = "
    UPDATE messages SET content = ?2, reasoning = ?3, status = ?4, prompt_tokens = ?5,
        completion_tokens = ?6, failure_code = ?7, failure_reason = ?8, failure_retryable = ?9,
        length_limited = ?10, first_token_ms = ?12, duration_ms = ?13, reasoning_ms = ?14
    WHERE id = ?1 AND status = 'generating' AND instance = ?11
    RETURNING conversation_id, began_seq";

const OWN_RUNS: &str = "
    SELECT id, conversation_id, coalesce(run, id) FROM messages WHERE status = 'generating' AND instance = ?1";
const SPENT: &str = "
    SELECT id, run, prompt_tokens, completion_tokens, left_out FROM messages WHERE id = ?1 AND conversation_id = ?2";
/// `octet_length` reads the length from the row's header, so SQLite does not read the pages of a long text.
const OUTLINES: &str = "
    SELECT id, parent_id, revision, octet_length(content) AS content_bytes, octet_length(reasoning) AS reasoning_bytes,
        created_at
    FROM messages WHERE conversation_id = ?1 ORDER BY id DESC LIMIT ?2";
const OUTLINES_UPTO: &str = "
    SELECT id, parent_id, revision, octet_length(content) AS content_bytes, octet_length(reasoning) AS reasoning_bytes,
        created_at
    FROM messages WHERE conversation_id = ?1 AND id <= ?3 ORDER BY id DESC LIMIT ?2";

/// `?2` is a JSON array. The role stands before the text in a row, so that no answer's pages are read.
/// Of a text, `substr` counts characters, but ends at the first NUL; of a blob it counts bytes, and a character has at most 4.
const OPENINGS: &str = "
    SELECT id, substr(CAST(content AS BLOB), 1, 4 * ?3), created_at FROM messages
    WHERE conversation_id = ?1 AND id IN (SELECT value FROM json_each(?2)) AND role = 'user' ORDER BY id";

/// `?2` is a JSON array.
const MESSAGES_OF: &str = "
    SELECT * FROM messages
    WHERE conversation_id = ?1 AND id IN (SELECT value FROM json_each(?2)) ORDER BY id DESC";
const WITHOUT_REASONING: &str = "
    SELECT id, conversation_id, author_id, parent_id, role, content, '' AS reasoning, status, model, prompt_tokens,
        completion_tokens, failure_code, failure_message, failure_reason, failure_retryable, length_limited, left_out,
        first_token_ms, duration_ms, reasoning_ms, run, talk, created_at, revision
    FROM messages
    WHERE conversation_id = ?1 AND id IN (SELECT value FROM json_each(?2)) ORDER BY id DESC";

#[async_trait]
impl Messages for Sqlite {
    async fn add_message(&self, grant: &Grant, new: &NewMessage) -> Result<AddOutcome> {
        self.add(grant, new).await.map_err(store_error)
    }

    async fn added_with(&self, grant: &Grant, key: &Key, now: i64) -> Result<Option<AddOutcome>> {
        self.added(grant, key, now).await.map_err(store_error)
    }

    async fn begin_answer(&self, new: &NewAnswer) -> Result<BeginOutcome> {
        self.begin(new).await.map_err(store_error)
    }

    async fn message(&self, grant: &Grant, id: &str) -> Result<Option<Message>> {
        sqlx::query_as("SELECT * FROM messages WHERE id = ?1 AND conversation_id = ?2")
            .bind(id)
            .bind(grant.conversation_id())
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn spent(&self, grant: &Grant, id: &str) -> Result<Option<Spent>> {
        sqlx::query_as(SPENT)
            .bind(id)
            .bind(grant.conversation_id())
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn outlines_back(&self, grant: &Grant, upto: Option<&str>, limit: u32) -> Result<Vec<Outline>> {
        let id = grant.conversation_id();
        // There are two statements, because with an OR SQLite would not start its search of the index at `upto`.
        let query = match upto {
            Some(upto) => sqlx::query_as(OUTLINES_UPTO).bind(id).bind(limit).bind(upto),
            None => sqlx::query_as(OUTLINES).bind(id).bind(limit),
        };
        query.fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn openings(&self, grant: &Grant, ids: &[String], chars: u32) -> Result<Vec<Opening>> {
        let found: Vec<(String, Vec<u8>, i64)> = sqlx::query_as(OPENINGS)
            .bind(grant.conversation_id())
            .bind(serde_json::to_string(ids).unwrap_or_default())
            .bind(chars)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        let opening = |(id, text, created_at): (String, Vec<u8>, i64)| {
            let text = String::from_utf8_lossy(&text).chars().take(chars as usize).collect();
            Opening { id, text, created_at }
        };
        Ok(found.into_iter().map(opening).collect())
    }

    async fn messages_of(&self, grant: &Grant, ids: &[String], texts: Texts) -> Result<Vec<Message>> {
        let query = match texts {
            Texts::All => MESSAGES_OF,
            Texts::WithoutReasoning => WITHOUT_REASONING,
        };
        sqlx::query_as(query)
            .bind(grant.conversation_id())
            .bind(serde_json::to_string(ids).unwrap_or_default())
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn changes_since(&self, grant: &Grant, seq: u64, limit: u32) -> Result<Changes> {
        self.changes(grant, seq, limit).await.map_err(store_error)
    }

    async fn append_chunks(&self, chunks: &[Chunk]) -> Result<()> {
        self.append(chunks).await.map_err(store_error)
    }

    async fn set_left_out(&self, message_id: &str, left_out: u32) -> Result<()> {
        sqlx::query("UPDATE messages SET left_out = ?2 WHERE id = ?1")
            .bind(message_id)
            .bind(left_out)
            .execute(&self.writer)
            .await
            .map(|_| ())
            .map_err(store_error)
    }

    async fn finish_message(&self, message_id: &str, finish: &Finish) -> Result<bool> {
        self.finish(message_id, finish).await.map_err(store_error)
    }

    async fn interrupt_unfinished(&self, orphans: Orphans<'_>) -> Result<u64> {
        self.interrupt(orphans).await.map_err(store_error)
    }

    async fn recover_message(&self, recovered: &Recovered) -> Result<bool> {
        self.recover(recovered).await.map_err(store_error)
    }

    async fn running_answers(&self, user_id: &str) -> Result<u32> {
        sqlx::query_scalar(RUNNING).bind(user_id).fetch_one(&self.readers).await.map_err(store_error)
    }

    async fn own_runs(&self) -> Result<Vec<Run>> {
        let runs: Vec<(String, String, String)> = sqlx::query_as(OWN_RUNS)
            .bind(&self.instance)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        let run = |(message_id, conversation_id, run)| Run { message_id, conversation_id, run };
        Ok(runs.into_iter().map(run).collect())
    }

    async fn forget_keys(&self, now: i64) -> Result<u64> {
        sqlx::query("DELETE FROM idempotency_keys WHERE created_at <= ?1")
            .bind(now - KEY_LIFE)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected())
            .map_err(store_error)
    }
}

impl Sqlite {
    async fn finish(&self, message_id: &str, finish: &Finish) -> sqlx::Result<bool> {
        let mut tx = self.writer.begin().await?;
        let failure = finish.failure.as_ref();
        let ended: Option<(String, i64)> = sqlx::query_as(FINISH)
            .bind(message_id)
            .bind(&finish.content)
            .bind(&finish.reasoning)
            .bind(finish.status.into_str())
            .bind(finish.usage.map(|usage| usage.prompt_tokens))
            .bind(finish.usage.map(|usage| usage.completion_tokens))
            .bind(failure.map(|failure| failure.code.into_str()))
            .bind(failure.map(|failure| json(&failure.reason)))
            .bind(failure.map(|failure| failure.retryable))
            .bind(finish.length_limited)
            .bind(&self.instance)
            .bind(finish.timings.first_token_ms)
            .bind(finish.timings.duration_ms)
            .bind(finish.timings.reasoning_ms)
            .fetch_optional(&mut *tx)
            .await?;
        let Some((conversation, began_seq)) = ended else {
            tx.rollback().await?;
            return Ok(false);
        };
        delete_chunks(&mut tx, message_id).await?;
        raise(&mut tx, &conversation, began_seq, finish.seq.cast_signed(), 0).await?;
        tx.commit().await?;
        Ok(true)
    }
}
