//! What one writes in a conversation; in a room it is posted.

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
    extract::{Id, Json, Parameters, Query, Values},
    message_view::MessageView,
    problems::{Conflict, Forbidden, InvalidBody, InvalidParameter, NotFound, SignedOut},
};
use crate::{
    domain::{CurrentUser, Page, Version},
    error::AppError,
    server::chat::{self, Chat},
};

#[derive(Deserialize, ToSchema)]
pub struct Question {
    /// The question, in Markdown; not only blanks.
    #[schema(min_length = 1)]
    pub content: String,
    /// The message this one follows; without it the newest of the branch on screen.
    pub parent_id: Option<String>,
    /// A model's id; without it the conversation's, or the default one.
    pub model: Option<String>,
    /// In a room: the message that this one answers.
    pub reply_to: Option<String>,
    /// In a room: the ids of the members whom it mentions, at most 50.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub mentions: Vec<String>,
    /// In a room where the model answers when it is asked: this message asks it.
    #[serde(default)]
    pub asks: bool,
}

/// A message of a room that is stored.
#[derive(Serialize, ToSchema)]
pub struct PostedMessage {
    message: MessageView,
    /// Whether it waits as a question for the model. The events tell when the answer begins.
    asks: bool,
}

/// Posts a message in a room.
pub async fn post(
    chat: &Arc<Chat>,
    current: &CurrentUser,
    (id, question): (&str, &Question),
    key: Option<&str>,
) -> Result<Response, AppError> {
    let post = chat::Post {
        conversation_id: id,
        text: &question.content,
        reply_to: question.reply_to.as_deref(),
        mentions: &question.mentions,
        finds_mentions: false,
        model: question.model.as_deref(),
        key,
        asks: question.asks,
    };
    let posted = chat.post(current, post).await?;
    let answer = PostedMessage { message: posted.message.into(), asks: posted.asks };
    Ok((StatusCode::CREATED, Answer(answer)).into_response())
}

#[derive(Deserialize, ToSchema)]
pub struct ChangedText {
    /// Markdown; not only blanks.
    #[schema(min_length = 1)]
    content: String,
    /// The ids of the members whom it mentions now, at most 50.
    #[serde(default)]
    #[schema(max_items = 50)]
    mentions: Vec<String>,
}

/// Change what one wrote in a room
///
/// The message says that it was changed, and the room's moderators see what it said before. No answer is written again.
#[utoipa::path(
    patch,
    path = "/messages/{id}",
    operation_id = "changeMessage",
    tag = "Messages",
    params(("id" = String, Path, description = "The id of a message that one wrote in a room.")),
    responses(
        (status = 200, description = "The message as it is now.", body = MessageView),
        InvalidBody,
        SignedOut,
        Forbidden,
        NotFound,
        Conflict,
    )
)]
pub async fn change(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
    Json(ChangedText { content, mentions }): Json<ChangedText>,
) -> Result<Answer<MessageView>, AppError> {
    Ok(Answer(chat.edit_post(&current, &id, &content, &mentions).await?.into()))
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichVersions {
    /// `next_cursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
}

impl Parameters for WhichVersions {
    fn read(values: &Values) -> Result<Self, AppError> {
        Ok(Self { cursor: values.text("cursor") })
    }
}

#[derive(Serialize, ToSchema)]
pub struct VersionList {
    items: Vec<Version>,
    /// `cursor` of the next page, an opaque text; `null` at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// What a message said before it was changed or deleted
///
/// Newest first, as many as their texts leave room for. The first version and the newest are kept, 50 together. For the
/// moderators of its room; a private message has none.
#[utoipa::path(
    get,
    path = "/messages/{id}/versions",
    operation_id = "messageVersions",
    tag = "Messages",
    params(("id" = String, Path, description = "The message's id."), WhichVersions),
    responses(
        (status = 200, description = "A page.", body = VersionList),
        SignedOut,
        Forbidden,
        NotFound,
        InvalidParameter,
    )
)]
pub async fn versions(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
    Query(WhichVersions { cursor }): Query<WhichVersions>,
) -> Result<Answer<VersionList>, AppError> {
    let Page { items, next_cursor } = chat.versions(&current, &id, cursor.as_deref()).await?;
    Ok(Answer(VersionList { items, next_cursor }))
}
