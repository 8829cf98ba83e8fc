//! How somebody comes into a room, in SQLite, and what each change of its members writes.

use sqlx::{FromRow, Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    domain::{Member, MemberRole, MemberState},
    server::store::{
        Entry, Join, JoinOutcome,
        members::{FreeName, again},
    },
};

use super::rows::get;

/// A room that somebody may come into, and the person, if there is such an account.
const DOOR: &str = "
    SELECT listed OR kind = 'board' AS open, iif(kind = 'board', 0, member_count) AS counted, EXISTS (SELECT 1 FROM users WHERE id = ?2 AND state = 'active') AS known
    FROM rooms JOIN conversations ON conversations.id = rooms.conversation_id
    WHERE rooms.conversation_id = ?1 AND NOT deleted AND NOT closed AND kind NOT IN ('private', 'direct')";

pub(super) const MEMBER: &str = "SELECT * FROM members WHERE conversation_id = ?1 AND user_id = ?2";

const TAKEN: &str = "
    SELECT EXISTS (SELECT 1 FROM members WHERE conversation_id = ?1 AND state = 'active' AND name_key = ?2)";

/// Whoever comes has seen what was written before, and keeps what was chosen the last time.
const ENTER: &str = "
    INSERT INTO members (conversation_id, user_id, name, name_key, role, state, joined_at, notify, read_id)
    VALUES (?1, ?2, ?3, ?4, ?5, 'active', ?6, 'all', (SELECT max(id) FROM messages WHERE conversation_id = ?1))
    ON CONFLICT (conversation_id, user_id) DO UPDATE SET
        name = excluded.name, name_key = excluded.name_key, role = excluded.role, state = 'active', hidden = 0,
        joined_at = excluded.joined_at, read_id = excluded.read_id
    RETURNING *";

const SET: &str = "
    UPDATE members SET role = ?3, state = ?4, hidden = ?5 WHERE conversation_id = ?1 AND user_id = ?2";

/// The number of a change of the members or the settings.
const CHANGE: &str = "
    UPDATE conversations SET last_seq = last_seq + 1, members_revision = last_seq + 1, owner_id = coalesce(?2, owner_id)
    WHERE id = ?1 RETURNING last_seq";

/// What somebody wrote is hidden or shown again with the newest change.
const REREAD: &str = "UPDATE conversations SET hidden_revision = last_seq WHERE id = ?1";

/// The questions of somebody who takes no part any more, and, if what they wrote is hidden (`?3`), those about it.
const UNQUEUE: &str = "
    DELETE FROM queued WHERE conversation_id = ?1 AND (author_id = ?2 OR ?3 AND EXISTS (
        SELECT 1 FROM messages WHERE messages.id = queued.message_id AND messages.author_id = ?2
    ))";
const UNQUEUED: &str = "UPDATE conversations SET queue_revision = last_seq WHERE id = ?1";

impl FromRow<'_, SqliteRow> for Member {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            user_id: row.try_get("user_id")?,
            name: row.try_get("name")?,
            role: get(row, "role")?,
            state: get(row, "state")?,
            joined_at: row.try_get("joined_at")?,
            hidden: row.try_get("hidden")?,
        })
    }
}

/// Lets somebody into a room, if their code leads there (`invited`), or without one if it is listed, or the board.
pub(super) async fn enter(
    tx: &mut SqliteConnection,
    join: &Join<'_>,
    invited: bool,
) -> sqlx::Result<JoinOutcome> {
    let id = join.conversation_id;
    let door = sqlx::query(DOOR).bind(id).bind(join.user_id).fetch_optional(&mut *tx).await?;
    let Some(door) = door else { return Ok(JoinOutcome::Refused) };
    let old = member(tx, id, join.user_id).await?;
    let was = |state| old.as_ref().is_some_and(|old| old.state == state);
    if was(MemberState::Active) {
        return Ok(JoinOutcome::Already { conversation_id: id.to_owned() });
    }
    let open = invited || (join.entry == Entry::Listed && door.try_get("open")?);
    if !open || !door.try_get::<bool, _>("known")? {
        return Ok(JoinOutcome::Refused);
    }
    if was(MemberState::Banned) {
        return Ok(JoinOutcome::Banned);
    }
    if door.try_get::<u32, _>("counted")? >= join.most {
        return Ok(JoinOutcome::Full);
    }
    let role = old.map_or(MemberRole::Member, |old| again(old.role));
    let member = put(tx, join, role).await?;
    count(tx, id, 1).await?;
    let revision = changed(tx, id, None).await?;
    Ok(JoinOutcome::Joined { conversation_id: id.to_owned(), member, revision })
}

/// Stores a new member under a name that is free.
pub(super) async fn put(
    tx: &mut SqliteConnection,
    join: &Join<'_>,
    role: MemberRole,
) -> sqlx::Result<Member> {
    let mut search = FreeName::of(join.name);
    let (name, key) = loop {
        let taken = sqlx::query_scalar(TAKEN).bind(join.conversation_id).bind(search.key());
        if let Some(found) = search.tell(taken.fetch_one(&mut *tx).await?) {
            break found;
        }
    };
    sqlx::query_as(ENTER)
        .bind(join.conversation_id)
        .bind(join.user_id)
        .bind(name)
        .bind(key)
        .bind(role.into_str())
        .bind(join.now)
        .fetch_one(tx)
        .await
}

pub(super) async fn member(
    tx: &mut SqliteConnection,
    id: &str,
    user_id: &str,
) -> sqlx::Result<Option<Member>> {
    sqlx::query_as(MEMBER).bind(id).bind(user_id).fetch_optional(tx).await
}

pub(super) async fn set(tx: &mut SqliteConnection, id: &str, member: &Member) -> sqlx::Result<()> {
    sqlx::query(SET)
        .bind(id)
        .bind(&member.user_id)
        .bind(member.role.into_str())
        .bind(member.state.into_str())
        .bind(member.hidden)
        .execute(tx)
        .await
        .map(|_| ())
}

/// Notes what a change of a member means for what the room shows, after [`changed`].
pub(super) async fn shown(
    tx: &mut SqliteConnection,
    id: &str,
    (before, after): (&Member, &Member),
) -> sqlx::Result<()> {
    if before.hidden != after.hidden {
        sqlx::query(REREAD).bind(id).execute(&mut *tx).await?;
    }
    if after.state == MemberState::Active {
        return Ok(());
    }
    let gone =
        sqlx::query(UNQUEUE).bind(id).bind(&after.user_id).bind(after.hidden).execute(&mut *tx).await?;
    if gone.rows_affected() > 0 {
        sqlx::query(UNQUEUED).bind(id).execute(tx).await?;
    }
    Ok(())
}

pub(super) async fn count(tx: &mut SqliteConnection, id: &str, more: i32) -> sqlx::Result<()> {
    let count = "UPDATE rooms SET member_count = member_count + ?2 WHERE conversation_id = ?1";
    sqlx::query(count).bind(id).bind(more).execute(tx).await.map(|_| ())
}

/// Gives the room the number of a change, and perhaps another owner, who pays for nobody without having said so.
pub(super) async fn changed(tx: &mut SqliteConnection, id: &str, owner: Option<&str>) -> sqlx::Result<u64> {
    let revision: i64 = sqlx::query_scalar(CHANGE).bind(id).bind(owner).fetch_one(&mut *tx).await?;
    if owner.is_some() {
        let asker = "UPDATE rooms SET payer = 'asker' WHERE conversation_id = ?1";
        sqlx::query(asker).bind(id).execute(tx).await?;
    }
    Ok(revision.unsigned_abs())
}
