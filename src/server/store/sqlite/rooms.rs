//! Rooms, in SQLite.

use async_trait::async_trait;
use sqlx::{FromRow, Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    domain::{MemberRole, Room, RoomEntry, RoomPatch, RoomSettings, room::MOST_UNREAD},
    server::store::{
        Changed, ConversationPosition, Entry, Grant, Join, KEY_LIFE, ListedQuery, NewRoom, Result,
        RoomOutcome, Rooms,
        rooms::{named, need},
    },
};

use super::{
    Sqlite,
    access::{may, number},
    boards, conversations,
    error::store_error,
    joining,
    keys::use_key,
    rows::get,
};

/// The scope of the keys of requests that made a room.
const KEYS: &str = "room";

/// Columns that `$more` adds, and what `$joined_and_where` joins to the room of a conversation.
macro_rules! rooms {
    ($more:expr, $joined_and_where:expr) => {
        concat!(
            "SELECT conversations.id, kind, title, owner_id, created_at, updated_at, running, rooms.*",
            $more,
            " FROM rooms JOIN conversations ON conversations.id = rooms.conversation_id ",
            $joined_and_where
        )
    };
}

const ONE: &str = rooms!("", "WHERE rooms.conversation_id = ?1 AND NOT deleted");

const OPEN: &str = rooms!(
    "",
    "WHERE rooms.conversation_id = ?1 AND NOT deleted AND NOT closed AND listed AND NOT EXISTS (
        SELECT 1 FROM members
        WHERE members.conversation_id = rooms.conversation_id AND user_id = ?2 AND state = 'banned')"
);

const LISTED: &str = rooms!(
    "",
    "WHERE listed AND NOT deleted AND NOT closed AND (updated_at, id) < (?2, ?3) AND (?4 = '' OR instr(title_lower, ?4) > 0)
        AND NOT EXISTS (
            SELECT 1 FROM members WHERE members.conversation_id = rooms.conversation_id AND user_id = ?1
                AND state IN ('active', 'banned'))
    ORDER BY updated_at DESC, id DESC LIMIT ?5"
);

