//! Whether this server can serve: what `/readyz` says.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::server::{
    ops::telemetry::chain,
    store::{Store, StoreError},
};

/// For how long it counts what the store said to a write.
const FRESH: Duration = Duration::from_secs(1);

/// What the store said to the last write that tried it.
#[derive(Default)]
pub struct Readiness(Mutex<Option<(Instant, Result<(), &'static str>)>>);

impl Readiness {
    /// Asks the store whether it answers and, once a second at the most, whether it can be written.
    ///
    /// # Errors
    ///
    /// What is wrong, for the operator.
    pub async fn check(&self, store: &dyn Store) -> Result<(), &'static str> {
        store.ping().await.map_err(reason)?;
        // Who comes meanwhile waits for the same answer.
        let mut last = self.0.lock().await;
        if let Some((at, answer)) = &*last
            && at.elapsed() < FRESH
        {
            return *answer;
        }
        let answer = store.probe().await.map_err(reason);
        *last = Some((Instant::now(), answer));
        answer
    }
}

fn reason(error: StoreError) -> &'static str {
    tracing::warn!(cause = %chain(&error), "not ready");
    match error {
        StoreError::Full(_) => "the disk of the database is full",
        StoreError::Lost(_) => "the database file is gone or was replaced",
        StoreError::Unavailable(_) => "the database does not answer",
        StoreError::Broken(_) => "the database fails",
    }
}
