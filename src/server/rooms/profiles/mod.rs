//! [`Profiles`]: the people of the site as other people see them: their list, a profile, whom one has blocked, and the notes on
//! a wall. Nothing here tells what somebody signs in with.

mod blocks;
mod wall;

use std::sync::Arc;

pub use self::wall::{ShownNote, limit};
use crate::server::{
    accounts::{attempts::Limit, audit::Audit, picture, tiers, valid::MAX_NAME_CHARS},
    conversations::allowance::Allowances,
    ops::clock::{Clock, Ids},
    store::{Community, DirectoryQuery, PersonPosition, Users},
    words,
};
use crate::{
    domain::{CurrentUser, Page, Person, Picture, Profile, Reason, User, UserState},
    error::AppError,
};

/// How many people or notes a page has: if the caller names no limit, and at most.
const DEFAULT_LIMIT: u32 = 40;
const MAX_LIMIT: u32 = 100;
/// A longer cursor cannot be one of ours: an id and a name.
const MAX_CURSOR_BYTES: usize = 64 + 4 * MAX_NAME_CHARS;
/// How many rooms a profile names.
const MOST_ROOMS: u32 = 50;

/// The service for people as others see them. One per server.
pub struct Profiles {
    pub store: Arc<dyn Community>,
    pub users: Arc<dyn Users>,
    pub allowances: Arc<Allowances>,
    pub audit: Arc<Audit>,
    pub clock: Clock,
    pub ids: Arc<Ids>,
    /// Whether the site has a list of people.
    pub people_list: bool,
    /// Notes on walls, by author.
    pub notes: Limit,
}

impl Profiles {
    /// Whether the site has a list of people.
    pub fn has_list(&self) -> bool {
        self.people_list
    }

    /// A page of the people who are listed, by name: with `search` in their names.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: the site has no list; [`AppError::Invalid`] of `cursor`, `limit` or `q`.
    pub async fn list(
        &self,
        _: &CurrentUser,
        search: Option<&str>,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Page<Person>, AppError> {
        if !self.people_list {
            return Err(AppError::NotFound);
        }
        let limit = AppError::valid_limit(limit, DEFAULT_LIMIT, MAX_LIMIT)?;
        if search.is_some_and(|q| q.chars().nth(MAX_NAME_CHARS).is_some()) {
            let reason = Reason::new("search-too-long").with("most", MAX_NAME_CHARS);
            return Err(AppError::invalid("q", reason));
        }
        let search = search.unwrap_or_default().trim().to_owned();
        // One more than the limit shows whether there is a next page.
        let query = DirectoryQuery { search, after: position(cursor)?, limit: limit + 1 };
        let mut found = self.store.listed_people(&query).await?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let last = found.last().filter(|_| more);
        let next_cursor = last.map(|user| format!("{}_{}", user.id, user.name));
        Ok(Page { items: found.iter().map(person).collect(), next_cursor })
    }

    /// A person's profile.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is no such person who is active.
    pub async fn profile(&self, current: &CurrentUser, id: &str) -> Result<Profile, AppError> {
        let user = self.active(id).await?;
        let own = user.id == current.id();
        let tier = self.allowances.tier_of(&user).await?;
        let (rooms, blocked, is_blocked) = futures::try_join!(
            async {
                if own {
                    return Ok(Vec::new());
                }
                self.store.common_rooms(current.id(), id, MOST_ROOMS).await
            },
            self.store.has_blocked(current.id(), id),
            self.store.has_blocked(id, current.id()),
        )?;
        let wall = user.preferences.wall;
        Ok(Profile {
            person: person(&user),
            joined_at: user.created_at,
            tier: words::current().text(&tiers::name_of(&tier)),
            rooms,
            blocked,
            may_note: wall && !blocked && !is_blocked,
            wall,
        })
    }

    async fn active(&self, id: &str) -> Result<User, AppError> {
        let user = self.users.user(id).await?.filter(|user| user.state == UserState::Active);
        user.ok_or(AppError::NotFound)
    }
}

/// What others see of an account in a list.
fn person(user: &User) -> Person {
    let Picture { initial, colour } = picture::of(user);
    let about = user.preferences.about.clone().unwrap_or_default();
    Person { id: user.id.clone(), name: user.name.clone(), initial, colour, about }
}

/// The position in a cursor; `None` where there is none.
fn position(cursor: Option<&str>) -> Result<Option<PersonPosition>, AppError> {
    let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else { return Ok(None) };
    Some(cursor)
        .filter(|cursor| cursor.len() <= MAX_CURSOR_BYTES)
        .and_then(|cursor| cursor.split_once('_'))
        .map(|(id, name)| Some(PersonPosition { name: name.to_owned(), id: id.to_owned() }))
        .ok_or_else(|| AppError::invalid("cursor", Reason::new("cursor-not-ours")))
}
