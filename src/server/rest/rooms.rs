//! `/rooms`: make, list, open, change, delete; join and leave; what a member has of a room alone.

use std::sync::Arc;

use axum::{
    Extension, Json as Answer,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    BASE,
    extract::{Id, IdempotencyKey, Json, Parameters, Query, Values, whole_number},
    problems::{Conflict, Forbidden, InvalidBody, InvalidParameter, NotFound, SignedOut, TooMany},
};
use crate::{
    domain::{CurrentUser, MemberRole, Notify, OwnPart, Page, Room, RoomEntry, RoomPatch},
    error::AppError,
    server::{
        accounts::Caller,
        rooms::{OpenRoom, Rooms},
    },
};

/// A room with what it is to you.
#[derive(Serialize, ToSchema)]
pub struct RoomOfMember {
    #[serde(flatten)]
    #[schema(inline)]
    room: Room,
    /// Your role. `owner_id` says whether you own the room besides.
    role: MemberRole,
    #[serde(flatten)]
    #[schema(inline)]
    own: OwnPart,
    /// The model that answers; `null`: the server's default.
    #[schema(required)]
    model: Option<String>,
    /// The instructions for the model; `null`, too, for whoever does not manage the room.
    #[schema(required)]
    system_prompt: Option<String>,
}

impl From<OpenRoom> for RoomOfMember {
    fn from(OpenRoom { grant, room, own, .. }: OpenRoom) -> Self {
        let role = grant.level().role();
        let conversation = grant.into_conversation();
        Self { room, role, own, model: conversation.model, system_prompt: conversation.system_prompt }
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichRooms {
    /// `next_cursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// How many at the most.
    #[param(nullable = false, minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl Parameters for WhichRooms {
    fn read(values: &Values) -> Result<Self, AppError> {
        Ok(Self { cursor: values.text("cursor"), limit: values.parsed("limit", whole_number)? })
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichListedRooms {
    /// Only those with this in their name.
    #[param(nullable = false)]
    q: Option<String>,
    /// `next_cursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// How many at the most.
    #[param(nullable = false, minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl Parameters for WhichListedRooms {
    fn read(values: &Values) -> Result<Self, AppError> {
        let WhichRooms { cursor, limit } = WhichRooms::read(values)?;
        Ok(Self { q: values.text("q"), cursor, limit })
    }
}

#[derive(Serialize, ToSchema)]
pub struct RoomPage {
    items: Vec<RoomEntry>,
    /// `cursor` of the next page, an opaque text; `null` at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ListedRoomPage {
    items: Vec<Room>,
    /// `cursor` of the next page, an opaque text; `null` at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

#[derive(Deserialize, ToSchema)]
pub struct CodeOfRoom {
    /// As it was handed out, in any groups, or the link.
    code: String,
}

#[derive(Deserialize, ToSchema)]
pub struct NotifyChoice {
    notify: Notify,
}

#[derive(Deserialize, ToSchema)]
pub struct ReadUpTo {
    /// A message of the room. An older one than the last changes nothing.
    message_id: String,
}

/// The rooms that you take part in, newest first
#[utoipa::path(
    get,
    path = "/rooms",
    operation_id = "listRooms",
    tag = "Rooms",
    params(WhichRooms),
    responses((status = 200, description = "A page.", body = RoomPage), SignedOut, InvalidParameter)
)]
pub async fn list(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Query(WhichRooms { cursor, limit }): Query<WhichRooms>,
) -> Result<Answer<RoomPage>, AppError> {
    let Page { items, next_cursor } = rooms.list(&current, cursor.as_deref(), limit).await?;
    Ok(Answer(RoomPage { items, next_cursor }))
}

/// The listed rooms that you may join, newest first
#[utoipa::path(
    get,
    path = "/rooms/listed",
    operation_id = "listListedRooms",
    tag = "Rooms",
    params(WhichListedRooms),
    responses((status = 200, description = "A page.", body = ListedRoomPage), SignedOut, InvalidParameter)
)]
pub async fn listed(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Query(WhichListedRooms { q, cursor, limit }): Query<WhichListedRooms>,
) -> Result<Answer<ListedRoomPage>, AppError> {
    let Page { items, next_cursor } = rooms.listed(&current, q.as_deref(), cursor.as_deref(), limit).await?;
    Ok(Answer(ListedRoomPage { items, next_cursor }))
}

/// Make a room
///
/// You own it. Your tier says how many rooms you may own (403). With the same Idempotency-Key and the same body again nothing
/// is made, and the room of the first call is answered.
#[utoipa::path(
    post,
    path = "/rooms",
    operation_id = "createRoom",
    tag = "Rooms",
    params(IdempotencyKey),
    request_body = RoomPatch,
    responses(
        (
            status = 201,
            description = "The room.",
            body = RoomOfMember,
            headers(("Location" = String, description = "Its address."))
        ),
        SignedOut,
        Forbidden,
        InvalidBody,
    )
)]
pub async fn create(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    IdempotencyKey { key }: IdempotencyKey,
    Json(wanted): Json<RoomPatch>,
) -> Result<Response, AppError> {
    let made = rooms.create(&current, wanted, key.as_deref()).await?;
    let location = [(header::LOCATION, format!("{BASE}/rooms/{}", made.room.id))];
    Ok((StatusCode::CREATED, location, Answer(RoomOfMember::from(made))).into_response())
}

