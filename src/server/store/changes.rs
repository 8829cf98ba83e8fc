//! [`Changes`]: what somebody who was away has not seen of a conversation.

use super::Outline;
use crate::domain::Conversation;

/// What changed in a conversation since an event number. A copy that is given these is like the whole again.
///
/// A running answer is numbered by the process that writes it, beyond what the store knows. So while one runs, a
/// position among its numbers counts as the position before it; and a position beyond all that the store knows counts
/// as the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Messages that are new or changed, by revision.
    pub messages: Vec<Outline>,
    /// The ids of messages that are gone.
    pub removed: Vec<String>,
    /// The conversation, when its title, a setting or the branch on screen changed.
    pub conversation: Option<Conversation>,
    /// Listening after this number misses nothing beyond these changes. While an answer runs it is the position just
    /// before the answer's first event.
    pub seq: u64,
    /// There were more than the limit, so these are not all: the conversation is to be read anew.
    pub more: bool,
}

impl Changes {
    /// Of a conversation that is gone.
    pub(super) fn nothing(seq: u64) -> Self {
        Self { messages: Vec::new(), removed: Vec::new(), conversation: None, seq, more: false }
    }

    /// Revisions above the first number are not known to somebody who has seen all up to `seq`; the second number is
    /// [`Changes::seq`]. `began_seq`: the number with which the running answer began.
    pub(super) fn between(seq: u64, last_seq: u64, began_seq: Option<u64>) -> (u64, u64) {
        match began_seq {
            // What was stored with the running answer has the number with which it began.
            Some(began) => (seq.min(began.saturating_sub(1)), began),
            None if seq > last_seq => (0, last_seq),
            None => (seq, last_seq),
        }
    }

    /// Of changes that were read up to one beyond the limit.
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
