//! Conversations of two people, in SQLite. The writer is one connection, so of each pair one is made, also when both open it
//! at once.

use async_trait::async_trait;
use sqlx::{FromRow, Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    domain::{DirectState, MemberRole, Partner, RoomEntry, RoomSettings, User, room::MOST_UNREAD},
    server::store::{
        ConversationPosition, DirectOutcome, DirectRow, Directs, Entry, Grant, Join, NewDirect, Result,
        directs::pair,
    },
};

use super::{
    Sqlite, conversations,
    error::store_error,
    joining,
    pairs::{blocked, other_id, other_name},
    rooms::{self, rooms, unread},
    rows::json,
};

const THERE: &str = "SELECT conversation_id FROM directs WHERE low_id = ?1 AND high_id = ?2";

const PEOPLE: &str = concat!(
    "SELECT opens.name AS own_name, other.name AS other_name, ",
    blocked!("?1", "?2"),
    " AS blocked FROM users AS opens JOIN users AS other ON other.id = ?2 AND other.state = 'active'
    WHERE opens.id = ?1 AND opens.state = 'active' AND ?1 <> ?2"
);

const PAIR: &str = "
    INSERT INTO directs (conversation_id, low_id, high_id, low_name, high_name) VALUES (?1, ?2, ?3, ?4, ?5)";

const PARTNER: &str = concat!(
    "SELECT ",
    other_id!(),
    " AS other_id, ",
    other_name!(),
    " AS other_name, EXISTS (
        SELECT 1 FROM members WHERE members.conversation_id = ?1 AND members.user_id <> ?2 AND members.state = 'active'
    ) AS there,
    EXISTS (SELECT 1 FROM blocks WHERE blocks.user_id = ?2 AND blocks.blocked_id = ",
    other_id!(),
    ") AS blocks, EXISTS (SELECT 1 FROM blocks WHERE blocks.blocked_id = ?2 AND blocks.user_id = ",
    other_id!(),
    ") AS is_blocked FROM directs WHERE directs.conversation_id = ?1"
);

const LIST: &str = rooms!(
    concat!(
        ", members.role, members.notify, ",
        unread!("?2"),
        ", ",
        other_id!(),
        " AS other_id, ",
        other_name!(),
        " AS other_name"
    ),
    "JOIN directs ON directs.conversation_id = rooms.conversation_id
    JOIN members ON members.conversation_id = rooms.conversation_id
    WHERE members.user_id = ?2 AND members.state = 'active' AND NOT deleted AND (updated_at, id) < (?3, ?4)
        AND (?6 OR members.put_away IS NOT coalesce(leaf_id, ''))
    ORDER BY updated_at DESC, id DESC LIMIT ?1"
);

const PUT_AWAY: &str = "
    UPDATE members SET put_away = coalesce((SELECT leaf_id FROM conversations WHERE id = ?1), '')
    WHERE conversation_id = ?1 AND user_id = ?2 AND EXISTS (SELECT 1 FROM directs WHERE conversation_id = ?1)";

#[async_trait]
impl Directs for Sqlite {
    async fn open_direct(&self, new: &NewDirect<'_>) -> Result<DirectOutcome> {
        self.open_or_make(new).await.map_err(store_error)
    }

    async fn partner(&self, grant: &Grant) -> Result<Option<Partner>> {
        let row = sqlx::query(PARTNER).bind(grant.conversation_id()).bind(grant.user_id());
        let row = row.fetch_optional(&self.readers).await;
        row.and_then(|row| row.as_ref().map(partner).transpose()).map_err(store_error)
    }

    async fn directs_of(
        &self,
        user_id: &str,
        after: Option<&ConversationPosition>,
        limit: u32,
        away: bool,
    ) -> Result<Vec<DirectRow>> {
        self.list(user_id, after, limit, away).await.map_err(store_error)
    }

    async fn put_away(&self, grant: &Grant) -> Result<bool> {
        let put = sqlx::query(PUT_AWAY).bind(grant.conversation_id()).bind(grant.user_id());
        let put = put.execute(&self.writer).await;
        put.map(|done| done.rows_affected() == 1).map_err(store_error)
    }
}

