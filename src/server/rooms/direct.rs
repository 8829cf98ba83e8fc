//! Conversations of two people: they are opened, listed and put away. What is written there belongs to `chat`.

use std::time::{Duration, Instant};

use super::{
    Rooms,
    list::{DEFAULT_LIMIT, MAX_LIMIT, page, position},
};
use crate::{
    domain::{
        Conversation, ConversationKind, CurrentUser, DirectEntry, Page, Params, Partner, Picture, Reason,
        Room,
    },
    error::AppError,
    server::{
        accounts::{attempts::Limit, picture},
        store::{DirectOutcome, DirectRow, Grant, Need, NewDirect},
    },
};

/// How many conversations with others a person may begin within an hour.
const NEW_DIRECTS: u32 = 30;
const NEW_DIRECTS_WINDOW: Duration = Duration::from_secs(60 * 60);

pub fn new_directs() -> Limit {
    Limit::new(NEW_DIRECTS, NEW_DIRECTS_WINDOW)
}

/// A direct conversation as one of its two people sees it.
#[derive(Clone, Debug)]
pub struct OpenDirect {
    pub room: Room,
    pub partner: Partner,
    pub picture: Picture,
}

impl Rooms {
    /// Opens the conversation of the person with another one, and makes it if they have none; answers its id.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is no such person; [`AppError::Forbidden`]: one of them has blocked the other, and they have
    /// none yet; [`AppError::TooMany`]: the person began too many within an hour.
    pub async fn open_direct(&self, current: &CurrentUser, other_id: &str) -> Result<String, AppError> {
        let taken = self.new_directs.take(current.id(), Instant::now())?;
        let now = self.clock.now();
        let conversation = Conversation {
            id: self.ids.next(),
            kind: ConversationKind::Direct,
            title: String::new(),
            model: None,
            system_prompt: None,
            params: Params::default(),
            pinned: false,
            archived: false,
            unread: false,
            running: false,
            leaf_id: None,
            created_at: now,
            updated_at: now,
        };
        let new = NewDirect { user_id: current.id(), other_id, conversation: &conversation };
        match self.chats.open_direct(&new).await? {
            DirectOutcome::Made => {
                tracing::info!(user = %current.id(), direct = %conversation.id, "two people have a conversation");
                Ok(conversation.id)
            }
            DirectOutcome::There { conversation_id } => {
                taken.forgive();
                Ok(conversation_id)
            }
            DirectOutcome::Missing => Err(AppError::NotFound),
            DirectOutcome::Blocked => Err(AppError::Forbidden { reason: Reason::new("direct-not-begun") }),
        }
    }

    /// The direct conversation of a person with another one; `None`: the grant is for one of another kind.
    pub async fn direct(&self, grant: &Grant) -> Result<Option<OpenDirect>, AppError> {
        if grant.conversation().kind != ConversationKind::Direct {
            return Ok(None);
        }
        let (room, partner) = futures::try_join!(self.chats.room(grant), self.chats.partner(grant))?;
        let Some((room, partner)) = room.zip(partner) else { return Err(AppError::NotFound) };
        let account = self.users.user(&partner.id).await?;
        let made = || picture::made_of(&partner.name, &partner.id);
        let picture = account.as_ref().map_or_else(made, picture::of);
        Ok(Some(OpenDirect { room, partner, picture }))
    }

    /// The direct conversation with this id.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is none, or the person is none of the two.
    pub async fn open_direct_of(&self, current: &CurrentUser, id: &str) -> Result<OpenDirect, AppError> {
        let standing = self.chats.standing(current.id(), id).await?.ok_or(AppError::NotFound)?;
        let grant = standing.grant(Need::Read).map_err(|_| AppError::NotFound)?;
        self.direct(&grant).await?.ok_or(AppError::NotFound)
    }

    /// A page of the person's direct conversations, newest first.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] of `cursor` or `limit`.
    pub async fn directs(
        &self,
        current: &CurrentUser,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Page<DirectEntry>, AppError> {
        let limit = AppError::valid_limit(limit, DEFAULT_LIMIT, MAX_LIMIT)?;
        let after = position(cursor)?;
        let found = self.chats.directs_of(current.id(), after.as_ref(), limit + 1, false).await?;
        let found = found.into_iter().map(entry).collect();
        Ok(page(found, limit, |entry: &DirectEntry| (entry.updated_at, entry.id.clone())))
    }

    /// Lists a direct conversation no more, until the next message.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`].
    pub async fn put_away(&self, current: &CurrentUser, id: &str) -> Result<(), AppError> {
        let standing = self.chats.standing(current.id(), id).await?.ok_or(AppError::NotFound)?;
        let grant = standing.grant(Need::Read).map_err(|_| AppError::NotFound)?;
        if self.chats.put_away(&grant).await? { Ok(()) } else { Err(AppError::NotFound) }
    }
}

/// What is told of a direct conversation in a list.
fn entry(DirectRow { entry, other_id, other }: DirectRow) -> DirectEntry {
    let made = || picture::made_of(&entry.room.name, &other_id);
    let Picture { initial, colour } = other.as_ref().map_or_else(made, picture::of);
    DirectEntry {
        id: entry.room.id,
        person_id: other_id,
        name: entry.room.name,
        initial,
        colour,
        unread: entry.unread,
        mentions: entry.mentions,
        notify: entry.notify,
        running: entry.running,
        updated_at: entry.room.updated_at,
    }
}
