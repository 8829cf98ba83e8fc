//! Who is writing a message: hints to whoever listens now. They take no number and nobody stores them.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::Log;

/// How long a hint is told to those who come.
const LASTS: Duration = Duration::from_secs(6);
/// Of how many people there are hints at the same time.
const MOST: usize = 20;

#[derive(Default)]
pub(super) struct Hints {
    /// How many there were.
    count: u64,
    /// The newest of each person with its number, oldest first.
    recent: VecDeque<(u64, Writing, Instant)>,
}

/// Somebody who is writing, and what they are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writing {
    pub user_id: String,
    pub name: String,
}

impl Hints {
    pub(super) fn add(&mut self, writing: Writing, now: Instant) {
        self.recent.retain(|(_, one, at)| one.user_id != writing.user_id && now.duration_since(*at) < LASTS);
        if self.recent.len() >= MOST {
            self.recent.pop_front();
        }
        self.count += 1;
        self.recent.push_back((self.count, writing, now));
    }

    /// What the person was writing has come.
    pub(super) fn came(&mut self, user_id: &str) {
        self.recent.retain(|(_, one, _)| one.user_id != user_id);
    }

    /// Who wrote since the hint `after`, and the number of the newest hint.
    pub(super) fn after(&self, after: u64, now: Instant) -> (Vec<Writing>, u64) {
        let new =
            self.recent.iter().filter(|(number, _, at)| *number > after && now.duration_since(*at) < LASTS);
        (new.map(|(_, writing, _)| writing.clone()).collect(), self.count)
    }
}

impl Log {
    /// Tells listeners that this person is writing a message.
    pub fn hint(&self, writing: Writing) {
        let mut state = self.lock();
        state.hints.add(writing, Instant::now());
        self.published(state);
    }

    /// Who is writing since the hint `after`, and the number of the newest hint.
    pub fn hints(&self, after: u64) -> (Vec<Writing>, u64) {
        self.lock().hints.after(after, Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_gets_each_hint_once_and_no_old_ones() {
        let (mut hints, begun) = (Hints::default(), Instant::now());
        let of = |user_id: &str| Writing { user_id: user_id.to_owned(), name: user_id.to_uppercase() };
        let at = |seconds| begun + Duration::from_secs(seconds);
        hints.add(of("ada"), at(0));
        hints.add(of("bob"), at(1));
        assert_eq!(hints.after(0, at(1)), (vec![of("ada"), of("bob")], 2));
        assert_eq!(hints.after(2, at(1)), (Vec::new(), 2));
        hints.add(of("ada"), at(3));
        assert_eq!(hints.after(2, at(3)), (vec![of("ada")], 3));
        // Whoever comes now gets the newest of each person.
        assert_eq!(hints.after(0, at(3)), (vec![of("bob"), of("ada")], 3));
        hints.came("bob");
        assert_eq!(hints.after(0, at(3)), (vec![of("ada")], 3));
        assert_eq!(hints.after(0, at(8)), (vec![of("ada")], 3));
        assert_eq!(hints.after(0, at(20)).0, Vec::new());
        for number in 0..100 {
            hints.add(of(&number.to_string()), at(20));
        }
        assert_eq!(hints.after(0, at(20)).0.len(), MOST);
    }
}
