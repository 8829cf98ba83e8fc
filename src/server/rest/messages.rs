//! Messages: a conversation's, window by window; ask, stop, and steer.

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
    extract::{Id, IdempotencyKey, Json, MaybeJson, Parameters, Query, Values, whole_number},
    message_view::{MessageFormat, MessageView},
    posts::{self, PostedMessage, Question},
    problems::{Conflict, InvalidBody, InvalidParameter, NotFound, SignedOut, TooMany},
};
use crate::{
    domain::{Conversation, CurrentUser},
    error::AppError,
    server::{
        chat::{self, Chat, Edit, Position},
        conversations::{Conversations, Part},
    },
};

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichMessages {
    /// A message's id: the window that ends before it.
    #[param(nullable = false)]
    before: Option<String>,
    /// How many at the most.
    #[param(nullable = false, minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Whether messages carry `content` (Markdown) or `html` (sanitized).
    #[param(inline, required = false)]
    format: MessageFormat,
}

impl Parameters for WhichMessages {
    fn read(values: &Values) -> Result<Self, AppError> {
        let (before, limit) = (values.text("before"), values.parsed("limit", whole_number)?);
        Ok(Self { before, limit, format: values.choice("format")? })
    }
}

/// A window of the branch on screen, oldest message first.
#[derive(Serialize, ToSchema)]
pub struct Window {
    items: Vec<MessageView>,
    /// `before` of the window before this one; `null` at the beginning.
    #[schema(required)]
    previous_cursor: Option<String>,
    /// Listening after this place misses nothing that the window does not show.
    after: u64,
}

#[derive(Deserialize, ToSchema)]
pub struct EditedQuestion {
    /// The question, in Markdown; not only blanks.
    #[schema(min_length = 1)]
    content: String,
    /// A model's id; without it the conversation's, or the default one.
    model: Option<String>,
}

#[derive(Default, Deserialize, ToSchema)]
pub struct AnotherAnswer {
    /// A model's id; without it the conversation's, whichever wrote the old answer.
    model: Option<String>,
}

/// An answer that is being written.
#[derive(Serialize, ToSchema)]
pub struct Begun {
    /// Missing where an old question got a further answer, and where an answer is continued.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    user_message: Option<MessageView>,
    assistant_message: MessageView,
    /// Listen to the events after this place.
    after: u64,
}

impl From<chat::Asked> for Begun {
    fn from(asked: chat::Asked) -> Self {
        let (question, answer) = (asked.question.map(Into::into), asked.answer.into());
        Self { user_message: question, assistant_message: answer, after: asked.after }
    }
}

/// The messages of the branch on screen
///
/// The newest window, oldest message first; `before` pages back. A window ends at `limit` messages or at 1 MiB of text,
/// whichever comes first; a longer message is a window of its own. 429: too many of your windows are being read at
/// once.
#[utoipa::path(
    get,
    path = "/conversations/{id}/messages",
    operation_id = "listMessages",
    tag = "Messages",
    params(("id" = String, Path, description = "The conversation's id."), WhichMessages),
    responses(
        (status = 200, description = "A window.", body = Window),
        SignedOut,
        NotFound,
        InvalidParameter,
        TooMany,
    )
)]
pub async fn list(
    State(conversations): State<Arc<Conversations>>,
    current: CurrentUser,
    Id(id): Id,
    Query(WhichMessages { before, limit, format }): Query<WhichMessages>,
) -> Result<Response, AppError> {
    let conversation = conversations.open(&current, &id).await?;
    let part = Part::Window { before: before.as_deref(), limit };
    let (thread, permit) = conversations.thread(&current, &conversation, part, format.into()).await?;
    let window = Answer(Window {
        items: thread.messages.into_iter().map(|message| MessageView::of_thread(message, format)).collect(),
        previous_cursor: thread.previous_cursor,
        after: thread.after,
    });
    Ok(permit.until_sent(window.into_response()))
}

/// Ask
///
/// In a room: stores a message, which is a question for the model where the room's setting says so. Otherwise stores the
/// question and starts the answer, which goes on whether or not anybody listens. The events after `after` tell
/// it. With the same Idempotency-Key and the same body again the same messages are answered and nothing is started; with
/// another body the key is refused (422, `idempotency_key_reused`).
#[utoipa::path(
    post,
    path = "/conversations/{id}/messages",
    operation_id = "ask",
    tag = "Messages",
    params(("id" = String, Path, description = "The conversation's id."), IdempotencyKey),
    request_body = Question,
    responses(
        (status = 201, description = "In a room: the message is stored.", body = PostedMessage),
        (status = 202, description = "The answer is being written.", body = Begun),
        SignedOut,
        NotFound,
        Conflict,
        InvalidBody,
        TooMany,
    )
)]
pub async fn ask(
    State(chat): State<Arc<Chat>>,
    State(conversations): State<Arc<Conversations>>,
    current: CurrentUser,
    Id(id): Id,
    IdempotencyKey { key }: IdempotencyKey,
    Json(question): Json<Question>,
) -> Result<Response, AppError> {
    if conversations.is_room(&current, &id).await? {
        return posts::post(&chat, &current, (&id, &question), key.as_deref()).await;
    }
    let ask = chat::Ask {
        conversation_id: Some(&id),
        text: &question.content,
        position: question.parent_id.as_deref().map_or(Position::Leaf, Position::After),
        model: question.model.as_deref(),
        key: key.as_deref(),
        edited: None,
    };
    let asked = chat.ask(&current, ask).await?;
    Ok((StatusCode::ACCEPTED, Answer(Begun::from(asked))).into_response())
}

