//! People, in SQLite.

use async_trait::async_trait;
use sqlx::{FromRow, Row, Transaction};

use crate::{
    domain::{User, UserRole, UserState},
    server::store::{Admission, Credentials, First, NewUser, Registered, Result, Updated, UserPatch, Users},
};

use super::{
    Sqlite,
    error::store_error,
    identities,
    rows::{json, preferences},
    sessions::END_SESSIONS,
};

const CREATE: &str = "
    INSERT INTO users (id, email, name, password_hash, role, state, created_at, email_verified)
    SELECT ?1, ?2, ?3, ?4, iif(EXISTS (SELECT 1 FROM users), 'member', 'admin'), 'active', ?5, ?6
    WHERE true
    ON CONFLICT (email) DO NOTHING
    RETURNING *";

const SET_FIRST_CODE: &str = "
    INSERT INTO facts (name, value) SELECT 'first-code', ?1 WHERE NOT EXISTS (SELECT 1 FROM users)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const IS_FIRST_CODE: &str = "
    SELECT EXISTS (SELECT 1 FROM facts WHERE name = 'first-code' AND value = ?1) AND NOT EXISTS (SELECT 1 FROM users)";
const USE_FIRST_CODE: &str = "DELETE FROM facts WHERE name = 'first-code' AND value = ?1";

const UPDATE: &str = "
    UPDATE users SET
        name = coalesce(?2, name), password_hash = coalesce(?3, password_hash),
        role = coalesce(?4, role), state = coalesce(?5, state), language = iif(?6, ?7, language),
        preferences = coalesce(?8, preferences), email = coalesce(?9, email),
        email_verified = coalesce(?10, email_verified), tier = iif(?11, ?12, tier),
        tier_until = iif(?11, ?13, tier_until), deletes_at = iif(?14, ?15, deletes_at)
    WHERE id = ?1 AND state <> 'deleted'
        AND password_hash = coalesce(?16, password_hash)
        AND email = coalesce(?18, email)
        AND (?3 IS NULL OR ?17 IS NULL OR EXISTS (SELECT 1 FROM sessions WHERE id = ?17 AND user_id = ?1))
    RETURNING *";

const DROP_RESET: &str = "DELETE FROM resets WHERE user_id = ?1";

/// Whether there is an active administrator.
pub(super) const ANY_ADMIN: &str =
    "SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin' AND state = 'active')";

#[async_trait]
impl Users for Sqlite {
    async fn create_user(&self, user: &NewUser, admission: Admission<'_>) -> Result<Registered> {
        self.register(user, admission).await.map_err(store_error)
    }

    async fn set_first_code(&self, hash: &str) -> Result<bool> {
        let set = sqlx::query(SET_FIRST_CODE).bind(hash).execute(&self.writer).await.map_err(store_error)?;
        Ok(set.rows_affected() > 0)
    }

    async fn is_first_code(&self, hash: &str) -> Result<bool> {
        let is = sqlx::query_scalar(IS_FIRST_CODE).bind(hash).fetch_one(&self.readers).await;
        is.map_err(store_error)
    }

    async fn user(&self, id: &str) -> Result<Option<User>> {
        sqlx::query_as("SELECT * FROM users WHERE id = ?1")
            .bind(id)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn users_of(&self, ids: &[String]) -> Result<Vec<User>> {
        sqlx::query_as("SELECT * FROM users WHERE id IN (SELECT value FROM json_each(?1))")
            .bind(serde_json::to_string(ids).unwrap_or_default())
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn credentials(&self, login: &str) -> Result<Option<Credentials>> {
        let row = sqlx::query("SELECT * FROM users WHERE email = ?1")
            .bind(login)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        row.map(|row| {
            Ok(Credentials { user: User::from_row(&row)?, password_hash: row.try_get("password_hash")? })
        })
        .transpose()
        .map_err(store_error)
    }

    async fn update_user(&self, id: &str, patch: &UserPatch, keep: Option<&str>) -> Result<Updated> {
        self.change_user(id, patch, keep).await.map_err(store_error)
    }

    async fn any_user(&self) -> Result<bool> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users)")
            .fetch_one(&self.readers)
            .await
            .map_err(store_error)
    }
}

