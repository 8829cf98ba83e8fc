//! `/conversations`: list, create, open, change and delete.

use std::sync::Arc;

use axum::{
    Json as Answer,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::extract::{Id, Json, Query, whole_number};
use crate::{
    domain::{Conversation, ConversationPatch, CurrentUser, Reason, conversation::MAX_SYSTEM_PROMPT_BYTES},
    error::AppError,
    server::{
        conversations::{Conversations, DEFAULT_LIMIT, Listing, MAX_LIMIT},
        live::reading::Reading,
    },
};

pub async fn list(
    State(conversations): State<Arc<Conversations>>,
    State(reading): State<Arc<Reading>>,
    current: CurrentUser,
    query: Query,
) -> Result<Response, AppError> {
    let listing = Listing {
        cursor: query.text("cursor"),
        limit: query.value("limit", whole_number)?,
        title_contains: query.text("q"),
        archived: query
            .value("archived", |name| Reason::new("query-not-a-truth").with("name", name))?
            .unwrap_or_default(),
    };
    // As long as their system prompts may be.
    let entries = listing.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
    let bytes = u64::from(entries) * MAX_SYSTEM_PROMPT_BYTES as u64;
    let permit = reading.enter(current.id(), bytes).await?;
    let page = conversations.list(&current, listing).await?;
    Ok(permit.until_sent(Answer(page).into_response()))
}

pub async fn create(
    State(conversations): State<Arc<Conversations>>,
    current: CurrentUser,
    Json(patch): Json<ConversationPatch>,
) -> Result<Response, AppError> {
    let conversation = conversations.create(&current, patch).await?;
    let location = [(header::LOCATION, format!("/api/v1/conversations/{}", conversation.id))];
    Ok((StatusCode::CREATED, location, Answer(conversation)).into_response())
}

pub async fn open(
    State(conversations): State<Arc<Conversations>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Answer<Conversation>, AppError> {
    conversations.open(&current, &id).await.map(|grant| Answer(grant.into_conversation()))
}

pub async fn change(
    State(conversations): State<Arc<Conversations>>,
    current: CurrentUser,
    Id(id): Id,
    Json(patch): Json<ConversationPatch>,
) -> Result<Answer<Conversation>, AppError> {
    conversations.update(&current, &id, patch).await.map(Answer)
}

pub async fn delete(
    State(conversations): State<Arc<Conversations>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<StatusCode, AppError> {
    conversations.delete(&current, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