/// SQL: how much a member, whose row is at hand, has not seen, up to `?5` of each. What somebody mentions whom the member has
/// blocked, or who has blocked the member, does not count as a mention.
macro_rules! unread {
    ($reader:literal) => {
        concat!(
            "(
        SELECT count(*) FROM (
            SELECT 1 FROM messages
            WHERE messages.conversation_id = rooms.conversation_id AND messages.id > coalesce(members.read_id, '')
                AND (messages.role = 'assistant' OR messages.author_id <> ",
            $reader,
            ") LIMIT ?5)
    ) AS unread, (
        SELECT count(*) FROM (
            SELECT 1 FROM mentions JOIN messages ON messages.id = mentions.message_id
            WHERE mentions.conversation_id = rooms.conversation_id AND mentions.user_id = ",
            $reader,
            " AND mentions.message_id > coalesce(members.read_id, '') AND NOT ",
            crate::server::store::sqlite::pairs::blocked!($reader, "messages.author_id"),
            " LIMIT ?5)
    ) AS mentioned"
        )
    };
}

pub(super) use {rooms, unread};

const OWN: &str = rooms!(
    concat!(
        ", CASE WHEN kind = 'board' AND EXISTS (SELECT 1 FROM users WHERE id = ?1 AND role = 'admin') THEN 'moderator'
            WHEN writers = 'moderators' AND members.role = 'member' THEN 'reader'
            ELSE members.role END AS role, members.notify, ",
        unread!("?1")
    ),
    "JOIN members ON members.conversation_id = rooms.conversation_id
    WHERE members.user_id = ?1 AND members.state = 'active' AND kind <> 'direct' AND NOT deleted AND NOT closed
        AND (updated_at, id) < (?2, ?3)
    ORDER BY updated_at DESC, id DESC LIMIT ?4"
);

pub(super) const OWNED: &str =
    "SELECT count(*) FROM conversations WHERE owner_id = ?1 AND kind = 'room' AND NOT deleted";

const MADE: &str = "
    SELECT request, answer_id FROM idempotency_keys AS used
        JOIN conversations ON conversations.id = used.answer_id AND NOT conversations.deleted
    WHERE used.user_id = ?1 AND used.conversation_id = ?2 AND used.key = ?3 AND used.created_at > ?4";

pub(super) const MAKE: &str = "
    INSERT INTO rooms (topic, initial, colour, listed, answers, payer, slow_seconds, conversation_id, member_count)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1)";

const COPIED: &str = "UPDATE rooms SET copied_at = ?2, copied_by = ?3 WHERE conversation_id = ?1";

const SET: &str = "
    UPDATE rooms SET topic = ?1, initial = ?2, colour = ?3, listed = ?4, answers = ?5, payer = ?6, slow_seconds = ?7
    WHERE conversation_id = ?8";

/// `?6` and `?8` say whether to set columns that may also be cleared, `?10` whether the change contains anything, `?11`
/// whether it contains what every conversation has.
const UPDATE: &str = concat!(
    "UPDATE conversations SET
        title = coalesce(?4, title), title_lower = coalesce(?5, title_lower),
        model = iif(?6, ?7, model), system_prompt = iif(?8, ?9, system_prompt),
        last_seq = last_seq + ?10, members_revision = iif(?10, last_seq + 1, members_revision),
        revision = iif(?11, last_seq + 1, revision)
    WHERE id = ?1 AND kind NOT IN ('private', 'direct') AND ",
    may!(),
    " RETURNING *"
);

impl FromRow<'_, SqliteRow> for RoomSettings {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let colour: Option<&str> = row.try_get("colour")?;
        Ok(Self {
            topic: row.try_get("topic")?,
            initial: row.try_get("initial")?,
            colour: colour.map(|_| get(row, "colour")).transpose()?,
            listed: row.try_get("listed")?,
            answers: get(row, "answers")?,
            payer: get(row, "payer")?,
            slow_seconds: row.try_get("slow_seconds")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for Room {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            kind: get(row, "kind")?,
            name: row.try_get("title")?,
            settings: RoomSettings::from_row(row)?,
            owner_id: row.try_get("owner_id")?,
            member_count: row.try_get("member_count")?,
            copied_at: row.try_get("copied_at")?,
            copied_by: row.try_get("copied_by")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for RoomEntry {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            room: Room::from_row(row)?,
            role: get(row, "role")?,
            notify: get(row, "notify")?,
            unread: row.try_get("unread")?,
            mentions: row.try_get("mentioned")?,
            running: row.try_get("running")?,
        })
    }
}

#[async_trait]
impl Rooms for Sqlite {
    async fn create_room(&self, new: &NewRoom<'_>) -> Result<RoomOutcome> {
        self.make_room(new).await.map_err(store_error)
    }

    async fn room(&self, grant: &Grant) -> Result<Option<Room>> {
        let room = sqlx::query_as(ONE).bind(grant.conversation_id());
        let room: Option<Room> = room.fetch_optional(&self.readers).await.map_err(store_error)?;
        Ok(room.map(|room| named(room, grant)))
    }

    async fn listed_room(&self, user_id: &str, id: &str) -> Result<Option<Room>> {
        let room = sqlx::query_as(OPEN).bind(id).bind(user_id);
        room.fetch_optional(&self.readers).await.map_err(store_error)
    }

    async fn update_room(&self, grant: &Grant, patch: &RoomPatch) -> Result<Option<Changed>> {
        self.change_room(grant, patch).await.map_err(store_error)
    }

    async fn rooms_of(
        &self,
        user_id: &str,
        after: Option<&ConversationPosition>,
        limit: u32,
    ) -> Result<Vec<RoomEntry>> {
        let (before, id) = after.map_or((i64::MAX, ""), |position| (position.updated_at, &position.id));
        sqlx::query_as(OWN)
            .bind(user_id)
            .bind(before)
            .bind(id)
            .bind(limit)
            .bind(MOST_UNREAD)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn listed_rooms(&self, user_id: &str, query: &ListedQuery) -> Result<Vec<Room>> {
        let after = query.after.as_ref();
        let (before, id) = after.map_or((i64::MAX, ""), |position| (position.updated_at, &position.id));
        sqlx::query_as(LISTED)
            .bind(user_id)
            .bind(before)
            .bind(id)
            .bind(query.name_contains.as_deref().unwrap_or_default().to_lowercase())
            .bind(query.limit)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn rooms_owned(&self, user_id: &str) -> Result<u32> {
        sqlx::query_scalar(OWNED).bind(user_id).fetch_one(&self.readers).await.map_err(store_error)
    }
}

// An early return drops the transaction, which rolls it back.
impl Sqlite {
    async fn make_room(&self, new: &NewRoom<'_>) -> sqlx::Result<RoomOutcome> {
        let (owner_id, conversation) = (new.owner_id, new.conversation);
        let (id, now) = (&*conversation.id, conversation.created_at);
        let mut tx = self.writer.begin().await?;
        if let Some(key) = new.key {
            let used: Option<(Option<String>, String)> = sqlx::query_as(MADE)
                .bind(owner_id)
                .bind(KEYS)
                .bind(&key.name)
                .bind(now - KEY_LIFE)
                .fetch_optional(&mut *tx)
                .await?;
            if let Some((request, conversation_id)) = used {
                let same = request.as_ref() == Some(&key.request);
                return Ok(if same {
                    RoomOutcome::Repeated { conversation_id }
                } else {
                    RoomOutcome::KeyReused
                });
            }
            use_key(&mut tx, owner_id, KEYS, key, id, now).await?;
        }
        let owned: u32 = sqlx::query_scalar(OWNED).bind(owner_id).fetch_one(&mut *tx).await?;
        if new.most.is_some_and(|most| owned >= most) {
            return Ok(RoomOutcome::TooMany);
        }
        if new.board.is_some() && boards::id(&mut *tx).await?.is_some() {
            return Ok(RoomOutcome::Exists);
        }
        conversations::insert(&mut *tx, owner_id, conversation).await?;
        put(&mut tx, MAKE, id, new.settings).await?;
        if let Some(settings) = new.board {
            boards::put(&mut tx, id, settings).await?;
        }
        if let Some(messages) = new.copied {
            sqlx::query(COPIED).bind(id).bind(now).bind(owner_id).execute(&mut *tx).await?;
            self.insert_all(&mut tx, (id, owner_id), messages).await?;
        }
        let (name, entry) = (new.owner_name, Entry::Listed);
        let join = Join { conversation_id: id, user_id: owner_id, name, entry, most: 1, now };
        joining::put(&mut tx, &join, MemberRole::Moderator).await?;
        tx.commit().await?;
        Ok(RoomOutcome::Made)
    }

    async fn change_room(&self, grant: &Grant, patch: &RoomPatch) -> sqlx::Result<Option<Changed>> {
        let id = grant.conversation_id();
        let shared = patch.name.is_some() || patch.model.is_some() || patch.system_prompt.is_some();
        let mut tx = self.writer.begin().await?;
        let changed: Option<Changed> = sqlx::query_as(UPDATE)
            .bind(id)
            .bind(grant.user_id())
            .bind(number(need(patch).least()))
            .bind(&patch.name)
            .bind(patch.name.as_ref().map(|name| name.to_lowercase()))
            .bind(patch.model.is_some())
            .bind(patch.model.as_ref().and_then(Option::as_deref))
            .bind(patch.system_prompt.is_some())
            .bind(patch.system_prompt.as_ref().and_then(Option::as_deref))
            .bind(*patch != RoomPatch::default())
            .bind(shared)
            .fetch_optional(&mut *tx)
            .await?;
        let room: Option<Room> = sqlx::query_as(ONE).bind(id).fetch_optional(&mut *tx).await?;
        let (Some(changed), Some(room)) = (changed, room) else { return Ok(None) };
        put(&mut tx, SET, id, &room.settings.patched(patch)).await?;
        tx.commit().await?;
        Ok(Some(changed))
    }
}

pub(super) async fn put(
    tx: &mut SqliteConnection,
    statement: &'static str,
    id: &str,
    settings: &RoomSettings,
) -> sqlx::Result<()> {
    sqlx::query(statement)
        .bind(&settings.topic)
        .bind(&settings.initial)
        .bind(settings.colour.map(|colour| colour.into_str()))
        .bind(settings.listed)
        .bind(settings.answers.into_str())
        .bind(settings.payer.into_str())
        .bind(settings.slow_seconds)
        .bind(id)
        .execute(tx)
        .await
        .map(|_| ())
}
