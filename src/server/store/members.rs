//! The people of a room, as a trait. The owner is one of them, with the role of a moderator.

use async_trait::async_trait;

use super::{AccessLevel, Grant, Need, Result, names::name_key};
use crate::domain::{Member, MemberRole, MemberState, Notify, OwnPart};

/// How somebody comes into a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// It is listed, or the board.
    Listed,
    /// With a code for it, by its hash; see [`super::Codes`].
    Code(&'a str),
}

/// Somebody who wants to join a room.
#[derive(Clone, Debug)]
pub struct Join<'a> {
    pub conversation_id: &'a str,
    pub user_id: &'a str,
    /// What the person is called. When a member has a name that looks the same, the store adds a number from 2 on that
    /// makes it another one.
    pub name: &'a str,
    pub entry: Entry<'a>,
    /// How many people may take part. It counts for no board.
    pub most: u32,
    pub now: i64,
}

/// The outcome of joining a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinOutcome {
    /// The person is a member now. A code was used.
    Joined { conversation_id: String, member: Member, revision: u64 },
    /// The person was one already. No code was used.
    Already { conversation_id: String },
    /// The person is banned from it.
    Banned,
    /// As many people take part as may.
    Full,
    /// There is no such room, it is not listed, or the code cannot be used now.
    Refused,
}

/// What is done with a member. Nobody does it with the owner or with somebody of the own level or above; only the owner
/// makes moderators, and ends their role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberChange {
    Role(MemberRole),
    Remove,
    /// `hide`: the room shows nothing of what the person wrote. Also somebody who left can be banned.
    Ban {
        hide: bool,
    },
    /// Somebody who is banned may come again.
    Unban,
    /// The member owns the room from now on; who owned it stays a moderator. Answers count against the budget of who asks.
    /// Needs [`super::Need::Own`]. `most`: so many rooms somebody may own, the board aside.
    HandOver {
        most: Option<u32>,
    },
}

/// The outcome of a change of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberOutcome {
    /// Done, with this number; the member as it is now. `reread`: what the person wrote is hidden or shown again.
    Changed { member: Member, revision: u64, reread: bool },
    /// The member owns as many rooms as they may.
    Full,
    /// It was so already. Nothing changed.
    Same(Member),
    /// There is no such member, or nobody with that state.
    Missing,
    /// The person behind the grant may not do that (any more).
    Denied,
}

/// The outcome of leaving a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaveOutcome {
    Left {
        revision: u64,
    },
    /// Who owns a room hands it over or deletes it.
    Owner,
    /// The person takes no part (any more).
    Missing,
}

/// A position in a list of members: the last one that the reader has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberPosition {
    /// As [`super::name_key`] makes it.
    pub name_key: String,
    pub user_id: String,
}

/// Which members to list, by name and then by id.
#[derive(Clone, Debug, Default)]
pub struct MemberQuery {
    /// Those who are banned, in place of those who take part.
    pub banned: bool,
    /// Only names that begin with this text, as [`super::name_key`] makes it.
    pub begins: Option<String>,
    pub after: Option<MemberPosition>,
    pub limit: u32,
}

#[async_trait]
pub trait Members: Send + Sync {
    async fn join(&self, join: &Join<'_>) -> Result<JoinOutcome>;
    /// The person behind the grant leaves.
    async fn leave(&self, grant: &Grant) -> Result<LeaveOutcome>;
    /// The questions of somebody who takes no part any more leave the queue, and with what is hidden those about it. Needs
    /// [`super::Need::Manage`].
    async fn change_member(
        &self,
        grant: &Grant,
        user_id: &str,
        change: MemberChange,
    ) -> Result<MemberOutcome>;
    /// In any state.
    async fn member(&self, grant: &Grant, user_id: &str) -> Result<Option<Member>>;
    async fn members(&self, grant: &Grant, query: &MemberQuery) -> Result<Vec<Member>>;
    /// Those of these people who take part or did, in any state, in no order.
    async fn members_of(&self, grant: &Grant, user_ids: &[String]) -> Result<Vec<Member>>;
    /// What the person behind the grant has of the room.
    async fn own_part(&self, grant: &Grant) -> Result<Option<OwnPart>>;
    /// `false`: the person takes no part (any more).
    async fn set_notify(&self, grant: &Grant, notify: Notify) -> Result<bool>;
    /// The person behind the grant has seen everything up to this message of the room; the mark never goes back. `false`:
    /// nothing changed.
    async fn set_read(&self, grant: &Grant, message_id: &str) -> Result<bool>;
}

/// What a change makes of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Becomes(Member),
    /// The member, a moderator now, owns the room.
    Owns(Member),
    Same,
    Missing,
    Denied,
}

