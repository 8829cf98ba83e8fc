//! [`Grant`]: the proof, as a value, that a person may do something in a conversation. Every call that a store answers
//! about a conversation for a person takes a grant, and only [`Standing::grant`] makes one.

use async_trait::async_trait;

use super::{Result, StoreError};
use crate::domain::{Conversation, ConversationKind, MemberRole, Message};

/// A person's level in a conversation, from lowest to highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessLevel {
    Reader,
    Member,
    Moderator,
    Owner,
}

impl From<MemberRole> for AccessLevel {
    fn from(role: MemberRole) -> Self {
        match role {
            MemberRole::Reader => Self::Reader,
            MemberRole::Member => Self::Member,
            MemberRole::Moderator => Self::Moderator,
        }
    }
}

impl AccessLevel {
    /// The role of somebody with this level. An owner is one of the moderators.
    pub fn role(self) -> MemberRole {
        match self {
            Self::Reader => MemberRole::Reader,
            Self::Member => MemberRole::Member,
            Self::Moderator | Self::Owner => MemberRole::Moderator,
        }
    }
}

/// What a person wants to do in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// See its messages, and listen.
    Read,
    /// Add messages, ask for answers and stop them, choose the branch on screen.
    Write,
    /// Change its title and settings, delete messages, choose its members.
    Manage,
    /// Delete the conversation.
    Own,
}

impl Need {
    /// The lowest level that may do this.
    pub fn least(self) -> AccessLevel {
        match self {
            Self::Read => AccessLevel::Reader,
            Self::Write => AccessLevel::Member,
            Self::Manage => AccessLevel::Moderator,
            Self::Own => AccessLevel::Owner,
        }
    }
}

/// A conversation, and the level that a person has in it. A stranger has no standing, just as nobody has one in a
/// missing conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    conversation: Conversation,
    last_seq: u64,
    hidden_seq: u64,
    user_id: String,
    level: AccessLevel,
}

/// The person sees the conversation, but may not do this in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied;

impl Standing {
    /// For the stores only, because they read the level from the database.
    pub(super) fn new(conversation: Conversation, last_seq: u64, user_id: &str, level: AccessLevel) -> Self {
        Self { conversation, last_seq, hidden_seq: 0, user_id: user_id.to_owned(), level }
    }

    /// See [`Grant::hidden_seq`].
    pub(super) fn hidden_at(self, hidden_seq: u64) -> Self {
        Self { hidden_seq, ..self }
    }

    /// Decides who may do what; no other function does.
    ///
    /// # Errors
    ///
    /// The person's level is too low for `need`.
    pub fn grant(self, need: Need) -> std::result::Result<Grant, Denied> {
        let alone = self.conversation.kind == ConversationKind::Private;
        let least = if alone { AccessLevel::Owner } else { need.least() };
        if self.level < least {
            return Err(Denied);
        }
        let Self { conversation, last_seq, hidden_seq, user_id, level } = self;
        Ok(Grant { conversation, last_seq, hidden_seq, user_id, level })
    }
}

/// The proof that a person may do something in a conversation. A call that writes checks it again in its transaction,
/// for its own need, because the person may have been removed meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    conversation: Conversation,
    last_seq: u64,
    hidden_seq: u64,
    user_id: String,
    level: AccessLevel,
}

impl Grant {
    /// The conversation as it was when the grant was made.
    pub fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    pub fn conversation_id(&self) -> &str {
        &self.conversation.id
    }

    /// The conversation's highest stored event number when the grant was made.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// The number of the last change of whose messages a room hides. Each message of the room is as if it had been changed
    /// with it.
    pub fn hidden_seq(&self) -> u64 {
        self.hidden_seq
    }

    /// The person who may act.
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    pub fn level(&self) -> AccessLevel {
        self.level
    }

    /// The conversation as the person sees it: what the model is told in a room is for those who manage it.
    pub fn into_conversation(mut self) -> Conversation {
        if self.conversation.kind.is_shared() && self.level < AccessLevel::Moderator {
            self.conversation.system_prompt = None;
        }
        self.conversation
    }
}

/// Why there is no [`Grant`].
#[derive(Debug, thiserror::Error)]
pub enum NoAccess {
    /// The conversation or the message is missing, or the person is a stranger in it. A caller cannot tell the two
    /// apart.
    #[error("not found")]
    Missing,
    /// See [`Denied`].
    #[error("not allowed")]
    Denied,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The access check. Every service asks it before it does anything with a conversation or a message for a person.
#[async_trait]
pub trait Access: Send + Sync {
    async fn standing(&self, user_id: &str, conversation_id: &str) -> Result<Option<Standing>>;
    /// The person's standing in the conversation of a message, and the message.
    async fn standing_of_message(
        &self,
        user_id: &str,
        message_id: &str,
    ) -> Result<Option<(Standing, Message)>>;

    async fn access(
        &self,
        user_id: &str,
        conversation_id: &str,
        need: Need,
    ) -> std::result::Result<Grant, NoAccess> {
        let standing = self.standing(user_id, conversation_id).await?.ok_or(NoAccess::Missing)?;
        standing.grant(need).map_err(|Denied| NoAccess::Denied)
    }

    async fn message_access(
        &self,
        user_id: &str,
        message_id: &str,
        need: Need,
    ) -> std::result::Result<(Grant, Message), NoAccess> {
        let found = self.standing_of_message(user_id, message_id).await?;
        let (standing, message) = found.ok_or(NoAccess::Missing)?;
        Ok((standing.grant(need).map_err(|Denied| NoAccess::Denied)?, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: [AccessLevel; 4] =
        [AccessLevel::Reader, AccessLevel::Member, AccessLevel::Moderator, AccessLevel::Owner];
    const NEEDS: [Need; 4] = [Need::Read, Need::Write, Need::Manage, Need::Own];

    fn standing(kind: ConversationKind, level: AccessLevel) -> Standing {
        let conversation = Conversation {
            id: "c".into(),
            kind,
            title: String::new(),
            model: None,
            system_prompt: None,
            params: crate::domain::Params::default(),
            pinned: false,
            archived: false,
            unread: false,
            running: false,
            leaf_id: None,
            created_at: 0,
            updated_at: 0,
        };
        Standing::new(conversation, 7, "u", level)
    }

    /// Whether each level (a row) grants each need (a column).
    fn table(kind: ConversationKind) -> [[bool; 4]; 4] {
        LEVELS.map(|level| NEEDS.map(|need| standing(kind, level).grant(need).is_ok()))
    }

    #[test]
    fn each_level_may_do_what_the_level_below_it_may_and_one_thing_more() {
        for kind in [ConversationKind::Room, ConversationKind::Direct, ConversationKind::Board] {
            assert_eq!(
                table(kind),
                [
                    [true, false, false, false],
                    [true, true, false, false],
                    [true, true, true, false],
                    [true, true, true, true],
                ],
                "{kind:?}"
            );
        }
    }

    #[test]
    fn only_its_owner_may_do_anything_in_a_private_conversation() {
        assert_eq!(table(ConversationKind::Private), [[false; 4], [false; 4], [false; 4], [true; 4]]);
    }

    #[test]
    fn a_grant_names_the_person_and_the_conversation() {
        let grant = standing(ConversationKind::Room, AccessLevel::Member).grant(Need::Write).unwrap();
        assert_eq!((grant.user_id(), grant.conversation_id(), grant.last_seq()), ("u", "c", 7));
        assert_eq!(grant.level(), AccessLevel::from(MemberRole::Member));
        assert_eq!(grant.into_conversation().kind, ConversationKind::Room);
    }
}