/// Stop a running answer
///
/// What was written is kept. Stopping an ended answer changes nothing.
#[utoipa::path(
    post,
    path = "/messages/{id}/stop",
    operation_id = "stop",
    tag = "Messages",
    params(("id" = String, Path, description = "The id of an answer.")),
    responses(
        (status = 200, description = "The answer as it is now.", body = MessageView),
        SignedOut,
        NotFound,
    )
)]
pub async fn stop(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Answer<MessageView>, AppError> {
    let message = chat.stop(&current, &id).await?;
    Ok(Answer(message.into()))
}

/// Have an answer written again
///
/// The new answer stands beside the old one, and becomes the one on screen.
#[utoipa::path(
    post,
    path = "/messages/{id}/regenerate",
    operation_id = "regenerate",
    tag = "Messages",
    params(("id" = String, Path, description = "The id of an answer."), IdempotencyKey),
    request_body(content = Option<AnotherAnswer>, description = "May be left out."),
    responses(
        (status = 202, description = "The new answer is being written; there is no user_message.", body = Begun),
        SignedOut,
        NotFound,
        Conflict,
        InvalidBody,
        TooMany,
    )
)]
pub async fn regenerate(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
    IdempotencyKey { key }: IdempotencyKey,
    MaybeJson(another): MaybeJson<AnotherAnswer>,
) -> Result<(StatusCode, Answer<Begun>), AppError> {
    let asked = chat.retry(&current, &id, another.model.as_deref(), key.as_deref()).await?;
    Ok((StatusCode::ACCEPTED, Answer(asked.into())))
}

/// Ask a question anew
///
/// The new question stands beside the old one, with an answer of its own, and they become the branch on screen. The old
/// ones stay.
#[utoipa::path(
    post,
    path = "/messages/{id}/edit",
    operation_id = "edit",
    tag = "Messages",
    params(("id" = String, Path, description = "The message's id."), IdempotencyKey),
    request_body = EditedQuestion,
    responses(
        (status = 202, description = "The answer is being written.", body = Begun),
        SignedOut,
        NotFound,
        Conflict,
        InvalidBody,
        TooMany,
    )
)]
pub async fn edit(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
    IdempotencyKey { key }: IdempotencyKey,
    Json(edited): Json<EditedQuestion>,
) -> Result<(StatusCode, Answer<Begun>), AppError> {
    let edit =
        Edit { message_id: &id, text: &edited.content, model: edited.model.as_deref(), key: key.as_deref() };
    let asked = chat.edit(&current, edit).await?;
    Ok((StatusCode::ACCEPTED, Answer(asked.into())))
}

/// Go on with an answer that was cut short
///
/// For the newest message of the branch on screen, when it was stopped, interrupted, cut at a length limit, or failed after
/// its first words. The same message grows: its first events hold the text it has.
#[utoipa::path(
    post,
    path = "/messages/{id}/continue",
    operation_id = "continue",
    tag = "Messages",
    params(("id" = String, Path, description = "The id of an answer."), IdempotencyKey),
    responses(
        (status = 202, description = "The answer is being written again; there is no user_message.", body = Begun),
        SignedOut,
        NotFound,
        Conflict,
        InvalidParameter,
        TooMany,
    )
)]
pub async fn continue_answer(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
    IdempotencyKey { key }: IdempotencyKey,
) -> Result<(StatusCode, Answer<Begun>), AppError> {
    let asked = chat.continue_answer(&current, &id, key.as_deref()).await?;
    Ok((StatusCode::ACCEPTED, Answer(asked.into())))
}

/// Show the branch of a message
///
/// The conversation's leaf becomes the newest message below this one, and stays so. Refused while an answer is being
/// written.
#[utoipa::path(
    post,
    path = "/messages/{id}/select",
    operation_id = "select",
    tag = "Messages",
    params(("id" = String, Path, description = "The message's id.")),
    responses(
        (status = 200, description = "The conversation as it is now.", body = Conversation),
        SignedOut,
        NotFound,
        Conflict,
    )
)]
pub async fn select(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Answer<Conversation>, AppError> {
    chat.select(&current, &id).await.map(Answer)
}

/// Delete one message
///
/// What follows it stays, after the message before it; within 30 days it can be restored. Refused while an answer is
/// being written.
#[utoipa::path(
    delete,
    path = "/messages/{id}",
    operation_id = "deleteMessage",
    tag = "Messages",
    params(("id" = String, Path, description = "The message's id.")),
    responses(
        (status = 204, description = "Deleted."),
        SignedOut,
        NotFound,
        Conflict,
    )
)]
pub async fn delete(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<StatusCode, AppError> {
    chat.delete(&current, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restore a deleted message
///
/// It comes back to its place, before those messages that followed it and were not moved since. One that is not deleted
/// stays as it is. Refused while an answer is being written.
#[utoipa::path(
    post,
    path = "/messages/{id}/restore",
    operation_id = "restoreMessage",
    tag = "Messages",
    params(("id" = String, Path, description = "The message's id.")),
    responses(
        (status = 200, description = "The conversation as it is now.", body = Conversation),
        SignedOut,
        NotFound,
        Conflict,
    )
)]
pub async fn restore(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Answer<Conversation>, AppError> {
    chat.restore(&current, &id).await.map(Answer)
}
