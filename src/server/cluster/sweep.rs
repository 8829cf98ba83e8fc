//! The periodic jobs that remove expired sessions, expired idempotency keys, old entries of the audit log, what people used
//! on days long ago, and what has been in the bin for long enough.

use std::{sync::Arc, time::Duration};

use super::jobs::Handler;
use crate::{
    domain::budget::day_of,
    server::{
        ops::clock::Clock,
        store::{Store, StoreError},
    },
};

/// How many days it is kept what people used on each.
const KEPT_DAYS: i64 = 40;
const EVERY: Duration = Duration::from_secs(60 * 60);

/// The handlers of these jobs. One of the servers on a database does each job once an hour; a job that is done twice
/// does no harm. The audit log is kept for `audit`.
pub fn handlers(store: &Arc<dyn Store>, clock: &Clock, audit: Duration) -> Vec<Handler> {
    let both = || (store.clone(), clock.clone());
    let (sessions, keys, budgets, conversations, entries) = (both(), both(), both(), both(), both());
    let audit_ms = i64::try_from(audit.as_millis()).unwrap_or(i64::MAX / 2);
    vec![
        Handler::periodic("remove ended sessions", EVERY, move |_| {
            let (store, clock) = sessions.clone();
            async move { logged(store.delete_expired_sessions(clock.now()).await) }
        }),
        Handler::periodic("remove old idempotency keys", EVERY, move |_| {
            let (store, clock) = keys.clone();
            async move { logged(store.forget_keys(clock.now()).await) }
        }),
        Handler::periodic("remove old budgets", EVERY, move |_| {
            let (store, clock) = budgets.clone();
            async move { logged(store.forget_spending(day_of(clock.now()) - KEPT_DAYS).await) }
        }),
        Handler::periodic("remove deleted conversations", EVERY, move |_| {
            let (store, clock) = conversations.clone();
            async move {
                while store.purge(clock.now()).await.map_err(|error| error.to_string())? {}
                Ok(())
            }
        }),
        Handler::periodic("remove old entries of the audit log", EVERY, move |_| {
            let (store, clock) = entries.clone();
            async move {
                let before = clock.now() - audit_ms;
                while store.forget_audit(before).await.map_err(|error| error.to_string())? > 0 {}
                Ok(())
            }
        }),
    ]
}

fn logged(removed: Result<u64, StoreError>) -> Result<(), String> {
    removed
        .map(|removed| tracing::debug!(removed, "what has run out was removed"))
        .map_err(|error| error.to_string())
}
