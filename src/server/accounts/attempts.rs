//! [`Attempts`]: who may try a password now, counted by address and by account before any password is hashed.

mod line;
mod places;
mod recent;

use std::{
    hash::{BuildHasher, Hash, RandomState},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use line::Lines;
use places::Places;
use recent::Recent;

pub use {line::Turn, places::Place};

use crate::{error::AppError, server::config::Limits};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
/// Wrong codes within [`CODES_WINDOW`]. Three of a million codes are right at a time.
const CODES: u32 = 5;
const CODES_WINDOW: Duration = Duration::from_secs(5 * 60);
/// Exports that a person asks for within [`EXPORTS_WINDOW`], because each reads and stores everything that they have.
const EXPORTS: u32 = 3;
const EXPORTS_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
/// How long after a sign-in its address counts as familiar for that person.
const HABIT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The limits around everything that costs a password hash. Each server counts for itself.
pub struct Attempts {
    from_address: Limit,
    for_account: Limit,
    /// Wrong old passwords of people who are signed in and set a new one, by person.
    pub old_password: Limit,
    /// Wrong codes of second factors, by what they are for and by person.
    pub codes: Limit,
    /// Exports of everything, by person.
    pub exports: Limit,
    /// New accounts, by address.
    pub registrations: Limit,
    /// Invitations, activation codes and links for the first account that do not count, by address.
    pub wrong_codes: Limit,
    /// Visits to providers that led to nothing, by address.
    pub visits: Limit,
    keys: RandomState,
    /// The address and account of each sign-in of the last days.
    habits: Mutex<Recent<()>>,
    lines: Lines,
    places: Places,
}

impl Attempts {
    pub fn new(limits: &Limits) -> Self {
        let sign_ins = || Limit::new(limits.logins_per_minute, MINUTE);
        Self {
            from_address: sign_ins(),
            for_account: sign_ins(),
            old_password: sign_ins(),
            codes: Limit::new(CODES, CODES_WINDOW),
            exports: Limit::new(EXPORTS, EXPORTS_WINDOW),
            registrations: Limit::new(limits.registrations_per_hour, HOUR),
            wrong_codes: sign_ins(),
            visits: sign_ins(),
            keys: RandomState::new(),
            habits: Mutex::new(Recent::new(HABIT)),
            lines: Lines::default(),
            places: Places::default(),
        }
    }

    /// Waits until no other sign-in from this address is under way. Forty people behind one address sign in one after the
    /// other, and no address uses more than its share of the time for hashing.
    ///
    /// # Errors
    ///
    /// [`AppError::Overloaded`] when too many wait already, or when it takes too long.
    pub async fn turn(&self, address: &str) -> Result<Turn<'_>, AppError> {
        self.lines.turn(self.keys.hash_one(address)).await
    }

    /// Takes a place among those from this address for whom this provider of sign-ins is asked. Nobody waits for one, so a
    /// slow provider keeps only those waiting who want to sign in through it.
    ///
    /// # Errors
    ///
    /// [`AppError::Overloaded`] when all are taken.
    pub fn place(&self, address: &str, way: &str) -> Result<Place<'_>, AppError> {
        self.places.take(self.keys.hash_one((address, way)), self.keys.hash_one(way))
    }

    /// Takes the tries of a sign-in before its password is checked. The sign-in counts as failed unless it is forgiven.
    ///
    /// At an address that is familiar for the account only the address is counted, because strangers elsewhere must not be
    /// able to lock a person out.
    ///
    /// # Errors
    ///
    /// [`AppError::TooMany`] when the address or the account failed too often.
    pub fn sign_in(&self, address: &str, email: &str, now: Instant) -> Result<SignIn<'_>, AppError> {
        let by_address = self.from_address.take(address, now)?;
        if self.is_habit(address, email, now) {
            return Ok(SignIn(vec![by_address]));
        }
        match self.for_account.take(email, now) {
            Ok(by_account) => Ok(SignIn(vec![by_address, by_account])),
            Err(error) => {
                by_address.forgive();
                Err(error)
            }
        }
    }

    /// Remembers that this person signed in from this address.
    pub fn signed_in(&self, address: &str, email: &str, now: Instant) {
        let key = self.keys.hash_one((address, email));
        self.habits.lock().unwrap_or_else(PoisonError::into_inner).entry(key, now);
    }

    /// Whether this person signed in from this address before.
    pub fn is_habit(&self, address: &str, email: &str, now: Instant) -> bool {
        let key = self.keys.hash_one((address, email));
        self.habits.lock().unwrap_or_else(PoisonError::into_inner).contains(key, now)
    }
}

