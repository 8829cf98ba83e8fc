//! Messages: a conversation's, window by window; ask, stop, and steer.

use std::sync::Arc;

use axum::{
    Json as Answer,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use strum::{EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};

use super::{
    extract::{Id, IdempotencyKey, Json, Parameters, Query, Values, whole_number},
    problems::{Conflict, InvalidBody, InvalidParameter, NotFound, SignedOut, TooMany},
};
use crate::{
    domain::{Conversation, CurrentUser, Failure, FailureCode, Message, Role, Siblings},
    error::AppError,
    server::{
        chat::{self, Chat, Edit, Position},
        conversations::{Conversations, ThreadMessage},
        live::log::Format,
        words,
    },
};

/// A message with its text in the form that was asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = Message)]
pub struct MessageView {
    #[serde(flatten)]
    #[schema(inline)]
    message: Message,
    /// The text as Markdown, unless HTML was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    content: Option<String>,
    /// The text as sanitized HTML, in place of `content`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    html: Option<String>,
    /// Why, when `status` is `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    failure: Option<FailureView>,
    /// In a window, where more than one message has the same parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    siblings: Option<Siblings>,
}

/// Why an answer failed.
#[derive(Serialize, ToSchema)]
#[schema(as = Failure)]
struct FailureView {
    code: FailureCode,
    /// A sentence for a person, in the language of whoever asks.
    message: String,
    /// Whether asking again may help without changing anything.
    retryable: bool,
}

impl From<Failure> for FailureView {
    fn from(failure: Failure) -> Self {
        let Failure { code, reason, retryable } = failure;
        Self { code, message: words::current().text(&reason), retryable }
    }
}

impl MessageView {
    fn of_thread(shown: ThreadMessage, format: MessageFormat) -> Self {
        let ThreadMessage { message, html, siblings } = shown;
        let view = Self { siblings, ..message.into() };
        let html = match (format, view.message.role) {
            (MessageFormat::Markdown, _) => return view,
            (MessageFormat::Html, Role::User) => as_written(view.content.as_deref().unwrap_or_default()),
            (MessageFormat::Html, _) => html.to_string(),
        };
        Self { content: None, html: Some(html), ..view }
    }
}

impl From<Message> for MessageView {
    fn from(mut message: Message) -> Self {
        // What the view has of its own the message must not say a second time.
        let content = Some(std::mem::take(&mut message.content));
        let failure = message.failure.take().map(Into::into);
        Self { message, content, html: None, failure, siblings: None }
    }
}

/// What a person wrote is shown as it is: no part of it is markup.
fn as_written(text: &str) -> String {
    let text = html_escape::encode_quoted_attribute(text.trim_end());
    format!("<p>{}</p>", text.replace('\n', "<br>\n"))
}

#[derive(Clone, Copy, Default, EnumString, VariantNames, ToSchema)]
#[strum(serialize_all = "snake_case")]
#[schema(rename_all = "snake_case", default = "markdown")]
enum MessageFormat {
    #[default]
    Markdown,
    Html,
}

impl From<MessageFormat> for Format {
    fn from(format: MessageFormat) -> Self {
        match format {
            MessageFormat::Markdown => Self::Text,
            MessageFormat::Html => Self::Html,
        }
    }
}

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
pub struct Question {
    /// The question, in Markdown; not only blanks.
    #[schema(min_length = 1)]
    content: String,
    /// The message this one follows; without it the newest of the branch on screen.
    parent_id: Option<String>,
    /// A model's id; without it the conversation's, or the default one.
    model: Option<String>,
}

#[derive(Deserialize, ToSchema)]
pub struct EditedQuestion {
    /// The question, in Markdown; not only blanks.
    #[schema(min_length = 1)]
    content: String,
    /// A model's id; without it the conversation's, or the default one.
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
    let before = before.as_deref();
    let thread = conversations.thread(&current, &conversation, before, limit, format.into()).await?;
    let window = Answer(Window {
        items: thread.messages.into_iter().map(|message| MessageView::of_thread(message, format)).collect(),
        previous_cursor: thread.previous_cursor,
        after: thread.after,
    });
    Ok(thread.permit.until_sent(window.into_response()))
}

/// Ask
///
/// Stores the question and starts the answer, which goes on whether or not anybody listens. The events after `after` tell
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
    current: CurrentUser,
    Id(id): Id,
    IdempotencyKey { key }: IdempotencyKey,
    Json(question): Json<Question>,
) -> Result<(StatusCode, Answer<Begun>), AppError> {
    let ask = chat::Ask {
        conversation_id: Some(&id),
        text: &question.content,
        position: question.parent_id.as_deref().map_or(Position::Leaf, Position::After),
        model: question.model.as_deref(),
        key: key.as_deref(),
        edited: None,
    };
    let asked = chat.ask(&current, ask).await?;
    Ok((StatusCode::ACCEPTED, Answer(asked.into())))
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
    responses(
        (status = 202, description = "The new answer is being written; there is no user_message.", body = Begun),
        SignedOut,
        NotFound,
        Conflict,
        InvalidParameter,
        TooMany,
    )
)]
pub async fn regenerate(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
    IdempotencyKey { key }: IdempotencyKey,
) -> Result<(StatusCode, Answer<Begun>), AppError> {
    let asked = chat.retry(&current, &id, key.as_deref()).await?;
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
/// What follows it stays, after the message before it. Refused while an answer is being written.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_wrote_is_never_markup() {
        assert_eq!(as_written("a <b>\n\"&'"), "<p>a &lt;b&gt;<br>\n&quot;&amp;&#x27;</p>");
    }
}
