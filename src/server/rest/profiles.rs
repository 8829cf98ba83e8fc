//! `/people`: the people of the site as others see them, blocks, and the notes on walls.

use std::sync::Arc;

use axum::{
    Json as Answer,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    extract::{Id, Ids, Json, Parameters, Query, Values, whole_number},
    problems::{Conflict, Forbidden, InvalidBody, InvalidParameter, NotFound, SignedOut, TooMany},
};
use crate::{
    domain::{CurrentUser, Note, Page, Person, Profile},
    error::AppError,
    server::rooms::profiles::{Profiles, ShownNote},
};

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichPersons {
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

impl Parameters for WhichPersons {
    fn read(values: &Values) -> Result<Self, AppError> {
        let WhichNotes { cursor, limit } = WhichNotes::read(values)?;
        Ok(Self { q: values.text("q"), cursor, limit })
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichNotes {
    /// `next_cursor` of the page before.
    #[param(nullable = false)]
    pub(super) cursor: Option<String>,
    /// How many at the most.
    #[param(nullable = false, minimum = 1, maximum = 100)]
    pub(super) limit: Option<u32>,
}

impl Parameters for WhichNotes {
    fn read(values: &Values) -> Result<Self, AppError> {
        Ok(Self { cursor: values.text("cursor"), limit: values.parsed("limit", whole_number)? })
    }
}

#[derive(Serialize, ToSchema)]
pub struct PersonPage {
    items: Vec<Person>,
    /// `cursor` of the next page, an opaque text; `null` at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct BlockedPeople {
    items: Vec<Person>,
}

/// A note with who wrote it.
#[derive(Serialize, ToSchema)]
pub struct NoteOnWall {
    #[serde(flatten)]
    #[schema(inline)]
    note: Note,
    author: Person,
}

impl From<ShownNote> for NoteOnWall {
    fn from(ShownNote { note, author, .. }: ShownNote) -> Self {
        Self { note, author }
    }
}

#[derive(Serialize, ToSchema)]
pub struct NotePage {
    items: Vec<NoteOnWall>,
    /// `cursor` of the next page, an opaque text; `null` at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

#[derive(Deserialize, ToSchema)]
pub struct NewNote {
    /// Plain text; blanks around it are left out.
    #[schema(min_length = 1, max_length = 1000)]
    text: String,
}

/// The people of the site: first those who are here, then everybody else by name
///
/// At most 40 of those who have a page open, and let others know, stand first on the first page, by name, too. Whoever chose not to be listed is not. A site may have no such list (404).
#[utoipa::path(
    get,
    path = "/people",
    operation_id = "listPersons",
    tag = "People",
    params(WhichPersons),
    responses((status = 200, description = "A page.", body = PersonPage), SignedOut, NotFound, InvalidParameter)
)]
pub async fn list(
    State(profiles): State<Arc<Profiles>>,
    current: CurrentUser,
    Query(WhichPersons { q, cursor, limit }): Query<WhichPersons>,
) -> Result<Answer<PersonPage>, AppError> {
    let found = profiles.list(&current, q.as_deref(), cursor.as_deref(), limit).await?;
    let Page { items, next_cursor } = found;
    Ok(Answer(PersonPage { items, next_cursor }))
}

/// A person's profile
#[utoipa::path(
    get,
    path = "/people/{id}",
    operation_id = "openProfile",
    tag = "People",
    params(("id" = String, Path, description = "The person's id.")),
    responses((status = 200, description = "The profile.", body = Profile), SignedOut, NotFound)
)]
pub async fn open(
    State(profiles): State<Arc<Profiles>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Answer<Profile>, AppError> {
    profiles.profile(&current, &id).await.map(Answer)
}

/// Those whom you have blocked, the last one first
#[utoipa::path(
    get,
    path = "/me/blocks",
    operation_id = "listBlocks",
    tag = "People",
    responses((status = 200, description = "All of them.", body = BlockedPeople), SignedOut)
)]
pub async fn blocked(
    State(profiles): State<Arc<Profiles>>,
    current: CurrentUser,
) -> Result<Answer<BlockedPeople>, AppError> {
    Ok(Answer(BlockedPeople { items: profiles.blocked(&current).await? }))
}

