//! Invitations and activation codes, in SQLite.

use async_trait::async_trait;
use sqlx::{Error, FromRow, Row, Sqlite as Db, SqliteConnection, Transaction, sqlite::SqliteRow};

use crate::{
    domain::{Code, CodeState, CodeUse, Gain, User},
    server::store::{
        Codes, Entry, Grant, Invited, Join, Need, NewCode, NewUser, Redeemed, Result, WhichCodes,
    },
};

use super::{
    Sqlite,
    access::{may, number},
    error::store_error,
    identities, joining,
    rows::{get, json},
};

const CREATE: &str = "
    INSERT INTO codes (id, batch_id, hash, label, registers, role, tier, tier_days, uses, expires_at, created_by, created_at,
        room_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

/// How many codes give a tier and can be used.
pub(super) const LIVE_OF_TIER: &str = "
    SELECT count(*) FROM codes
    WHERE tier = ?1 AND ended_at IS NULL AND used < uses AND (expires_at IS NULL OR expires_at > ?2)";

/// The codes that lead to a room and can be used.
const OF_ROOM: &str = concat!(
    "SELECT * FROM codes
    WHERE room_id = ?1 AND ended_at IS NULL AND used < uses AND (expires_at IS NULL OR expires_at > ?4) AND ",
    may!(),
    " ORDER BY id DESC LIMIT ?5"
);

const END_OF_ROOM: &str = concat!(
    "UPDATE codes SET ended_at = ?5 WHERE id = ?4 AND room_id = ?1 AND ended_at IS NULL AND ",
    may!()
);

const LIST: &str = "
    SELECT * FROM codes WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2";

/// `?1` is a JSON array. The index by time has all that is read of a code's uses, so none beyond the newest is.
const USES: &str = "
    SELECT used.code_id, used.user_id, used.at, users.email AS login
    FROM json_each(?1) AS wanted
    CROSS JOIN code_uses AS used ON used.code_id = wanted.value AND used.user_id IN (
        SELECT newest.user_id FROM code_uses AS newest WHERE newest.code_id = wanted.value
        ORDER BY newest.at DESC, newest.user_id DESC LIMIT ?2
    )
    LEFT JOIN users ON users.id = used.user_id AND users.state <> 'deleted'
    ORDER BY used.at DESC, used.user_id DESC";

const REGISTER: &str = "
    INSERT INTO users (id, email, name, password_hash, role, state, tier, tier_until, created_at, email_verified)
    VALUES (?1, ?2, ?3, ?4, ?5, 'active', ?6, ?7, ?8, ?9)
    ON CONFLICT (email) DO NOTHING
    RETURNING *";

impl FromRow<'_, SqliteRow> for Code {
    fn from_row(row: &SqliteRow) -> std::result::Result<Self, Error> {
        Ok(Self {
            id: row.try_get("id")?,
            batch_id: row.try_get("batch_id")?,
            label: row.try_get("label")?,
            registers: row.try_get("registers")?,
            role: get(row, "role")?,
            tier: row.try_get("tier")?,
            tier_days: row.try_get("tier_days")?,
            room_id: row.try_get("room_id")?,
            uses: row.try_get("uses")?,
            used: row.try_get("used")?,
            expires_at: row.try_get("expires_at")?,
            created_by: row.try_get("created_by")?,
            created_at: row.try_get("created_at")?,
            ended_at: row.try_get("ended_at")?,
        })
    }
}

#[async_trait]
impl Codes for Sqlite {
    async fn create_codes(&self, codes: &[NewCode]) -> Result<bool> {
        self.store_codes(codes).await.map_err(store_error)
    }

