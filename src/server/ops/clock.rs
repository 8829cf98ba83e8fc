//! [`Clock`] and [`Ids`]: the time and new ids. Services are given both, so that tests can decide them.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use time::OffsetDateTime;
use ulid::Ulid;

/// A day, in milliseconds.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Where the time comes from.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> i64 + Send + Sync>,
    instant: Arc<dyn Fn() -> Instant + Send + Sync>,
}

impl Clock {
    pub fn system() -> Self {
        let now = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        };
        Self { now: Arc::new(now), instant: Arc::new(Instant::now) }
    }

    /// A clock that shows what `now` answers, in UTC milliseconds.
    pub fn from_fn(now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        let now: Arc<dyn Fn() -> i64 + Send + Sync> = Arc::new(now);
        let (shown, began) = (now.clone(), OnceLock::new());
        let instant = move || {
            let (shown, real) = (shown(), Instant::now());
            let (first, origin) = *began.get_or_init(|| (shown, real));
            origin + Duration::from_millis(u64::try_from(shown.saturating_sub(first)).unwrap_or_default())
        };
        Self { now, instant: Arc::new(instant) }
    }

    /// UTC milliseconds since 1970.
    pub fn now(&self) -> i64 {
        (self.now)()
    }

    /// For durations: setting the machine's clock does not change it.
    pub fn instant(&self) -> Instant {
        (self.instant)()
    }
}

/// A time in UTC milliseconds as a machine reads it: `2026-11-26T14:03:05Z`. Empty beyond the year 9999.
pub fn utc(time: i64) -> String {
    let Ok(utc) = OffsetDateTime::from_unix_timestamp(time.div_euclid(1000)) else { return String::new() };
    let (year, month, day) = (utc.year(), u8::from(utc.month()), utc.day());
    let (hour, minute, second) = utc.to_hms();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Makes ULIDs, each greater than the ones that this process made before.
pub struct Ids {
    clock: Clock,
    /// The last id that was made. Ids from elsewhere never move it: one near the greatest id would leave none to make.
    last: Mutex<Ulid>,
}

impl Ids {
    pub fn new(clock: Clock) -> Self {
        Self { clock, last: Mutex::new(Ulid::nil()) }
    }

    pub fn next(&self) -> String {
        self.advance().to_string()
    }

    /// An id that sorts after `older`, which is in the store, even if a server with a faster clock made that one: a
    /// message always sorts after its parent. `None`: no id sorts after it.
    pub fn next_after(&self, older: &str) -> Option<String> {
        let own = self.advance();
        let after = match older.parse::<Ulid>() {
            // Far enough that the next call, with the same `older` or with this id, makes a different, later id.
            Ok(older) if older >= own => {
                let step = u128::from(own.timestamp_ms()) << STEP_BITS | own.0 & ((1 << STEP_BITS) - 1);
                Ulid(older.0.checked_add(step)?)
            }
            _ => own,
        };
        // Compared as text, because that is how the stores sort.
        Some(after.to_string()).filter(|id| id.as_str() > older)
    }

    fn advance(&self) -> Ulid {
        let now = UNIX_EPOCH + Duration::from_millis(self.clock.now().unsigned_abs());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = Ulid::from_datetime(now);
        // Within one millisecond the random part is counted up.
        *last =
            if fresh.timestamp_ms() > last.timestamp_ms() { fresh } else { Ulid(last.0.saturating_add(1)) };
        *last
    }
}

/// How many low bits of an id are used to make ids that follow a foreign one differ from each other.
const STEP_BITS: u32 = 24;

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
        let children: Vec<String> = (0..1000).map(|_| ids.next_after(&parent).unwrap()).collect();
        assert!(children[0] > parent && children.is_sorted_by(|a, b| a < b), "{children:?}");
        // A long conversation stays near the time that its first id shows.
        let mut newest = parent;
        for _ in 0..1000 {
            let next = ids.next_after(&newest).unwrap();
            assert!(next > newest);
            newest = next;
        }
        assert!(newest.parse::<Ulid>().unwrap().timestamp_ms() < 9_000_010, "{newest}");
    }

    #[test]
    fn no_foreign_id_moves_the_others() {
        let ids = Ids::new(Clock::from_fn(|| 1_000));
        let long = "Z".repeat(1 << 20);
        for foreign in [
            "7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
            "7ZZZZZZZZZZZZZZZZZZZZZZZZY",
            "7Z000000000000000000000000",
            "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
            "ZZZZZZZZZZZZZZZZZZZZZZZZZZ",
            "7zzzzzzzzzzzzzzzzzzzzzzzzz",
            "7OOOOOOOOOOOOOOOOOOOOOOOOO",
            "7IIIIIIIIIIIIIIIIIIIIIIIII",
            " 7ZZZZZZZZZZZZZZZZZZZZZZZZ",
            "00000000000000000000000000",
            "not an id",
            "",
            "\0",
            "日本語日本語日本",
            &long,
        ] {
            if let Some(next) = ids.next_after(foreign) {
                assert!(next.as_str() > foreign && next.len() == 26, "{foreign}: {next}");
            }
            let own = ids.next();
            assert_eq!(own.parse::<Ulid>().unwrap().timestamp_ms(), 1_000, "{foreign}: {own}");
        }
        assert_eq!(ids.next_after("7ZZZZZZZZZZZZZZZZZZZZZZZZZ"), None);
        assert!(ids.next_after("7Z000000000000000000000000").is_some());
        let made: Vec<String> = (0..100).map(|_| ids.next()).collect();
        assert!(made.is_sorted_by(|a, b| a < b), "{made:?}");
    }
}
