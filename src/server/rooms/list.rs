//! The rooms of a person, and those that are listed.

use super::Rooms;
use crate::{
    domain::{CurrentUser, Page, Reason, Room, RoomEntry, conversation::MAX_TITLE_CHARS},
    error::AppError,
    server::store::{ConversationPosition, ListedQuery},
};

/// How many rooms or members a page has: if the caller names no limit, and at most.
pub const DEFAULT_LIMIT: u32 = 40;
pub const MAX_LIMIT: u32 = 100;
/// A longer cursor cannot be one of ours.
const MAX_CURSOR_BYTES: usize = 64;

impl Rooms {
    /// A page of the rooms that the person takes part in, newest first.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] of `cursor` or `limit`.
    pub async fn list(
        &self,
        current: &CurrentUser,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Page<RoomEntry>, AppError> {
        let limit = AppError::valid_limit(limit, DEFAULT_LIMIT, MAX_LIMIT)?;
        let after = position(cursor)?;
        // One more than the limit shows whether there is a next page.
        let found = self.chats.rooms_of(current.id(), after.as_ref(), limit + 1).await?;
        Ok(page(found, limit, |entry| (entry.room.updated_at, entry.room.id.clone())))
    }

    /// A page of the listed rooms that the person may join, newest first: with `search` in their names.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] of `cursor`, `limit` or `q`.
    pub async fn listed(
        &self,
        current: &CurrentUser,
        search: Option<&str>,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Page<Room>, AppError> {
        let limit = AppError::valid_limit(limit, DEFAULT_LIMIT, MAX_LIMIT)?;
        if search.is_some_and(|q| q.chars().nth(MAX_TITLE_CHARS).is_some()) {
            let reason = Reason::new("search-too-long").with("most", MAX_TITLE_CHARS);
            return Err(AppError::invalid("q", reason));
        }
        let query = ListedQuery {
            name_contains: search.map(str::trim).filter(|q| !q.is_empty()).map(str::to_owned),
            after: position(cursor)?,
            limit: limit + 1,
        };
        let found = self.chats.listed_rooms(current.id(), &query).await?;
        Ok(page(found, limit, |room| (room.updated_at, room.id.clone())))
    }
}

pub(super) fn page<T>(mut items: Vec<T>, limit: u32, position: impl Fn(&T) -> (i64, String)) -> Page<T> {
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let last = items.last().filter(|_| more).map(position);
    Page { items, next_cursor: last.map(|(updated_at, id)| format!("{updated_at}_{id}")) }
}

/// The position in a cursor; `None` where there is none.
pub(super) fn position(cursor: Option<&str>) -> Result<Option<ConversationPosition>, AppError> {
    let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else { return Ok(None) };
    Some(cursor)
        .filter(|cursor| cursor.len() <= MAX_CURSOR_BYTES)
        .and_then(|cursor| cursor.split_once('_'))
        .and_then(|(time, id)| {
            Some(ConversationPosition { updated_at: time.parse().ok()?, id: id.to_owned() })
        })
        .map(Some)
        .ok_or_else(|| AppError::invalid("cursor", Reason::new("cursor-not-ours")))
}
