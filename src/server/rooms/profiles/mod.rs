//! [`Profiles`]: the people of the site as other people see them: their list, a profile, whom one has blocked, and the notes on
//! a wall. Nothing here tells what somebody signs in with.

mod blocks;
mod list;
mod wall;

use std::sync::Arc;

pub use self::wall::{ShownNote, limit};
use crate::server::{
    accounts::{attempts::Limit, audit::Audit, picture, tiers},
    conversations::allowance::Allowances,
    live::presence::Presences,
    ops::clock::{Clock, Ids},
    store::{Community, Users},
    words,
};
use crate::{
    domain::{CurrentUser, Person, Picture, Profile, User, UserState},
    error::AppError,
};

/// How many people or notes a page has: if the caller names no limit, and at most.
const DEFAULT_LIMIT: u32 = 40;
const MAX_LIMIT: u32 = 100;
/// How many rooms a profile names.
const MOST_ROOMS: u32 = 50;

/// The service for people as others see them. One per server.
pub struct Profiles {
    pub store: Arc<dyn Community>,
    pub users: Arc<dyn Users>,
    pub allowances: Arc<Allowances>,
    pub audit: Arc<Audit>,
    pub presences: Arc<Presences>,
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
