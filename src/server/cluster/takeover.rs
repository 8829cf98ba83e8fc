//! What a lost process was writing is ended by one that lives.

use super::Cluster;
use crate::server::store::{Heartbeat, Orphans, StoreError};

impl Cluster {
    /// Ends what a lost process was writing. Should it only have been slow, it completes that later.
    pub(super) async fn take_over(&self, beat: &Heartbeat) -> Result<(), StoreError> {
        tracing::warn!(instance = %beat.instance, "a server is lost");
        self.release(&beat.instance).await;
        self.interrupt(Orphans::Of(&beat.instance)).await?;
        self.chats.forget(beat).await.map(|_| ())
    }

    /// Without it, what the lost process had begun is in the way for a minute, and no more.
    pub(super) async fn release(&self, instance: &str) {
        if let Err(error) = self.chats.release(instance).await {
            tracing::warn!(%error, instance, "what a lost server had begun could not be ended");
        }
    }

    /// Also of those that could be ended before one could not, the listeners are told.
    pub(super) async fn interrupt(&self, leftovers: Orphans<'_>) -> Result<(), StoreError> {
        let interrupted = self.chats.interrupt_unfinished(leftovers).await;
        if !matches!(interrupted, Ok(0)) {
            self.relay.look_at_all().await?;
        }
        if let Ok(interrupted @ 1..) = interrupted {
            tracing::warn!(interrupted, "answers of a lost server were kept as interrupted");
        }
        interrupted.map(|_| ())
    }
}
