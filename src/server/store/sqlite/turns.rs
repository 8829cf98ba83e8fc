//! What is added to a conversation, in SQLite: one transaction that holds the writing connection from its first
//! statement.

use sqlx::{QueryBuilder, Row, Sqlite as Db, SqliteConnection, sqlite::SqliteRow};

use crate::{
    domain::{Conversation, Message, Status},
    server::store::{
        AccessLevel, AddOutcome, BeginOutcome, Changed, Created, Destination, Grant, KEY_LIFE, Key, Need,
        NewAnswer, NewMessage, Standing, keys::Used,
    },
};

use super::{
    Sqlite,
    access::{level, level_of},
    conversations,
    keys::use_key,
    line::{Line, Place, line, mention, moved_on},
    rows::{json, talk_json},
    waiting,
};

const INSERT: &str = "
    INSERT INTO messages (id, conversation_id, author_id, parent_id, role, content, reasoning, status, model,
        prompt_tokens, completion_tokens, failure_code, failure_reason, failure_retryable, created_at,
        length_limited, first_token_ms, duration_ms, reasoning_ms, question_id, instance, run, left_out, talk, revision,
        began_seq) ";

/// Everything that may prevent a message or an answer, in one statement, because each statement takes a trip to another
/// thread and back.
const OBSTACLES: &str = concat!(
    "SELECT ",
    level!("?1"),
    " AS level, used.request, answer.id AS answer_id, answer.conversation_id, answer.question_id, answer.parent_id,
        question.content AS asked,
        EXISTS (SELECT 1 FROM messages WHERE id = ?3 AND conversation_id = ?1) AS parent_known,
        (SELECT id FROM messages WHERE conversation_id = ?1 AND status = 'generating') AS running,
        (SELECT count(*) FROM messages WHERE author_id = ?2 AND status = 'generating') AS all_running
    FROM (SELECT 1)
        LEFT JOIN idempotency_keys AS used
            ON used.user_id = ?2 AND used.conversation_id = ?4 AND used.key = ?5 AND used.created_at > ?6
        LEFT JOIN messages AS answer ON answer.id = used.answer_id AND NOT EXISTS (
            SELECT 1 FROM conversations AS gone WHERE gone.id = answer.conversation_id AND gone.deleted)
        LEFT JOIN messages AS question ON question.id = answer.question_id"
);

/// What a key was used for by a request that began a conversation.
const MADE: &str = "
    SELECT used.request, messages.conversation_id
    FROM idempotency_keys AS used
        JOIN messages ON messages.id = used.answer_id
        JOIN conversations ON conversations.id = messages.conversation_id AND NOT conversations.deleted
    WHERE used.user_id = ?1 AND used.conversation_id = '' AND used.key = ?2 AND used.created_at > ?3";

/// `?5` says whether the leaf moves in any case; otherwise it moves only if the message follows it.
const MOVE_ON: &str = "
    UPDATE conversations SET
        leaf_id = iif(?5 OR leaf_id IS ?6, ?2, leaf_id), updated_at = ?3, model = coalesce(?4, model),
        running = running OR ?7, last_seq = last_seq + 1, revision = last_seq + 1
    WHERE id = ?1 RETURNING *";

/// How many messages one statement inserts, because a statement takes a limited number of values.
const ROWS: usize = 500;

