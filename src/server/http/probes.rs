//! [`Readiness`]: whether this server can serve, which `/readyz` says.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tokio::sync::Mutex;

use crate::server::{
    live::Live,
    ops::telemetry::chain,
    store::{Store, StoreError},
};

/// For how long the store's answer to a write is used again.
const FRESH: Duration = Duration::from_secs(1);

/// One per server.
pub struct Readiness {
    store: Arc<dyn Store>,
    live: Arc<Live>,
    /// When the store was last written to, and how that went.
    last: Mutex<Option<(Instant, Result<(), &'static str>)>>,
}

impl Readiness {
    pub fn new(store: Arc<dyn Store>, live: Arc<Live>) -> Self {
        Self { store, live, last: Mutex::default() }
    }

    /// Asks the store whether it answers and, at most once a second, whether it can be written.
    ///
    /// # Errors
    ///
    /// What is wrong, for the operator.
    pub async fn check(&self) -> Result<(), &'static str> {
        self.store.ping().await.map_err(reason)?;
        // Held across the write, so that all who ask meanwhile get the same answer.
        let mut last = self.last.lock().await;
        if let Some((at, answer)) = &*last
            && at.elapsed() < FRESH
        {
            return *answer;
        }
        let answer = self.store.probe().await.map_err(reason);
        *last = Some((Instant::now(), answer));
        answer
    }
}

/// `GET /readyz`: whether the database can be written and the server is not stopping.
pub async fn ready(State(readiness): State<Arc<Readiness>>) -> Response {
    if readiness.live.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    match readiness.check().await {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
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