    async fn codes(&self, before: Option<&str>, most: u32) -> Result<Vec<Code>> {
        sqlx::query_as(LIST).bind(before).bind(most).fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn code_by_hash(&self, hash: &str) -> Result<Option<Code>> {
        sqlx::query_as("SELECT * FROM codes WHERE hash = ?1")
            .bind(hash)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn code(&self, which: WhichCodes<'_>) -> Result<Option<Code>> {
        let (statement, id) = match which {
            WhichCodes::One(id) => ("SELECT * FROM codes WHERE id = ?1", id),
            WhichCodes::Batch(id) => ("SELECT * FROM codes WHERE batch_id = ?1 ORDER BY id LIMIT 1", id),
        };
        sqlx::query_as(statement).bind(id).fetch_optional(&self.readers).await.map_err(store_error)
    }

    async fn code_uses(&self, code_ids: &[String], most: u32) -> Result<Vec<CodeUse>> {
        let rows = sqlx::query(USES).bind(json(&code_ids)).bind(most).fetch_all(&self.readers).await;
        let read = |row: SqliteRow| {
            Ok(CodeUse {
                code_id: row.try_get("code_id")?,
                user_id: row.try_get("user_id")?,
                login: row.try_get("login")?,
                at: row.try_get("at")?,
            })
        };
        rows.and_then(|rows| rows.into_iter().map(read).collect()).map_err(store_error)
    }

    async fn end_codes(&self, which: WhichCodes<'_>, now: i64) -> Result<u64> {
        let (statement, id) = match which {
            WhichCodes::One(id) => ("UPDATE codes SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL", id),
            WhichCodes::Batch(id) => {
                ("UPDATE codes SET ended_at = ?2 WHERE batch_id = ?1 AND ended_at IS NULL", id)
            }
        };
        let ended = sqlx::query(statement).bind(id).bind(now).execute(&self.writer).await;
        ended.map(|done| done.rows_affected()).map_err(store_error)
    }

    async fn room_codes(&self, grant: &Grant, most: u32, now: i64) -> Result<Vec<Code>> {
        sqlx::query_as(OF_ROOM)
            .bind(grant.conversation_id())
            .bind(grant.user_id())
            .bind(number(Need::Manage.least()))
            .bind(now)
            .bind(most)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn end_room_code(&self, grant: &Grant, code_id: &str, now: i64) -> Result<bool> {
        let ended = sqlx::query(END_OF_ROOM)
            .bind(grant.conversation_id())
            .bind(grant.user_id())
            .bind(number(Need::Manage.least()))
            .bind(code_id)
            .bind(now)
            .execute(&self.writer)
            .await;
        ended.map(|done| done.rows_affected() == 1).map_err(store_error)
    }

    async fn register_with_code(&self, user: &NewUser, hash: &str, most: u32, now: i64) -> Result<Invited> {
        self.register_invited(user, hash, most, now).await.map_err(store_error)
    }

    async fn redeem_code(&self, user_id: &str, hash: &str, replace: bool, now: i64) -> Result<Redeemed> {
        let mut tx = self.writer.begin().await.map_err(store_error)?;
        let redeemed = redeem(&mut tx, (user_id, hash), replace, now).await.map_err(store_error)?;
        let ended = match redeemed {
            Redeemed::Done(..) => tx.commit().await,
            _ => tx.rollback().await,
        };
        ended.map(|()| redeemed).map_err(store_error)
    }
}

impl Sqlite {
    async fn store_codes(&self, codes: &[NewCode]) -> sqlx::Result<bool> {
        let mut tx = self.writer.begin().await?;
        if let Some(tier) = codes.first().and_then(|new| new.code.tier.as_deref()) {
            let there = sqlx::query("SELECT 1 FROM tiers WHERE id = ?1").bind(tier);
            if there.fetch_optional(&mut *tx).await?.is_none() {
                tx.rollback().await?;
                return Ok(false);
            }
        }
        for NewCode { code, hash } in codes {
            sqlx::query(CREATE)
                .bind(&code.id)
                .bind(&code.batch_id)
                .bind(hash)
                .bind(&code.label)
                .bind(code.registers)
                .bind(code.role.into_str())
                .bind(&code.tier)
                .bind(code.tier_days)
                .bind(code.uses)
                .bind(code.expires_at)
                .bind(&code.created_by)
                .bind(code.created_at)
                .bind(&code.room_id)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn register_invited(
        &self,
        user: &NewUser,
        hash: &str,
        most: u32,
        now: i64,
    ) -> sqlx::Result<Invited> {
        let mut tx = self.writer.begin().await?;
        let anybody: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users)").fetch_one(&mut *tx).await?;
        let code = live(&mut tx, hash, now).await?.filter(|code| anybody && code.registers);
        let Some(code) = code else {
            tx.rollback().await?;
            return Ok(Invited::Refused);
        };
        let made: Option<User> = sqlx::query_as(REGISTER)
            .bind(&user.id)
            .bind(&user.login)
            .bind(&user.name)
            .bind(&user.password_hash)
            .bind(code.role.into_str())
            .bind(&code.tier)
            .bind(code.tier.as_ref().and_then(|_| code.lasts_until(now)))
            .bind(user.created_at)
            .bind(user.email_verified)
            .fetch_all(&mut *tx)
            .await?
            .pop();
        let Some(made) = made else {
            tx.rollback().await?;
            return Ok(Invited::LoginTaken);
        };
        if let Some(identity) = &user.identity {
            identities::insert(&mut tx, identity).await?;
        }
        use_code(&mut tx, &code, &made.id, now).await?;
        if let Some(room) = &code.room_id {
            let (name, entry) = (&*made.name, Entry::Code(hash));
            let join = Join { conversation_id: room, user_id: &made.id, name, entry, most, now };
            joining::enter(&mut tx, &join, true).await?;
        }
        tx.commit().await?;
        Ok(Invited::Made(made))
    }
}

/// The writer is one connection, so nobody uses the code between these statements.
async fn redeem(
    tx: &mut Transaction<'_, Db>,
    (user_id, hash): (&str, &str),
    replace: bool,
    now: i64,
) -> sqlx::Result<Redeemed> {
    let user: Option<User> = sqlx::query_as("SELECT * FROM users WHERE id = ?1 AND state = 'active'")
        .bind(user_id)
        .fetch_optional(&mut **tx)
        .await?;
    let again: Option<i64> = sqlx::query_scalar(
        "SELECT 1 FROM code_uses JOIN codes ON codes.id = code_id WHERE hash = ?1 AND user_id = ?2",
    )
    .bind(hash)
    .bind(user_id)
    .fetch_optional(&mut **tx)
    .await?;
    if again.is_some() {
        return Ok(Redeemed::Again);
    }
    let (Some(user), Some(mut code)) = (user, live(tx, hash, now).await?) else {
        return Ok(Redeemed::Refused);
    };
    if code.room_id.is_some() {
        return Ok(Redeemed::Nothing);
    }
    let until = match code.gain(&user, now) {
        Gain::Nothing => return Ok(Redeemed::Nothing),
        Gain::Already => return Ok(Redeemed::Already(code)),
        Gain::Tier { replaces: true, .. } if !replace => return Ok(Redeemed::Replaces(user, code)),
        Gain::Tier { until, .. } => until,
    };
    use_code(tx, &code, user_id, now).await?;
    code.used += 1;
    let user = sqlx::query_as("UPDATE users SET tier = ?2, tier_until = ?3 WHERE id = ?1 RETURNING *")
        .bind(user_id)
        .bind(&code.tier)
        .bind(until)
        .fetch_one(&mut **tx)
        .await?;
    Ok(Redeemed::Done(user, code))
}

/// The code that can be used now.
pub(super) async fn live(tx: &mut SqliteConnection, hash: &str, now: i64) -> sqlx::Result<Option<Code>> {
    let code: Option<Code> =
        sqlx::query_as("SELECT * FROM codes WHERE hash = ?1").bind(hash).fetch_optional(tx).await?;
    Ok(code.filter(|code| code.state(now) == CodeState::Live))
}

/// Uses a code that leads to a room. For somebody who comes again with it that is the same use.
pub(super) async fn use_once_more(
    tx: &mut SqliteConnection,
    code: &Code,
    user_id: &str,
    now: i64,
) -> sqlx::Result<()> {
    let known = "SELECT EXISTS (SELECT 1 FROM code_uses WHERE code_id = ?1 AND user_id = ?2)";
    let known = sqlx::query_scalar(known).bind(&code.id).bind(user_id).fetch_one(&mut *tx).await?;
    if known { Ok(()) } else { use_code(tx, code, user_id, now).await }
}

async fn use_code(tx: &mut SqliteConnection, code: &Code, user_id: &str, now: i64) -> sqlx::Result<()> {
    sqlx::query("UPDATE codes SET used = used + 1 WHERE id = ?1").bind(&code.id).execute(&mut *tx).await?;
    sqlx::query("INSERT INTO code_uses (code_id, user_id, at) VALUES (?1, ?2, ?3)")
        .bind(&code.id)
        .bind(user_id)
        .bind(now)
        .execute(tx)
        .await
        .map(|_| ())
}
