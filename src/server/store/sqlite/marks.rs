//! Reactions and pins of messages of a room, in SQLite.

use async_trait::async_trait;
use sqlx::{FromRow, Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    domain::{
        Message, Pinned, Reacted, Status, Talk,
        talk::{MOST_PINS, REACTION_NAMES},
    },
    server::store::{Changed, Grant, Marks, Need, NewPin, NewReaction, Outline, Result, TalkOutcome},
};

use super::{
    Sqlite,
    error::store_error,
    rows::{json, talk, talk_json},
    tree::message,
};

const CHANGE: &str = "UPDATE conversations SET last_seq = last_seq + 1 WHERE id = ?1 RETURNING *";

const STORE: &str = "UPDATE messages SET talk = ?2, revision = ?3 WHERE id = ?1 RETURNING *";

const ADD: &str = "INSERT OR IGNORE INTO reactions (message_id, emoji, user_id, at) VALUES (?1, ?2, ?3, ?4)";

const TAKE: &str = "DELETE FROM reactions WHERE message_id = ?1 AND emoji = ?2 AND user_id = ?3";

const COUNT: &str = "SELECT count(*) FROM reactions WHERE message_id = ?1 AND emoji = ?2";

const FIRST: &str =
    "SELECT user_id FROM reactions WHERE message_id = ?1 AND emoji = ?2 ORDER BY at, user_id LIMIT ?3";

const ALL: &str = "
    SELECT emoji, user_id, at FROM reactions
    WHERE message_id = (SELECT id FROM messages WHERE id = ?2 AND conversation_id = ?1)
    ORDER BY at, user_id, emoji LIMIT ?3";

const OWN: &str = "
    SELECT message_id, emoji FROM reactions
    WHERE user_id = ?2 AND message_id IN (SELECT value FROM json_each(?3))
        AND EXISTS (SELECT 1 FROM messages WHERE id = message_id AND conversation_id = ?1)";

const OF_PERSON: &str = "
    SELECT messages.id, conversation_id, talk, group_concat(reactions.emoji, ' ') AS emojis
    FROM reactions JOIN messages ON messages.id = reactions.message_id
    WHERE reactions.user_id = ?1
        AND messages.id IN (SELECT DISTINCT message_id FROM reactions WHERE user_id = ?1 LIMIT ?2)
    GROUP BY messages.id";

/// From how many messages one transaction takes the reactions of somebody whose account ended. Everybody else's writes wait
/// that long.
const WITHDRAWN_AT_ONCE: u32 = 50;

/// As the index has it.
macro_rules! pinned {
    () => {
        "conversation_id = ?1 AND json_extract(talk, '$.pinned.at') IS NOT NULL"
    };
}

const PINS: &str = concat!("SELECT count(*) FROM messages WHERE ", pinned!());

const PINNED: &str = concat!(
    "SELECT id, parent_id, revision, octet_length(content) AS content_bytes, octet_length(reasoning) AS reasoning_bytes,
        created_at
    FROM messages WHERE ",
    pinned!(),
    " ORDER BY json_extract(talk, '$.pinned.at') DESC, id DESC"
);

const BEGINNINGS: &str = "
    SELECT id, conversation_id, author_id, parent_id, role, substr(content, 1, ?3) AS content, '' AS reasoning, status,
        model, prompt_tokens, completion_tokens, failure_code, failure_message, failure_reason, failure_retryable,
        length_limited, left_out, first_token_ms, duration_ms, reasoning_ms, run, talk, created_at, revision
    FROM messages
    WHERE conversation_id = ?1 AND id IN (SELECT value FROM json_each(?2)) ORDER BY id DESC";

#[async_trait]
impl Marks for Sqlite {
    async fn react(&self, grant: &Grant, reaction: &NewReaction<'_>) -> Result<TalkOutcome> {
        self.react_one(grant, reaction).await.map_err(store_error)
    }

    async fn reactions(&self, grant: &Grant, message_id: &str, limit: u32) -> Result<Vec<Reacted>> {
        let all = sqlx::query(ALL).bind(grant.conversation_id()).bind(message_id).bind(limit);
        let rows = all.fetch_all(&self.readers).await.map_err(store_error)?;
        rows.iter().map(Reacted::from_row).collect::<sqlx::Result<_>>().map_err(store_error)
    }

    async fn own_reactions(&self, grant: &Grant, ids: &[String]) -> Result<Vec<(String, String)>> {
        let own = sqlx::query_as(OWN).bind(grant.conversation_id()).bind(grant.user_id()).bind(json(&ids));
        own.fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn pin(&self, grant: &Grant, pin: &NewPin<'_>) -> Result<TalkOutcome> {
        self.pin_one(grant, pin).await.map_err(store_error)
    }

    async fn pinned(&self, grant: &Grant) -> Result<Vec<Outline>> {
        let found = sqlx::query_as(PINNED).bind(grant.conversation_id());
        found.fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn beginnings(&self, grant: &Grant, ids: &[String], chars: u32) -> Result<Vec<Message>> {
        let found = sqlx::query_as(BEGINNINGS).bind(grant.conversation_id()).bind(json(&ids)).bind(chars);
        found.fetch_all(&self.readers).await.map_err(store_error)
    }
}

impl FromRow<'_, SqliteRow> for Reacted {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self { emoji: row.try_get("emoji")?, user_id: row.try_get("user_id")?, at: row.try_get("at")? })
    }
}

