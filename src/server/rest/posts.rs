//! What one writes in a conversation; in a room it is posted.

use std::sync::Arc;

use axum::{
    Json as Answer,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::message_view::MessageView;
use crate::{
    domain::CurrentUser,
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
        model: question.model.as_deref(),
        key,
        asks: question.asks,
    };
    let posted = chat.post(current, post).await?;
    let answer = PostedMessage { message: posted.message.into(), asks: posted.asks };
    Ok((StatusCode::CREATED, Answer(answer)).into_response())
}
