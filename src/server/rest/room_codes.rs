//! `/rooms/{id}/codes`: the codes that lead into a room.

use std::sync::Arc;

use axum::{Json as Answer, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    codes::NewCode,
    extract::{Id, Ids, Json},
    problems::{Conflict, Forbidden, InvalidBody, NotFound, SignedOut},
};
use crate::{
    domain::{Code, CurrentUser},
    error::AppError,
    server::rooms::{NewInvitation, Rooms},
};

#[derive(Deserialize, ToSchema)]
pub struct RoomCodeToMake {
    /// How many people may use it; 1 when it is left out.
    #[schema(minimum = 1, maximum = 1000)]
    uses: Option<u32>,
    /// How many days it counts; without them until somebody ends it.
    #[schema(minimum = 1, maximum = 365)]
    days: Option<u32>,
    /// What you call it.
    #[schema(max_length = 100)]
    label: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct RoomCodes {
    items: Vec<Code>,
}

/// The codes that lead into a room, newest first
///
/// Those that can be used now. For moderators.
#[utoipa::path(
    get,
    path = "/rooms/{id}/codes",
    operation_id = "listRoomCodes",
    tag = "Rooms",
    params(("id" = String, Path, description = "The room's id.")),
    responses(
        (status = 200, description = "The codes.", body = RoomCodes),
        SignedOut,
        Forbidden,
        NotFound,
    )
)]
pub async fn list(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Answer<RoomCodes>, AppError> {
    let items = rooms.codes(&current, &id).await?;
    Ok(Answer(RoomCodes { items }))
}

/// Make a code into a room
///
/// For moderators. Only its hash is stored, so this answer is the only one that has it. One may register with it where
/// everybody may, or when an administrator made it. At most 100 of a room can be used at a time (409).
#[utoipa::path(
    post,
    path = "/rooms/{id}/codes",
    operation_id = "makeRoomCode",
    tag = "Rooms",
    params(("id" = String, Path, description = "The room's id.")),
    request_body = RoomCodeToMake,
    responses(
        (status = 201, description = "The code.", body = NewCode),
        SignedOut,
        Forbidden,
        NotFound,
        Conflict,
        InvalidBody,
    )
)]
pub async fn make(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Id(id): Id,
    Json(RoomCodeToMake { uses, days, label }): Json<RoomCodeToMake>,
) -> Result<(StatusCode, Answer<NewCode>), AppError> {
    let label = label.as_deref().unwrap_or_default();
    let new = NewInvitation { uses: uses.unwrap_or(1), days, label };
    let made = rooms.invite(&current, &id, new).await?;
    Ok((StatusCode::CREATED, Answer(NewCode::of(made.made))))
}

/// End a code into a room
///
/// Who used it stays.
#[utoipa::path(
    delete,
    path = "/rooms/{id}/codes/{code_id}",
    operation_id = "endRoomCode",
    tag = "Rooms",
    params(
        ("id" = String, Path, description = "The room's id."),
        ("code_id" = String, Path, description = "The code's id."),
    ),
    responses((status = 204, description = "Ended."), SignedOut, Forbidden, NotFound)
)]
pub async fn end(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Ids(id, code_id): Ids,
) -> Result<StatusCode, AppError> {
    rooms.end_code(&current, &id, &code_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