/// One room
///
/// Its messages, events and questions that wait are those of the conversation with the same id.
#[utoipa::path(
    get,
    path = "/rooms/{id}",
    operation_id = "openRoom",
    tag = "Rooms",
    params(("id" = String, Path, description = "The room's id.")),
    responses((status = 200, description = "The room.", body = RoomOfMember), SignedOut, NotFound)
)]
pub async fn open(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Answer<RoomOfMember>, AppError> {
    rooms.open(&current, &id).await.map(|room| Answer(room.into()))
}

/// Change a room
///
/// For its moderators.
#[utoipa::path(
    patch,
    path = "/rooms/{id}",
    operation_id = "changeRoom",
    tag = "Rooms",
    params(("id" = String, Path, description = "The room's id.")),
    request_body = RoomPatch,
    responses(
        (status = 200, description = "The room as it is now.", body = RoomOfMember),
        SignedOut,
        Forbidden,
        NotFound,
        InvalidBody,
    )
)]
pub async fn change(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Id(id): Id,
    Json(patch): Json<RoomPatch>,
) -> Result<Answer<RoomOfMember>, AppError> {
    rooms.update(&current, &id, patch).await.map(|room| Answer(room.into()))
}

/// Delete a room for everybody
///
/// For its owner, who can restore it within 30 days as a conversation.
#[utoipa::path(
    delete,
    path = "/rooms/{id}",
    operation_id = "deleteRoom",
    tag = "Rooms",
    params(("id" = String, Path, description = "The room's id.")),
    responses((status = 204, description = "Deleted."), SignedOut, Forbidden, NotFound)
)]
pub async fn delete(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<StatusCode, AppError> {
    rooms.delete(&current, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Join a listed room
///
/// Whoever takes part already stays what they are.
#[utoipa::path(
    post,
    path = "/rooms/{id}/join",
    operation_id = "joinRoom",
    tag = "Rooms",
    params(("id" = String, Path, description = "The room's id.")),
    responses(
        (status = 200, description = "The room.", body = RoomOfMember),
        SignedOut,
        Forbidden,
        NotFound,
        Conflict,
    )
)]
pub async fn join(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Answer<RoomOfMember>, AppError> {
    let id = rooms.join(&current, &id).await?;
    rooms.open(&current, &id).await.map(|room| Answer(room.into()))
}

/// Join a room with a code
#[utoipa::path(
    post,
    path = "/rooms/join",
    operation_id = "joinRoomWithCode",
    tag = "Rooms",
    request_body = CodeOfRoom,
    responses(
        (status = 200, description = "The room.", body = RoomOfMember),
        SignedOut,
        Forbidden,
        Conflict,
        InvalidBody,
        TooMany,
    )
)]
pub async fn join_with_code(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Extension(caller): Extension<Caller>,
    Json(CodeOfRoom { code }): Json<CodeOfRoom>,
) -> Result<Answer<RoomOfMember>, AppError> {
    let id = rooms.join_with(&current, &caller, &code).await?;
    rooms.open(&current, &id).await.map(|room| Answer(room.into()))
}

/// Leave a room
///
/// Its owner hands it over first, or deletes it (409).
#[utoipa::path(
    post,
    path = "/rooms/{id}/leave",
    operation_id = "leaveRoom",
    tag = "Rooms",
    params(("id" = String, Path, description = "The room's id.")),
    responses((status = 204, description = "Left."), SignedOut, NotFound, Conflict)
)]
pub async fn leave(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<StatusCode, AppError> {
    rooms.leave(&current, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Choose of which messages you are told
///
/// Of a room, or of a direct conversation.
#[utoipa::path(
    put,
    path = "/rooms/{id}/notify",
    operation_id = "setRoomNotify",
    tag = "Rooms",
    params(("id" = String, Path, description = "The id of the room or of the direct conversation.")),
    request_body = NotifyChoice,
    responses((status = 204, description = "Chosen."), SignedOut, NotFound, InvalidBody)
)]
pub async fn notify(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Id(id): Id,
    Json(NotifyChoice { notify }): Json<NotifyChoice>,
) -> Result<StatusCode, AppError> {
    rooms.set_notify(&current, &id, notify).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Say what you have read
///
/// In a room, or in a direct conversation. The mark never goes back.
#[utoipa::path(
    put,
    path = "/rooms/{id}/read",
    operation_id = "setRoomRead",
    tag = "Rooms",
    params(("id" = String, Path, description = "The id of the room or of the direct conversation.")),
    request_body = ReadUpTo,
    responses((status = 204, description = "Noted."), SignedOut, NotFound, InvalidBody)
)]
pub async fn read(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Id(id): Id,
    Json(ReadUpTo { message_id }): Json<ReadUpTo>,
) -> Result<StatusCode, AppError> {
    rooms.seen(&current, &id, &message_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