impl Sqlite {
    pub(super) async fn add(&self, grant: &Grant, new: &NewMessage) -> sqlx::Result<AddOutcome> {
        let (id, author_id, message) = (grant.conversation_id(), grant.user_id(), &new.message);
        let mut tx = self.writer.begin().await?;
        let place = (id, author_id, message.parent_id.as_deref());
        let found = obstacles(&mut tx, place, (id, new.key.as_ref(), new.now)).await?;
        if let Some(outcome) = new.key.as_ref().and_then(|key| found.with(key)) {
            return Ok(outcome);
        }
        if found.level.is_none_or(|level| level < Need::Write.least()) {
            return Ok(AddOutcome::NoConversation);
        }
        let is_shared = grant.conversation().kind.is_shared();
        if !is_shared && message.parent_id.is_some() && !found.parent_known {
            return Ok(AddOutcome::NoParent);
        }
        let parent_id = if is_shared {
            let Line { leaf_id, waits_until } = line(&mut tx, id, author_id).await?;
            let manages = found.level >= Some(Need::Manage.least());
            if let Some(until) = waits_until.filter(|until| !manages && *until > new.now) {
                return Ok(AddOutcome::TooSoon { until });
            }
            match leaf_id {
                Some(leaf_id) if leaf_id >= message.id => return Ok(AddOutcome::Behind { leaf_id }),
                leaf_id => leaf_id,
            }
        } else {
            message.parent_id.clone()
        };
        let message = &Message { parent_id, ..message.clone() };
        if let Some(key) = &new.key {
            use_key(&mut tx, author_id, id, key, &message.id, new.now).await?;
        }
        let moves_leaf = is_shared || found.running.is_none();
        let changed = move_on(&mut tx, id, message, new.now, moves_leaf).await?;
        let place = Place { id, author_id, revision: changed.revision, question_id: None };
        self.insert(&mut tx, [message], &place).await?;
        if is_shared && let Some(full) = moved_on(&mut tx, &place, message, new).await? {
            return Ok(AddOutcome::QueueFull(full));
        }
        tx.commit().await?;
        Ok(AddOutcome::Added(changed))
    }

    /// See [`Messages::added_with`](crate::server::store::Messages::added_with).
    pub(super) async fn added(&self, grant: &Grant, key: &Key, now: i64) -> sqlx::Result<Option<AddOutcome>> {
        let (id, mut reader) = (grant.conversation_id(), self.readers.begin().await?);
        let place = (id, grant.user_id(), None);
        Ok(obstacles(&mut reader, place, (id, Some(key), now)).await?.with(key))
    }

    pub(super) async fn begin(&self, new: &NewAnswer) -> sqlx::Result<BeginOutcome> {
        let to = &new.to;
        let (id, author_id) = (to.conversation_id(), to.author_id());
        let mut tx = self.writer.begin().await?;
        let level = match obstacle(&mut tx, new).await? {
            Ok(level) => level,
            Err(outcome) => return Ok(outcome),
        };
        if let Destination::New { conversation, .. } = to {
            conversations::insert(&mut *tx, author_id, conversation).await?;
        }
        let mut answer = new.answer.clone();
        if let Some(queued) = new.queued_in_room() {
            let Some(asked) = waiting::take_message(&mut tx, id, queued).await? else {
                return Ok(BeginOutcome::NotQueued);
            };
            answer.talk.reply_to = asked;
            answer.parent_id = line(&mut tx, id, author_id).await?.leaf_id;
            if let Some(leaf_id) = answer.parent_id.as_ref().filter(|leaf| **leaf >= answer.id) {
                return Ok(BeginOutcome::Behind { leaf_id: leaf_id.clone() });
            }
        }
        let answer = &answer;
        if let Some(key) = &new.key {
            use_key(&mut tx, author_id, to.key_scope(), key, &answer.id, new.now).await?;
        }
        if let (Some(queued), Some(question)) = (&new.queued, &new.question) {
            let turn = (&*question.content, question.parent_id.as_deref());
            if !waiting::take(&mut tx, id, queued, turn).await? {
                return Ok(BeginOutcome::NotQueued);
            }
        }
        let Changed { conversation, revision } = {
            // The room keeps its model, whichever a member asks.
            let moves = Message { model: new.model_of_conversation().cloned(), ..answer.clone() };
            move_on(&mut tx, id, &moves, new.now, true).await?
        };
        if new.queued.is_some() {
            let changed = sqlx::query("UPDATE conversations SET queue_revision = last_seq WHERE id = ?1");
            changed.bind(id).execute(&mut *tx).await?;
        }
        let question_id = new.question.as_ref().map(|question| question.id.as_str());
        let place = Place { id, author_id, revision, question_id };
        self.insert(&mut tx, new.question.iter().chain([answer]), &place).await?;
        let standing = Standing::new(conversation, revision, author_id, level);
        let Ok(grant) = standing.grant(Need::Write) else { return Ok(BeginOutcome::NoConversation) };
        tx.commit().await?;
        Ok(BeginOutcome::Begun { grant, after: revision })
    }

