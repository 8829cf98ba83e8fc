//! The messages of a room, which are one line, in SQLite: what is added to it besides the message itself.

use sqlx::{Row, SqliteConnection};

use crate::{
    domain::Message,
    server::store::{AskedModel, NewMessage, QueueFull},
};

use super::waiting;

const LINE: &str = "
    SELECT leaf_id, iif(slow_seconds > 0, written_at + 1000 * slow_seconds, NULL) AS waits_until
    FROM conversations
        LEFT JOIN rooms ON rooms.conversation_id = conversations.id
        LEFT JOIN members ON members.conversation_id = conversations.id AND members.user_id = ?2
    WHERE conversations.id = ?1";

/// The conversation into which messages are inserted, and the values that they share.
pub(super) struct Place<'a> {
    pub id: &'a str,
    pub author_id: &'a str,
    pub revision: u64,
    pub question_id: Option<&'a str>,
}

/// Where a message that is added to a room stands.
pub(super) struct Line {
    /// The newest message.
    pub leaf_id: Option<String>,
    /// The slow mode keeps the person waiting until then; those who manage the room do not wait.
    pub waits_until: Option<i64>,
}

pub(super) async fn line(
    tx: &mut SqliteConnection,
    conversation_id: &str,
    user_id: &str,
) -> sqlx::Result<Line> {
    let row = sqlx::query(LINE).bind(conversation_id).bind(user_id).fetch_one(tx).await?;
    Ok(Line { leaf_id: row.try_get("leaf_id")?, waits_until: row.try_get("waits_until")? })
}

/// What a message that was added to a room brings with it: its author has written, and has seen it; and it may be a question
/// that waits, unless no more may.
pub(super) async fn moved_on(
    tx: &mut SqliteConnection,
    place: &Place<'_>,
    message: &Message,
    new: &NewMessage,
) -> sqlx::Result<Option<QueueFull>> {
    let written =
        "UPDATE members SET written_at = ?3, read_id = ?4 WHERE conversation_id = ?1 AND user_id = ?2";
    let written = sqlx::query(written).bind(place.id).bind(place.author_id);
    written.bind(new.now).bind(&message.id).execute(&mut *tx).await?;
    let Some(AskedModel { model, most, most_own }) = &new.asks else { return Ok(None) };
    let asked = waiting::Asked {
        // A message is a question once at a time.
        id: &message.id,
        author_id: place.author_id,
        text: &message.content,
        message_id: Some(&message.id),
        model: model.as_deref(),
        now: new.now,
        most: *most,
        most_own: Some(*most_own),
    };
    let full = waiting::add(tx, place.id, &asked).await?;
    if full.is_none() {
        queue_changed(tx, place.id).await?;
    }
    Ok(full)
}

/// The queue of a room changed together with a message: it has the next number.
pub(super) async fn queue_changed(tx: &mut SqliteConnection, conversation_id: &str) -> sqlx::Result<()> {
    let changed =
        "UPDATE conversations SET last_seq = last_seq + 1, queue_revision = last_seq + 1 WHERE id = ?1";
    sqlx::query(changed).bind(conversation_id).execute(tx).await.map(|_| ())
}

/// Notes whom a message mentions.
pub(super) async fn mention(
    tx: &mut SqliteConnection,
    conversation_id: &str,
    message_id: &str,
    user_ids: &[String],
) -> sqlx::Result<()> {
    for user_id in user_ids {
        sqlx::query(
            "INSERT OR IGNORE INTO mentions (conversation_id, user_id, message_id) VALUES (?1, ?2, ?3)",
        )
        .bind(conversation_id)
        .bind(user_id)
        .bind(message_id)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}