/// Block a person
///
/// Neither of you writes to the other any more, and what one mentions does not count for the other. The person is not told.
/// You may block 1,000 people (409).
#[utoipa::path(
    put,
    path = "/people/{id}/block",
    operation_id = "blockPerson",
    tag = "People",
    params(("id" = String, Path, description = "The person's id.")),
    responses((status = 204, description = "The person is blocked."), SignedOut, NotFound, Conflict)
)]
pub async fn block(
    State(profiles): State<Arc<Profiles>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<StatusCode, AppError> {
    profiles.block(&current, &id).await.map(|_| StatusCode::NO_CONTENT)
}

/// End a block
#[utoipa::path(
    delete,
    path = "/people/{id}/block",
    operation_id = "unblockPerson",
    tag = "People",
    params(("id" = String, Path, description = "The person's id.")),
    responses((status = 204, description = "The person is blocked no more."), SignedOut, NotFound)
)]
pub async fn unblock(
    State(profiles): State<Arc<Profiles>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<StatusCode, AppError> {
    profiles.unblock(&current, &id).await.map(|()| StatusCode::NO_CONTENT)
}

/// The notes on a person's wall, newest first
#[utoipa::path(
    get,
    path = "/people/{id}/wall",
    operation_id = "listNotes",
    tag = "People",
    params(("id" = String, Path, description = "The person's id."), WhichNotes),
    responses((status = 200, description = "A page.", body = NotePage), SignedOut, NotFound, InvalidParameter)
)]
pub async fn wall(
    State(profiles): State<Arc<Profiles>>,
    current: CurrentUser,
    Id(id): Id,
    Query(WhichNotes { cursor, limit }): Query<WhichNotes>,
) -> Result<Answer<NotePage>, AppError> {
    let Page { items, next_cursor } = profiles.wall(&current, &id, cursor.as_deref(), limit).await?;
    Ok(Answer(NotePage { items: items.into_iter().map(NoteOnWall::from).collect(), next_cursor }))
}

/// Leave a note on a person's wall
///
/// Ten within an hour. A wall holds 1,000 notes (409).
#[utoipa::path(
    post,
    path = "/people/{id}/wall",
    operation_id = "leaveNote",
    tag = "People",
    params(("id" = String, Path, description = "The person's id.")),
    request_body = NewNote,
    responses(
        (status = 201, description = "The note.", body = NoteOnWall),
        SignedOut,
        Forbidden,
        NotFound,
        Conflict,
        InvalidBody,
        TooMany,
    )
)]
pub async fn leave_note(
    State(profiles): State<Arc<Profiles>>,
    current: CurrentUser,
    Id(id): Id,
    Json(NewNote { text }): Json<NewNote>,
) -> Result<Response, AppError> {
    let note = profiles.leave_note(&current, &id, &text).await?;
    Ok((StatusCode::CREATED, Answer(NoteOnWall::from(note))).into_response())
}

/// Delete a note
///
/// Whose wall it is deletes any, its author their own, administrators all.
#[utoipa::path(
    delete,
    path = "/people/{id}/wall/{note_id}",
    operation_id = "deleteNote",
    tag = "People",
    params(
        ("id" = String, Path, description = "The person's id."),
        ("note_id" = String, Path, description = "The note's id."),
    ),
    responses((status = 204, description = "It is gone."), SignedOut, NotFound)
)]
pub async fn remove_note(
    State(profiles): State<Arc<Profiles>>,
    current: CurrentUser,
    Ids(id, note_id): Ids,
) -> Result<StatusCode, AppError> {
    profiles.remove_note(&current, &id, &note_id).await.map(|()| StatusCode::NO_CONTENT)
}
