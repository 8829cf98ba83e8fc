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
