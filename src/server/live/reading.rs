//! [`Reading`]: bounds how much message text the server holds for one person at a time, until it is sent.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use axum::response::Response;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{error::AppError, server::ops::held_body::held_until_sent};

/// How much text the pages and windows of one person may hold, in KiB. In memory it takes a few times as much.
const SHARE_KIB: u32 = 4 * 1024;
/// How many requests of one person may read or wait.
const MOST_AT_ONCE: usize = 64;
/// How long a request waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// The shares of all people. One per server.
pub struct Reading {
    /// Each person's share. A request that reads or waits keeps it alive.
    shares: Mutex<HashMap<String, Weak<Semaphore>>>,
    patience: Duration,
}

impl Default for Reading {
    fn default() -> Self {
        Self { shares: Mutex::default(), patience: PATIENCE }
    }
}

impl Reading {
    /// Waits until the person may read this many bytes of text. A request for more than the whole share reads alone.
    ///
    /// # Errors
    ///
    /// Too many of the person's requests read or wait already, or this one waited for ten seconds.
    pub async fn enter(&self, user_id: &str, bytes: u64) -> Result<ReadPermit, AppError> {
        let share = self.share(user_id);
        let weight = u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX).min(SHARE_KIB);
        if let Ok(permit) = share.clone().try_acquire_many_owned(weight) {
            return Ok(ReadPermit { _permit: permit, waited: false });
        }
        let busy = || AppError::TooMany { seconds: PATIENCE.as_secs() };
        if Arc::strong_count(&share) > MOST_AT_ONCE {
            return Err(busy());
        }
        match tokio::time::timeout(self.patience, share.acquire_many_owned(weight)).await {
            Ok(Ok(permit)) => Ok(ReadPermit { _permit: permit, waited: true }),
            _ => Err(busy()),
        }
    }

    /// How many people read or wait.
    pub fn readers(&self) -> usize {
        let shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.values().filter(|share| share.strong_count() > 0).count()
    }

    fn share(&self, user_id: &str) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get(user_id).and_then(Weak::upgrade) {
            return share;
        }
        if shares.len() >= 64 && shares.len().is_power_of_two() {
            shares.retain(|_, share| share.strong_count() > 0);
        }
        let share = Arc::new(Semaphore::new(SHARE_KIB as usize));
        shares.insert(user_id.to_owned(), Arc::downgrade(&share));
        share
    }
}

/// A part of a person's share; given back when the permit is dropped.
#[derive(Debug)]
pub struct ReadPermit {
    _permit: OwnedSemaphorePermit,
    waited: bool,
}

impl ReadPermit {
    /// Whether the request had to wait, so that values read before may have changed.
    pub fn waited(&self) -> bool {
        self.waited
    }

    /// Holds the permit until the response is sent or given up, because the pages of a slow reader stay in memory.
    pub fn until_sent(self, response: Response) -> Response {
        response.map(|body| held_until_sent(body, self))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, HttpBody};
    use futures::FutureExt;
    use http_body_util::BodyExt;

    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn impatient() -> Reading {
        Reading { patience: Duration::from_millis(100), ..Reading::default() }
    }

    #[tokio::test]
    async fn a_person_has_a_share_and_others_have_their_own() {
        let reading = impatient();
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(reading.enter("ada", MIB).await.unwrap());
        }
        // There is room for small requests, but not for a fourth one of a MiB, which takes 1,025 KiB of the share.
        let small = reading.enter("ada", 1_000).await.unwrap();
        assert!(!small.waited());
        assert!(reading.enter("ada", MIB).now_or_never().is_none());
        assert!(reading.enter("bea", 3 * MIB).now_or_never().unwrap().is_ok());
        let refused = reading.enter("ada", MIB).await.unwrap_err();
        assert_eq!(refused.status(), 429);
        drop(small);
        held.pop();
        let waiting = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            drop(held);
        };
        // A request longer than the whole share waits until it can read alone.
        let (permit, ()) = futures::join!(reading.enter("ada", 100 * MIB), waiting);
        assert!(permit.unwrap().waited());
    }

    #[tokio::test]
    async fn the_number_of_waiting_requests_is_bounded() {
        let reading = impatient();
        let _all = reading.enter("ada", 4 * MIB).await.unwrap();
        let many = futures::future::join_all((0..200).map(|_| reading.enter("ada", MIB)));
        let (many, at_once) = futures::join!(many, async {
            tokio::task::yield_now().await;
            reading.enter("ada", MIB).now_or_never().is_some_and(|refused| refused.is_err())
        });
        assert!(at_once);
        assert!(many.iter().all(Result::is_err));
    }

    #[tokio::test]
    async fn the_permit_is_held_until_the_body_is_sent() {
        let reading = Reading::default();
        let permit = reading.enter("ada", 4 * MIB).await.unwrap();
        let response = permit.until_sent(Response::new(Body::from("a page")));
        assert_eq!(response.body().size_hint().exact(), Some(6));
        assert!(reading.enter("ada", MIB).now_or_never().is_none());
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "a page");
        assert!(reading.enter("ada", MIB).now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_person_who_no_longer_reads_is_forgotten() {
        let reading = Reading::default();
        for number in 0..1_000 {
            reading.enter(&number.to_string(), MIB).await.unwrap();
        }
        assert!(reading.shares.lock().unwrap().len() <= 64);
    }
}
