//! Conversations of two people, as a trait. Of each pair there is one, and nobody else ever takes part. Neither of the two
//! manages or owns it: both have the level of a member, or of a reader while the other's account is closed or one of them has
//! blocked the other. Its title is the other person's name, for each of the two.

use async_trait::async_trait;

use super::{ConversationPosition, Grant, Result};
use crate::domain::{Conversation, Partner, RoomEntry, User};

/// Two people who are to have a conversation.
#[derive(Clone, Debug)]
pub struct NewDirect<'a> {
    /// Who opens it.
    pub user_id: &'a str,
    pub other_id: &'a str,
    /// What is stored if they have none yet; its kind is that of a direct conversation.
    pub conversation: &'a Conversation,
}

/// The outcome of opening a conversation of two people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DirectOutcome {
    Made,
    /// They have this one.
    There {
        conversation_id: String,
    },
    /// There is no such other person who is active, and they have no conversation.
    Missing,
    /// One of them has blocked the other, and they have no conversation.
    Blocked,
}

/// A direct conversation in the list of one of its two people. The room's name is the other person's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectRow {
    pub entry: RoomEntry,
    pub other_id: String,
    /// The other person's account, unless it is gone.
    pub other: Option<User>,
}

#[async_trait]
pub trait Directs: Send + Sync {
    /// Opens the conversation of two people, also when both do it at once. It is listed for who opens it, and for the other
    /// person from the first message on.
    async fn open_direct(&self, new: &NewDirect<'_>) -> Result<DirectOutcome>;
    /// The other person of a direct conversation; `None`: it is none.
    async fn partner(&self, grant: &Grant) -> Result<Option<Partner>>;
    /// Those of a person, newest first by `(updated_at, id)`; with `away` also those that they put away.
    async fn directs_of(
        &self,
        user_id: &str,
        after: Option<&ConversationPosition>,
        limit: u32,
        away: bool,
    ) -> Result<Vec<DirectRow>>;
    /// Lists the conversation no more for the person behind the grant, until the next message. `false`: it is none of two.
    async fn put_away(&self, grant: &Grant) -> Result<bool>;
}

/// Two ids in the order in which a pair is stored.
pub(super) fn pair<'a>(one: &'a str, other: &'a str) -> (&'a str, &'a str) {
    if one <= other { (one, other) } else { (other, one) }
}
