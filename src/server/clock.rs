//! Time and new ids, passed in so that tests decide both.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ulid::Ulid;

/// Where the time comes from.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    pub fn system() -> Self {
        Self::from_fn(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
    }

    /// A clock that shows what `now` answers, in UTC milliseconds.
    pub fn from_fn(now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// UTC milliseconds since 1970.
    pub fn now(&self) -> i64 {
        (self.0)()
    }
}

/// Makes ULIDs, each greater than the ones that this process made before.
pub struct Ids {
    clock: Clock,
    last: Mutex<Ulid>,
}

impl Ids {
    pub fn new(clock: Clock) -> Self {
        Self { clock, last: Mutex::new(Ulid::nil()) }
    }

    pub fn next(&self) -> String {
        self.advance(Ulid::nil())
    }

    /// An id that sorts after `older`, also when another server with a faster clock made that one: a
    /// message's parent always sorts before it.
    pub fn next_after(&self, older: Option<&str>) -> String {
        self.advance(older.and_then(|id| id.parse().ok()).unwrap_or(Ulid::nil()))
    }

    fn advance(&self, older: Ulid) -> String {
        let now = UNIX_EPOCH + Duration::from_millis(self.clock.now().unsigned_abs());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let floor = (*last).max(older);
        let fresh = Ulid::from_datetime(now);
        // Within one millisecond the random part counts on.
        *last =
            if fresh.timestamp_ms() > floor.timestamp_ms() { fresh } else { Ulid(floor.0.saturating_add(1)) };
        last.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_within_a_millisecond_and_when_the_clock_goes_back() {
        let times = Mutex::new(vec![5, 5, 5, 3, 9]);
        let ids = Ids::new(Clock::from_fn(move || times.lock().unwrap().pop().unwrap_or(9)));
        let made: Vec<String> = (0..6).map(|_| ids.next()).collect();
        assert!(made.is_sorted() && made.windows(2).all(|w| w[0] != w[1]), "{made:?}");
    }

    #[test]
    fn a_child_sorts_after_a_parent_from_the_future() {
        let ids = Ids::new(Clock::from_fn(|| 1_000));
        let parent = Ulid::from_parts(9_000_000, 7).to_string();
        assert!(ids.next_after(Some(&parent)) > parent);
        assert!(ids.next_after(Some("not an id")).len() == 26);
    }
}
