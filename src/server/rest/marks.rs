//! Reactions, pins and reports of messages in rooms; in direct conversations people react and pin, too.

use std::sync::Arc;

use axum::{Json as Answer, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    extract::{Id, Ids, Json, Parameters, Query, Values},
    message_view::MessageView,
    problems::{Conflict, Forbidden, InvalidBody, InvalidParameter, NotFound, SignedOut, TooMany},
};
use crate::{
    domain::{CurrentUser, Message, Reacted, Reason, Report},
    error::AppError,
    server::{
        chat::{Chat, NamedReaction},
        rooms::{ReportPage, Reported, Rooms},
    },
};

#[derive(Deserialize, ToSchema)]
pub struct ReactionChoice {
    /// One emoji.
    emoji: String,
    /// `false` takes the reaction back.
    #[serde(default = "yes")]
    #[schema(default = true)]
    on: bool,
}

fn yes() -> bool {
    true
}

/// One person's reaction, with their name in the room.
#[derive(Serialize, ToSchema)]
pub struct ReactionOfPerson {
    #[serde(flatten)]
    #[schema(inline)]
    reacted: Reacted,
    /// `null`: nothing is known of them any more.
    #[schema(required)]
    name: Option<String>,
}

#[derive(Deserialize, ToSchema)]
pub struct PinChoice {
    /// `false` takes the pin away.
    on: bool,
}

#[derive(Default, Deserialize, ToSchema)]
pub struct NewReport {
    /// Why, in a sentence of at most 500 characters; may be empty.
    #[serde(default)]
    reason: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichReports {
    /// Those that were settled, in place of those that are open.
    #[param(required = false, default = false)]
    settled: bool,
    /// `next_cursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
}

impl Parameters for WhichReports {
    fn read(values: &Values) -> Result<Self, AppError> {
        let settled = values.parsed("settled", |name| Reason::new("query-not-a-truth").with("name", name))?;
        Ok(Self { settled: settled.unwrap_or_default(), cursor: values.text("cursor") })
    }
}

/// A report with its message.
#[derive(Serialize, ToSchema)]
pub struct ReportOfMessage {
    #[serde(flatten)]
    #[schema(inline)]
    report: Report,
    /// The first words of the message; `null` when nothing is left of it.
    #[schema(required)]
    begins: Option<String>,
    /// Who wrote it.
    #[schema(required)]
    author_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ReportList {
    items: Vec<ReportOfMessage>,
    /// `cursor` of the next page; `null` at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

impl From<Reported> for ReportOfMessage {
    fn from(reported: Reported) -> Self {
        let (begins, author_id) = match reported.message {
            Some(Message { content, author_id, .. }) => (Some(content), Some(author_id)),
            None => (None, None),
        };
        Self { report: reported.report, begins, author_id }
    }
}

/// Who reacted to a message
///
/// Oldest first, at most 1000. How many there are of each emoji stands in the message.
#[utoipa::path(
    get,
    path = "/messages/{id}/reactions",
    operation_id = "listReactions",
    tag = "Rooms",
    params(("id" = String, Path, description = "The message's id.")),
    responses(
        (status = 200, description = "The reactions.", body = Vec<ReactionOfPerson>),
        SignedOut,
        NotFound,
        Conflict,
    )
)]
pub async fn list(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Answer<Vec<ReactionOfPerson>>, AppError> {
    let named = |NamedReaction { reacted, name }: NamedReaction| ReactionOfPerson { reacted, name };
    Ok(Answer(chat.reactions(&current, &id).await?.into_iter().map(named).collect()))
}

/// React to a message of a room or of a direct conversation
///
/// A message has at most 20 kinds of reactions (409). For everybody who writes there.
#[utoipa::path(
    put,
    path = "/messages/{id}/reactions",
    operation_id = "react",
    tag = "Rooms",
    params(("id" = String, Path, description = "The message's id.")),
    request_body = ReactionChoice,
    responses(
        (status = 200, description = "The message as it is now.", body = MessageView),
        SignedOut,
        Forbidden,
        NotFound,
        Conflict,
        InvalidBody,
        TooMany,
    )
)]
pub async fn react(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
    Json(ReactionChoice { emoji, on }): Json<ReactionChoice>,
) -> Result<Answer<MessageView>, AppError> {
    Ok(Answer(chat.react(&current, &id, &emoji, on).await?.into()))
}

