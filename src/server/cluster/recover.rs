//! What an earlier run left unfinished: the server stores its journals and interrupts answers that only the database
//! has.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream};

use super::Cluster;
use crate::server::{
    journal::{Leftover, RecoveredAnswer},
    store::{Orphans, Recovered, SEQ_GAP, StoreError},
};

/// How long a start waits for the recovery; a database usually needs milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);
/// The first and the longest pause between two tries.
const AGAIN: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];
/// How many tries the journals get before the server also interrupts the other orphans, although the database refuses
/// some journals.
const TRIES: u32 = 4;
/// How many answers are stored at a time, so that a locked answer does not hold up the others.
const AT_ONCE: usize = 8;

impl Cluster {
    /// Stores the journals and interrupts orphans. Returns when that is done, or after two seconds, while the rest
    /// goes on in the background.
    pub async fn recover(self: &Arc<Self>, leftovers: Vec<Leftover>) {
        let (done, mut is_done) = tokio::sync::oneshot::channel::<()>();
        let cluster = self.clone();
        self.tasks.spawn("recovery", async move {
            cluster.until_stored(leftovers).await;
            drop(done);
        });
        if tokio::time::timeout(PATIENCE, &mut is_done).await.is_err() {
            tracing::warn!("some answers of an earlier run wait for the database");
        }
    }

    async fn until_stored(&self, mut leftovers: Vec<Leftover>) {
        let mut completed = 0;
        let mut owned = false;
        let [mut pause, longest] = AGAIN;
        for tries in 1_u32.. {
            let mut waiting = Vec::new();
            for leftover in leftovers {
                waiting.extend(self.store(leftover, &mut completed).await);
            }
            leftovers = waiting;
            if (leftovers.is_empty() || tries >= TRIES) && !owned {
                owned = self.ended(Orphans::Ownerless, &mut completed).await;
            }
            if leftovers.is_empty() && owned {
                break;
            }
            if !self.tasks.pause(pause).await {
                return;
            }
            pause = (pause * 2).min(longest);
        }
        if completed > 0 {
            tracing::info!(completed, "answers of an earlier run were kept as interrupted");
            if let Err(error) = self.relay.look_at_all().await {
                warn(&error);
            }
        }
    }

    /// Stores a journal; answers the part that could not be stored.
    async fn store(&self, mut leftover: Leftover, completed: &mut u64) -> Option<Leftover> {
        self.release(&leftover.instance).await;
        let instance = leftover.instance.clone();
        let answers = stream::iter(std::mem::take(&mut leftover.answers));
        let mut stored = answers.map(|seen| self.recovered(&instance, seen)).buffer_unordered(AT_ONCE);
        while let Some(stored) = stored.next().await {
            match stored {
                Ok(stored) => *completed += u64::from(stored),
                Err(seen) => leftover.answers.push(seen),
            }
        }
        if leftover.answers.is_empty() && self.ended(Orphans::Of(&leftover.instance), completed).await {
            leftover.remove();
            return None;
        }
        Some(leftover)
    }

    /// Whether the database took the answer; an error is the answer to try again.
    async fn recovered(&self, instance: &str, seen: RecoveredAnswer) -> Result<bool, RecoveredAnswer> {
        let recovered = Recovered {
            message_id: seen.message_id,
            instance: instance.to_owned(),
            chunks: seen.chunks,
            // Beyond every position that a listener may come back with.
            seq: seen.seq + SEQ_GAP.unsigned_abs(),
        };
        self.chats.recover_message(&recovered).await.map_err(|error| {
            warn(&error);
            let Recovered { message_id, chunks, .. } = recovered;
            RecoveredAnswer { message_id, chunks, seq: seen.seq }
        })
    }

    async fn ended(&self, which: Orphans<'_>, completed: &mut u64) -> bool {
        match self.chats.interrupt_unfinished(which).await {
            Ok(count) => {
                *completed += count;
                true
            }
            Err(error) => {
                warn(&error);
                false
            }
        }
    }
}

fn warn(error: &StoreError) {
    tracing::warn!(%error, "answers of an earlier run cannot be completed yet");
}