impl Sqlite {
    /// The writer is one connection, so nobody else is the first between these statements.
    async fn register(&self, user: &NewUser, admission: Admission<'_>) -> sqlx::Result<Registered> {
        let mut tx = self.writer.begin().await?;
        let anybody: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users)").fetch_one(&mut *tx).await?;
        let refused = match admission.first {
            _ if anybody => (!admission.others).then_some(Registered::Closed),
            First::Anybody => None,
            First::Nobody => Some(Registered::NotFirst),
            First::Code(hash) => {
                let used = sqlx::query(USE_FIRST_CODE).bind(hash).execute(&mut *tx).await?;
                (used.rows_affected() == 0).then_some(Registered::NotFirst)
            }
        };
        if let Some(refused) = refused {
            tx.rollback().await?;
            return Ok(refused);
        }
        let made = sqlx::query_as(CREATE)
            .bind(&user.id)
            .bind(&user.login)
            .bind(&user.name)
            .bind(&user.password_hash)
            .bind(user.created_at)
            .bind(user.email_verified)
            .fetch_all(&mut *tx)
            .await?
            .pop();
        if let (Some(_), Some(identity)) = (&made, &user.identity) {
            identities::insert(&mut tx, identity).await?;
        }
        tx.commit().await?;
        Ok(made.map_or(Registered::LoginTaken, Registered::Made))
    }

    async fn change_user(&self, id: &str, patch: &UserPatch, keep: Option<&str>) -> sqlx::Result<Updated> {
        let mut tx = self.writer.begin().await?;
        // The writer is one connection, so nobody changes the preferences between these two statements.
        let preferences = match &patch.preferences {
            Some(change) => {
                let row = sqlx::query("SELECT preferences FROM users WHERE id = ?1").bind(id);
                let row = row.fetch_optional(&mut *tx).await?;
                let mut preferences = row.as_ref().map(preferences).transpose()?.unwrap_or_default();
                change.apply(&mut preferences);
                Some(json(&preferences))
            }
            None => None,
        };
        let (tier, tier_until) = patch.tier.clone().flatten().unzip();
        let changed = sqlx::query_as(UPDATE)
            .bind(id)
            .bind(&patch.name)
            .bind(&patch.password_hash)
            .bind(patch.role.map(|role| role.into_str()))
            .bind(patch.state.map(|state| state.into_str()))
            .bind(patch.language.is_some())
            .bind(patch.language.as_ref().and_then(Option::as_deref))
            .bind(preferences)
            .bind(&patch.login)
            .bind(patch.email_verified)
            .bind(patch.tier.is_some())
            .bind(tier)
            .bind(tier_until.flatten())
            .bind(patch.deletes_at.is_some())
            .bind(patch.deletes_at.flatten())
            .bind(&patch.old_hash)
            .bind(keep)
            .bind(&patch.old_login)
            .fetch_optional(&mut *tx)
            .await;
        let user: User = match changed {
            Ok(Some(user)) => user,
            Ok(None) => return refused(tx, Updated::Missing).await,
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                return refused(tx, Updated::LoginTaken).await;
            }
            Err(error) => return Err(error),
        };
        if may_end_an_admin(patch) && !sqlx::query_scalar(ANY_ADMIN).fetch_one(&mut *tx).await? {
            return refused(tx, Updated::LastAdmin).await;
        }
        if patch.password_hash.is_some() {
            sqlx::query(DROP_RESET).bind(id).execute(&mut *tx).await?;
        }
        let disabled = user.state == UserState::Disabled;
        let ended = if disabled || patch.password_hash.is_some() {
            sqlx::query_scalar(END_SESSIONS)
                .bind(id)
                .bind(keep.filter(|_| !disabled))
                .bind(disabled)
                .fetch_all(&mut *tx)
                .await?
        } else {
            Vec::new()
        };
        tx.commit().await?;
        Ok(Updated::Done(user, ended))
    }
}

/// Whether the change may leave the site without an active administrator.
fn may_end_an_admin(patch: &UserPatch) -> bool {
    patch.role == Some(UserRole::Member) || patch.state == Some(UserState::Disabled)
}

pub(super) async fn refused(tx: Transaction<'_, sqlx::Sqlite>, why: Updated) -> sqlx::Result<Updated> {
    tx.rollback().await?;
    Ok(why)
}
