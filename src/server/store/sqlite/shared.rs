//! SQLite has one server: nobody to tell, and nobody to hear of. A command beside it may end sessions.

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::watch;

use crate::server::store::{Beat, Chunk, Result, Seen, Shared, StoreChange};

use super::Sqlite;

#[async_trait]
impl Shared for Sqlite {
    fn instance(&self) -> &str {
        &self.instance
    }

    fn is_alone(&self) -> bool {
        true
    }

    async fn beat(&self) -> Result<()> {
        Ok(())
    }

    async fn beats(&self) -> Result<Vec<Beat>> {
        Ok(Vec::new())
    }

    async fn release(&self, _instance: &str) -> Result<()> {
        Ok(())
    }

    async fn forget(&self, _beat: &Beat) -> Result<bool> {
        Ok(false)
    }

    async fn request_stop(&self, _message_id: &str) -> Result<bool> {
        Ok(false)
    }

    async fn stops(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    async fn seen(&self, _conversation_ids: &[String]) -> Result<Vec<Seen>> {
        Ok(Vec::new())
    }

    async fn chunks(&self, _message_id: &str, _after: u64) -> Result<Vec<Chunk>> {
        Ok(Vec::new())
    }

    fn watch(&self, _texts: watch::Receiver<Arc<HashSet<String>>>) -> BoxStream<'static, StoreChange> {
        stream::pending().boxed()
    }
}
