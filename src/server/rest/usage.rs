//! `/admin/usage`: how much people used of which model. Nothing of what they wrote is in it.

use std::sync::Arc;

use axum::{Json as Answer, extract::State};
use utoipa::IntoParams;

use super::{
    extract::{Id, Parameters, Query, Values},
    problems::{InvalidParameter, NotFound, SignedOut},
};
use crate::{
    domain::{Admin, Reason, SpendingReport},
    error::AppError,
    server::{
        accounts::Accounts,
        conversations::allowance::{Allowances, MAX_REPORT_DAYS},
    },
};

/// The days of a report where the call names none.
const DAYS: u32 = 7;

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Within {
    /// Of how many days of UTC, today included; 7 where nothing is said.
    #[param(nullable = false, minimum = 1, maximum = 31)]
    days: Option<u32>,
}

impl Parameters for Within {
    fn read(values: &Values) -> Result<Self, AppError> {
        let wanted = |_: &str| Reason::new("number-between").with("least", 1).with("most", MAX_REPORT_DAYS);
        Ok(Self { days: values.parsed("days", wanted)? })
    }
}

impl Within {
    fn days(&self) -> u32 {
        self.days.unwrap_or(DAYS)
    }
}

/// What was used of each model, and by whom
///
/// All models, and the 100 people who used most.
#[utoipa::path(
    get,
    path = "/admin/usage",
    operation_id = "usage",
    tag = "Administration",
    params(Within),
    responses(
        (status = 200, description = "What was used.", body = SpendingReport),
        SignedOut,
        NotFound,
        InvalidParameter,
    )
)]
pub async fn all(
    State(allowances): State<Arc<Allowances>>,
    admin: Admin,
    Query(within): Query<Within>,
) -> Result<Answer<SpendingReport>, AppError> {
    allowances.report(&admin, within.days(), None).await.map(Answer)
}

/// What one person used of each model
#[utoipa::path(
    get,
    path = "/admin/people/{id}/usage",
    operation_id = "usageOfPerson",
    tag = "Administration",
    params(("id" = String, Path, description = "The person's id."), Within),
    responses(
        (status = 200, description = "What the person used.", body = SpendingReport),
        SignedOut,
        NotFound,
        InvalidParameter,
    )
)]
pub async fn of_person(
    State(allowances): State<Arc<Allowances>>,
    State(accounts): State<Arc<Accounts>>,
    admin: Admin,
    Id(id): Id,
    Query(within): Query<Within>,
) -> Result<Answer<SpendingReport>, AppError> {
    let person = accounts.person(&admin, &id).await?;
    allowances.report(&admin, within.days(), Some(&person)).await.map(Answer)
}
