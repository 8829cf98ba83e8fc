//! The people of a room: who they are, and what its moderators do with them.

use std::collections::HashMap;

use super::{MAX_LIMIT, OpenDirect, Rooms, list::DEFAULT_LIMIT};
use crate::{
    domain::{
        ChatEvent, CurrentUser, Member, MemberRole, MemberState, Page, Partner, Picture, Reason, User,
        UserState,
    },
    error::AppError,
    server::{
        accounts::{picture, valid::MAX_NAME_CHARS},
        store::{Grant, MemberChange, MemberOutcome, MemberPosition, MemberQuery, Need, name_key},
    },
};

/// A longer cursor cannot be one of ours: an id and the key of a name.
const MAX_CURSOR_BYTES: usize = 64 + 4 * 2 * MAX_NAME_CHARS;

/// Which members to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemberListing<'a> {
    /// The beginning of their names.
    pub search: Option<&'a str>,
    /// Those who are banned, in place of those who take part. For moderators.
    pub banned: bool,
    pub cursor: Option<&'a str>,
    pub limit: Option<u32>,
}

/// A member as they are shown beside what they wrote.
#[derive(Clone, Debug)]
pub struct Person {
    pub member: Member,
    pub picture: Picture,
    /// Whether they have an account that is active, and so a profile.
    pub has_account: bool,
}

impl Person {
    /// Somebody of whom only the name is known.
    pub fn gone(partner: &Partner, picture: Picture) -> Self {
        let member = Member {
            user_id: partner.id.clone(),
            name: partner.name.clone(),
            role: MemberRole::Member,
            state: MemberState::Left,
            joined_at: 0,
            hidden: false,
        };
        Self { member, picture, has_account: false }
    }
}

impl Rooms {
    /// A page of the members, by their names.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]; [`AppError::Forbidden`] of who is banned, for whoever manages nothing; [`AppError::Invalid`] of
    /// `q`, `cursor` or `limit`.
    pub async fn members(
        &self,
        current: &CurrentUser,
        id: &str,
        listing: MemberListing<'_>,
    ) -> Result<Page<Member>, AppError> {
        let need = if listing.banned { Need::Manage } else { Need::Read };
        let grant = self.granted(current, id, need).await?;
        let limit = AppError::valid_limit(listing.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
        if listing.search.is_some_and(|q| q.chars().nth(MAX_NAME_CHARS).is_some()) {
            let reason = Reason::new("search-too-long").with("most", MAX_NAME_CHARS);
            return Err(AppError::invalid("q", reason));
        }
        let query = MemberQuery {
            banned: listing.banned,
            begins: listing.search.map(name_key).filter(|key| !key.is_empty()),
            after: position(listing.cursor)?,
            limit: limit + 1,
        };
        let mut items = self.chats.members(&grant, &query).await?;
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let last = items.last().filter(|_| more);
        let next_cursor = last.map(|last| format!("{}_{}", last.user_id, name_key(&last.name)));
        Ok(Page { items, next_cursor })
    }

    /// The members with their pictures, in the same order.
    pub async fn with_pictures(&self, members: Vec<Member>) -> Result<Vec<Person>, AppError> {
        if members.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = members.iter().map(|member| member.user_id.clone()).collect();
        let users = self.users.users_of(&ids).await?;
        let users: HashMap<&str, &User> = users.iter().map(|user| (&*user.id, user)).collect();
        let shown = members.into_iter().map(|member| {
            let made = || picture::made_of(&member.name, &member.user_id);
            let user = users.get(&*member.user_id);
            let picture = user.map_or_else(made, |user| picture::of(user));
            let has_account = user.is_some_and(|user| user.state == UserState::Active);
            Person { member, picture, has_account }
        });
        Ok(shown.collect())
    }

    /// Who wrote the messages of a room: these people by their ids, also those who take no part any more. In a conversation of
    /// two the other person is known also when their account is gone.
    pub async fn people_of(
        &self,
        grant: &Grant,
        mut ids: Vec<String>,
    ) -> Result<HashMap<String, Person>, AppError> {
        ids.sort_unstable();
        ids.dedup();
        let members = self.chats.members_of(grant, &ids).await?;
        let people = self.with_pictures(members).await?;
        let mut people: HashMap<_, _> =
            people.into_iter().map(|person| (person.member.user_id.clone(), person)).collect();
        let direct = self.direct(grant).await?.filter(|direct| ids.contains(&direct.partner.id));
        if let Some(OpenDirect { partner, picture, .. }) = direct {
            let shown = people.entry(partner.id.clone()).or_insert_with(|| Person::gone(&partner, picture));
            shown.member.name = partner.name;
        }
        Ok(people)
    }

    /// Changes a member as the room's moderators or its owner do; answers the member as it is then.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is no such room or member; [`AppError::Forbidden`]: the person may not do that with this
    /// member; [`AppError::Conflict`]: the member may own no more rooms.
    pub async fn change_member(
        &self,
        current: &CurrentUser,
        (id, user_id): (&str, &str),
        change: MemberChange,
    ) -> Result<Member, AppError> {
        let hands_over = matches!(change, MemberChange::HandOver { .. });
        let need = if hands_over { Need::Own } else { Need::Manage };
        let grant = self.granted(current, id, need).await?;
        let mut change = change;
        if hands_over {
            Self::not_on_board(&grant, "board-no-owner")?;
            let user = self.users.user(user_id).await?.ok_or(AppError::NotFound)?;
            change = MemberChange::HandOver { most: self.allowances.most_rooms(&user).await? };
        }
        match self.chats.change_member(&grant, user_id, change).await? {
            MemberOutcome::Changed { member, revision, reread } => {
                tracing::info!(by = %current.id(), room = %id, user = %user_id, ?change, "a member was changed");
                let takes_part = member.state == MemberState::Active;
                let gone = if takes_part { Vec::new() } else { vec![user_id.to_owned()] };
                self.tell_members(id, ChatEvent::Members { gone, title: None, reread }, revision);
                Ok(member)
            }
            MemberOutcome::Full => Err(AppError::Conflict { reason: Reason::new("room-hand-over-full") }),
            MemberOutcome::Same(member) => Ok(member),
            MemberOutcome::Missing => Err(AppError::NotFound),
            MemberOutcome::Denied => Err(AppError::Forbidden { reason: Reason::new("not-allowed-here") }),
        }
    }
}

/// The position in a cursor; `None` where there is none.
fn position(cursor: Option<&str>) -> Result<Option<MemberPosition>, AppError> {
    let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else { return Ok(None) };
    Some(cursor)
        .filter(|cursor| cursor.len() <= MAX_CURSOR_BYTES)
        .and_then(|cursor| cursor.split_once('_'))
        .map(|(id, key)| Some(MemberPosition { name_key: key.to_owned(), user_id: id.to_owned() }))
        .ok_or_else(|| AppError::invalid("cursor", Reason::new("cursor-not-ours")))
}
