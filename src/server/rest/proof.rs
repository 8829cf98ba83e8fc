//! `/me/proof`: proving again who one is.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    extract::Json,
    problems::{InvalidBody, Overloaded, ProofRequired, SignedOut, TooMany},
};
use crate::{
    domain::CurrentUser,
    error::AppError,
    server::accounts::{self, Accounts},
};

#[derive(Deserialize, ToSchema)]
pub struct Proof {
    password: String,
    /// Six digits of the app, or a recovery code, where the account has a second factor.
    code: Option<String>,
}

/// Prove who you are
///
/// What is sensitive is refused with the code `proof_required` unless you signed in or made this call within the last
/// ten minutes, in the same session. An API key can prove nothing.
#[utoipa::path(
    post,
    path = "/me/proof",
    operation_id = "prove",
    tag = "Account",
    request_body = Proof,
    responses(
        (status = 204, description = "It counts for ten minutes."),
        SignedOut,
        ProofRequired,
        InvalidBody,
        TooMany,
        Overloaded,
    )
)]
pub async fn prove(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
    Json(form): Json<Proof>,
) -> Result<StatusCode, AppError> {
    let code = form.code.as_deref().unwrap_or_default();
    accounts.prove(&current, accounts::Proof { password: &form.password, code }).await?;
    Ok(StatusCode::NO_CONTENT)
}
