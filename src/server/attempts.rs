//! [`Attempts`]: how often somebody tried to sign in and failed.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::error::AppError;

/// Failed sign-ins by address and account: so many a minute, then a wait.
pub struct Attempts {
    most: u32,
    failed: Mutex<HashMap<String, (u32, i64)>>,
}

impl Attempts {
    const WINDOW_MS: i64 = 60 * 1000;
    /// Beyond this many entries the ended ones are dropped.
    const SWEEP: usize = 10_000;

    pub fn new(most: u32) -> Self {
        Self { most, failed: Mutex::default() }
    }

    pub fn check(&self, key: &str, now: i64) -> Result<(), AppError> {
        let attempts = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match attempts.get(key) {
            Some((count, since)) if *count >= self.most && now - since < Self::WINDOW_MS => {
                let seconds = (Self::WINDOW_MS - (now - since)) / 1000 + 1;
                Err(AppError::TooMany { seconds: seconds.unsigned_abs() })
            }
            _ => Ok(()),
        }
    }

    pub fn failed(&self, key: String, now: i64) {
        let mut attempts = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.len() > Self::SWEEP {
            attempts.retain(|_, (_, since)| now - *since < Self::WINDOW_MS);
        }
        let entry = attempts.entry(key).or_insert((0, now));
        if now - entry.1 >= Self::WINDOW_MS {
            *entry = (0, now);
        }
        entry.0 += 1;
    }

    pub fn succeeded(&self, key: &str) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_wrong_password_waits_and_time_forgives() {
        let attempts = Attempts::new(10);
        for _ in 0..10 {
            attempts.check("k", 0).unwrap();
            attempts.failed("k".into(), 0);
        }
        assert_eq!(attempts.check("k", 1000), Err(AppError::TooMany { seconds: 60 }));
        attempts.check("other", 1000).unwrap();
        attempts.check("k", Attempts::WINDOW_MS).unwrap();
    }
}
