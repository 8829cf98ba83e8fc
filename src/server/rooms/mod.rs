//! [`Rooms`]: rooms are made, found, joined and changed; their people, and the codes that lead into them. What is written in
//! a room belongs to `chat`, as in every conversation.

mod board;
mod bring;
mod change;
mod codes;
mod direct;
mod enter;
mod list;
mod marked;
mod members;
mod mentions;
mod notes;
pub mod profiles;
mod reports;

use std::sync::Arc;

pub use self::{
    bring::BringIn,
    codes::{MOST_CODES, NewInvitation},
    direct::{OpenDirect, new_directs},
    enter::{Invitation, moves},
    list::{DEFAULT_LIMIT, MAX_LIMIT},
    marked::ReadList,
    members::{MemberListing, Person},
    notes::{NotesFrom, ShownNote},
    reports::{ReportPage, Reported, limit as report_limit},
};
pub use super::store::{AccessLevel, MemberChange};
use super::{
    accounts::{Accounts, attempts::Limit, audit::Audit},
    conversations::{Conversations, ModelList, allowance::Allowances},
    live::Live,
    ops::clock::{Clock, Ids},
    render::Renderer,
    store::{Chats, Codes, Grant, Need, Users},
};
use crate::{
    domain::{ChatEvent, CurrentUser, OwnPart, Partner, Picture, Room},
    error::AppError,
};

/// The service for rooms. One per server.
pub struct Rooms {
    pub chats: Arc<dyn Chats>,
    pub codes: Arc<dyn Codes>,
    pub users: Arc<dyn Users>,
    pub accounts: Arc<Accounts>,
    pub audit: Arc<Audit>,
    pub renderer: Arc<Renderer>,
    pub conversations: Arc<Conversations>,
    pub models: Arc<ModelList>,
    pub allowances: Arc<Allowances>,
    pub live: Arc<Live>,
    pub clock: Clock,
    pub ids: Arc<Ids>,
    /// How many people may take part in one room.
    pub most_members: u32,
    /// Reports of messages, by person.
    pub reports: Limit,
    /// Conversations with others, by who begins them.
    pub new_directs: Limit,
    /// How often somebody comes into rooms and leaves them, because all who listen are told.
    pub moves: Limit,
}

/// A room with what it is to the person who opened it.
#[derive(Clone, Debug)]
pub struct OpenRoom {
    pub grant: Grant,
    pub room: Room,
    pub own: OwnPart,
    /// The other person with their picture, where it is a conversation of two.
    pub partner: Option<(Partner, Picture)>,
}

impl Rooms {
    /// A room in which the person may do what they need. A conversation of another kind is missing here, whoever takes part.
    async fn granted(&self, current: &CurrentUser, id: &str, need: Need) -> Result<Grant, AppError> {
        // Whether it is a room at all is found out before anything is said of the person's level in it.
        let grant = self.shared(current, id).await?;
        if !grant.conversation().kind.is_room() {
            return Err(AppError::NotFound);
        }
        match need {
            Need::Read => Ok(grant),
            need => Ok(self.chats.access(current.id(), id, need).await?),
        }
    }

    /// A room that the person reads, or a conversation of two of which they are one. A private one is missing here.
    async fn shared(&self, current: &CurrentUser, id: &str) -> Result<Grant, AppError> {
        let standing = self.chats.standing(current.id(), id).await?.ok_or(AppError::NotFound)?;
        let grant = standing.grant(Need::Read).map_err(|_| AppError::NotFound)?;
        if grant.conversation().kind.is_shared() { Ok(grant) } else { Err(AppError::NotFound) }
    }

    /// A room that the person takes part in.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is none, or the person takes no part.
    pub async fn open(&self, current: &CurrentUser, id: &str) -> Result<OpenRoom, AppError> {
        self.opened(self.granted(current, id, Need::Read).await?).await
    }

    /// A room that the person takes part in, or a conversation of two of which they are one: what people do with single messages
    /// is the same in both.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is none, or the person takes no part.
    pub async fn open_shared(&self, current: &CurrentUser, id: &str) -> Result<OpenRoom, AppError> {
        self.opened(self.shared(current, id).await?).await
    }

    /// A room that the person manages.
    ///
    /// # Errors
    ///
    /// As [`Self::open`]; [`AppError::Forbidden`]: the person takes part, and manages nothing.
    pub async fn open_to_manage(&self, current: &CurrentUser, id: &str) -> Result<OpenRoom, AppError> {
        self.opened(self.granted(current, id, Need::Manage).await?).await
    }

    async fn opened(&self, grant: Grant) -> Result<OpenRoom, AppError> {
        let (room, own) = futures::try_join!(self.chats.room(&grant), self.chats.own_part(&grant))?;
        let room = room.ok_or(AppError::NotFound)?;
        let partner = self.direct(&grant).await?.map(|direct| (direct.partner, direct.picture));
        Ok(OpenRoom { grant, room, own: own.unwrap_or_default(), partner })
    }

    /// Tells those who listen to the room that its people are other ones. The streams of `gone` end.
    fn tell(&self, id: &str, gone: Vec<String>, revision: u64) {
        self.tell_members(id, ChatEvent::members(gone), revision);
    }

    fn tell_members(&self, id: &str, event: ChatEvent, revision: u64) {
        if let Some(log) = self.live.get(id) {
            log.publish(event, revision);
        }
    }

    /// Tells those who listen to the room that its settings are other ones, and the name, if that is.
    fn tell_settings(&self, id: &str, title: Option<String>, revision: u64) {
        if let Some(log) = self.live.get(id) {
            log.publish(ChatEvent::Members { gone: Vec::new(), title, reread: false }, revision);
        }
    }
}
