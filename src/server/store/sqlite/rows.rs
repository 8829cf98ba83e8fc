//! Rows as values of the domain.

use std::str::FromStr;

use serde::Serialize;
use sqlx::{Error, FromRow, Row, sqlite::SqliteRow};

use crate::{
    domain::{
        Conversation, Failure, Message, Params, Preferences, Talk, Timings, Usage, User, params,
        user::email_of,
    },
    server::store::{Changed, Outline, Session, Spent},
};

fn parse<T: FromStr>(column: &str, found: &str) -> Result<T, Error> {
    found.parse().map_err(|_| Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("`{found}` is not one of the known words").into(),
    })
}

/// An enum that is stored as a word.
pub(super) fn get<T: FromStr>(row: &SqliteRow, column: &str) -> Result<T, Error> {
    parse(column, row.try_get(column)?)
}

impl FromRow<'_, SqliteRow> for User {
    fn from_row(row: &SqliteRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("id")?,
            email: email_of(row.try_get("email")?),
            login: row.try_get("email")?,
            email_verified: row.try_get("email_verified")?,
            name: row.try_get("name")?,
            role: get(row, "role")?,
            state: get(row, "state")?,
            tier: row.try_get("tier")?,
            tier_until: row.try_get("tier_until")?,
            language: row.try_get("language")?,
            preferences: preferences(row)?,
            created_at: row.try_get("created_at")?,
            seen_at: row.try_get("seen_at")?,
            deletes_at: row.try_get("deletes_at")?,
        })
    }
}

/// The columns of a session have the prefix `session_`, because the session is read joined with its user.
impl FromRow<'_, SqliteRow> for Session {
    fn from_row(row: &SqliteRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("session_id")?,
            user_id: row.try_get("session_user_id")?,
            created_at: row.try_get("session_created_at")?,
            last_seen_at: row.try_get("session_last_seen_at")?,
            expires_at: row.try_get("session_expires_at")?,
            user_agent: row.try_get("session_user_agent")?,
            kind: get(row, "session_kind")?,
            name: row.try_get("session_name")?,
            scope: get(row, "session_scope")?,
            secret_hash: row.try_get("session_secret_hash")?,
            address: row.try_get("session_address")?,
            proved_at: row.try_get("session_proved_at")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for Conversation {
    fn from_row(row: &SqliteRow) -> Result<Self, Error> {
        conversation(row, "")
    }
}

/// A conversation whose columns have a prefix, because it is read joined with another table.
pub(super) fn conversation(row: &SqliteRow, prefix: &str) -> Result<Conversation, Error> {
    let column = |name: &str| format!("{prefix}{name}");
    Ok(Conversation {
        id: row.try_get(&*column("id"))?,
        kind: get(row, &column("kind"))?,
        title: row.try_get(&*column("title"))?,
        model: row.try_get(&*column("model"))?,
        system_prompt: row.try_get(&*column("system_prompt"))?,
        params: params_of(row, &column("params"))?,
        pinned: row.try_get(&*column("pinned"))?,
        archived: row.try_get(&*column("archived"))?,
        unread: row.try_get(&*column("unread"))?,
        running: row.try_get(&*column("running"))?,
        leaf_id: row.try_get(&*column("leaf_id"))?,
        created_at: row.try_get(&*column("created_at"))?,
        updated_at: row.try_get(&*column("updated_at"))?,
    })
}

/// The row of a conversation that has just been changed: the number of the change is `last_seq`.
impl FromRow<'_, SqliteRow> for Changed {
    fn from_row(row: &SqliteRow) -> Result<Self, Error> {
        let revision: i64 = row.try_get("last_seq")?;
        Ok(Self { conversation: Conversation::from_row(row)?, revision: revision.unsigned_abs() })
    }
}

