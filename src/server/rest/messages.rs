//! Messages: a conversation's, window by window; ask, stop, and steer.

use std::sync::Arc;

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::extract::{Id, Json, Query, header_text, whole_number};
use crate::{
    domain::{Conversation, CurrentUser, Failure, FailureCode, Message, Role, Siblings, Status, Usage},
    error::AppError,
    server::{
        chat::{self, Chat, Edit, Position},
        conversations::{Conversations, ThreadMessage},
        live::log::Format,
        words,
    },
};

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// A message with its text in the form that was asked for.
#[derive(Serialize)]
pub struct MessageView {
    id: String,
    conversation_id: String,
    author_id: String,
    parent_id: Option<String>,
    role: Role,
    #[serde(flatten)]
    text: Text,
    #[serde(skip_serializing_if = "String::is_empty")]
    reasoning: String,
    status: Status,
    model: Option<String>,
    usage: Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureView>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    length_limited: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<u32>,
    /// In a window only.
    #[serde(skip_serializing_if = "Option::is_none")]
    siblings: Option<Siblings>,
    created_at: i64,
    revision: u64,
}

/// Why an answer failed, with the sentence in the caller's language.
#[derive(Serialize)]
struct FailureView {
    code: FailureCode,
    message: String,
    retryable: bool,
}

impl FailureView {
    fn new(failure: Failure) -> Self {
        let message = words::current().text(&failure.reason);
        Self { code: failure.code, message, retryable: failure.retryable }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Text {
    /// Markdown.
    Content(String),
    Html(String),
}

impl MessageView {
    fn new(message: Message, text: Text) -> Self {
        let Message {
            id,
            conversation_id,
            author_id,
            parent_id,
            role,
            reasoning,
            status,
            model,
            usage,
            failure,
            length_limited,
            left_out,
            created_at,
            revision,
            ..
        } = message;
        Self {
            id,
            conversation_id,
            author_id,
            parent_id,
            role,
            text,
            reasoning,
            status,
            model,
            usage,
            failure: failure.map(FailureView::new),
            length_limited,
            left_out: (left_out > 0).then_some(left_out),
            siblings: None,
            created_at,
            revision,
        }
    }

    fn of_thread(shown: ThreadMessage, format: Format) -> Self {
        let ThreadMessage { mut message, html, siblings } = shown;
        let content = std::mem::take(&mut message.content);
        let text = match (format, message.role) {
            (Format::Text, _) => Text::Content(content),
            (Format::Html, Role::User) => Text::Html(as_written(&content)),
            (Format::Html, _) => Text::Html(html.to_string()),
        };
        Self { siblings, ..Self::new(message, text) }
    }
}

impl From<Message> for MessageView {
    fn from(mut message: Message) -> Self {
        let content = std::mem::take(&mut message.content);
        Self::new(message, Text::Content(content))
    }
}

/// What a person wrote is shown as it is: no part of it is markup.
fn as_written(text: &str) -> String {
    let text = html_escape::encode_quoted_attribute(text.trim_end());
    format!("<p>{}</p>", text.replace('\n', "<br>\n"))
}

/// A window of the branch on screen, oldest first.
#[derive(Serialize)]
pub struct Window {
    items: Vec<MessageView>,
    /// `before` of the window that comes before this one.
    previous_cursor: Option<String>,
    /// Listening after this place misses nothing that the window does not show.
    after: u64,
}

#[derive(Deserialize)]
pub struct Question {
    content: String,
    parent_id: Option<String>,
    model: Option<String>,
}

#[derive(Deserialize)]
pub struct Edited {
    content: String,
    model: Option<String>,
}

#[derive(Serialize)]
pub struct Begun {
    /// Missing where an old question got a further answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_message: Option<MessageView>,
    assistant_message: MessageView,
    after: u64,
}

impl From<chat::Asked> for Begun {
    fn from(asked: chat::Asked) -> Self {
        let (question, answer) = (asked.question.map(Into::into), asked.answer.into());
        Self { user_message: question, assistant_message: answer, after: asked.after }
    }
}

pub async fn list(
    State(conversations): State<Arc<Conversations>>,
    current: CurrentUser,
    Id(id): Id,
    query: Query,
) -> Result<Response, AppError> {
    let format = query.choice("format", [("markdown", Format::Text), ("html", Format::Html)])?;
    let limit = query.value("limit", whole_number)?;
    let grant = conversations.open(&current, &id).await?;
    let before = query.text("before");
    let thread = conversations.thread(&current, &grant, before, limit, format).await?;
    let window = Answer(Window {
        items: thread.messages.into_iter().map(|message| MessageView::of_thread(message, format)).collect(),
        previous_cursor: thread.previous_cursor,
        after: thread.after,
    });
    Ok(thread.permit.until_sent(window.into_response()))
}

pub async fn ask(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
    headers: HeaderMap,
    Json(question): Json<Question>,
) -> Result<(StatusCode, Answer<Begun>), AppError> {
    let ask = chat::Ask {
        conversation_id: Some(&id),
        text: &question.content,
        position: question.parent_id.as_deref().map_or(Position::Leaf, Position::After),
        model: question.model.as_deref(),
        key: header_text(&headers, IDEMPOTENCY_KEY)?,
        edited: None,
    };
    let asked = chat.ask(&current, ask).await?;
    Ok((StatusCode::ACCEPTED, Answer(asked.into())))
}

pub async fn stop(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Answer<MessageView>, AppError> {
    let message = chat.stop(&current, &id).await?;
    Ok(Answer(message.into()))
}

pub async fn regenerate(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<(StatusCode, Answer<Begun>), AppError> {
    let key = header_text(&headers, IDEMPOTENCY_KEY)?;
    let asked = chat.retry(&current, &id, key).await?;
    Ok((StatusCode::ACCEPTED, Answer(asked.into())))
}

pub async fn edit(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
    headers: HeaderMap,
    Json(edited): Json<Edited>,
) -> Result<(StatusCode, Answer<Begun>), AppError> {
    let edit = Edit {
        message_id: &id,
        text: &edited.content,
        model: edited.model.as_deref(),
        key: header_text(&headers, IDEMPOTENCY_KEY)?,
    };
    let asked = chat.edit(&current, edit).await?;
    Ok((StatusCode::ACCEPTED, Answer(asked.into())))
}

pub async fn go_on(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<(StatusCode, Answer<Begun>), AppError> {
    let key = header_text(&headers, IDEMPOTENCY_KEY)?;
    let asked = chat.continue_answer(&current, &id, key).await?;
    Ok((StatusCode::ACCEPTED, Answer(asked.into())))
}

pub async fn select(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Answer<Conversation>, AppError> {
    chat.select(&current, &id).await.map(Answer)
}

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
