//! Who may have lost the access to a conversation while listening to it.

use std::collections::HashMap;

use crate::domain::ChatEvent;

/// Counts how often it became doubtful whether somebody may listen. A listener whose count has risen asks the store.
#[derive(Default)]
pub(super) struct Doubts {
    /// Of everybody.
    all: u64,
    /// Of single people, besides.
    named: HashMap<String, u64>,
}

impl Doubts {
    /// An event may mean that people lost their access: those whom it names, else anybody.
    pub(super) fn by(&mut self, event: &ChatEvent) {
        let ChatEvent::Members { gone } = event else { return };
        if gone.is_empty() {
            self.all += 1;
        }
        for user_id in gone {
            *self.named.entry(user_id.clone()).or_default() += 1;
        }
    }

    pub(super) fn of(&self, user_id: &str) -> u64 {
        self.all + self.named.get(user_id).copied().unwrap_or_default()
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
        doubts.by(&ChatEvent::Members { gone: vec!["bob".into()] });
        assert_eq!((doubts.of("ada"), doubts.of("bob")), (0, 1));
        doubts.by(&ChatEvent::Members { gone: Vec::new() });
        assert_eq!((doubts.of("ada"), doubts.of("bob")), (1, 2));
    }
}