impl FromRow<'_, SqliteRow> for Outline {
    fn from_row(row: &SqliteRow) -> Result<Self, Error> {
        let number = |column| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
        Ok(Self {
            id: row.try_get("id")?,
            parent_id: row.try_get("parent_id")?,
            revision: number("revision")?,
            content_bytes: number("content_bytes")?,
            reasoning_bytes: number("reasoning_bytes")?,
            created_at: row.try_get("created_at")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for Message {
    fn from_row(row: &SqliteRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("id")?,
            conversation_id: row.try_get("conversation_id")?,
            author_id: row.try_get("author_id")?,
            parent_id: row.try_get("parent_id")?,
            role: get(row, "role")?,
            content: row.try_get("content")?,
            reasoning: row.try_get("reasoning")?,
            status: get(row, "status")?,
            model: row.try_get("model")?,
            usage: usage(row)?,
            failure: failure(row)?,
            length_limited: row.try_get("length_limited")?,
            timings: Timings {
                first_token_ms: row.try_get("first_token_ms")?,
                duration_ms: row.try_get("duration_ms")?,
                reasoning_ms: row.try_get("reasoning_ms")?,
            },
            left_out: row.try_get("left_out")?,
            continued: continued(row)?,
            talk: talk(row)?,
            created_at: row.try_get("created_at")?,
            revision: row.try_get::<i64, _>("revision")?.unsigned_abs(),
        })
    }
}

impl FromRow<'_, SqliteRow> for Spent {
    fn from_row(row: &SqliteRow) -> Result<Self, Error> {
        let usage = if continued(row)? { None } else { usage(row)? };
        Ok(Self { usage, left_out: row.try_get("left_out")? })
    }
}

/// The first run of an answer has the answer's id. Earlier versions stored no runs.
fn continued(row: &SqliteRow) -> Result<bool, Error> {
    let (id, run): (&str, Option<&str>) = (row.try_get("id")?, row.try_get("run")?);
    Ok(run.is_some_and(|run| run != id))
}

fn usage(row: &SqliteRow) -> Result<Option<Usage>, Error> {
    let prompt: Option<u32> = row.try_get("prompt_tokens")?;
    let completion: Option<u32> = row.try_get("completion_tokens")?;
    Ok(prompt
        .zip(completion)
        .map(|(prompt_tokens, completion_tokens)| Usage { prompt_tokens, completion_tokens }))
}

pub(super) fn talk(row: &SqliteRow) -> Result<Talk, Error> {
    let Some(text) = row.try_get::<Option<&str>, _>("talk")? else { return Ok(Talk::default()) };
    serde_json::from_str(text).map_err(|error| undecoded("talk", error))
}

fn failure(row: &SqliteRow) -> Result<Option<Failure>, Error> {
    let Some(code) = row.try_get::<Option<&str>, _>("failure_code")? else { return Ok(None) };
    let code = parse("failure_code", code)?;
    let retryable = row.try_get("failure_retryable")?;
    let failure = match row.try_get::<Option<&str>, _>("failure_reason")? {
        Some(reason) => {
            let reason = serde_json::from_str(reason).map_err(|error| undecoded("failure_reason", error))?;
            Failure { code, reason, retryable }
        }
        None => {
            let message: Option<&str> = row.try_get("failure_message")?;
            Failure::earlier(code, message.unwrap_or_default(), retryable)
        }
    };
    Ok(Some(failure))
}

/// The preferences in a row of `users`.
pub(super) fn preferences(row: &SqliteRow) -> Result<Preferences, Error> {
    let Some(text) = row.try_get::<Option<&str>, _>("preferences")? else {
        return Ok(Preferences::default());
    };
    serde_json::from_str(text).map_err(|error| undecoded("preferences", error))
}

fn params_of(row: &SqliteRow, column: &str) -> Result<Params, Error> {
    let Some(text) = row.try_get::<Option<&str>, _>(column)? else { return Ok(Params::default()) };
    params::stored(&mut serde_json::Deserializer::from_str(text)).map_err(|error| undecoded(column, error))
}

fn undecoded(column: &str, error: serde_json::Error) -> Error {
    Error::ColumnDecode { index: column.to_owned(), source: Box::new(error) }
}

/// A value as a column of JSON. What is stored so are texts, numbers, lists and maps of them, which can always be
/// written.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Parameters as a column of JSON; NULL when nothing is decided.
pub(super) fn params_json(params: &Params) -> Option<String> {
    (!params.is_empty()).then(|| json(params))
}

/// What a message has in a room as a column of JSON; NULL when it has nothing.
pub(super) fn talk_json(talk: &Talk) -> Option<String> {
    (!talk.is_empty()).then(|| json(talk))
}
