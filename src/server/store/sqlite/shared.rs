//! What processes share, in SQLite: one server uses the file, so it has no other server to tell or to hear from. A
//! command beside the server may end sessions.

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::watch;

use crate::{
    domain::Message,
    server::store::{Chunk, ConversationState, Grant, Heartbeat, Result, Shared, StoreChange},
};

use super::{Sqlite, error::store_error};

#[async_trait]
impl Shared for Sqlite {
    fn instance(&self) -> &str {
        &self.instance
    }

    fn is_alone(&self) -> bool {
        true
    }

    async fn heartbeat(&self) -> Result<()> {
        Ok(())
    }

    async fn heartbeats(&self) -> Result<Vec<Heartbeat>> {
        Ok(Vec::new())
    }

    async fn release(&self, _instance: &str) -> Result<()> {
        Ok(())
    }

    async fn forget(&self, _heartbeat: &Heartbeat) -> Result<bool> {
        Ok(false)
    }

    async fn request_stop(&self, _grant: &Grant, _message_id: &str) -> Result<bool> {
        Ok(false)
    }

    async fn tell_writing(
        &self,
        _conversation_id: &str,
        _user_id: &str,
        _name: &str,
        _now: i64,
    ) -> Result<()> {
        Ok(())
    }

    async fn stops(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    async fn conversation_states(&self, _conversation_ids: &[String]) -> Result<Vec<ConversationState>> {
        Ok(Vec::new())
    }

    async fn message_for_listeners(&self, message_id: &str) -> Result<Option<Message>> {
        sqlx::query_as("SELECT * FROM messages WHERE id = ?1")
            .bind(message_id)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)
    }

    async fn changed_for_listeners(&self, _id: &str, _after: u64, _most: u32) -> Result<Vec<Message>> {
        Ok(Vec::new())
    }

    async fn chunks(&self, _message_id: &str, _after: u64) -> Result<Vec<Chunk>> {
        Ok(Vec::new())
    }

    fn watch(&self, _texts: watch::Receiver<Arc<HashSet<String>>>) -> BoxStream<'static, StoreChange> {
        stream::pending().boxed()
    }
}