fn partner(row: &SqliteRow) -> sqlx::Result<Partner> {
    let state = match (row.try_get("there")?, row.try_get("blocks")?, row.try_get("is_blocked")?) {
        (false, _, _) => DirectState::Closed,
        (_, true, _) => DirectState::Blocked,
        (_, _, true) => DirectState::Unavailable,
        _ => DirectState::Open,
    };
    Ok(Partner { id: row.try_get("other_id")?, name: row.try_get("other_name")?, state })
}

// An early return drops the transaction, which rolls it back.
impl Sqlite {
    async fn open_or_make(&self, new: &NewDirect<'_>) -> sqlx::Result<DirectOutcome> {
        let (low, high) = pair(new.user_id, new.other_id);
        let mut tx = self.writer.begin().await?;
        let there: Option<String> =
            sqlx::query_scalar(THERE).bind(low).bind(high).fetch_optional(&mut *tx).await?;
        if let Some(conversation_id) = there {
            let shown = "UPDATE members SET put_away = NULL WHERE conversation_id = ?1 AND user_id = ?2";
            sqlx::query(shown).bind(&conversation_id).bind(new.user_id).execute(&mut *tx).await?;
            tx.commit().await?;
            return Ok(DirectOutcome::There { conversation_id });
        }
        let people = sqlx::query(PEOPLE).bind(new.user_id).bind(new.other_id);
        let Some(people) = people.fetch_optional(&mut *tx).await? else { return Ok(DirectOutcome::Missing) };
        if people.try_get("blocked")? {
            return Ok(DirectOutcome::Blocked);
        }
        let (own, other): (String, String) = (people.try_get("own_name")?, people.try_get("other_name")?);
        let id = &*new.conversation.id;
        conversations::insert(&mut *tx, new.user_id, new.conversation).await?;
        rooms::put(&mut tx, rooms::MAKE, id, &RoomSettings::default()).await?;
        let (low_name, high_name) = if low == new.user_id { (&own, &other) } else { (&other, &own) };
        sqlx::query(PAIR)
            .bind(id)
            .bind(low)
            .bind(high)
            .bind(low_name)
            .bind(high_name)
            .execute(&mut *tx)
            .await?;
        let now = new.conversation.created_at;
        for (user_id, name) in [(new.user_id, &*own), (new.other_id, &*other)] {
            let join = Join { conversation_id: id, user_id, name, entry: Entry::Listed, most: 2, now };
            joining::put(&mut tx, &join, MemberRole::Member).await?;
        }
        joining::count(&mut tx, id, 1).await?;
        // The other person sees it with the first message.
        let hidden = "UPDATE members SET put_away = '' WHERE conversation_id = ?1 AND user_id = ?2";
        sqlx::query(hidden).bind(id).bind(new.other_id).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(DirectOutcome::Made)
    }

    async fn list(
        &self,
        user_id: &str,
        after: Option<&ConversationPosition>,
        limit: u32,
        away: bool,
    ) -> sqlx::Result<Vec<DirectRow>> {
        let (before, id) = after.map_or((i64::MAX, ""), |position| (position.updated_at, &position.id));
        let list = sqlx::query(LIST).bind(limit).bind(user_id).bind(before).bind(id);
        let rows = list.bind(MOST_UNREAD).bind(away).fetch_all(&self.readers).await?;
        let ids = rows.iter().map(|row| row.try_get("other_id")).collect::<sqlx::Result<Vec<String>>>()?;
        let users: Vec<User> =
            sqlx::query_as("SELECT * FROM users WHERE id IN (SELECT value FROM json_each(?1))")
                .bind(json(&ids))
                .fetch_all(&self.readers)
                .await?;
        let found = rows.iter().zip(ids).map(|(row, other_id)| {
            let mut entry = RoomEntry::from_row(row)?;
            entry.room.name = row.try_get("other_name")?;
            let other = users.iter().find(|user| user.id == other_id).cloned();
            Ok(DirectRow { entry, other_id, other })
        });
        found.collect()
    }
}

/// Keeps what somebody is called whose account ends, because their direct conversations stay.
pub(super) async fn keep_name(tx: &mut SqliteConnection, user_id: &str) -> sqlx::Result<()> {
    for (id, name) in [("low_id", "low_name"), ("high_id", "high_name")] {
        let keep =
            format!("UPDATE directs SET {name} = (SELECT name FROM users WHERE id = ?1) WHERE {id} = ?1");
        sqlx::query(sqlx::AssertSqlSafe(keep)).bind(user_id).execute(&mut *tx).await?;
    }
    Ok(())
}
