//! `/direct`: the conversations of two people. Their messages are those of the conversation with the same id.

use std::sync::Arc;

use axum::{Json as Answer, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    extract::{Id, Query},
    problems::{Forbidden, InvalidParameter, NotFound, SignedOut, TooMany},
    profiles::WhichNotes,
};
use crate::{
    domain::{CurrentUser, DirectEntry, Page, Partner},
    error::AppError,
    server::rooms::{OpenDirect, Rooms},
};

/// A direct conversation.
#[derive(Serialize, ToSchema)]
pub struct Direct {
    /// The id of its conversation.
    id: String,
    person: Partner,
}

impl From<OpenDirect> for Direct {
    fn from(OpenDirect { room, partner, .. }: OpenDirect) -> Self {
        Self { id: room.id, person: partner }
    }
}

#[derive(Serialize, ToSchema)]
pub struct DirectPage {
    items: Vec<DirectEntry>,
    /// `cursor` of the next page, an opaque text; `null` at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Your direct conversations, newest first
///
/// Without those that you put away. Somebody who has opened one with you, and has not written yet, is not there.
#[utoipa::path(
    get,
    path = "/direct",
    operation_id = "listDirects",
    tag = "People",
    params(WhichNotes),
    responses((status = 200, description = "A page.", body = DirectPage), SignedOut, InvalidParameter)
)]
pub async fn list(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Query(WhichNotes { cursor, limit }): Query<WhichNotes>,
) -> Result<Answer<DirectPage>, AppError> {
    let Page { items, next_cursor } = rooms.directs(&current, cursor.as_deref(), limit).await?;
    Ok(Answer(DirectPage { items, next_cursor }))
}

/// One direct conversation
///
/// Its messages, events and questions that wait are those of the conversation with the same id.
#[utoipa::path(
    get,
    path = "/direct/{id}",
    operation_id = "openDirect",
    tag = "People",
    params(("id" = String, Path, description = "The conversation's id.")),
    responses((status = 200, description = "The conversation.", body = Direct), SignedOut, NotFound)
)]
pub async fn open(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Answer<Direct>, AppError> {
    rooms.open_direct_of(&current, &id).await.map(|direct| Answer(direct.into()))
}

/// Open the conversation with a person
///
/// There is one of the two of you, which is made by the first call. 403: one of you has blocked the other, and there is none yet.
#[utoipa::path(
    post,
    path = "/people/{id}/direct",
    operation_id = "openDirectWith",
    tag = "People",
    params(("id" = String, Path, description = "The person's id.")),
    responses(
        (status = 200, description = "The conversation.", body = Direct),
        SignedOut,
        Forbidden,
        NotFound,
        TooMany,
    )
)]
pub async fn open_with(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Answer<Direct>, AppError> {
    let id = rooms.open_direct(&current, &id).await?;
    rooms.open_direct_of(&current, &id).await.map(|direct| Answer(direct.into()))
}

/// Put a direct conversation away
///
/// It is not listed until the next message. Nothing of it is deleted.
#[utoipa::path(
    post,
    path = "/direct/{id}/put-away",
    operation_id = "putDirectAway",
    tag = "People",
    params(("id" = String, Path, description = "The conversation's id.")),
    responses((status = 204, description = "It is not listed."), SignedOut, NotFound)
)]
pub async fn put_away(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<StatusCode, AppError> {
    rooms.put_away(&current, &id).await.map(|()| StatusCode::NO_CONTENT)
}
