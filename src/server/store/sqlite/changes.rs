//! The changes of a conversation since an event number, in SQLite.

use sqlx::{FromRow, Row};

use crate::{
    domain::Conversation,
    server::store::{Changes, Grant, Outline},
};

use super::Sqlite;

const NOW: &str = "
    SELECT *, (SELECT began_seq FROM messages WHERE conversation_id = ?1 AND status = 'generating') AS began_seq
    FROM conversations WHERE id = ?1 AND NOT deleted";

const MESSAGES: &str = "
    SELECT id, parent_id, revision, octet_length(content) AS content_bytes, octet_length(reasoning) AS reasoning_bytes,
        created_at
    FROM messages WHERE conversation_id = ?1 AND revision > ?2 ORDER BY revision, id LIMIT ?3";

const REMOVED: &str = "
    SELECT message_id FROM removed_messages WHERE conversation_id = ?1 AND revision > ?2 ORDER BY revision LIMIT ?3";

impl Sqlite {
    pub(super) async fn changes(&self, grant: &Grant, seq: u64, limit: u32) -> sqlx::Result<Changes> {
        let id = grant.conversation_id();
        // A change made after this query may be reported now, and once more to a listener that asks after the number
        // read here.
        let now = sqlx::query(NOW).bind(id).fetch_optional(&self.readers).await?;
        let Some(now) = now else { return Ok(Changes::nothing(seq)) };
        let number = |column| now.try_get::<Option<i64>, _>(column).map(|it| it.map(i64::unsigned_abs));
        let last_seq = number("last_seq")?.unwrap_or_default();
        let (from, seq) = Changes::between(seq, last_seq, number("began_seq")?);
        let one_more = i64::from(limit) + 1;
        let of = |query: &'static str| sqlx::query(query).bind(id).bind(from.cast_signed()).bind(one_more);
        let messages = of(MESSAGES).fetch_all(&self.readers).await?;
        let messages = messages.iter().map(Outline::from_row).collect::<sqlx::Result<_>>()?;
        let removed = of(REMOVED).fetch_all(&self.readers).await?;
        let removed = removed.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?;
        let changed = number("revision")?.is_some_and(|revision| revision > from);
        let queue = number("queue_revision")?.is_some_and(|revision| revision > from);
        let members = number("members_revision")?.is_some_and(|revision| revision > from);
        let reread = number("hidden_revision")?.is_some_and(|revision| revision > from);
        let conversation = changed.then(|| Conversation::from_row(&now)).transpose()?;
        Ok(Changes { messages, removed, conversation, queue, members, reread, seq, more: false }
            .limited(limit))
    }
}
