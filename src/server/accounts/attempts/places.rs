//! [`Places`]: so many at once for each key and in all, while somebody else's server is waited for.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::error::AppError;

/// The most at once with one key. More than come back from one building in the seconds that a provider takes.
const MOST: usize = 50;
/// The most at once in one group of keys.
const MOST_IN_ALL: usize = 500;

/// How many places are taken, by key and by group. What nobody has is not kept.
#[derive(Default)]
pub(super) struct Places(Mutex<HashMap<u64, usize>>);

/// The place of one caller, who gives it back by dropping this.
#[must_use]
pub struct Place<'a> {
    places: &'a Places,
    keys: [u64; 2],
}

impl Places {
    /// Takes a place, without waiting for one.
    ///
    /// # Errors
    ///
    /// [`AppError::Overloaded`]: all are taken.
    pub(super) fn take(&self, key: u64, group: u64) -> Result<Place<'_>, AppError> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = [(key, MOST), (group, MOST_IN_ALL)];
        if wanted.iter().any(|(key, most)| taken.get(key).is_some_and(|taken| taken >= most)) {
            return Err(AppError::Overloaded);
        }
        wanted.iter().for_each(|(key, _)| *taken.entry(*key).or_default() += 1);
        Ok(Place { places: self, keys: [key, group] })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in self.keys {
            if let Some(count) = taken.get_mut(&key) {
                *count -= 1;
                if *count == 0 {
                    taken.remove(&key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_takes_no_place_of_another_and_all_come_back() {
        let places = Places::default();
        let of_one: Vec<_> = (0..MOST).map(|_| places.take(1, 0).unwrap()).collect();
        assert!(places.take(1, 0).is_err());
        drop(places.take(2, 0).unwrap());
        let others = (0..MOST_IN_ALL - MOST).map(|at| places.take(10 + at as u64, 0).unwrap());
        let others: Vec<_> = others.collect();
        assert!(places.take(2, 0).is_err());
        drop(places.take(2, 9).unwrap());
        drop((of_one, others));
        drop(places.take(1, 0).unwrap());
        assert!(places.0.lock().unwrap().is_empty());
    }
}
