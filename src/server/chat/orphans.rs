//! Orphans of this process: answers that are stored as being written here but have no job. Whatever went wrong, the
//! server ends them.

use std::{collections::HashSet, time::Duration};

use super::Chat;
use crate::server::store::{Orphans, Result, Run};

/// An answer is stored a moment before its job exists, so it counts as an orphan only if two looks in a row find it.
const LOOK_EVERY: Duration = Duration::from_secs(60);

impl Chat {
    /// Looks for orphans as long as the server runs.
    pub async fn watch_orphans(&self) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut suspects = HashSet::new();
        loop {
            looks.tick().await;
            if let Err(error) = self.look_for_orphans(&mut suspects).await {
                tracing::warn!(%error, "answers that nobody writes cannot be looked for");
            }
        }
    }

    /// Ends the orphans among `suspects`, which the look before found, and replaces `suspects` by those that this look
    /// finds.
    ///
    /// # Errors
    ///
    /// The database does not answer, or refuses; the orphans stay suspects.
    pub async fn look_for_orphans(&self, suspects: &mut HashSet<Run>) -> Result<()> {
        let runs = self.store.own_runs().await?;
        let before = std::mem::take(suspects);
        suspects.extend(runs.into_iter().filter(|run| !self.live.writes(run)));
        for run in before.iter().filter(|run| suspects.contains(run)) {
            tracing::error!(message = %run.message_id, "an answer that nobody writes is kept as interrupted");
            self.store.interrupt_unfinished(Orphans::Run(run)).await?;
            if let Some(log) = self.live.get(&run.conversation_id) {
                log.end(&run.message_id);
                log.reread();
            }
        }
        Ok(())
    }
}
