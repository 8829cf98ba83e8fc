//! Whether this server can serve: what `/readyz` says.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::{
    store::{Store, StoreError},
    telemetry::chain,
};

/// For how long an answer of the store counts: to find it out takes a write.
const FRESH: Duration = Duration::from_secs(1);

/// The store's last answer.
#[derive(Default)]
pub struct Readiness(Mutex<Option<(Instant, Result<(), &'static str>)>>);

impl Readiness {
    /// Asks the store, once a second at the most, whether it can be written.
    ///
    /// # Errors
    ///
    /// What is wrong, for the operator.
    pub async fn check(&self, store: &dyn Store) -> Result<(), &'static str> {
        // Who comes meanwhile waits for the same answer.
        let mut last = self.0.lock().await;
        if let Some((at, answer)) = &*last
            && at.elapsed() < FRESH
        {
            return *answer;
        }
        let answer = store.ping().await.map_err(|error| {
            tracing::warn!(cause = %chain(&error), "not ready: the store cannot be written");
            match error {
                StoreError::Full(_) => "the disk of the database is full",
                StoreError::Lost(_) => "the database file is gone or was replaced",
                StoreError::Unavailable(_) => "the database does not answer",
                StoreError::Broken(_) => "the database fails",
            }
        });
        *last = Some((Instant::now(), answer));
        answer
    }
}
