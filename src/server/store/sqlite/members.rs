//! The people of a room, in SQLite. The writer is one connection, so nobody comes or goes between the statements of a
//! transaction.

use async_trait::async_trait;
use sqlx::{FromRow, Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    domain::{Member, MemberRole, MemberState, Notify, OwnPart},
    server::store::{
        Entry, Grant, Join, JoinOutcome, LeaveOutcome, MemberChange, MemberOutcome, MemberQuery, Members,
        Result,
        members::{Step, again},
    },
};

use super::{
    Sqlite,
    access::{level, level_of},
    codes,
    error::store_error,
    joining::{MEMBER, changed, count, enter, member, set, shown},
    rooms::OWNED,
    rows::{get, json},
};

/// Both the person who acts (`?2`) and the one with whom something is done (`?3`). Nobody is above an administrator on the
/// board, whoever made it.
const ACTING: &str = concat!(
    "SELECT ",
    level!("?1"),
    " AS level,
        iif(kind = 'board', EXISTS (SELECT 1 FROM users WHERE id = ?3 AND role = 'admin'), owner_id = ?3) AS owns,
        EXISTS (SELECT 1 FROM users WHERE id = ?3 AND state = 'active') AS can_own
    FROM conversations WHERE id = ?1 AND kind NOT IN ('private', 'direct')"
);

const LIST: &str = "
    SELECT * FROM members
    WHERE conversation_id = ?1 AND state = ?2 AND (name_key, user_id) > (?3, ?4)
        AND (?5 = '' OR name_key >= ?5 AND name_key < ?5 || char(1114111))
    ORDER BY name_key, user_id LIMIT ?6";

const NAMED: &str = "
    SELECT * FROM members WHERE conversation_id = ?1 AND user_id IN (SELECT value FROM json_each(?2))";

const OWN_PART: &str = "
    SELECT read_id, notify FROM members WHERE conversation_id = ?1 AND user_id = ?2 AND state = 'active'";

const NOTIFY: &str = "
    UPDATE members SET notify = ?3 WHERE conversation_id = ?1 AND user_id = ?2 AND state = 'active'";

const READ: &str = "
    UPDATE members SET read_id = ?3
    WHERE conversation_id = ?1 AND user_id = ?2 AND state = 'active' AND (read_id IS NULL OR read_id < ?3)
        AND EXISTS (SELECT 1 FROM messages WHERE id = ?3 AND conversation_id = ?1)";

/// The rooms in which somebody takes part whose account ends, and who owns those of theirs from then on: the moderator who is
/// there longest, else the member; of the board another administrator.
const LEFT_BEHIND: &str = "
    SELECT members.*, iif(conversations.owner_id <> ?1, NULL, coalesce((
        SELECT id FROM users
        WHERE conversations.kind = 'board' AND role = 'admin' AND state = 'active' AND id <> ?1 ORDER BY created_at, id LIMIT 1
    ), (
        SELECT heir.user_id FROM members AS heir JOIN users ON users.id = heir.user_id AND users.state = 'active'
        WHERE heir.conversation_id = members.conversation_id AND heir.user_id <> ?1 AND heir.state = 'active'
        ORDER BY heir.role = 'moderator' DESC, heir.joined_at, heir.user_id LIMIT 1
    ))) AS heir
    FROM members JOIN conversations ON conversations.id = members.conversation_id
    WHERE members.user_id = ?1 AND members.state = 'active'";

#[async_trait]
impl Members for Sqlite {
    async fn join(&self, join: &Join<'_>) -> Result<JoinOutcome> {
        self.join_one(join).await.map_err(store_error)
    }

    async fn leave(&self, grant: &Grant) -> Result<LeaveOutcome> {
        self.leave_one(grant).await.map_err(store_error)
    }

    async fn change_member(
        &self,
        grant: &Grant,
        user_id: &str,
        change: MemberChange,
    ) -> Result<MemberOutcome> {
        self.change_one_member(grant, user_id, change).await.map_err(store_error)
    }

    async fn member(&self, grant: &Grant, user_id: &str) -> Result<Option<Member>> {
        let member = sqlx::query_as(MEMBER).bind(grant.conversation_id()).bind(user_id);
        member.fetch_optional(&self.readers).await.map_err(store_error)
    }

