//! The beginning of a turn, in SQLite: one transaction that holds the writer from its first statement.

use sqlx::{FromRow, SqliteConnection, sqlite::SqliteRow};

use crate::{
    domain::Message,
    server::store::{NewTurn, TurnOutcome},
};

use super::{Sqlite, conversations, rows::Word};

const INSERT: &str = "
    INSERT INTO messages (id, conversation_id, user_id, parent_id, role, content, reasoning, status, model,
        prompt_tokens, completion_tokens, failure_code, failure_message, failure_retryable, created_at,
        idempotency_key, question_id, instance)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";

const REPEATED: &str = "
    SELECT conversation_id, question_id, id FROM messages WHERE user_id = ?1 AND idempotency_key = ?2";

const MOVE_ON: &str = "
    UPDATE conversations SET leaf_id = ?2, updated_at = ?3, model = coalesce(?4, model) WHERE id = ?1";

impl Sqlite {
    pub(super) async fn turn(&self, turn: &NewTurn) -> sqlx::Result<TurnOutcome> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        if let Some(outcome) = obstacle(&mut tx, turn).await? {
            tx.rollback().await?;
            return Ok(outcome);
        }
        if turn.new_conversation {
            conversations::insert(&mut *tx, &turn.user_id, &turn.conversation).await?;
        }
        if let Some(question) = &turn.question {
            insert(&mut tx, turn, question, None).await?;
        }
        let begun = Begun {
            key: turn.key.as_deref(),
            question_id: turn.question.as_ref().map(|question| question.id.as_str()),
            instance: &self.instance,
        };
        insert(&mut tx, turn, &turn.answer, Some(begun)).await?;
        sqlx::query(MOVE_ON)
            .bind(&turn.conversation.id)
            .bind(&turn.answer.id)
            .bind(turn.now)
            .bind(&turn.conversation.model)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(TurnOutcome::Begun)
    }
}

/// What keeps the turn from beginning, in the order in which it is told.
async fn obstacle(tx: &mut SqliteConnection, turn: &NewTurn) -> sqlx::Result<Option<TurnOutcome>> {
    if let Some(key) = &turn.key {
        let repeated = sqlx::query_as::<_, Repeated>(REPEATED).bind(&turn.user_id).bind(key);
        if let Some(Repeated(outcome)) = repeated.fetch_optional(&mut *tx).await? {
            return Ok(Some(outcome));
        }
    }
    let conversation = &turn.conversation.id;
    if !turn.new_conversation {
        let owned = sqlx::query("SELECT 1 FROM conversations WHERE id = ?1 AND user_id = ?2")
            .bind(conversation)
            .bind(&turn.user_id);
        if owned.fetch_optional(&mut *tx).await?.is_none() {
            return Ok(Some(TurnOutcome::NoConversation));
        }
    }
    if let Some(parent) = &turn.question.as_ref().unwrap_or(&turn.answer).parent_id {
        let known = sqlx::query("SELECT 1 FROM messages WHERE id = ?1 AND conversation_id = ?2")
            .bind(parent)
            .bind(conversation);
        if known.fetch_optional(&mut *tx).await?.is_none() {
            return Ok(Some(TurnOutcome::NoParent));
        }
    } else if turn.question.is_none() {
        return Ok(Some(TurnOutcome::NoParent));
    }
    sqlx::query_scalar("SELECT id FROM messages WHERE conversation_id = ?1 AND status = 'generating'")
        .bind(conversation)
        .fetch_optional(&mut *tx)
        .await
        .map(|running| running.map(|answer_id| TurnOutcome::Busy { answer_id }))
}

struct Repeated(TurnOutcome);

impl FromRow<'_, SqliteRow> for Repeated {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let (conversation_id, question_id, answer_id) = FromRow::from_row(row)?;
        Ok(Self(TurnOutcome::Repeated { conversation_id, question_id, answer_id }))
    }
}

/// What stands on the answer of a turn only.
struct Begun<'a> {
    key: Option<&'a str>,
    question_id: Option<&'a str>,
    instance: &'a str,
}

async fn insert(
    tx: &mut SqliteConnection,
    turn: &NewTurn,
    message: &Message,
    begun: Option<Begun<'_>>,
) -> sqlx::Result<()> {
    let failure = message.failure.as_ref();
    sqlx::query(INSERT)
        .bind(&message.id)
        .bind(&turn.conversation.id)
        .bind(&turn.user_id)
        .bind(&message.parent_id)
        .bind(message.role.word())
        .bind(&message.content)
        .bind(&message.reasoning)
        .bind(message.status.word())
        .bind(&message.model)
        .bind(message.usage.map(|usage| usage.prompt_tokens))
        .bind(message.usage.map(|usage| usage.completion_tokens))
        .bind(failure.map(|failure| failure.code.word()))
        .bind(failure.map(|failure| &failure.message))
        .bind(failure.map(|failure| failure.retryable))
        .bind(message.created_at)
        .bind(begun.as_ref().and_then(|begun| begun.key))
        .bind(begun.as_ref().and_then(|begun| begun.question_id))
        .bind(begun.as_ref().map(|begun| begun.instance))
        .execute(tx)
        .await
        .map(|_| ())
}
