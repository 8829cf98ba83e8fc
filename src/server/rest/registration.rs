//! `/admin/registration`: who may register.

use std::sync::Arc;

use axum::{Json as Answer, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    extract::Json,
    problems::{Conflict, InvalidBody, NotFound, ProofRequired, SignedOut},
};
use crate::{
    domain::Admin,
    error::AppError,
    server::accounts::{
        Accounts, EmailRule, Registration,
        registration::{RegistrationRules, RulesChange},
    },
};

#[derive(Serialize, ToSchema)]
pub struct Rules {
    /// Who may register after the first person: everybody, who has an invitation, or nobody.
    registration: Registration,
    /// Whether the configuration says so; then it cannot be changed here.
    registration_is_fixed: bool,
    /// Whether a new account needs an e-mail address, or a name is enough.
    email: EmailRule,
    /// Whether the configuration says so; then it cannot be changed here.
    email_is_fixed: bool,
}

impl From<RegistrationRules> for Rules {
    fn from(rules: RegistrationRules) -> Self {
        let RegistrationRules { mode, mode_is_fixed, email, email_is_fixed } = rules;
        Self { registration: mode, registration_is_fixed: mode_is_fixed, email, email_is_fixed }
    }
}

/// A field that is left out stays as it is.
#[derive(Deserialize, ToSchema)]
pub struct RulesPatch {
    #[schema(nullable = false)]
    registration: Option<Registration>,
    #[schema(nullable = false)]
    email: Option<EmailRule>,
}

/// Who may register
#[utoipa::path(
    get,
    path = "/admin/registration",
    operation_id = "registration",
    tag = "Administration",
    responses((status = 200, description = "The rules that count now.", body = Rules), SignedOut, NotFound)
)]
pub async fn show(State(accounts): State<Arc<Accounts>>, _: Admin) -> Result<Answer<Rules>, AppError> {
    Ok(Answer(accounts.registration().await?.into()))
}

/// Change who may register
///
/// A change needs a proof of the last ten minutes (/me/proof). What the configuration says cannot be changed (409).
#[utoipa::path(
    patch,
    path = "/admin/registration",
    operation_id = "changeRegistration",
    tag = "Administration",
    request_body = RulesPatch,
    responses(
        (status = 200, description = "The rules as they are now.", body = Rules),
        SignedOut,
        ProofRequired,
        NotFound,
        Conflict,
        InvalidBody,
    )
)]
pub async fn change(
    State(accounts): State<Arc<Accounts>>,
    admin: Admin,
    Json(patch): Json<RulesPatch>,
) -> Result<Answer<Rules>, AppError> {
    let change = RulesChange { mode: patch.registration, email: patch.email };
    Ok(Answer(accounts.change_registration(&admin, change).await?.into()))
}