    /// Inserts a conversation that has messages already.
    pub(super) async fn copy(
        &self,
        owner_id: &str,
        conversation: &Conversation,
        messages: &[Message],
        key: Option<&Key>,
    ) -> sqlx::Result<Created> {
        let mut tx = self.writer.begin().await?;
        let now = conversation.created_at;
        if let (Some(key), Some(first)) = (key, messages.first()) {
            let used: Option<(Option<String>, String)> = sqlx::query_as(MADE)
                .bind(owner_id)
                .bind(&key.name)
                .bind(now - KEY_LIFE)
                .fetch_optional(&mut *tx)
                .await?;
            if let Some((request, conversation_id)) = used {
                let same = request.as_ref() == Some(&key.request);
                return Ok(if same { Created::Repeated { conversation_id } } else { Created::KeyReused });
            }
            use_key(&mut tx, owner_id, "", key, &first.id, now).await?;
        }
        conversations::insert(&mut *tx, owner_id, conversation).await?;
        self.insert_all(&mut tx, (&conversation.id, owner_id), messages).await?;
        tx.commit().await?;
        Ok(Created::New)
    }

    /// Inserts the messages of one person with which a conversation begins.
    pub(super) async fn insert_all(
        &self,
        tx: &mut SqliteConnection,
        (id, author_id): (&str, &str),
        messages: &[Message],
    ) -> sqlx::Result<()> {
        let place = Place { id, author_id, revision: 1, question_id: None };
        for some in messages.chunks(ROWS) {
            self.insert(tx, some, &place).await?;
        }
        let numbered = "UPDATE conversations SET last_seq = 1, revision = 1 WHERE id = ?1";
        sqlx::query(numbered).bind(id).execute(tx).await.map(|_| ())
    }

    /// Inserts a message. An answer that is being written is stored with the process and the run that write it; a copy of a
    /// continued one without the name of its last run.
    pub(super) async fn insert<'m>(
        &self,
        tx: &mut SqliteConnection,
        messages: impl IntoIterator<Item = &'m Message>,
        place: &Place<'_>,
    ) -> sqlx::Result<()> {
        let mut insert = QueryBuilder::<Db>::new(INSERT);
        let messages: Vec<&Message> = messages.into_iter().collect();
        insert.push_values(&messages, |mut row, message| {
            let failure = message.failure.as_ref();
            let runs = message.status == Status::Generating;
            row.push_bind(&message.id)
                .push_bind(place.id)
                .push_bind(place.author_id)
                .push_bind(&message.parent_id)
                .push_bind(message.role.into_str())
                .push_bind(&message.content)
                .push_bind(&message.reasoning)
                .push_bind(message.status.into_str())
                .push_bind(&message.model)
                .push_bind(message.usage.map(|usage| usage.prompt_tokens))
                .push_bind(message.usage.map(|usage| usage.completion_tokens))
                .push_bind(failure.map(|failure| failure.code.into_str()))
                .push_bind(failure.map(|failure| json(&failure.reason)))
                .push_bind(failure.map(|failure| failure.retryable))
                .push_bind(message.created_at)
                .push_bind(message.length_limited)
                .push_bind(message.timings.first_token_ms)
                .push_bind(message.timings.duration_ms)
                .push_bind(message.timings.reasoning_ms)
                .push_bind(place.question_id.filter(|_| runs))
                .push_bind(runs.then_some(&self.instance))
                .push_bind(if message.continued { Some("") } else { runs.then_some(&*message.id) })
                .push_bind(message.left_out)
                .push_bind(talk_json(&message.talk))
                .push_bind(place.revision.cast_signed())
                .push_bind(runs.then_some(place.revision.cast_signed()));
        });
        insert.build().execute(&mut *tx).await?;
        for message in messages {
            mention(tx, place.id, &message.id, &message.talk.mentions).await?;
        }
        Ok(())
    }
}

