//! `/conversations/{id}/queue`: the questions that wait for the end of an answer.

use std::sync::Arc;

use axum::{Json as Answer, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    extract::{Id, IdempotencyKey, Ids, Json},
    problems::{Conflict, InvalidBody, NotFound, SignedOut},
};
use crate::{
    domain::{CurrentUser, QuestionQueue},
    error::AppError,
    server::{chat::Chat, http::zone::Zone, words},
};

type Queue = Result<Answer<QuestionQueue>, AppError>;

fn answered(queue: QuestionQueue) -> Answer<QuestionQueue> {
    let words = words::current();
    // A program is told the time of UTC, whatever cookies it sends.
    Answer(queue.worded(|reason| words.text(reason), |at| Zone::default().named_clock(at)))
}

#[derive(Deserialize, ToSchema)]
pub struct NewQueuedQuestion {
    /// The question, in Markdown; not only blanks.
    #[schema(min_length = 1)]
    content: String,
    /// A model's id; without it the conversation's, or the default one.
    model: Option<String>,
}

/// What is changed of a question that waits. A field that is left out stays as it is.
#[derive(Deserialize, ToSchema)]
pub struct QueuedPatch {
    /// The question, in Markdown; not only blanks.
    content: Option<String>,
    /// From 0; beyond the end it becomes the last one.
    position: Option<u32>,
}

/// The questions that wait
///
/// They are asked one after the other, each when the answer before it is complete.
#[utoipa::path(
    get,
    path = "/conversations/{id}/queue",
    operation_id = "listQueue",
    tag = "Messages",
    params(("id" = String, Path, description = "The conversation's id.")),
    responses((status = 200, description = "The queue.", body = QuestionQueue), SignedOut, NotFound)
)]
pub async fn list(State(chat): State<Arc<Chat>>, current: CurrentUser, Id(id): Id) -> Queue {
    chat.queue(&current, &id).await.map(answered)
}

/// Ask later
///
/// The question waits at the end of the queue, and is asked at once when no answer is in the way. At most 20 wait in a
/// conversation. With the same Idempotency-Key and the same body again nothing is added, and the queue is answered as it is;
/// with another body the key is refused (422, `idempotency_key_reused`).
#[utoipa::path(
    post,
    path = "/conversations/{id}/queue",
    operation_id = "addToQueue",
    tag = "Messages",
    params(("id" = String, Path, description = "The conversation's id."), IdempotencyKey),
    request_body = NewQueuedQuestion,
    responses(
        (status = 200, description = "The queue as it is now.", body = QuestionQueue),
        SignedOut,
        NotFound,
        Conflict,
        InvalidBody,
    )
)]
pub async fn add(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
    IdempotencyKey { key }: IdempotencyKey,
    Json(NewQueuedQuestion { content, model }): Json<NewQueuedQuestion>,
) -> Queue {
    chat.queue_add(&current, &id, (&content, model.as_deref()), key.as_deref()).await.map(answered)
}

/// Change a question that waits
#[utoipa::path(
    patch,
    path = "/conversations/{id}/queue/{qid}",
    operation_id = "changeQueued",
    tag = "Messages",
    params(
        ("id" = String, Path, description = "The conversation's id."),
        ("qid" = String, Path, description = "The id of a question that waits."),
    ),
    request_body = QueuedPatch,
    responses(
        (status = 200, description = "The queue as it is now.", body = QuestionQueue),
        SignedOut,
        NotFound,
        InvalidBody,
    )
)]
pub async fn change(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Ids(id, qid): Ids,
    Json(QueuedPatch { content, position }): Json<QueuedPatch>,
) -> Queue {
    chat.queue_edit(&current, (&id, &qid), (content.as_deref(), position)).await.map(answered)
}

/// Remove a question that waits
#[utoipa::path(
    delete,
    path = "/conversations/{id}/queue/{qid}",
    operation_id = "removeQueued",
    tag = "Messages",
    params(
        ("id" = String, Path, description = "The conversation's id."),
        ("qid" = String, Path, description = "The id of a question that waits."),
    ),
    responses(
        (status = 200, description = "The queue as it is now.", body = QuestionQueue),
        SignedOut,
        NotFound,
    )
)]
pub async fn remove(State(chat): State<Arc<Chat>>, current: CurrentUser, Ids(id, qid): Ids) -> Queue {
    chat.queue_remove(&current, (&id, &qid)).await.map(answered)
}

/// Ask a question that waits now
///
/// A running answer is stopped, and the question is asked as soon as it has ended.
#[utoipa::path(
    post,
    path = "/conversations/{id}/queue/{qid}/send",
    operation_id = "sendQueued",
    tag = "Messages",
    params(
        ("id" = String, Path, description = "The conversation's id."),
        ("qid" = String, Path, description = "The id of a question that waits."),
    ),
    responses(
        (status = 200, description = "The queue as it is now.", body = QuestionQueue),
        SignedOut,
        NotFound,
    )
)]
pub async fn send(State(chat): State<Arc<Chat>>, current: CurrentUser, Ids(id, qid): Ids) -> Queue {
    chat.queue_send(&current, (&id, &qid)).await.map(answered)
}
