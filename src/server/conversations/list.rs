//! A person's conversations, page by page.

use super::{Conversations, DEFAULT_LIMIT, MAX_LIMIT};
use crate::{
    domain::{
        Binned, Board, Conversation, CurrentUser, Page, Reason, RoomEntry, conversation::MAX_TITLE_CHARS,
    },
    error::AppError,
    server::store::{BIN_LIFE, BinPosition, ConversationPosition, ConversationQuery, DirectRow},
};

/// A longer cursor cannot be one of ours.
const MAX_CURSOR_BYTES: usize = 64;

/// Which conversations to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Listing<'a> {
    pub cursor: Option<&'a str>,
    pub limit: Option<u32>,
    pub title_contains: Option<&'a str>,
    pub archived: bool,
    /// As [`ConversationQuery::pinned`].
    pub pinned: Option<bool>,
}

/// A conversation that was deleted and can be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    pub conversation: Conversation,
    /// From when on it may be gone for good, in UTC milliseconds since 1970.
    pub gone_at: i64,
}

impl Conversations {
    /// What the sidebar shows: those that are pinned, [`MAX_LIMIT`] at the most, and then a page of the others.
    pub async fn sidebar(&self, current: &CurrentUser) -> Result<Page<Conversation>, AppError> {
        let pinned = Listing { pinned: Some(true), limit: Some(MAX_LIMIT), ..Listing::default() };
        let others = Listing { pinned: Some(false), ..Listing::default() };
        let (pinned, mut page) = futures::try_join!(self.list(current, pinned), self.list(current, others))?;
        page.items.splice(0..0, pinned.items);
        // More of either kind than there is room for is more than the list has.
        page.next_cursor = page.next_cursor.or(pinned.next_cursor);
        Ok(page)
    }

    /// The rooms that the sidebar shows, newest first: at most `most`, and one more where there are more.
    pub async fn sidebar_rooms(&self, current: &CurrentUser, most: u32) -> Result<Vec<RoomEntry>, AppError> {
        Ok(self.chats.rooms_of(current.id(), None, most.saturating_add(1)).await?)
    }

    /// The board, if the person may open it and it is not among `rooms`: nobody has to open it to find it.
    pub async fn sidebar_board(
        &self,
        current: &CurrentUser,
        rooms: &[RoomEntry],
    ) -> Result<Option<Board>, AppError> {
        let board = self.chats.board().await?.filter(|board| board.settings.on);
        let Some(board) = board.filter(|board| rooms.iter().all(|entry| entry.room.id != board.id)) else {
            return Ok(None);
        };
        let is_banned = self.chats.is_banned_from_board(current.id()).await?;
        Ok((!is_banned).then_some(board))
    }

    /// The newest direct conversations of a person that are not put away: one more than `most`, if there are more.
    pub async fn sidebar_directs(
        &self,
        current: &CurrentUser,
        most: u32,
    ) -> Result<Vec<DirectRow>, AppError> {
        Ok(self.chats.directs_of(current.id(), None, most.saturating_add(1), false).await?)
    }

    /// A page of the user's conversations, newest first.
    pub async fn list(
        &self,
        current: &CurrentUser,
        listing: Listing<'_>,
    ) -> Result<Page<Conversation>, AppError> {
        let limit = AppError::valid_limit(listing.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
        if listing.title_contains.is_some_and(|q| q.chars().nth(MAX_TITLE_CHARS).is_some()) {
            let reason = Reason::new("search-too-long").with("most", MAX_TITLE_CHARS);
            return Err(AppError::invalid("q", reason));
        }
        let query = ConversationQuery {
            archived: listing.archived,
            pinned: listing.pinned,
            title_contains: listing
                .title_contains
                .map(str::trim)
                .filter(|q| !q.is_empty())
                .map(str::to_owned),
            after: position(listing.cursor)?.map(|(updated_at, id)| ConversationPosition { updated_at, id }),
            // One more than the limit shows whether there is a next page.
            limit: limit + 1,
        };
        let mut items = self.chats.conversations(current.id(), &query).await?;
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next_cursor =
            items.last().filter(|_| more).map(|last| format!("{}_{}", last.updated_at, last.id));
        Ok(Page { items, next_cursor })
    }

    /// What the person can restore, deleted last first; [`MAX_LIMIT`] conversations at the most.
    pub async fn bin(&self, current: &CurrentUser) -> Result<Vec<Binned>, AppError> {
        Ok(self.chats.bin(current.id(), None, MAX_LIMIT).await?)
    }

    /// A page of what the person can restore, deleted last first.
    pub async fn deleted(
        &self,
        current: &CurrentUser,
        cursor: Option<&str>,
    ) -> Result<Page<Deleted>, AppError> {
        let after = position(cursor)?.map(|(deleted_at, id)| BinPosition { deleted_at, id });
        let limit = DEFAULT_LIMIT as usize;
        let mut found = self.chats.bin(current.id(), after.as_ref(), DEFAULT_LIMIT + 1).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more);
        let next_cursor = last.map(|last| format!("{}_{}", last.deleted_at, last.conversation.id));
        let with_its_end = |Binned { conversation, deleted_at }| Deleted {
            conversation,
            gone_at: deleted_at.saturating_add(BIN_LIFE),
        };
        Ok(Page { items: found.into_iter().map(with_its_end).collect(), next_cursor })
    }
}

/// The time and the id in a cursor; `None` where there is none.
fn position(cursor: Option<&str>) -> Result<Option<(i64, String)>, AppError> {
    let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else { return Ok(None) };
    Some(cursor)
        .filter(|cursor| cursor.len() <= MAX_CURSOR_BYTES)
        .and_then(|cursor| cursor.split_once('_'))
        .and_then(|(time, id)| Some(Some((time.parse().ok()?, id.to_owned()))))
        .ok_or_else(|| AppError::invalid("cursor", Reason::new("cursor-not-ours")))
}