    async fn members(&self, grant: &Grant, query: &MemberQuery) -> Result<Vec<Member>> {
        let state = if query.banned { MemberState::Banned } else { MemberState::Active };
        let after = query.after.as_ref().map(|after| (&*after.name_key, &*after.user_id));
        let (key, id) = after.unwrap_or_default();
        sqlx::query_as(LIST)
            .bind(grant.conversation_id())
            .bind(state.into_str())
            .bind(key)
            .bind(id)
            .bind(query.begins.as_deref().unwrap_or_default())
            .bind(query.limit)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn members_of(&self, grant: &Grant, user_ids: &[String]) -> Result<Vec<Member>> {
        let named = sqlx::query_as(NAMED).bind(grant.conversation_id()).bind(json(&user_ids));
        named.fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn own_part(&self, grant: &Grant) -> Result<Option<OwnPart>> {
        let row = sqlx::query(OWN_PART).bind(grant.conversation_id()).bind(grant.user_id());
        let row = row.fetch_optional(&self.readers).await;
        let part =
            |row: SqliteRow| Ok(OwnPart { read_id: row.try_get("read_id")?, notify: get(&row, "notify")? });
        row.and_then(|row| row.map(part).transpose()).map_err(store_error)
    }

    async fn set_notify(&self, grant: &Grant, notify: Notify) -> Result<bool> {
        let set = sqlx::query(NOTIFY).bind(grant.conversation_id()).bind(grant.user_id());
        let set = set.bind(notify.into_str()).execute(&self.writer).await;
        set.map(|done| done.rows_affected() == 1).map_err(store_error)
    }

    async fn set_read(&self, grant: &Grant, message_id: &str) -> Result<bool> {
        let set = sqlx::query(READ).bind(grant.conversation_id()).bind(grant.user_id()).bind(message_id);
        let set = set.execute(&self.writer).await;
        set.map(|done| done.rows_affected() == 1).map_err(store_error)
    }
}

// An early return drops the transaction, which rolls it back; nothing was written.
impl Sqlite {
    async fn join_one(&self, join: &Join<'_>) -> sqlx::Result<JoinOutcome> {
        let mut tx = self.writer.begin().await?;
        let code = match join.entry {
            Entry::Listed => None,
            Entry::Code(hash) => codes::live(&mut tx, hash, join.now)
                .await?
                .filter(|code| code.room_id.as_deref() == Some(join.conversation_id)),
        };
        let outcome = enter(&mut tx, join, code.is_some()).await?;
        if matches!(outcome, JoinOutcome::Joined { .. }) {
            if let Some(code) = code {
                codes::use_once_more(&mut tx, &code, join.user_id, join.now).await?;
            }
            tx.commit().await?;
        }
        Ok(outcome)
    }

    async fn leave_one(&self, grant: &Grant) -> sqlx::Result<LeaveOutcome> {
        let (id, user_id) = (grant.conversation_id(), grant.user_id());
        let mut tx = self.writer.begin().await?;
        let Some(acting) = acting(&mut tx, grant, user_id).await? else { return Ok(LeaveOutcome::Missing) };
        let member = member(&mut tx, id, user_id).await?;
        let Some(member) = member.filter(|member| member.state == MemberState::Active) else {
            return Ok(LeaveOutcome::Missing);
        };
        if acting.try_get("owns")? {
            return Ok(LeaveOutcome::Owner);
        }
        let revision = go(&mut tx, id, member, None).await?;
        tx.commit().await?;
        Ok(LeaveOutcome::Left { revision })
    }

    async fn change_one_member(
        &self,
        grant: &Grant,
        user_id: &str,
        change: MemberChange,
    ) -> sqlx::Result<MemberOutcome> {
        let id = grant.conversation_id();
        let mut tx = self.writer.begin().await?;
        let acting = acting(&mut tx, grant, user_id).await?;
        let Some(by) = acting.as_ref().map(level_of).transpose()?.flatten() else {
            return Ok(MemberOutcome::Denied);
        };
        let flag = |column| acting.as_ref().map_or(Ok(false), |row| row.try_get::<bool, _>(column));
        let Some(member) = member(&mut tx, id, user_id).await? else { return Ok(MemberOutcome::Missing) };
        let (then, owner) = match change.of(&member, flag("owns").unwrap_or(true), by) {
            Step::Becomes(then) => (then, None),
            Step::Owns(_) if !flag("can_own")? => return Ok(MemberOutcome::Missing),
            Step::Owns(then) => (then, Some(user_id)),
            Step::Same => return Ok(MemberOutcome::Same(member)),
            Step::Missing => return Ok(MemberOutcome::Missing),
            Step::Denied => return Ok(MemberOutcome::Denied),
        };
        if let (Some(_), MemberChange::HandOver { most: Some(most) }) = (owner, change) {
            let owned: u32 = sqlx::query_scalar(OWNED).bind(user_id).fetch_one(&mut *tx).await?;
            if owned >= most {
                return Ok(MemberOutcome::Full);
            }
        }
        set(&mut tx, id, &then).await?;
        if member.state == MemberState::Active && then.state != MemberState::Active {
            count(&mut tx, id, -1).await?;
        }
        let revision = changed(&mut tx, id, owner).await?;
        shown(&mut tx, id, (&member, &then)).await?;
        tx.commit().await?;
        let reread = member.hidden != then.hidden;
        Ok(MemberOutcome::Changed { member: then, revision, reread })
    }
}

/// Takes somebody whose account ends out of all rooms. Rooms of theirs in which others take part get another owner.
pub(super) async fn part(tx: &mut SqliteConnection, user_id: &str) -> sqlx::Result<()> {
    for row in sqlx::query(LEFT_BEHIND).bind(user_id).fetch_all(&mut *tx).await? {
        let (id, heir): (&str, Option<&str>) = (row.try_get("conversation_id")?, row.try_get("heir")?);
        if let Some(heir) = heir
            && let Some(member) = member(tx, id, heir).await?
        {
            set(tx, id, &Member { role: MemberRole::Moderator, ..member }).await?;
        }
        go(tx, id, Member::from_row(&row)?, heir).await?;
    }
    Ok(())
}

/// A member goes of their own accord.
async fn go(tx: &mut SqliteConnection, id: &str, member: Member, heir: Option<&str>) -> sqlx::Result<u64> {
    let gone = Member { role: again(member.role), state: MemberState::Left, ..member.clone() };
    set(tx, id, &gone).await?;
    count(tx, id, -1).await?;
    let revision = changed(tx, id, heir).await?;
    shown(tx, id, (&member, &gone)).await?;
    Ok(revision)
}

async fn acting(tx: &mut SqliteConnection, grant: &Grant, with: &str) -> sqlx::Result<Option<SqliteRow>> {
    let acting = sqlx::query(ACTING).bind(grant.conversation_id()).bind(grant.user_id()).bind(with);
    acting.fetch_optional(tx).await
}
