//! The beginning of a turn, in SQLite: one transaction that holds the writer from its first statement.

use sqlx::{QueryBuilder, Row, Sqlite as Db, SqliteConnection};

use crate::server::store::{KEY_LIFE, Key, NewTurn, TurnOutcome, keys::Used};

use super::{
    Sqlite, conversations,
    rows::{Word, json},
};

const INSERT: &str = "
    INSERT INTO messages (id, conversation_id, user_id, parent_id, role, content, reasoning, status, model,
        prompt_tokens, completion_tokens, failure_code, failure_reason, failure_retryable, created_at,
        question_id, instance, run, left_out) ";

/// All that may keep a turn from beginning, at once: each statement is a way to another thread and back.
const OBSTACLES: &str = "
    SELECT used.request, answer.id AS answer_id, answer.conversation_id, answer.question_id, answer.parent_id,
        question.content AS asked,
        EXISTS (SELECT 1 FROM conversations WHERE id = ?1 AND user_id = ?2 AND NOT deleted) AS owned,
        EXISTS (SELECT 1 FROM messages WHERE id = ?3 AND conversation_id = ?1) AS parent_known,
        (SELECT id FROM messages WHERE conversation_id = ?1 AND status = 'generating') AS running,
        (SELECT count(*) FROM messages WHERE user_id = ?2 AND status = 'generating') AS all_running
    FROM (SELECT 1)
        LEFT JOIN idempotency_keys AS used
            ON used.user_id = ?2 AND used.conversation_id = ?4 AND used.key = ?5 AND used.created_at > ?6
        LEFT JOIN messages AS answer ON answer.id = used.answer_id
        LEFT JOIN messages AS question ON question.id = answer.question_id";

/// In place of one that counts no more.
const USE_KEY: &str = "
    INSERT OR REPLACE INTO idempotency_keys (user_id, conversation_id, key, request, answer_id, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const MOVE_ON: &str = "
    UPDATE conversations SET leaf_id = ?2, updated_at = ?3, model = coalesce(?4, model) WHERE id = ?1";

impl Sqlite {
    pub(super) async fn turn(&self, turn: &NewTurn) -> sqlx::Result<TurnOutcome> {
        let mut tx = self.writer.begin().await?;
        if let Some(outcome) = obstacle(&mut tx, turn).await? {
            tx.rollback().await?;
            return Ok(outcome);
        }
        if turn.new_conversation {
            conversations::insert(&mut *tx, &turn.user_id, &turn.conversation).await?;
        }
        self.insert(&mut tx, turn).await?;
        if let Some(key) = &turn.key {
            use_key(&mut tx, &turn.user_id, turn.key_scope(), key, &turn.answer.id, turn.now).await?;
        }
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

    /// The question, if there is one, and the answer, which carries who writes it.
    async fn insert(&self, tx: &mut SqliteConnection, turn: &NewTurn) -> sqlx::Result<()> {
        let question_id = turn.question.as_ref().map(|question| question.id.as_str());
        let mut insert = QueryBuilder::<Db>::new(INSERT);
        insert.push_values(turn.question.iter().chain([&turn.answer]), |mut row, message| {
            let failure = message.failure.as_ref();
            let begun = std::ptr::eq(message, &turn.answer);
            row.push_bind(&message.id)
                .push_bind(&turn.conversation.id)
                .push_bind(&turn.user_id)
                .push_bind(&message.parent_id)
                .push_bind(message.role.word())
                .push_bind(&message.content)
                .push_bind(&message.reasoning)
                .push_bind(message.status.word())
                .push_bind(&message.model)
                .push_bind(message.usage.map(|usage| usage.prompt_tokens))
                .push_bind(message.usage.map(|usage| usage.completion_tokens))
                .push_bind(failure.map(|failure| failure.code.word()))
                .push_bind(failure.map(|failure| json(&failure.reason)))
                .push_bind(failure.map(|failure| failure.retryable))
                .push_bind(message.created_at)
                .push_bind(question_id.filter(|_| begun))
                .push_bind(begun.then_some(&self.instance))
                .push_bind(begun.then_some(&turn.answer.id))
                .push_bind(message.left_out);
        });
        insert.build().execute(tx).await.map(|_| ())
    }
}

/// What keeps the turn from beginning, in the order in which it is told.
async fn obstacle(tx: &mut SqliteConnection, turn: &NewTurn) -> sqlx::Result<Option<TurnOutcome>> {
    let parent = &turn.question.as_ref().unwrap_or(&turn.answer).parent_id;
    let found = sqlx::query(OBSTACLES)
        .bind(&turn.conversation.id)
        .bind(&turn.user_id)
        .bind(parent)
        .bind(turn.key_scope())
        .bind(turn.key.as_ref().map(|key| &key.name))
        .bind(turn.now - KEY_LIFE)
        .fetch_one(tx)
        .await?;
    if let Some(answer_id) = found.try_get::<Option<String>, _>("answer_id")?
        && let Some(key) = &turn.key
    {
        let used = Used {
            request: found.try_get("request")?,
            asked: found.try_get("asked")?,
            parent_id: found.try_get("parent_id")?,
        };
        if !used.is_for(key, turn) {
            return Ok(Some(TurnOutcome::KeyReused));
        }
        let conversation_id = found.try_get("conversation_id")?;
        let question_id = found.try_get("question_id")?;
        return Ok(Some(TurnOutcome::Repeated { conversation_id, question_id, answer_id }));
    }
    if !turn.new_conversation && !found.try_get::<bool, _>("owned")? {
        return Ok(Some(TurnOutcome::NoConversation));
    }
    let parent_known = match parent {
        Some(_) => found.try_get("parent_known")?,
        None => turn.question.is_some(),
    };
    if !parent_known {
        return Ok(Some(TurnOutcome::NoParent));
    }
    if let Some(answer_id) = found.try_get("running")? {
        return Ok(Some(TurnOutcome::Busy { answer_id }));
    }
    let too_many = found.try_get::<u32, _>("all_running")? >= turn.most_running;
    Ok(too_many.then_some(TurnOutcome::TooMany))
}

/// Remembers what a key was used for.
pub(super) async fn use_key(
    tx: &mut SqliteConnection,
    user_id: &str,
    scope: &str,
    key: &Key,
    answer_id: &str,
    now: i64,
) -> sqlx::Result<()> {
    sqlx::query(USE_KEY)
        .bind(user_id)
        .bind(scope)
        .bind(&key.name)
        .bind(&key.request)
        .bind(answer_id)
        .bind(now)
        .execute(tx)
        .await
        .map(|_| ())
}