/// The tries that a sign-in has taken.
#[must_use]
pub struct SignIn<'a>(Vec<Try<'a>>);

impl SignIn<'_> {
    /// Gives the tries back, because the sign-in did not fail or was not tried.
    pub fn forgive(self) {
        self.0.into_iter().for_each(Try::forgive);
    }
}

/// Allows so many tries within a window of time for each key. Keys are stored as hashes under a secret of this process, so
/// that all entries have one size whatever a caller sends, and nobody can choose keys that collide.
///
/// The crate `governor` is not used because it cannot give a try back: people who sign in with the right password would
/// use up the tries for wrong ones.
pub struct Limit {
    most: u32,
    window: Duration,
    began: Instant,
    keys: RandomState,
    counts: Mutex<Recent<Count>>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    taken: u32,
    /// When the window began, in seconds after `began`.
    since: u32,
}

impl Limit {
    pub fn new(most: u32, window: Duration) -> Self {
        Self {
            most,
            window,
            began: Instant::now(),
            keys: RandomState::new(),
            counts: Mutex::new(Recent::new(window)),
        }
    }

    /// Takes one try. It stays taken unless it is forgiven, also when the caller goes away.
    ///
    /// # Errors
    ///
    /// [`AppError::TooMany`] with the seconds to wait.
    pub fn take(&self, key: impl Hash, now: Instant) -> Result<Try<'_>, AppError> {
        let key = self.keys.hash_one(key);
        let second = u32::try_from(now.saturating_duration_since(self.began).as_secs()).unwrap_or(u32::MAX);
        let window = u32::try_from(self.window.as_secs()).unwrap_or(u32::MAX);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key, now);
        let passed = second.saturating_sub(count.since);
        if count.taken == 0 || passed >= window {
            *count = Count { taken: 0, since: second };
        } else if count.taken >= self.most {
            return Err(AppError::TooMany { seconds: u64::from(window - passed) });
        }
        count.taken += 1;
        Ok(Try { limit: self, key, since: count.since })
    }
}

/// One try that a caller has taken.
#[must_use]
pub struct Try<'a> {
    limit: &'a Limit,
    key: u64,
    since: u32,
}

