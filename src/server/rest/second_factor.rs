//! `/me/second-factor`: codes of an app besides the password.

use std::sync::Arc;

use axum::{Json as Answer, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    extract::Json,
    problems::{Conflict, InvalidBody, ProofRequired, SignedOut, TooMany},
};
use crate::{
    domain::CurrentUser,
    error::AppError,
    server::accounts::{Accounts, Enrolment, FactorState},
};

#[derive(Serialize, ToSchema)]
pub struct SecondFactor {
    /// Whether signing in asks for a code besides the password.
    on: bool,
    recovery_codes_left: u32,
}

/// What an app makes its codes from: SHA-1, six digits, 30 seconds.
#[derive(Serialize, ToSchema)]
pub struct Seed {
    /// In base 32, for typing.
    key: String,
    /// `otpauth://…`, for a QR code.
    address: String,
}

#[derive(Deserialize, ToSchema)]
pub struct Confirmation {
    /// Six digits.
    code: String,
}

/// Each signs in once in place of a code of the app. They are shown this once.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

/// Whether you have a second factor
#[utoipa::path(
    get,
    path = "/me/second-factor",
    operation_id = "secondFactor",
    tag = "Account",
    responses((status = 200, description = "Whether it is on.", body = SecondFactor), SignedOut)
)]
pub async fn show(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
) -> Result<Answer<SecondFactor>, AppError> {
    let FactorState { on, recovery_left } = accounts.second_factor(&current).await?;
    Ok(Answer(SecondFactor { on, recovery_codes_left: recovery_left }))
}

/// Begin with a second factor
///
/// The seed counts once it is confirmed with a code of it; one that never was is replaced.
#[utoipa::path(
    post,
    path = "/me/second-factor",
    operation_id = "beginSecondFactor",
    tag = "Account",
    responses(
        (status = 201, description = "What to give to the app.", body = Seed),
        SignedOut,
        ProofRequired,
        Conflict,
    )
)]
pub async fn begin(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
) -> Result<(StatusCode, Answer<Seed>), AppError> {
    let Enrolment { key, address } = accounts.begin_second_factor(&current).await?;
    Ok((StatusCode::CREATED, Answer(Seed { key, address })))
}

/// Switch the second factor on
#[utoipa::path(
    post,
    path = "/me/second-factor/confirm",
    operation_id = "confirmSecondFactor",
    tag = "Account",
    request_body = Confirmation,
    responses(
        (status = 200, description = "It is on from now.", body = RecoveryCodes),
        SignedOut,
        ProofRequired,
        Conflict,
        InvalidBody,
        TooMany,
    )
)]
pub async fn confirm(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
    Json(form): Json<Confirmation>,
) -> Result<Answer<RecoveryCodes>, AppError> {
    let recovery_codes = accounts.confirm_second_factor(&current, &form.code).await?;
    Ok(Answer(RecoveryCodes { recovery_codes }))
}

/// Make new recovery codes
///
/// The earlier ones count no more.
#[utoipa::path(
    post,
    path = "/me/second-factor/recovery-codes",
    operation_id = "newRecoveryCodes",
    tag = "Account",
    responses(
        (status = 200, description = "The new ones.", body = RecoveryCodes),
        SignedOut,
        ProofRequired,
        Conflict,
    )
)]
pub async fn recovery_codes(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
) -> Result<Answer<RecoveryCodes>, AppError> {
    let recovery_codes = accounts.new_recovery_codes(&current).await?;
    Ok(Answer(RecoveryCodes { recovery_codes }))
}

/// Switch the second factor off
#[utoipa::path(
    delete,
    path = "/me/second-factor",
    operation_id = "endSecondFactor",
    tag = "Account",
    responses((status = 204, description = "It is off."), SignedOut, ProofRequired, Conflict)
)]
pub async fn end(
    State(accounts): State<Arc<Accounts>>,
    current: CurrentUser,
) -> Result<StatusCode, AppError> {
    accounts.end_second_factor(&current).await?;
    Ok(StatusCode::NO_CONTENT)
}
