//! `/board`: the room of the whole site; `/admin/board`: what administrators decide about it.

use std::sync::Arc;

use axum::{Json as Answer, extract::State};

use super::{
    extract::Json,
    problems::{Forbidden, InvalidBody, NotFound, ProofRequired, SignedOut},
    rooms::RoomOfMember,
};
use crate::{
    domain::{Admin, Board, BoardPatch, CurrentUser},
    error::AppError,
    server::rooms::Rooms,
};

/// The board
///
/// The room of the whole site, if an administrator has made one and not switched it off. As a feed its newest notes are at
/// `/board.atom`.
#[utoipa::path(
    get,
    path = "/board",
    operation_id = "board",
    tag = "Board",
    responses((status = 200, description = "The board.", body = Board), SignedOut, Forbidden, NotFound)
)]
pub async fn show(State(rooms): State<Arc<Rooms>>, current: CurrentUser) -> Result<Answer<Board>, AppError> {
    rooms.readable_board(Some(&current)).await.map(Answer)
}

/// Open the board
///
/// You take part in it from now on. Its messages, events and members are those of the room with its id.
#[utoipa::path(
    post,
    path = "/board/join",
    operation_id = "openBoard",
    tag = "Board",
    responses(
        (status = 200, description = "The board as a room.", body = RoomOfMember),
        SignedOut,
        Forbidden,
        NotFound,
    )
)]
pub async fn join(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
) -> Result<Answer<RoomOfMember>, AppError> {
    rooms.open_board(&current).await.map(|board| Answer(board.into()))
}

/// What is decided about the board
#[utoipa::path(
    get,
    path = "/admin/board",
    operation_id = "boardSettings",
    tag = "Administration",
    responses(
        (status = 200, description = "The board, also one that is switched off.", body = Board),
        SignedOut,
        NotFound,
    )
)]
pub async fn settings(State(rooms): State<Arc<Rooms>>, admin: Admin) -> Result<Answer<Board>, AppError> {
    rooms.board_of(&admin).await?.map(Answer).ok_or(AppError::NotFound)
}

/// Make or change the board
///
/// The first call makes it, and names it. That guests may read it needs a proof of the last ten minutes (/me/proof).
#[utoipa::path(
    patch,
    path = "/admin/board",
    operation_id = "changeBoard",
    tag = "Administration",
    request_body = BoardPatch,
    responses(
        (status = 200, description = "The board as it is now.", body = Board),
        SignedOut,
        ProofRequired,
        NotFound,
        InvalidBody,
    )
)]
pub async fn change(
    State(rooms): State<Arc<Rooms>>,
    admin: Admin,
    Json(patch): Json<BoardPatch>,
) -> Result<Answer<Board>, AppError> {
    rooms.save_board(&admin, patch).await.map(Answer)
}
