//! `/board`: the room of the whole site. Whoever is signed in is led to its thread, guests read its notes where they may;
//! `/board.atom` has the newest as a feed.

mod atom;
mod guests;
pub(super) mod places;
mod start;

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::{Extensions, HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use self::places::HERE;
pub use self::{places::FEED, start::StartNotes};
use crate::{
    domain::CurrentUser,
    error::AppError,
    pages::{Fresh, PageError, Query, days::Days},
    server::{
        http::{client::Client, gate, origin, site::Site},
        rooms::{NotesFrom, Rooms},
    },
};

/// A longer id cannot be one of ours.
const MAX_ID_BYTES: usize = 64;

/// The parameters of the page's address.
#[derive(Default, Deserialize)]
pub struct Which {
    /// A note to be shown.
    note: Option<String>,
    /// Shows the notes before this one; for guests.
    before: Option<String>,
}

/// `GET /board`.
pub async fn board(
    State(rooms): State<Arc<Rooms>>,
    Fresh { now, .. }: Fresh,
    Query(Which { note, before }): Query<Which>,
    (extensions, headers): (Extensions, HeaderMap),
) -> Result<Response, PageError> {
    let [note, before] = [note, before].map(|id| id.filter(|id| can_be_id(id)));
    if let Some(current) = gate::found(&extensions)? {
        match rooms.open_board(&current).await {
            Ok(open) => {
                let at = note.map(|note| format!("?at={note}#{note}")).unwrap_or_default();
                return Ok(Redirect::to(&format!("/c/{}{at}", open.room.id)).into_response());
            }
            // Whoever is banned reads what guests read.
            Err(AppError::Forbidden { .. }) => {
                rooms.readable_board(Some(&current)).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let board = rooms.readable_board(None).await.map_err(|error| PageError::at(error, HERE))?;
    let from = NotesFrom { before: before.as_deref(), from: note.as_deref() };
    let (notes, next) = rooms.notes(from).await?;
    let is_first = note.is_none() && before.is_none();
    Ok(guests::page(board, notes, (next, is_first), (now, Days::of(&headers))))
}

/// `GET /board.atom`, for guests where they may read the board, else for sessions and API keys.
pub async fn feed(
    State(site): State<Arc<Site>>,
    State(rooms): State<Arc<Rooms>>,
    Extension(client): Extension<Client>,
    (extensions, headers): (Extensions, HeaderMap),
) -> Result<Response, AppError> {
    let current: Option<CurrentUser> = gate::found(&extensions)?;
    let board = rooms.readable_board(current.as_ref()).await?;
    let (notes, _) = rooms.notes(NotesFrom::default()).await?;
    let feed = atom::Feed::of(&origin::address(&site.config, &client), &board, &notes);
    let etag = feed.etag();
    let kept = if board.settings.guests { "no-cache" } else { "private, no-cache" };
    let head = [
        (header::ETAG, etag.clone()),
        (header::LAST_MODIFIED, feed.last_modified()),
        (header::CACHE_CONTROL, kept.to_owned()),
        (header::CONTENT_TYPE, "application/atom+xml; charset=utf-8".to_owned()),
    ];
    if knows(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, head).into_response());
    }
    Ok((head, feed.into_text()).into_response())
}

/// Whether the caller has the feed with this tag already.
fn knows(headers: &HeaderMap, etag: &str) -> bool {
    let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let lines = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|tag| tag.trim() == "*" || plain(tag) == plain(etag))
}

/// What is no id leads nowhere, and is not put into an address.
fn can_be_id(id: &str) -> bool {
    id.len() <= MAX_ID_BYTES && id.chars().all(|c| c.is_ascii_alphanumeric())
}