/// The result of [`OBSTACLES`].
struct Found {
    /// What the key was used for, and the answer that the request led to.
    used: Option<(Used, String)>,
    /// The conversation and the question of that answer.
    led_to: (Option<String>, Option<String>),
    level: Option<AccessLevel>,
    parent_known: bool,
    running: Option<String>,
    all_running: u32,
}

impl Found {
    /// What a request with this key is answered, if the key was used.
    fn with(&self, key: &Key) -> Option<AddOutcome> {
        let (used, message_id) = self.used.as_ref()?;
        Some(match used.request.as_ref() == Some(&key.request) {
            true => AddOutcome::Repeated { message_id: message_id.clone() },
            false => AddOutcome::KeyReused,
        })
    }
}

async fn obstacles(
    tx: &mut SqliteConnection,
    (conversation_id, author_id, parent_id): (&str, &str, Option<&str>),
    (key_scope, key, now): (&str, Option<&Key>, i64),
) -> sqlx::Result<Found> {
    let row: SqliteRow = sqlx::query(OBSTACLES)
        .bind(conversation_id)
        .bind(author_id)
        .bind(parent_id)
        .bind(key_scope)
        .bind(key.map(|key| &key.name))
        .bind(now - KEY_LIFE)
        .fetch_one(tx)
        .await?;
    let used = match row.try_get::<Option<String>, _>("answer_id")? {
        Some(answer_id) => {
            let (request, asked) = (row.try_get("request")?, row.try_get("asked")?);
            Some((Used { request, asked, parent_id: row.try_get("parent_id")? }, answer_id))
        }
        None => None,
    };
    Ok(Found {
        used,
        led_to: (row.try_get("conversation_id")?, row.try_get("question_id")?),
        level: level_of(&row)?,
        parent_known: row.try_get("parent_known")?,
        running: row.try_get("running")?,
        all_running: row.try_get("all_running")?,
    })
}

/// Why the answer cannot begin; the first reason in this order counts. If it can begin: the level of its author in the
/// conversation.
async fn obstacle(
    tx: &mut SqliteConnection,
    new: &NewAnswer,
) -> sqlx::Result<Result<AccessLevel, BeginOutcome>> {
    let (to, parent) = (&new.to, &new.question.as_ref().unwrap_or(&new.answer).parent_id);
    let place = (to.conversation_id(), to.author_id(), parent.as_deref());
    let found = obstacles(tx, place, (to.key_scope(), new.key.as_ref(), new.now)).await?;
    if let Some((used, answer_id)) = found.used {
        let (conversation_id, question_id) = found.led_to;
        let same = new.key.as_ref().is_some_and(|key| used.is_for(key, new));
        return Ok(Err(match conversation_id.filter(|_| same) {
            Some(conversation_id) => BeginOutcome::Repeated { conversation_id, question_id, answer_id },
            None => BeginOutcome::KeyReused,
        }));
    }
    let level = match to {
        Destination::New { .. } => Some(AccessLevel::Owner),
        Destination::There(_) => found.level.filter(|level| *level >= Need::Write.least()),
    };
    let parent_known = match parent {
        _ if new.queued_in_room().is_some() => true,
        Some(_) => found.parent_known,
        None => new.question.is_some(),
    };
    Ok(match (level, found.running) {
        (None, _) => Err(BeginOutcome::NoConversation),
        _ if !parent_known => Err(BeginOutcome::NoParent),
        (_, Some(answer_id)) => Err(BeginOutcome::Busy { answer_id }),
        _ if found.all_running >= new.most_running => Err(BeginOutcome::TooMany),
        (Some(level), None) => Ok(level),
    })
}

/// Moves `updated_at`, and with `moves_leaf` the leaf, to the new message; answers the conversation after the change.
async fn move_on(
    tx: &mut SqliteConnection,
    conversation_id: &str,
    message: &Message,
    now: i64,
    moves_leaf: bool,
) -> sqlx::Result<Changed> {
    sqlx::query_as(MOVE_ON)
        .bind(conversation_id)
        .bind(&message.id)
        .bind(now)
        .bind(&message.model)
        .bind(moves_leaf)
        .bind(&message.parent_id)
        .bind(message.status == Status::Generating)
        .fetch_one(tx)
        .await
}
