//! Whom a person has blocked, in SQLite.

use async_trait::async_trait;

use crate::{
    domain::Block,
    server::store::{BlockOutcome, Blocks, Result},
};

use super::{Sqlite, error::store_error};

const ADD: &str = "
    INSERT INTO blocks (user_id, blocked_id, at) SELECT ?1, id, ?3 FROM users WHERE id = ?2 AND state = 'active'
    ON CONFLICT (user_id, blocked_id) DO NOTHING";

const THERE: &str = "SELECT EXISTS (SELECT 1 FROM blocks WHERE user_id = ?1 AND blocked_id = ?2)";

const LIST: &str = "
    SELECT blocked_id, at FROM blocks WHERE user_id = ?1 ORDER BY at DESC, blocked_id DESC";

#[async_trait]
impl Blocks for Sqlite {
    async fn block(&self, user_id: &str, other_id: &str, most: u32, now: i64) -> Result<BlockOutcome> {
        self.add_block(user_id, other_id, most, now).await.map_err(store_error)
    }

    async fn unblock(&self, user_id: &str, other_id: &str) -> Result<bool> {
        let gone = sqlx::query("DELETE FROM blocks WHERE user_id = ?1 AND blocked_id = ?2");
        let gone = gone.bind(user_id).bind(other_id).execute(&self.writer).await;
        gone.map(|done| done.rows_affected() == 1).map_err(store_error)
    }

    async fn has_blocked(&self, user_id: &str, other_id: &str) -> Result<bool> {
        let there = sqlx::query_scalar(THERE).bind(user_id).bind(other_id);
        there.fetch_one(&self.readers).await.map_err(store_error)
    }

    async fn blocks(&self, user_id: &str) -> Result<Vec<Block>> {
        let found: Vec<(String, i64)> =
            sqlx::query_as(LIST).bind(user_id).fetch_all(&self.readers).await.map_err(store_error)?;
        Ok(found.into_iter().map(|(user_id, at)| Block { user_id, at }).collect())
    }
}

impl Sqlite {
    async fn add_block(
        &self,
        user_id: &str,
        other_id: &str,
        most: u32,
        now: i64,
    ) -> sqlx::Result<BlockOutcome> {
        let mut tx = self.writer.begin().await?;
        if sqlx::query_scalar(THERE).bind(user_id).bind(other_id).fetch_one(&mut *tx).await? {
            return Ok(BlockOutcome::Blocked);
        }
        let count: u32 = sqlx::query_scalar("SELECT count(*) FROM blocks WHERE user_id = ?1")
            .bind(user_id)
            .fetch_one(&mut *tx)
            .await?;
        if count >= most {
            return Ok(BlockOutcome::TooMany);
        }
        let added = sqlx::query(ADD).bind(user_id).bind(other_id).bind(now).execute(&mut *tx).await?;
        if added.rows_affected() == 0 {
            return Ok(BlockOutcome::Missing);
        }
        tx.commit().await?;
        Ok(BlockOutcome::Blocked)
    }
}