// An early return drops the transaction, which rolls it back.
impl Sqlite {
    async fn react_one(&self, grant: &Grant, new: &NewReaction<'_>) -> sqlx::Result<TalkOutcome> {
        let NewReaction { message_id, emoji, on, now } = *new;
        let mut tx = self.writer.begin().await?;
        let old = match there(&mut tx, grant, message_id).await? {
            Ok(old) => old,
            Err(outcome) => return Ok(outcome),
        };
        let change = sqlx::query(if on { ADD } else { TAKE });
        let change = change.bind(message_id).bind(emoji).bind(grant.user_id());
        let change = if on { change.bind(now) } else { change };
        if change.execute(&mut *tx).await?.rows_affected() == 0 {
            return Ok(TalkOutcome::Same(old));
        }
        if on && old.talk.has_all_reactions(emoji) {
            return Ok(TalkOutcome::Full);
        }
        let mut talk = old.talk;
        count(&mut tx, &mut talk, message_id, emoji).await?;
        let (message, changed) = store(&mut tx, &old.conversation_id, message_id, &talk).await?;
        tx.commit().await?;
        Ok(TalkOutcome::Changed { message, changed, waited: false })
    }

    /// Takes back all reactions of somebody whose account has ended, some at a time.
    pub(super) async fn withdraw(&self, user_id: &str) -> sqlx::Result<()> {
        while self.withdraw_some(user_id).await? {}
        Ok(())
    }

    /// `false`: there were none.
    async fn withdraw_some(&self, user_id: &str) -> sqlx::Result<bool> {
        let mut tx = self.writer.begin().await?;
        let some = sqlx::query(OF_PERSON).bind(user_id).bind(WITHDRAWN_AT_ONCE);
        let some = some.fetch_all(&mut *tx).await?;
        for row in &some {
            let (id, conversation_id): (&str, &str) = (row.try_get("id")?, row.try_get("conversation_id")?);
            let take = sqlx::query("DELETE FROM reactions WHERE message_id = ?1 AND user_id = ?2");
            take.bind(id).bind(user_id).execute(&mut *tx).await?;
            let mut talk = talk(row)?;
            for emoji in row.try_get::<&str, _>("emojis")?.split(' ') {
                count(&mut tx, &mut talk, id, emoji).await?;
            }
            let changed = next(&mut tx, conversation_id).await?;
            let store = sqlx::query("UPDATE messages SET talk = ?2, revision = ?3 WHERE id = ?1");
            let store = store.bind(id).bind(talk_json(&talk)).bind(changed.revision.cast_signed());
            store.execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(!some.is_empty())
    }

    async fn pin_one(&self, grant: &Grant, pin: &NewPin<'_>) -> sqlx::Result<TalkOutcome> {
        let mut tx = self.writer.begin().await?;
        let old = match there(&mut tx, grant, pin.message_id).await? {
            Ok(old) => old,
            Err(outcome) => return Ok(outcome),
        };
        let mut talk = old.talk.clone();
        match (pin.on, &old.talk.pinned) {
            (true, Some(_)) | (false, None) => return Ok(TalkOutcome::Same(old)),
            (true, None) => {
                let pins: i64 =
                    sqlx::query_scalar(PINS).bind(grant.conversation_id()).fetch_one(&mut *tx).await?;
                if usize::try_from(pins).is_ok_and(|pins| pins >= MOST_PINS) {
                    return Ok(TalkOutcome::Full);
                }
                talk.pinned = Some(Pinned { by: grant.user_id().to_owned(), at: pin.now });
            }
            (false, Some(pinned)) => {
                let own = pinned.by == grant.user_id();
                if !own && message(&mut tx, grant, Need::Manage, pin.message_id).await?.is_none() {
                    return Ok(TalkOutcome::Missing);
                }
                talk.pinned = None;
            }
        }
        let (message, changed) = store(&mut tx, &old.conversation_id, pin.message_id, &talk).await?;
        tx.commit().await?;
        Ok(TalkOutcome::Changed { message, changed, waited: false })
    }
}

/// The message, if it can be marked by the person behind the grant.
async fn there(
    tx: &mut SqliteConnection,
    grant: &Grant,
    message_id: &str,
) -> sqlx::Result<std::result::Result<Message, TalkOutcome>> {
    let found = message(tx, grant, Need::Write, message_id).await?;
    let shared = grant.conversation().kind.is_shared();
    Ok(match found.filter(|message| shared && message.talk.deleted_at.is_none()) {
        None => Err(TalkOutcome::Missing),
        Some(message) if message.status == Status::Generating => Err(TalkOutcome::Busy),
        Some(message) => Ok(message),
    })
}

/// Counts anew how many people reacted to a message with an emoji.
async fn count(
    tx: &mut SqliteConnection,
    talk: &mut Talk,
    message_id: &str,
    emoji: &str,
) -> sqlx::Result<()> {
    let count: u32 = sqlx::query_scalar(COUNT).bind(message_id).bind(emoji).fetch_one(&mut *tx).await?;
    let most = u32::try_from(REACTION_NAMES).unwrap_or_default();
    let first = sqlx::query_scalar(FIRST).bind(message_id).bind(emoji).bind(most).fetch_all(tx).await?;
    talk.count_reactions(emoji, count, first);
    Ok(())
}

async fn next(tx: &mut SqliteConnection, conversation_id: &str) -> sqlx::Result<Changed> {
    sqlx::query_as(CHANGE).bind(conversation_id).fetch_one(tx).await
}

/// Stores what a message has in a room, with the next number.
async fn store(
    tx: &mut SqliteConnection,
    conversation_id: &str,
    message_id: &str,
    talk: &Talk,
) -> sqlx::Result<(Message, Changed)> {
    let changed = next(tx, conversation_id).await?;
    let store = sqlx::query_as(STORE).bind(message_id).bind(talk_json(talk));
    let message = store.bind(changed.revision.cast_signed()).fetch_one(tx).await?;
    Ok((message, changed))
}