/// Pin a message of a room or of a direct conversation, or take its pin away
///
/// For everybody who writes in the room; the pins of others only moderators take away. A room has at most 50 pins (409), which
/// the model reads with each question.
#[utoipa::path(
    put,
    path = "/messages/{id}/pin",
    operation_id = "pinMessage",
    tag = "Rooms",
    params(("id" = String, Path, description = "The message's id.")),
    request_body = PinChoice,
    responses(
        (status = 200, description = "The message as it is now.", body = MessageView),
        SignedOut,
        Forbidden,
        NotFound,
        Conflict,
        InvalidBody,
        TooMany,
    )
)]
pub async fn pin(
    State(chat): State<Arc<Chat>>,
    current: CurrentUser,
    Id(id): Id,
    Json(PinChoice { on }): Json<PinChoice>,
) -> Result<Answer<MessageView>, AppError> {
    Ok(Answer(chat.pin(&current, &id, on).await?.into()))
}

/// The pinned messages of a room or of a direct conversation
///
/// The newest pin first, each with the first 200 characters of its text.
#[utoipa::path(
    get,
    path = "/rooms/{id}/pins",
    operation_id = "listPins",
    tag = "Rooms",
    params(("id" = String, Path, description = "The id of the room or of the direct conversation.")),
    responses(
        (status = 200, description = "The messages.", body = Vec<MessageView>),
        SignedOut,
        NotFound,
    )
)]
pub async fn pins(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<Answer<Vec<MessageView>>, AppError> {
    Ok(Answer(rooms.pinned(&current, &id).await?.into_iter().map(Into::into).collect()))
}

/// Report a message of a room to its moderators
///
/// For everybody who reads the room. A second report of the same message is the first one. Whoever wrote the message does not
/// learn who reported it. 409: it is your own message, or one of a direct conversation, which nobody moderates.
#[utoipa::path(
    post,
    path = "/messages/{id}/report",
    operation_id = "reportMessage",
    tag = "Rooms",
    params(("id" = String, Path, description = "The message's id.")),
    request_body = NewReport,
    responses(
        (status = 204, description = "Reported."),
        SignedOut,
        NotFound,
        Conflict,
        InvalidBody,
        TooMany,
    )
)]
pub async fn report(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Id(id): Id,
    Json(NewReport { reason }): Json<NewReport>,
) -> Result<StatusCode, AppError> {
    rooms.report(&current, &id, &reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The reports of a room, for its moderators
///
/// The newest first: those that are open, or those that were settled.
#[utoipa::path(
    get,
    path = "/rooms/{id}/reports",
    operation_id = "listReports",
    tag = "Rooms",
    params(("id" = String, Path, description = "The room's id."), WhichReports),
    responses(
        (status = 200, description = "A page.", body = ReportList),
        SignedOut,
        Forbidden,
        NotFound,
        InvalidParameter,
    )
)]
pub async fn reports(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Id(id): Id,
    Query(WhichReports { settled, cursor }): Query<WhichReports>,
) -> Result<Answer<ReportList>, AppError> {
    let ReportPage { items, next_cursor } =
        rooms.reports(&current, &id, (settled, cursor.as_deref())).await?;
    Ok(Answer(ReportList { items: items.into_iter().map(Into::into).collect(), next_cursor }))
}

/// Dismiss a report
///
/// The message stays. Deleting the message settles its reports, too. Reports about a message of yours others dismiss, unless you
/// own the room.
#[utoipa::path(
    post,
    path = "/rooms/{id}/reports/{report_id}/dismiss",
    operation_id = "dismissReport",
    tag = "Rooms",
    params(
        ("id" = String, Path, description = "The room's id."),
        ("report_id" = String, Path, description = "The report's id."),
    ),
    responses((status = 204, description = "Dismissed."), SignedOut, Forbidden, NotFound)
)]
pub async fn dismiss(
    State(rooms): State<Arc<Rooms>>,
    current: CurrentUser,
    Ids(id, report_id): Ids,
) -> Result<StatusCode, AppError> {
    rooms.dismiss_report(&current, &id, &report_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
