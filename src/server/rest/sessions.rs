//! `/me/sessions` and `/me/keys`: the browsers in which one is signed in, and one's API keys.

use std::sync::Arc;

use axum::{
    Json as Answer,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    extract::{Id, Json},
    problems::{Forbidden, InvalidBody, NotFound, SignedOut},
};
use crate::{
    domain::{ApiKey, CurrentUser, Device, Scope},
    error::AppError,
    server::accounts::{Accounts, keys::NewKey},
};

#[derive(Serialize, ToSchema)]
pub struct Devices {
    items: Vec<Device>,
}

#[derive(Serialize, ToSchema)]
pub struct Keys {
    items: Vec<ApiKey>,
}

#[derive(Deserialize, ToSchema)]
pub struct KeyToMake {
    /// Blanks around it are left out.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    scope: Scope,
    /// After how many days it ends; without it, it does not end by itself.
    #[schema(minimum = 1, maximum = 3650)]
    days: Option<u32>,
}

/// A key that was made, with its text.
#[derive(Serialize, ToSchema)]
pub struct MadeKey {
    #[serde(flatten)]
    made: ApiKey,
    /// For `Authorization: Bearer`. It is told only here and cannot be read later.
    key: String,
}

/// The browsers in which you are signed in
///
/// The one that was used last comes first.
#[utoipa::path(
    get,
    path = "/me/sessions",
    operation_id = "listSessions",
    tag = "Account",
    responses((status = 200, description = "All of them, 100 at the most.", body = Devices), SignedOut)
)]
pub async fn list(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
) -> Result<Answer<Devices>, AppError> {
    accounts.devices(&current).await.map(|items| Answer(Devices { items }))
}

/// Sign one browser out
///
/// Its open pages and streams end at once.
#[utoipa::path(
    delete,
    path = "/me/sessions/{id}",
    operation_id = "endSession",
    tag = "Account",
    params(("id" = String, Path, description = "The session's id.")),
    responses((status = 204, description = "It is signed out."), SignedOut, NotFound)
)]
pub async fn end(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<StatusCode, AppError> {
    accounts.end_device(&current, &id).await.map(|()| StatusCode::NO_CONTENT)
}

/// Sign all other browsers out
///
/// The one that asks stays signed in. API keys go on.
#[utoipa::path(
    delete,
    path = "/me/sessions",
    operation_id = "endOtherSessions",
    tag = "Account",
    responses((status = 204, description = "They are signed out."), SignedOut)
)]
pub async fn end_others(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
) -> Result<StatusCode, AppError> {
    accounts.end_other_devices(&current).await.map(|_| StatusCode::NO_CONTENT)
}

/// Your API keys
///
/// The one that was used last comes first.
#[utoipa::path(
    get,
    path = "/me/keys",
    operation_id = "listKeys",
    tag = "Account",
    responses((status = 200, description = "All of them, 50 at the most.", body = Keys), SignedOut)
)]
pub async fn keys(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
) -> Result<Answer<Keys>, AppError> {
    accounts.keys(&current).await.map(|items| Answer(Keys { items }))
}

/// Make an API key
///
/// Not with another key. Of more than 50 keys, the one that was used longest ago ends.
#[utoipa::path(
    post,
    path = "/me/keys",
    operation_id = "makeKey",
    tag = "Account",
    request_body = KeyToMake,
    responses(
        (status = 201, description = "The key.", body = MadeKey),
        SignedOut,
        Forbidden,
        InvalidBody,
    )
)]
pub async fn make_key(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
    Json(new): Json<KeyToMake>,
) -> Result<Response, AppError> {
    let new_key = NewKey { name: &new.name, scope: new.scope, days: new.days };
    let (made, key) = accounts.make_key(&current, new_key).await?;
    Ok((StatusCode::CREATED, Answer(MadeKey { made, key })).into_response())
}

/// End an API key
///
/// Its open streams end at once.
#[utoipa::path(
    delete,
    path = "/me/keys/{id}",
    operation_id = "endKey",
    tag = "Account",
    params(("id" = String, Path, description = "The key's id.")),
    responses((status = 204, description = "It has ended."), SignedOut, NotFound)
)]
pub async fn end_key(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<StatusCode, AppError> {
    accounts.end_key(&current, &id).await.map(|()| StatusCode::NO_CONTENT)
}