impl MemberChange {
    /// What this change makes of a member, if a person of the level `by` asks for it; `owns`: the member owns the room.
    pub(super) fn of(self, member: &Member, owns: bool, by: AccessLevel) -> Step {
        let takes_part = member.state == MemberState::Active;
        if let Self::HandOver { .. } = self {
            return match (by, takes_part) {
                _ if by < Need::Own.least() => Step::Denied,
                _ if owns => Step::Same,
                (_, false) => Step::Missing,
                _ => Step::Owns(Member { role: MemberRole::Moderator, ..member.clone() }),
            };
        }
        let promotes = self == Self::Role(MemberRole::Moderator);
        let above = takes_part && AccessLevel::from(member.role) >= by;
        if by < Need::Manage.least() || owns || above || (promotes && by < Need::Own.least()) {
            return Step::Denied;
        }
        // Whoever comes again comes without the rights of a moderator.
        let outside = |state, hidden| Member { role: again(member.role), state, hidden, ..member.clone() };
        let then = match self {
            Self::Role(role) if takes_part => Member { role, ..member.clone() },
            Self::Remove if takes_part || member.state == MemberState::Removed => {
                outside(MemberState::Removed, false)
            }
            Self::Ban { hide } => outside(MemberState::Banned, hide),
            Self::Unban if member.state == MemberState::Banned => outside(MemberState::Removed, false),
            _ => return Step::Missing,
        };
        if then == *member { Step::Same } else { Step::Becomes(then) }
    }
}

/// The role with which somebody who had this one comes again.
pub(super) fn again(role: MemberRole) -> MemberRole {
    role.min(MemberRole::Member)
}

/// Up to this number each is tried; beyond it the search skips, because thousands may have one name.
const TRIED: u32 = 9;

/// The search for the name of a new member: the own one, or with a number behind it. Of numbers up to [`TRIED`] the first that
/// is free is found; beyond, one that follows a taken one, in few steps however many have the name.
pub(super) struct FreeName<'a> {
    name: &'a str,
    /// This number is taken, 0 is none, and 1 is the name without a number.
    taken: u32,
    free: Option<u32>,
}

impl<'a> FreeName<'a> {
    pub(super) fn of(name: &'a str) -> Self {
        Self { name, taken: 0, free: None }
    }

    /// The key of which has to be known whether a member has it.
    pub(super) fn key(&self) -> String {
        name_key(&self.numbered(self.number()))
    }

    /// Whether a member has [`Self::key`]. Answers the name that is free, and its key, once it is found.
    pub(super) fn tell(&mut self, is_taken: bool) -> Option<(String, String)> {
        let number = self.number();
        if is_taken {
            self.taken = number;
        } else {
            self.free = Some(number);
        }
        let found = self.free.filter(|free| free.saturating_sub(self.taken) <= 1)?;
        let name = self.numbered(found);
        let key = name_key(&name);
        Some((name, key))
    }

    fn number(&self) -> u32 {
        match self.free {
            Some(free) => self.taken.midpoint(free),
            None if self.taken < TRIED => self.taken + 1,
            None => self.taken.saturating_mul(2),
        }
    }

