//! The periodic jobs that remove what has run out: sessions, idempotency keys, and what deleted conversations left.

use std::{sync::Arc, time::Duration};

use super::jobs::Handler;
use crate::server::{
    ops::clock::Clock,
    store::{Store, StoreError},
};

const EVERY: Duration = Duration::from_secs(60 * 60);

/// Of all servers on a database, one does each of them once an hour. Doing one twice is doing it once.
pub fn handlers(store: &Arc<dyn Store>, clock: &Clock) -> Vec<Handler> {
    let both = || (store.clone(), clock.clone());
    let (sessions, keys, conversations) = (both(), both(), store.clone());
    vec![
        Handler::periodic("remove ended sessions", EVERY, move |_| {
            let (store, clock) = sessions.clone();
            async move { said(store.delete_expired_sessions(clock.now()).await) }
        }),
        Handler::periodic("remove old idempotency keys", EVERY, move |_| {
            let (store, clock) = keys.clone();
            async move { said(store.forget_keys(clock.now()).await) }
        }),
        Handler::periodic("remove deleted conversations", EVERY, move |_| {
            let store = conversations.clone();
            async move {
                while store.purge().await.map_err(|error| error.to_string())? {}
                Ok(())
            }
        }),
    ]
}

fn said(removed: Result<u64, StoreError>) -> Result<(), String> {
    removed
        .map(|removed| tracing::debug!(removed, "what has run out was removed"))
        .map_err(|error| error.to_string())
}
