//! `/conversations`: list, create, open, change, delete and restore.

use std::sync::Arc;

use axum::{
    Json as Answer,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    BASE,
    extract::{Id, Json, Parameters, Query, Values, whole_number},
    problems::{Conflict, Forbidden, InvalidBody, InvalidParameter, NotFound, SignedOut, TooMany},
};
use crate::{
    domain::{
        Binned, Conversation, ConversationPatch, CurrentUser, Page, Reason,
        conversation::MAX_SYSTEM_PROMPT_BYTES,
    },
    error::AppError,
    server::{
        conversations::{Conversations, DEFAULT_LIMIT, Listing, MAX_LIMIT},
        live::reading::Reading,
    },
};

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichConversations {
    /// `next_cursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// How many at the most.
    #[param(nullable = false, minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Only those with this in their title.
    #[param(nullable = false)]
    q: Option<String>,
    /// The archived ones instead of the others.
    #[param(required = false, default = false)]
    archived: bool,
}

impl Parameters for WhichConversations {
    fn read(values: &Values) -> Result<Self, AppError> {
        let archived =
            values.parsed("archived", |name| Reason::new("query-not-a-truth").with("name", name))?;
        Ok(Self {
            cursor: values.text("cursor"),
            limit: values.parsed("limit", whole_number)?,
            q: values.text("q"),
            archived: archived.unwrap_or_default(),
        })
    }
}

#[derive(Serialize, ToSchema)]
struct ConversationPage {
    items: Vec<Conversation>,
    /// `cursor` of the next page, an opaque text; `null` at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Your conversations, newest first
#[utoipa::path(
    get,
    path = "/conversations",
    operation_id = "listConversations",
    tag = "Conversations",
    params(WhichConversations),
    responses(
        (status = 200, description = "A page.", body = ConversationPage),
        SignedOut,
        InvalidParameter,
    )
)]
pub async fn list(
    State(conversations): State<Arc<Conversations>>,
    State(reading): State<Arc<Reading>>,
    current: CurrentUser,
    Query(which): Query<WhichConversations>,
) -> Result<Response, AppError> {
    let WhichConversations { cursor, limit, q, archived } = which;
    let (cursor, title_contains) = (cursor.as_deref(), q.as_deref());
    let listing = Listing { cursor, limit, title_contains, archived, pinned: None };
    // The page is as large as the system prompts of its conversations may be.
    let entries = listing.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
    let bytes = u64::from(entries) * MAX_SYSTEM_PROMPT_BYTES as u64;
    let permit = reading.enter(current.id(), bytes).await?;
    let Page { items, next_cursor } = conversations.list(&current, listing).await?;
    Ok(permit.until_sent(Answer(ConversationPage { items, next_cursor }).into_response()))
}

/// Begin a conversation
#[utoipa::path(
    post,
    path = "/conversations",
    operation_id = "createConversation",
    tag = "Conversations",
    request_body = ConversationPatch,
    responses(
        (
            status = 201,
            description = "The conversation.",
            body = Conversation,
            headers(("Location" = String, description = "Its address."))
        ),
        SignedOut,
        InvalidBody,
    )
)]
pub async fn create(
    State(conversations): State<Arc<Conversations>>,
    current: CurrentUser,
    Json(patch): Json<ConversationPatch>,
) -> Result<Response, AppError> {
    let conversation = conversations.create(&current, patch).await?;
    let location = [(header::LOCATION, format!("{BASE}/conversations/{}", conversation.id))];
    Ok((StatusCode::CREATED, location, Answer(conversation)).into_response())
}

