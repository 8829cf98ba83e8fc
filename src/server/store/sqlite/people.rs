//! People as administrators see them, and the end of an account, in SQLite.

use async_trait::async_trait;

use crate::{
    domain::User,
    server::store::{People, PeopleQuery, Reset, Result, Updated},
};

use super::{
    Sqlite, directs,
    error::store_error,
    members,
    sessions::END_SESSIONS,
    users::{ANY_ADMIN, refused},
};

/// `?1` is a regular expression, because SQLite's own functions know upper and lower case of ASCII only.
macro_rules! sought {
    () => {
        "state <> 'deleted' AND (?1 = '' OR email REGEXP ?1 OR name REGEXP ?1)"
    };
}

/// The regular expression of a text in any case.
pub(super) fn any_case(search: &str) -> String {
    if search.is_empty() { String::new() } else { format!("(?i){}", regex::escape(search)) }
}

const LIST: &str =
    concat!("SELECT * FROM users WHERE id < coalesce(?2, '~') AND ", sought!(), " ORDER BY id DESC LIMIT ?3");

const OTHER_ADMIN: &str = "
    SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin' AND state = 'active' AND deletes_at IS NULL AND id <> ?1)";

const COUNT: &str = concat!("SELECT count(*) FROM users WHERE ", sought!());

/// The login of a closed account is one that nobody can choose. With `?3` the account must be due at that time.
const CLOSE: &str = "
    UPDATE users SET state = 'deleted', role = 'member', email = 'deleted:' || id, password_hash = '',
        deletes_at = coalesce(?2, deletes_at)
    WHERE id = ?1 AND state <> 'deleted' AND (?3 IS NULL OR deletes_at <= ?3) RETURNING *";

const DUE: &str = "SELECT * FROM users WHERE deletes_at <= ?1 ORDER BY deletes_at LIMIT 50";

/// They go as what was deleted and cannot be restored: [`crate::server::store::Conversations::purge`] removes them.
const HIDE_ALL: &str = "
    UPDATE conversations SET deleted = 1, binned_at = NULL
    WHERE owner_id = ?1 AND (NOT deleted OR binned_at IS NOT NULL)
        AND EXISTS (SELECT 1 FROM users WHERE id = ?1 AND state = 'deleted')";

const REMOVE: &str = "
    DELETE FROM users
    WHERE id = ?1 AND state = 'deleted' AND NOT EXISTS (SELECT 1 FROM conversations WHERE owner_id = ?1)";

const PUT_RESET: &str = "
    INSERT INTO resets (user_id, hash, expires_at) SELECT id, ?2, ?3 FROM users WHERE id = ?1 AND state = 'active'
    ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at";

const RESET: &str = "
    SELECT users.* FROM resets JOIN users ON users.id = resets.user_id
    WHERE hash = ?1 AND expires_at > ?2 AND state = 'active'";

