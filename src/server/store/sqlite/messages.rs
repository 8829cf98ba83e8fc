//! Messages and the tails of running answers, in SQLite.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use crate::{
    domain::Message,
    server::store::{Finish, Messages, NewTurn, Result, SEQ_GAP, TurnOutcome},
};

use super::{Sqlite, error::store_error, rows::Word};

/// A chunk for an answer that is gone or finished is dropped, one that is there already stays.
const APPEND: &str = "
    INSERT OR IGNORE INTO chunks (message_id, seq, text)
    SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM messages WHERE id = ?1 AND status = 'generating')";

const FINISH: &str = "
    UPDATE messages SET content = ?2, reasoning = ?3, status = ?4, prompt_tokens = ?5,
        completion_tokens = ?6, failure_code = ?7, failure_message = ?8, failure_retryable = ?9,
        length_limited = ?10
    WHERE id = ?1 AND status = 'generating'
    RETURNING conversation_id";

#[async_trait]
impl Messages for Sqlite {
    async fn begin_turn(&self, turn: &NewTurn) -> Result<TurnOutcome> {
        self.turn(turn).await.map_err(store_error)
    }

    async fn message(&self, user_id: &str, id: &str) -> Result<Option<Message>> {
        sqlx::query_as("SELECT * FROM messages WHERE id = ?1 AND user_id = ?2")
            .bind(id)
            .bind(user_id)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn messages_back(
        &self,
        conversation_id: &str,
        upto: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Message>> {
        // Two statements, since an OR would keep SQLite from starting at the right place.
        let query = match upto {
            Some(upto) => sqlx::query_as(
                "SELECT * FROM messages WHERE conversation_id = ?1 AND id <= ?3 ORDER BY id DESC LIMIT ?2",
            )
            .bind(conversation_id)
            .bind(limit)
            .bind(upto),
            None => {
                sqlx::query_as("SELECT * FROM messages WHERE conversation_id = ?1 ORDER BY id DESC LIMIT ?2")
                    .bind(conversation_id)
                    .bind(limit)
            }
        };
        query.fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn append_chunk(&self, message_id: &str, seq: u64, text: &str) -> Result<()> {
        sqlx::query(APPEND)
            .bind(message_id)
            .bind(seq.cast_signed())
            .bind(text)
            .execute(&self.writer)
            .await
            .map(|_| ())
            .map_err(store_error)
    }

    async fn finish_message(&self, message_id: &str, finish: &Finish) -> Result<bool> {
        self.finish(message_id, finish).await.map_err(store_error)
    }

    async fn interrupt_unfinished(&self) -> Result<u64> {
        self.interrupt().await.map_err(store_error)
    }
}

impl Sqlite {
    async fn finish(&self, message_id: &str, finish: &Finish) -> sqlx::Result<bool> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let failure = finish.failure.as_ref();
        let conversation: Option<String> = sqlx::query_scalar(FINISH)
            .bind(message_id)
            .bind(&finish.content)
            .bind(&finish.reasoning)
            .bind(finish.status.word())
            .bind(finish.usage.map(|usage| usage.prompt_tokens))
            .bind(finish.usage.map(|usage| usage.completion_tokens))
            .bind(failure.map(|failure| failure.code.word()))
            .bind(failure.map(|failure| &failure.message))
            .bind(failure.map(|failure| failure.retryable))
            .bind(finish.length_limited)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(conversation) = conversation else {
            tx.rollback().await?;
            return Ok(false);
        };
        delete_chunks(&mut tx, message_id).await?;
        raise_seq(&mut tx, &conversation, finish.seq.cast_signed()).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn interrupt(&self) -> sqlx::Result<u64> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let left: Vec<(String, String)> =
            sqlx::query_as("SELECT id, conversation_id FROM messages WHERE status = 'generating'")
                .fetch_all(&mut *tx)
                .await?;
        for (message, conversation) in &left {
            let chunks: Vec<(i64, String)> =
                sqlx::query_as("SELECT seq, text FROM chunks WHERE message_id = ?1 ORDER BY seq")
                    .bind(message)
                    .fetch_all(&mut *tx)
                    .await?;
            let seen = chunks.last().map_or(0, |(seq, _)| *seq);
            let content: String = chunks.into_iter().map(|(_, text)| text).collect();
            sqlx::query("UPDATE messages SET content = content || ?2, status = 'interrupted' WHERE id = ?1")
                .bind(message)
                .bind(content)
                .execute(&mut *tx)
                .await?;
            delete_chunks(&mut tx, message).await?;
            raise_seq(&mut tx, conversation, seen).await?;
            sqlx::query("UPDATE conversations SET last_seq = last_seq + ?2 WHERE id = ?1")
                .bind(conversation)
                .bind(SEQ_GAP)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(left.len() as u64)
    }
}

async fn delete_chunks(tx: &mut SqliteConnection, message_id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM chunks WHERE message_id = ?1").bind(message_id).execute(tx).await.map(|_| ())
}

async fn raise_seq(tx: &mut SqliteConnection, conversation_id: &str, seq: i64) -> sqlx::Result<()> {
    sqlx::query("UPDATE conversations SET last_seq = max(last_seq, ?2) WHERE id = ?1")
        .bind(conversation_id)
        .bind(seq)
        .execute(tx)
        .await
        .map(|_| ())
}