/// One conversation, without its messages
#[utoipa::path(
    get,
    path = "/conversations/{id}",
    operation_id = "openConversation",
    tag = "Conversations",
    params(("id" = String, Path, description = "The conversation's id.")),
    responses((status = 200, description = "The conversation.", body = Conversation), SignedOut, NotFound)
)]
pub async fn open(
    State(conversations): State<Arc<Conversations>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Answer<Conversation>, AppError> {
    conversations.open(&current, &id).await.map(|grant| Answer(grant.into_conversation()))
}

/// Rename, archive or otherwise change a conversation
#[utoipa::path(
    patch,
    path = "/conversations/{id}",
    operation_id = "changeConversation",
    tag = "Conversations",
    params(("id" = String, Path, description = "The conversation's id.")),
    request_body = ConversationPatch,
    responses(
        (status = 200, description = "The conversation as it is now.", body = Conversation),
        SignedOut,
        NotFound,
        InvalidBody,
    )
)]
pub async fn change(
    State(conversations): State<Arc<Conversations>>,
    current: CurrentUser,
    Id(id): Id,
    Json(patch): Json<ConversationPatch>,
) -> Result<Answer<Conversation>, AppError> {
    conversations.update(&current, &id, patch).await.map(Answer)
}

/// Delete a conversation with all its messages
///
/// It is missing from then on, and a running answer ends; within 30 days it can be restored.
#[utoipa::path(
    delete,
    path = "/conversations/{id}",
    operation_id = "deleteConversation",
    tag = "Conversations",
    params(("id" = String, Path, description = "The conversation's id.")),
    responses((status = 204, description = "Deleted."), SignedOut, NotFound)
)]
pub async fn delete(
    State(conversations): State<Arc<Conversations>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<StatusCode, AppError> {
    conversations.delete(&current, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restore a deleted conversation
///
/// With all that it had. One that is not deleted stays as it is. A room stays deleted while its owner has as many as their tier
/// allows.
#[utoipa::path(
    post,
    path = "/conversations/{id}/restore",
    operation_id = "restoreConversation",
    tag = "Conversations",
    params(("id" = String, Path, description = "The conversation's id.")),
    responses(
        (status = 200, description = "The conversation.", body = Conversation),
        SignedOut,
        Forbidden,
        NotFound,
    )
)]
pub async fn restore(
    State(conversations): State<Arc<Conversations>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Answer<Conversation>, AppError> {
    conversations.restore(&current, &id).await.map(Answer)
}

#[derive(Serialize, ToSchema)]
struct Bin {
    items: Vec<Binned>,
}

/// Deleted conversations that can be restored
///
/// Deleted last first; 100 at the most.
#[utoipa::path(
    get,
    path = "/bin",
    operation_id = "listDeletedConversations",
    tag = "Conversations",
    responses((status = 200, description = "The conversations.", body = Bin), SignedOut)
)]
pub async fn bin(
    State(conversations): State<Arc<Conversations>>,
    State(reading): State<Arc<Reading>>,
    current: CurrentUser,
) -> Result<Response, AppError> {
    let permit = reading.enter(current.id(), u64::from(MAX_LIMIT) * MAX_SYSTEM_PROMPT_BYTES as u64).await?;
    let items = conversations.bin(&current).await?;
    Ok(permit.until_sent(Answer(Bin { items }).into_response()))
}

/// Mark a conversation as seen
///
/// It is no longer `unread`, until the next answer ends.
#[utoipa::path(
    post,
    path = "/conversations/{id}/seen",
    operation_id = "markSeen",
    tag = "Conversations",
    params(("id" = String, Path, description = "The conversation's id.")),
    responses((status = 204, description = "Seen."), SignedOut, NotFound)
)]
pub async fn seen(
    State(conversations): State<Arc<Conversations>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<StatusCode, AppError> {
    conversations.seen(&current, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Copy a conversation up to a message
///
/// A new conversation with copies of the messages of the branch, up to this one; at most 5,000 messages and 8 MiB.
#[utoipa::path(
    post,
    path = "/messages/{id}/fork",
    operation_id = "fork",
    tag = "Conversations",
    params(("id" = String, Path, description = "The message's id.")),
    responses(
        (
            status = 201,
            description = "The new conversation.",
            body = Conversation,
            headers(("Location" = String, description = "Its address."))
        ),
        SignedOut,
        NotFound,
        Conflict,
        TooMany,
    )
)]
pub async fn fork(
    State(conversations): State<Arc<Conversations>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Response, AppError> {
    let conversation = conversations.fork(&current, &id).await?;
    let location = [(header::LOCATION, format!("{BASE}/conversations/{}", conversation.id))];
    Ok((StatusCode::CREATED, location, Answer(conversation)).into_response())
}