    fn numbered(&self, number: u32) -> String {
        if number < 2 { self.name.to_owned() } else { format!("{} {number}", self.name) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn member(role: MemberRole, state: MemberState) -> Member {
        Member {
            user_id: "u".into(),
            name: "Ada".into(),
            role,
            state,
            joined_at: 1,
            hidden: state == MemberState::Banned,
        }
    }

    #[test]
    fn nobody_changes_the_owner_or_somebody_of_the_own_level_or_above() {
        let changes = [
            MemberChange::Role(MemberRole::Reader),
            MemberChange::Role(MemberRole::Moderator),
            MemberChange::Remove,
            MemberChange::Ban { hide: true },
            MemberChange::Unban,
        ];
        let moderator = member(MemberRole::Moderator, MemberState::Active);
        for change in changes {
            assert_eq!(change.of(&moderator, true, AccessLevel::Owner), Step::Denied, "{change:?}");
            assert_eq!(change.of(&moderator, false, AccessLevel::Moderator), Step::Denied, "{change:?}");
            let reader = member(MemberRole::Reader, MemberState::Active);
            for by in [AccessLevel::Reader, AccessLevel::Member] {
                assert_eq!(change.of(&reader, false, by), Step::Denied, "{change:?} {by:?}");
            }
        }
        let plain = member(MemberRole::Member, MemberState::Active);
        let promote = MemberChange::Role(MemberRole::Moderator);
        assert_eq!(promote.of(&plain, false, AccessLevel::Moderator), Step::Denied);
        assert_eq!(promote.of(&plain, false, AccessLevel::Owner), Step::Becomes(moderator.clone()));
        let demote = MemberChange::Role(MemberRole::Member);
        assert_eq!(demote.of(&moderator, false, AccessLevel::Owner), Step::Becomes(plain));
    }

    #[test]
    fn a_moderator_who_goes_is_none_any_more() {
        let moderator = member(MemberRole::Moderator, MemberState::Active);
        let gone = member(MemberRole::Member, MemberState::Removed);
        assert_eq!(
            MemberChange::Remove.of(&moderator, false, AccessLevel::Owner),
            Step::Becomes(gone.clone())
        );
        let banned = member(MemberRole::Member, MemberState::Banned);
        let ban = MemberChange::Ban { hide: true };
        assert_eq!(ban.of(&moderator, false, AccessLevel::Owner), Step::Becomes(banned.clone()));
        assert_eq!(ban.of(&banned, false, AccessLevel::Moderator), Step::Same);
        assert_eq!(
            MemberChange::Unban.of(&banned, false, AccessLevel::Moderator),
            Step::Becomes(gone.clone())
        );
        assert_eq!(MemberChange::Unban.of(&gone, false, AccessLevel::Moderator), Step::Missing);
        assert_eq!(MemberChange::Remove.of(&banned, false, AccessLevel::Moderator), Step::Missing);
    }

    #[test]
    fn a_room_is_handed_to_somebody_who_takes_part() {
        let hand_over = MemberChange::HandOver { most: None };
        let plain = member(MemberRole::Reader, MemberState::Active);
        assert_eq!(hand_over.of(&plain, false, AccessLevel::Moderator), Step::Denied);
        let owns = Step::Owns(member(MemberRole::Moderator, MemberState::Active));
        assert_eq!(hand_over.of(&plain, false, AccessLevel::Owner), owns);
        let left = member(MemberRole::Member, MemberState::Left);
        assert_eq!(hand_over.of(&left, false, AccessLevel::Owner), Step::Missing);
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number_that_is_free() {
        let free = |taken: &HashSet<String>| {
            let mut search = FreeName::of("Ada");
            for step in 1.. {
                if let Some((name, key)) = search.tell(taken.contains(&search.key())) {
                    assert_eq!((key.clone(), taken.contains(&key)), (name_key(&name), false));
                    return (name, step);
                }
            }
            unreachable!()
        };
        let taken = |names: &[&str]| names.iter().map(|name| name_key(name)).collect::<HashSet<_>>();
        assert_eq!(free(&taken(&[])).0, "Ada");
        assert_eq!(free(&taken(&["ADA", "Ada 3"])).0, "Ada 2");
        assert_eq!(free(&taken(&["ada", "Ada 2", "Ada 3"])).0, "Ada 4");
        let mut many: HashSet<String> = (2..5000).map(|number| name_key(&format!("Ada {number}"))).collect();
        many.insert(name_key("Ada"));
        let (name, steps) = free(&many);
        assert!(name == "Ada 5000" && steps < 40, "{name} {steps}");
    }
}
