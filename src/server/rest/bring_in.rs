//! `/conversations/{id}/room`: a room of a copy of a private conversation.

use std::sync::Arc;

use axum::{
    Json as Answer,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    BASE,
    extract::{Id, IdempotencyKey, Json},
    problems::{Conflict, Forbidden, InvalidBody, NotFound, SignedOut, TooMany},
    rooms::RoomOfMember,
};
use crate::{
    domain::{CurrentUser, RoomAnswers},
    error::AppError,
    server::rooms::{BringIn, Rooms},
};

#[derive(Deserialize, ToSchema)]
pub struct NewRoomOfCopy {
    /// Of the room. Blanks around it are left out.
    #[schema(max_length = 200)]
    name: String,
    /// When the model answers in it. Without it, to a message that mentions it.
    #[serde(default)]
    answers: RoomAnswers,
}

/// Bring people into a conversation
///
/// Makes a room with a copy of the branch on screen, at most 5,000 messages and 8 MiB. The conversation stays private, and
/// nothing that is written in it later is in the room; its instructions are not copied. You own the room. Your tier says how many
/// rooms you may own (403). With the same Idempotency-Key and the same body again nothing is made, and the room of the first call
/// is answered.
#[utoipa::path(
    post,
    path = "/conversations/{id}/room",
    operation_id = "bringIn",
    tag = "Rooms",
    params(("id" = String, Path, description = "The conversation's id."), IdempotencyKey),
    request_body = NewRoomOfCopy,
    responses(
        (
            status = 201,
            description = "The room.",
            body = RoomOfMember,
            headers(("Location" = String, description = "Its address."))
        ),
        SignedOut,
        Forbidden,
        NotFound,
        Conflict,
        InvalidBody,
        TooMany,
    )
)]
pub async fn bring_in(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Id(id): Id,
    IdempotencyKey { key }: IdempotencyKey,
    Json(NewRoomOfCopy { name, answers }): Json<NewRoomOfCopy>,
) -> Result<Response, AppError> {
    let made = rooms.bring_in(&current, &id, BringIn { name, answers }, key.as_deref()).await?;
    let location = [(header::LOCATION, format!("{BASE}/rooms/{}", made.room.id))];
    Ok((StatusCode::CREATED, location, Answer(RoomOfMember::from(made))).into_response())
}
