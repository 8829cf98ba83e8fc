//! The takeover: a live process ends the answers that a lost process was writing.

use super::Cluster;
use crate::server::store::{Heartbeat, Orphans, StoreError};

impl Cluster {
    /// Takes over from a lost process. If that process was only slow, it completes its answers later.
    pub(super) async fn take_over(&self, beat: &Heartbeat) -> Result<(), StoreError> {
        tracing::warn!(instance = %beat.instance, "a server is lost");
        self.release(&beat.instance).await;
        self.interrupt(Orphans::Of(&beat.instance)).await?;
        self.chats.forget(beat).await.map(|_| ())
    }

    /// Ends the lost process's transactions. Optional: MongoDB releases their locks by itself after a minute.
    pub(super) async fn release(&self, instance: &str) {
        if let Err(error) = self.chats.release(instance).await {
            tracing::warn!(%error, instance, "what a lost server had begun could not be ended");
        }
    }

    /// Interrupts orphans and notifies listeners; if one orphan could not be interrupted, the listeners of the others
    /// are notified nevertheless.
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
