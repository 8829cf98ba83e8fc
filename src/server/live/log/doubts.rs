//! Who may have lost the access to a conversation while listening to it.

use std::collections::HashMap;

use super::Log;
use crate::domain::ChatEvent;

/// Counts how often it became doubtful whether somebody may listen. A listener whose count has risen asks the store, so
/// nobody is doubted because of somebody who comes.
#[derive(Default)]
pub(super) struct Doubts {
    /// Of everybody.
    all: u64,
    /// Of single people, besides.
    named: HashMap<String, u64>,
}

impl Doubts {
    /// Anybody may have lost the access.
    pub(super) fn everybody(&mut self) {
        self.all += 1;
    }

    /// This person may have lost the access.
    pub(super) fn one(&mut self, user_id: &str) {
        *self.named.entry(user_id.to_owned()).or_default() += 1;
    }

    /// The event may mean that those lost their access whom it names.
    pub(super) fn by(&mut self, event: &ChatEvent) {
        let ChatEvent::Members { gone, .. } = event else { return };
        gone.iter().for_each(|user_id| self.one(user_id));
    }

    pub(super) fn of(&self, user_id: &str) -> u64 {
        self.all + self.named.get(user_id).copied().unwrap_or_default()
    }
}

impl Log {
    /// Makes each listener ask whether it may still listen, because others may take part in the conversation than before.
    pub fn doubt(&self) {
        let mut state = self.lock();
        state.doubts.everybody();
        self.published(state);
    }

    /// The same for one person.
    pub fn doubt_one(&self, user_id: &str) {
        let mut state = self.lock();
        state.doubts.one(user_id);
        self.published(state);
    }

    /// How often it became doubtful whether this person may listen.
    pub fn doubts(&self, user_id: &str) -> u64 {
        self.lock().doubts.of(user_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_who_are_named_are_doubted() {
        let mut doubts = Doubts::default();
        doubts.by(&ChatEvent::Queue {});
        assert_eq!((doubts.of("ada"), doubts.of("bob")), (0, 0));
        doubts.by(&ChatEvent::members(vec!["bob".into()]));
        assert_eq!((doubts.of("ada"), doubts.of("bob")), (0, 1));
        // Somebody came.
        doubts.by(&ChatEvent::members(Vec::new()));
        assert_eq!((doubts.of("ada"), doubts.of("bob")), (0, 1));
        doubts.everybody();
        assert_eq!((doubts.of("ada"), doubts.of("bob")), (1, 2));
    }
}
