//! A person's conversations, page by page.

use super::{Conversations, DEFAULT_LIMIT, MAX_LIMIT, valid_limit};
use crate::{
    domain::{Conversation, CurrentUser, Page, Reason, conversation::MAX_TITLE_CHARS},
    error::AppError,
    server::store::{ConversationPosition, ConversationQuery},
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

    /// A page of the user's conversations, newest first.
    pub async fn list(
        &self,
        current: &CurrentUser,
        listing: Listing<'_>,
    ) -> Result<Page<Conversation>, AppError> {
        let limit = valid_limit(listing.limit, DEFAULT_LIMIT)?;
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
            after: listing.cursor.filter(|cursor| !cursor.is_empty()).map(read_cursor).transpose()?,
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
}

fn read_cursor(cursor: &str) -> Result<ConversationPosition, AppError> {
    Some(cursor)
        .filter(|cursor| cursor.len() <= MAX_CURSOR_BYTES)
        .and_then(|cursor| cursor.split_once('_'))
        .and_then(|(updated_at, id)| {
            Some(ConversationPosition { updated_at: updated_at.parse().ok()?, id: id.into() })
        })
        .ok_or_else(|| AppError::invalid("cursor", Reason::new("cursor-not-ours")))
}
