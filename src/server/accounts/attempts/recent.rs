//! [`Recent`]: a map of limited size that forgets old entries, without ever walking over its entries.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// The most entries of one half. Hashing takes so long that fewer sign-ins can fail in a minute; if more come, the older
/// half is forgotten early.
const MOST: usize = 20_000;

/// Two halves. New entries go into the young half. When that is full or old enough it becomes the old half, and the
/// previous old half is dropped. An entry lives for at least `lifetime`, unless more come than fit.
pub(super) struct Recent<V> {
    lifetime: Duration,
    /// When the young half was begun.
    turned: Instant,
    young: HashMap<u64, V>,
    old: HashMap<u64, V>,
}

impl<V: Default> Recent<V> {
    pub(super) fn new(lifetime: Duration) -> Self {
        Self { lifetime, turned: Instant::now(), young: HashMap::new(), old: HashMap::new() }
    }

    /// The entry of a key, made if there is none; it is in the young half from now on.
    pub(super) fn entry(&mut self, key: u64, now: Instant) -> &mut V {
        let age = now.saturating_duration_since(self.turned);
        if age >= self.lifetime || self.young.len() >= MOST {
            self.old = std::mem::take(&mut self.young);
            self.turned = now;
        }
        let old = self.old.remove(&key);
        self.young.entry(key).or_insert_with(|| old.unwrap_or_default())
    }

    /// The entry of a key, if it is still there.
    pub(super) fn known(&mut self, key: u64) -> Option<&mut V> {
        self.young.get_mut(&key).or_else(|| self.old.get_mut(&key))
    }

    /// Forgets the entry of a key, so that it takes the place of no other one.
    pub(super) fn forget(&mut self, key: u64) {
        self.young.remove(&key);
        self.old.remove(&key);
    }

    pub(super) fn contains(&self, key: u64, now: Instant) -> bool {
        let age = now.saturating_duration_since(self.turned);
        // Halves only change when an entry is made, so both may be out of date.
        age < self.lifetime * 2 && (self.young.contains_key(&key) || self.old.contains_key(&key))
    }

    /// About how many bytes of memory it takes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        // A hash table has one byte of its own for each bucket; buckets are a power of two, an eighth of them empty.
        let place = size_of::<(u64, V)>() + 1;
        let places = |map: &HashMap<u64, V>| (map.capacity() * 8 / 7).next_power_of_two();
        (places(&self.young) + places(&self.old)) * place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_live_for_their_lifetime_and_go_then() {
        let (mut map, now) = (Recent::<u8>::new(Duration::from_secs(60)), Instant::now());
        *map.entry(1, now) = 7;
        let later = now + Duration::from_secs(100);
        map.entry(2, later);
        assert_eq!(map.known(1), Some(&mut 7));
        map.entry(2, later + Duration::from_secs(61));
        assert_eq!(map.known(1), None);
        assert!(map.contains(2, later) && !map.contains(2, later + Duration::from_secs(200)));
    }
}
