//! The people of the site as other people find them, in SQLite.

use std::cmp::Ordering;

use async_trait::async_trait;

use crate::{
    domain::{CommonRoom, User},
    server::store::{Directory, DirectoryQuery, Result},
};

use super::{Sqlite, error::store_error, people::any_case, rows::json};

/// The name of the order in which names in any case stand together. SQLite's own functions know the case of ASCII only.
pub(super) const ANY_CASE: &str = "ANY_CASE";

pub(super) fn in_any_case(one: &str, other: &str) -> Ordering {
    one.chars().flat_map(char::to_lowercase).cmp(other.chars().flat_map(char::to_lowercase))
}

const LIST: &str = "
    SELECT * FROM users
    WHERE state = 'active' AND coalesce(json_extract(preferences, '$.listed'), 1) <> 0
        AND (?1 = '' OR name REGEXP ?1)
        AND (?5 IS NULL OR id IN (SELECT value FROM json_each(?5)))
        AND id NOT IN (SELECT value FROM json_each(?6))
        AND (?2 IS NULL OR name > ?2 COLLATE ANY_CASE OR (name = ?2 COLLATE ANY_CASE AND id > ?3))
    ORDER BY name COLLATE ANY_CASE, id LIMIT ?4";

const COMMON: &str = "
    SELECT conversations.id, title FROM members AS own
        JOIN members AS other ON other.conversation_id = own.conversation_id AND other.user_id = ?2
        JOIN conversations ON conversations.id = own.conversation_id AND NOT deleted AND kind IN ('room', 'board')
        JOIN rooms ON rooms.conversation_id = conversations.id AND NOT closed
    WHERE own.user_id = ?1 AND own.state = 'active' AND other.state = 'active'
    ORDER BY updated_at DESC, conversations.id DESC LIMIT ?3";

#[async_trait]
impl Directory for Sqlite {
    async fn listed_people(&self, query: &DirectoryQuery) -> Result<Vec<User>> {
        let (name, id) = query.after.as_ref().map(|after| (&*after.name, &*after.id)).unzip();
        sqlx::query_as(LIST)
            .bind(any_case(&query.search))
            .bind(name)
            .bind(id)
            .bind(query.limit)
            .bind(query.only.as_ref().map(json))
            .bind(json(&query.without))
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn common_rooms(&self, user_id: &str, other_id: &str, limit: u32) -> Result<Vec<CommonRoom>> {
        let found: Vec<(String, String)> = sqlx::query_as(COMMON)
            .bind(user_id)
            .bind(other_id)
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        Ok(found.into_iter().map(|(id, name)| CommonRoom { id, name }).collect())
    }
}