impl Try<'_> {
    /// Gives the try back.
    pub fn forgive(self) {
        let mut counts = self.limit.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.known(self.key).filter(|count| count.since == self.since) {
            count.taken = count.taken.saturating_sub(1);
            if count.taken == 0 {
                counts.forget(self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts(logins_per_minute: u32) -> Attempts {
        let config = crate::server::config::Config::load(None, |_| None).unwrap();
        Attempts::new(&Limits { logins_per_minute, ..config.limits })
    }

    fn seconds(result: Result<SignIn<'_>, AppError>) -> Option<u64> {
        match result {
            Err(AppError::TooMany { seconds }) => Some(seconds),
            Err(other) => panic!("{other}"),
            Ok(_) => None,
        }
    }

    #[test]
    fn the_eleventh_wrong_password_waits_and_time_forgives() {
        let (attempts, now) = (attempts(10), Instant::now());
        for _ in 0..10 {
            assert_eq!(seconds(attempts.sign_in("a", "lin", now)), None);
        }
        let later = now + Duration::from_secs(1);
        let wait = seconds(attempts.sign_in("a", "lin", later)).unwrap();
        assert!((58..=60).contains(&wait), "{wait}");
        // The address has no tries left for any account, nor the account from any address.
        assert!(seconds(attempts.sign_in("a", "kim", later)).is_some());
        assert!(seconds(attempts.sign_in("b", "lin", later)).is_some());
        assert_eq!(seconds(attempts.sign_in("b", "kim", later)), None);
        let much_later = now + MINUTE + Duration::from_secs(1);
        assert_eq!(seconds(attempts.sign_in("a", "lin", much_later)), None);
    }

    #[test]
    fn tries_are_taken_before_they_are_tried_and_right_ones_come_back() {
        let (attempts, now) = (attempts(10), Instant::now());
        for _ in 0..40 {
            attempts.sign_in("school", "somebody", now).unwrap().forgive();
        }
        let under_way: Vec<_> = (0..10).map(|_| attempts.sign_in("school", "lin", now).unwrap()).collect();
        assert!(attempts.sign_in("school", "lin", now).is_err());
        under_way.into_iter().for_each(SignIn::forgive);
        attempts.sign_in("school", "lin", now).unwrap().forgive();
    }

    #[test]
    fn what_was_taken_before_the_window_gives_nothing_back_into_the_next() {
        let (attempts, now) = (attempts(1), Instant::now());
        let old = attempts.old_password.take("lin", now).unwrap();
        let later = now + MINUTE * 2;
        let _new = attempts.old_password.take("lin", later).unwrap();
        old.forgive();
        assert!(attempts.old_password.take("lin", later).is_err());
    }

    #[test]
    fn who_signed_in_from_an_address_is_not_locked_out_there() {
        let (attempts, now) = (attempts(3), Instant::now());
        attempts.signed_in("home", "lin", now);
        for at in 0..9 {
            let _ = attempts.sign_in(&format!("elsewhere {at}"), "lin", now);
        }
        assert!(attempts.sign_in("a new place", "lin", now).is_err());
        attempts.sign_in("home", "lin", now).unwrap().forgive();
    }

    #[test]
    fn a_refusal_for_the_account_costs_the_address_nothing() {
        let (attempts, now) = (attempts(2), Instant::now());
        for at in 0..2 {
            let _ = attempts.sign_in(&format!("{at}"), "lin", now);
        }
        for _ in 0..5 {
            assert!(attempts.sign_in("home", "lin", now).is_err());
        }
        attempts.sign_in("home", "kim", now).unwrap().forgive();
    }

    #[test]
    fn tries_that_come_back_push_no_count_out() {
        let (attempts, now) = (attempts(1), Instant::now());
        let _victim = attempts.for_account.take("lin", now).unwrap();
        for at in 0..50_000_u32 {
            attempts.for_account.take(at, now).unwrap().forgive();
        }
        assert!(attempts.for_account.take("lin", now).is_err());
    }

    /// The memory for a million addresses is bounded, and none of them takes more time than the first.
    #[test]
    fn a_million_addresses_stay_bounded() {
        let (attempts, began) = (attempts(10), Instant::now());
        for at in 0..1_000_000_u32 {
            let _ = attempts.from_address.take(at, began + Duration::from_micros(u64::from(at)));
        }
        assert!(attempts.from_address.counts.lock().unwrap().bytes() <= 2 << 20);
        // If each of them walked over the entries, this would take hours.
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn one_address_waits_for_itself_and_for_nobody_else() {
        let attempts = attempts(10);
        let first = attempts.turn("a").await.unwrap();
        let other = tokio::time::timeout(Duration::from_millis(200), attempts.turn("b")).await;
        drop(other.expect("another address has its own line").unwrap());
        let second = tokio::time::timeout(Duration::from_millis(20), attempts.turn("a")).await;
        assert!(second.is_err());
        drop(first);
        drop(attempts.turn("a").await.unwrap());
        assert_eq!(attempts.lines.len(), 0, "no line outlives those who stand in it");
    }
}
