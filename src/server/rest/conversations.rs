//! `/conversations`: list, create, open, change and delete.

use axum::{
    Json as Answer,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::extract::{Id, Json, Query, whole_number};
use crate::{
    domain::{Conversation, ConversationPatch, Reason, conversation::MAX_SYSTEM_PROMPT_BYTES},
    error::AppError,
    server::{accounts::session::CurrentUser, app::AppState, conversations::history},
};

pub async fn list(
    State(state): State<AppState>,
    current: CurrentUser,
    query: Query,
) -> Result<Response, AppError> {
    let listing = history::Listing {
        cursor: query.text("cursor"),
        limit: query.value("limit", whole_number)?,
        title_contains: query.text("q"),
        archived: query
            .value("archived", |name| Reason::new("query-not-a-truth").with("name", name))?
            .unwrap_or_default(),
    };
    // As long as their system prompts may be.
    let entries = listing.limit.unwrap_or(history::DEFAULT_LIMIT).min(history::MAX_LIMIT);
    let bytes = u64::from(entries) * MAX_SYSTEM_PROMPT_BYTES as u64;
    let permit = state.reading.enter(current.id(), bytes).await?;
    let page = history::list(&state, &current, listing).await?;
    Ok(permit.until_sent(Answer(page).into_response()))
}

pub async fn create(
    State(state): State<AppState>,
    current: CurrentUser,
    Json(patch): Json<ConversationPatch>,
) -> Result<Response, AppError> {
    let conversation = history::create(&state, &current, patch).await?;
    let location = [(header::LOCATION, format!("/api/v1/conversations/{}", conversation.id))];
    Ok((StatusCode::CREATED, location, Answer(conversation)).into_response())
}

pub async fn open(
    State(state): State<AppState>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Answer<Conversation>, AppError> {
    history::open(&state, &current, &id).await.map(Answer)
}

pub async fn change(
    State(state): State<AppState>,
    current: CurrentUser,
    Id(id): Id,
    Json(patch): Json<ConversationPatch>,
) -> Result<Answer<Conversation>, AppError> {
    history::update(&state, &current, &id, patch).await.map(Answer)
}

pub async fn delete(
    State(state): State<AppState>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<StatusCode, AppError> {
    history::delete(&state, &current, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
