//! `/me/presence`: whether others are told that one is here.

use std::sync::Arc;

use axum::{Json as Answer, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    extract::Json,
    problems::{InvalidBody, SignedOut},
};
use crate::{domain::CurrentUser, error::AppError, server::live::presence::Presences};

#[derive(Serialize, Deserialize, ToSchema)]
pub struct PresenceSetting {
    /// Whether others are told that the person is here, and when they were here last.
    shown: bool,
}

/// Whether others are told that one is here
#[utoipa::path(
    get,
    path = "/me/presence",
    operation_id = "presenceSetting",
    tag = "Account",
    responses((status = 200, description = "As it is decided.", body = PresenceSetting), SignedOut)
)]
pub async fn show(
    State(presences): State<Arc<Presences>>,
    current: CurrentUser,
) -> Result<Answer<PresenceSetting>, AppError> {
    Ok(Answer(PresenceSetting { shown: presences.shows(&current).await? }))
}

/// Decide whether others are told that one is here
///
/// Where it is switched off, the server forgets when the person was here, and others see them as `offline`.
#[utoipa::path(
    put,
    path = "/me/presence",
    operation_id = "changePresenceSetting",
    tag = "Account",
    request_body = PresenceSetting,
    responses((status = 200, description = "As it is decided now.", body = PresenceSetting), SignedOut, InvalidBody)
)]
pub async fn change(
    State(presences): State<Arc<Presences>>,
    current: CurrentUser,
    Json(PresenceSetting { shown }): Json<PresenceSetting>,
) -> Result<Answer<PresenceSetting>, AppError> {
    presences.show(&current, shown).await?;
    Ok(Answer(PresenceSetting { shown }))
}
