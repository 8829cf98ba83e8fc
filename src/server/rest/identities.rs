//! `/me/identities`: the providers through which one signs in.

use std::sync::Arc;

use axum::{Json as Answer, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    extract::Id,
    problems::{Conflict, NotFound, ProofRequired, SignedOut},
};
use crate::{
    domain::{ConnectedIdentity, CurrentUser},
    error::AppError,
    server::accounts::Accounts,
};

#[derive(Serialize, ToSchema)]
pub struct Identities {
    items: Vec<ConnectedIdentity>,
}

/// The providers through which you sign in
///
/// The one that was connected first comes first. A person connects one in a browser, under Settings, Sign-in.
#[utoipa::path(
    get,
    path = "/me/identities",
    operation_id = "listIdentities",
    tag = "Account",
    responses((status = 200, description = "All of them.", body = Identities), SignedOut)
)]
pub async fn list(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
) -> Result<Answer<Identities>, AppError> {
    accounts.connected(&current).await.map(|items| Answer(Identities { items }))
}

/// Disconnect a provider
///
/// It signs you in no more. Your only way to sign in stays (409): set a password first.
#[utoipa::path(
    delete,
    path = "/me/identities/{id}",
    operation_id = "disconnectIdentity",
    tag = "Account",
    params(("id" = String, Path, description = "The identity's id.")),
    responses(
        (status = 204, description = "It is not connected any more."),
        SignedOut,
        ProofRequired,
        NotFound,
        Conflict,
    )
)]
pub async fn disconnect(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
    Id(id): Id,
) -> Result<StatusCode, AppError> {
    accounts.disconnect(&current, &id).await.map(|()| StatusCode::NO_CONTENT)
}
