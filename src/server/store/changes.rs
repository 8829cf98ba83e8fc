//! [`Changes`]: what changed in a conversation since a listener last saw it.

use super::Outline;
use crate::domain::Conversation;

/// What changed in a conversation since an event number. A copy to which these changes are applied equals the stored
/// conversation again.
///
/// The process that writes a running answer numbers its events beyond the number that the store knows. So while an
/// answer runs, a position among its numbers counts as the position just before it, and a position beyond every stored
/// number counts as the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Messages that are new or changed, by revision.
    pub messages: Vec<Outline>,
    /// The ids of messages that are gone.
    pub removed: Vec<String>,
    /// The conversation, `Some` when its title, a setting or the branch on screen changed.
    pub conversation: Option<Conversation>,
    /// The queue of questions changed.
    pub queue: bool,
    /// In a room: who takes part, or a setting of the room, changed.
    pub members: bool,
    /// In a room: what somebody wrote is hidden or shown again. The messages are read anew.
    pub reread: bool,
    /// A listener that goes on from this number misses nothing beyond these changes. While an answer runs, it is the
    /// position just before the answer's first event.
    pub seq: u64,
    /// There were more changes than the limit, so these are not all: the listener reads the conversation anew.
    pub more: bool,
}

impl Changes {
    /// The changes of a conversation that is gone: none.
    pub(super) fn nothing(seq: u64) -> Self {
        Self {
            messages: Vec::new(),
            removed: Vec::new(),
            conversation: None,
            queue: false,
            members: false,
            reread: false,
            seq,
            more: false,
        }
    }

    /// Two numbers: a listener that has seen everything up to `seq` does not know revisions above the first; the second
    /// is [`Changes::seq`]. `began_seq` is the number with which the running answer began.
    pub(super) fn between(seq: u64, last_seq: u64, began_seq: Option<u64>) -> (u64, u64) {
        match began_seq {
            // Everything stored together with the running answer has the number with which the answer began.
            Some(began) => (seq.min(began.saturating_sub(1)), began),
            None if seq > last_seq => (0, last_seq),
            None => (seq, last_seq),
        }
    }

    /// Cuts the changes to the limit. The store reads one more than the limit, so that this can tell whether there are
    /// more.
    pub(super) fn limited(mut self, limit: u32) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.more = self.messages.len() > limit || self.removed.len() > limit;
        self.messages.truncate(limit);
        self.removed.truncate(limit);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_among_the_numbers_of_a_running_answer_counts_as_the_one_before_it() {
        for (seq, began, expected) in [
            (5, None, (5, 20)),
            (20, None, (20, 20)),
            (21, None, (0, 20)),
            (5, Some(18), (5, 18)),
            (17, Some(18), (17, 18)),
            (18, Some(18), (17, 18)),
            (4_000, Some(18), (17, 18)),
            (3, Some(0), (0, 0)),
        ] {
            assert_eq!(Changes::between(seq, 20, began), expected, "{seq} {began:?}");
        }
    }
}
