//! People, in SQLite.

use async_trait::async_trait;
use sqlx::{FromRow, Row};

use crate::{
    domain::User,
    server::store::{Credentials, NewUser, Result, UserPatch, Users},
};

use super::{Sqlite, error::store_error, rows::Word};

/// One statement, so the first is the first also when two register at once.
const CREATE: &str = "
    INSERT INTO users (id, email, name, password_hash, role, state, created_at)
    SELECT ?1, ?2, ?3, ?4, iif(EXISTS (SELECT 1 FROM users), 'member', 'admin'), 'active', ?5
    WHERE true
    ON CONFLICT (email) DO NOTHING
    RETURNING *";

const UPDATE: &str = "
    UPDATE users SET
        name = coalesce(?2, name), password_hash = coalesce(?3, password_hash),
        role = coalesce(?4, role), state = coalesce(?5, state)
    WHERE id = ?1
    RETURNING *";

#[async_trait]
impl Users for Sqlite {
    async fn create_user(&self, user: &NewUser) -> Result<Option<User>> {
        sqlx::query_as(CREATE)
            .bind(&user.id)
            .bind(&user.email)
            .bind(&user.name)
            .bind(&user.password_hash)
            .bind(user.created_at)
            .fetch_all(&self.writer)
            .await
            .map(|mut rows| rows.pop())
            .map_err(store_error)
    }

    async fn user(&self, id: &str) -> Result<Option<User>> {
        sqlx::query_as("SELECT * FROM users WHERE id = ?1")
            .bind(id)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn credentials(&self, email: &str) -> Result<Option<Credentials>> {
        let row = sqlx::query("SELECT * FROM users WHERE email = ?1")
            .bind(email)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        row.map(|row| {
            Ok(Credentials { user: User::from_row(&row)?, password_hash: row.try_get("password_hash")? })
        })
        .transpose()
        .map_err(store_error)
    }

    async fn update_user(&self, id: &str, patch: &UserPatch) -> Result<Option<User>> {
        sqlx::query_as(UPDATE)
            .bind(id)
            .bind(&patch.name)
            .bind(&patch.password_hash)
            .bind(patch.role.map(Word::word))
            .bind(patch.state.map(Word::word))
            .fetch_all(&self.writer)
            .await
            .map(|mut rows| rows.pop())
            .map_err(store_error)
    }

    async fn any_user(&self) -> Result<bool> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users)")
            .fetch_one(&self.readers)
            .await
            .map_err(store_error)
    }
}