#[async_trait]
impl People for Sqlite {
    async fn people(&self, query: &PeopleQuery) -> Result<Vec<User>> {
        sqlx::query_as(LIST)
            .bind(any_case(&query.search))
            .bind(&query.after)
            .bind(query.limit)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn count_people(&self, search: &str) -> Result<u64> {
        let count: i64 = sqlx::query_scalar(COUNT)
            .bind(any_case(search))
            .fetch_one(&self.readers)
            .await
            .map_err(store_error)?;
        Ok(count.unsigned_abs())
    }

    async fn any_other_admin(&self, id: &str) -> Result<bool> {
        sqlx::query_scalar(OTHER_ADMIN).bind(id).fetch_one(&self.readers).await.map_err(store_error)
    }

    async fn close_account(&self, id: &str, erase_at: Option<i64>) -> Result<Updated> {
        let closed = self.close_one(id, erase_at, None).await.map_err(store_error)?;
        self.withdraw_after(&closed, id).await;
        Ok(closed)
    }

    async fn close_due_account(&self, id: &str, now: i64) -> Result<Updated> {
        let closed = self.close_one(id, Some(now), Some(now)).await.map_err(store_error)?;
        self.withdraw_after(&closed, id).await;
        Ok(closed)
    }

    async fn accounts_to_delete(&self, now: i64) -> Result<Vec<User>> {
        sqlx::query_as(DUE).bind(now).fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn erase(&self, id: &str) -> Result<bool> {
        // What a server left that ended while it closed the account.
        self.withdraw(id).await.map_err(store_error)?;
        sqlx::query(HIDE_ALL).bind(id).execute(&self.writer).await.map_err(store_error)?;
        if self.remove_account(id).await.map_err(store_error)? {
            return Ok(false);
        }
        // What was hidden is removed a batch at a time.
        self.purge_some(i64::MIN / 2).await.map_err(store_error)
    }

    async fn put_reset(&self, reset: &Reset) -> Result<bool> {
        sqlx::query(PUT_RESET)
            .bind(&reset.user_id)
            .bind(&reset.hash)
            .bind(reset.expires_at)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(store_error)
    }

    async fn reset(&self, hash: &str, now: i64) -> Result<Option<User>> {
        sqlx::query_as(RESET).bind(hash).bind(now).fetch_optional(&self.readers).await.map_err(store_error)
    }

    async fn use_reset(&self, hash: &str, password_hash: &str, now: i64) -> Result<Updated> {
        self.take_reset(hash, password_hash, now).await.map_err(store_error)
    }
}

impl Sqlite {
    /// Removes an account without conversations, and what no foreign key removes along with it.
    async fn remove_account(&self, id: &str) -> sqlx::Result<bool> {
        let mut tx = self.writer.begin().await?;
        if sqlx::query(REMOVE).bind(id).execute(&mut *tx).await?.rows_affected() == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        for gone in [
            "DELETE FROM code_uses WHERE user_id = ?1",
            "DELETE FROM budgets WHERE user_id = ?1",
            "DELETE FROM idempotency_keys WHERE user_id = ?1",
        ] {
            sqlx::query(gone).bind(id).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Takes back the reactions of somebody whose account was closed: afterwards, because there may be very many. The account
    /// is closed also when that fails.
    async fn withdraw_after(&self, closed: &Updated, id: &str) {
        if matches!(closed, Updated::Done(..))
            && let Err(error) = self.withdraw(id).await
        {
            tracing::warn!(%error, user = %id, "reactions of a closed account stay");
        }
    }

    async fn close_one(&self, id: &str, erase_at: Option<i64>, due_at: Option<i64>) -> sqlx::Result<Updated> {
        let mut tx = self.writer.begin().await?;
        let closed: Option<User> =
            sqlx::query_as(CLOSE).bind(id).bind(erase_at).bind(due_at).fetch_optional(&mut *tx).await?;
        let Some(user) = closed else { return refused(tx, Updated::Missing).await };
        if !sqlx::query_scalar(ANY_ADMIN).fetch_one(&mut *tx).await? {
            return refused(tx, Updated::LastAdmin).await;
        }
        let none: Option<&str> = None;
        let ended = sqlx::query_scalar(END_SESSIONS).bind(id).bind(none).bind(true);
        let ended = ended.fetch_all(&mut *tx).await?;
        members::part(&mut tx, id).await?;
        directs::keep_name(&mut tx, id).await?;
        for gone in [
            "DELETE FROM resets WHERE user_id = ?1",
            "DELETE FROM second_factors WHERE user_id = ?1",
            "DELETE FROM exports WHERE user_id = ?1",
            "DELETE FROM identities WHERE user_id = ?1",
            "DELETE FROM presences WHERE user_id = ?1",
            "DELETE FROM notes WHERE author_id = ?1 OR wall_id = ?1",
            "DELETE FROM blocks WHERE user_id = ?1 OR blocked_id = ?1",
        ] {
            sqlx::query(gone).bind(id).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(Updated::Done(user, ended))
    }

    async fn take_reset(&self, hash: &str, password_hash: &str, now: i64) -> sqlx::Result<Updated> {
        let mut tx = self.writer.begin().await?;
        let user: Option<User> = sqlx::query_as(RESET).bind(hash).bind(now).fetch_optional(&mut *tx).await?;
        let Some(user) = user else { return refused(tx, Updated::Missing).await };
        sqlx::query("UPDATE users SET password_hash = ?2 WHERE id = ?1")
            .bind(&user.id)
            .bind(password_hash)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM resets WHERE hash = ?1").bind(hash).execute(&mut *tx).await?;
        let none: Option<&str> = None;
        let ended = sqlx::query_scalar(END_SESSIONS).bind(&user.id).bind(none).bind(false);
        let ended = ended.fetch_all(&mut *tx).await?;
        tx.commit().await?;
        Ok(Updated::Done(user, ended))
    }
}
