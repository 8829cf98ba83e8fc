//! Who may do what in a conversation, in SQLite.

use async_trait::async_trait;
use sqlx::{FromRow, Row, sqlite::SqliteRow};

use crate::{
    domain::{ConversationKind, Message},
    server::store::{Access, AccessLevel, Result, Standing},
};

use super::{Sqlite, error::store_error, pairs::other_name, rows::conversation};

/// SQL: the level of the person `?2` in the conversation with this id, as [`number`] counts it; NULL for a stranger and
/// for a missing conversation. The two people of a direct conversation are its members, or its readers while one of them is gone
/// or has blocked the other. No other SQL derives a level.
macro_rules! level {
    ($conversation_id:literal) => {
        concat!(
            "(SELECT CASE WHEN asked.kind = 'direct' THEN (
                SELECT EXISTS (
                    SELECT 1 FROM members AS other
                    WHERE other.conversation_id = asked.id AND other.user_id <> ?2 AND other.state = 'active' AND NOT ",
            crate::server::store::sqlite::pairs::blocked!("?2", "other.user_id"),
            ") FROM members WHERE members.conversation_id = asked.id AND members.user_id = ?2
                    AND members.state = 'active'
            ) WHEN asked.kind = 'board' THEN (
                SELECT CASE WHEN rooms.closed THEN NULL WHEN users.role = 'admin' THEN 3 WHEN members.role = 'moderator' THEN 2
                    WHEN members.role = 'member' AND rooms.writers = 'everybody' THEN 1 ELSE 0 END
                FROM members JOIN rooms ON rooms.conversation_id = members.conversation_id
                    JOIN users ON users.id = members.user_id
                WHERE members.conversation_id = asked.id AND members.user_id = ?2 AND members.state = 'active'
            ) WHEN asked.owner_id = ?2 THEN 3 WHEN asked.kind <> 'private' THEN (
                SELECT CASE role WHEN 'moderator' THEN 2 WHEN 'member' THEN 1 WHEN 'reader' THEN 0 END
                FROM members WHERE members.conversation_id = asked.id AND members.user_id = ?2
                    AND members.state = 'active'
            ) END FROM conversations AS asked WHERE NOT asked.deleted AND asked.id = ",
            $conversation_id,
            ")"
        )
    };
}

/// SQL: whether the person `?2` has at least the level `?3` in the conversation `?1`.
macro_rules! may {
    () => {
        concat!("coalesce(", crate::server::store::sqlite::access::level!("?1"), " >= ?3, 0)")
    };
}

pub(super) use {level, may};

/// The number of a level in [`level`].
pub(super) fn number(level: AccessLevel) -> u8 {
    level as u8
}

pub(super) fn level_of(row: &SqliteRow) -> sqlx::Result<Option<AccessLevel>> {
    const LEVELS: [AccessLevel; 4] =
        [AccessLevel::Reader, AccessLevel::Member, AccessLevel::Moderator, AccessLevel::Owner];
    let found: Option<u8> = row.try_get("level")?;
    Ok(found.and_then(|found| LEVELS.into_iter().find(|level| number(*level) == found)))
}

/// SQL: the title of a direct conversation for the person `?2`.
macro_rules! partner {
    ($conversation_id:literal) => {
        concat!(
            "(SELECT ",
            other_name!(),
            " FROM directs WHERE directs.conversation_id = ",
            $conversation_id,
            ") AS partner"
        )
    };
}

const STANDING: &str =
    concat!("SELECT *, ", level!("?1"), " AS level, ", partner!("?1"), " FROM conversations WHERE id = ?1");

const OF_MESSAGE: &str = concat!(
    "SELECT messages.*, ",
    level!("messages.conversation_id"),
    " AS level, ",
    partner!("messages.conversation_id"),
    ", asked.id AS asked_id, asked.kind AS asked_kind, asked.title AS asked_title,
        asked.model AS asked_model, asked.system_prompt AS asked_system_prompt, asked.pinned AS asked_pinned,
        asked.archived AS asked_archived, asked.unread AS asked_unread, asked.running AS asked_running,
        asked.leaf_id AS asked_leaf_id, asked.created_at AS asked_created_at, asked.updated_at AS asked_updated_at,
        asked.params AS asked_params, asked.last_seq AS asked_last_seq,
        asked.hidden_revision AS asked_hidden_revision
    FROM messages JOIN conversations AS asked ON asked.id = messages.conversation_id
    WHERE messages.id = ?1"
);

#[async_trait]
impl Access for Sqlite {
    async fn standing(&self, user_id: &str, conversation_id: &str) -> Result<Option<Standing>> {
        let query = sqlx::query(STANDING).bind(conversation_id).bind(user_id);
        let row = query.fetch_optional(&self.readers).await.map_err(store_error)?;
        let standing = row.map(|row| standing(&row, "", user_id));
        Ok(standing.transpose().map_err(store_error)?.flatten())
    }

    async fn standing_of_message(
        &self,
        user_id: &str,
        message_id: &str,
    ) -> Result<Option<(Standing, Message)>> {
        let query = sqlx::query(OF_MESSAGE).bind(message_id).bind(user_id);
        let Some(row) = query.fetch_optional(&self.readers).await.map_err(store_error)? else {
            return Ok(None);
        };
        let found = async {
            let Some(standing) = standing(&row, "asked_", user_id)? else { return Ok(None) };
            Ok(Some((standing, Message::from_row(&row)?)))
        };
        found.await.map_err(store_error)
    }
}

fn standing(row: &SqliteRow, prefix: &str, user_id: &str) -> sqlx::Result<Option<Standing>> {
    let Some(level) = level_of(row)? else { return Ok(None) };
    let number = |column: &str| row.try_get::<i64, _>(&*format!("{prefix}{column}")).map(i64::unsigned_abs);
    let (last_seq, hidden_seq) = (number("last_seq")?, number("hidden_revision")?);
    let mut conversation = conversation(row, prefix)?;
    if conversation.kind == ConversationKind::Direct {
        conversation.title = row.try_get("partner")?;
    }
    Ok(Some(Standing::new(conversation, last_seq, user_id, level).hidden_at(hidden_seq)))
}
