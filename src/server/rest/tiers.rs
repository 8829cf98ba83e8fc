//! `/admin/tiers`: what people may use; `/me/budget`: what one used today.

use std::sync::Arc;

use axum::{Json as Answer, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    extract::{Id, Json},
    problems::{Conflict, InvalidBody, NotFound, SignedOut},
};
use crate::{
    domain::{Admin, Budget, CurrentUser, Tier},
    error::AppError,
    server::{accounts::Accounts, conversations::allowance::Allowances},
};

#[derive(Serialize, ToSchema)]
pub struct TierList {
    items: Vec<Tier>,
}

/// A tier without its id. Where a limit is left out or `null`, there is none.
#[derive(Deserialize, ToSchema)]
pub struct TierFields {
    /// At most 60 characters; blanks around it are left out. Only the default tier may have none.
    name: String,
    /// The ids of the models that may be asked; without them all that are offered.
    #[schema(max_items = 500)]
    models: Option<Vec<String>>,
    /// Answers in a day of UTC.
    #[schema(maximum = 1_000_000_000)]
    messages_per_day: Option<u32>,
    /// Tokens of prompts and answers in a day of UTC.
    #[schema(maximum = 1_000_000_000_000_000_i64)]
    tokens_per_day: Option<u64>,
    /// Rooms that a person may make.
    #[schema(maximum = 1_000_000_000)]
    rooms: Option<u32>,
    /// Bytes of all files that a person keeps here.
    #[schema(maximum = 1_000_000_000_000_000_i64)]
    upload_bytes: Option<u64>,
}

impl TierFields {
    fn tier(self, id: String) -> Tier {
        let Self { name, models, messages_per_day, tokens_per_day, rooms, upload_bytes } = self;
        Tier { id, name, models, messages_per_day, tokens_per_day, rooms, upload_bytes }
    }
}

/// The tiers
///
/// The default one first, which counts for everybody without another.
#[utoipa::path(
    get,
    path = "/admin/tiers",
    operation_id = "listTiers",
    tag = "Administration",
    responses((status = 200, description = "All tiers.", body = TierList), SignedOut, NotFound)
)]
pub async fn list(State(accounts): State<Arc<Accounts>>, admin: Admin) -> Result<Answer<TierList>, AppError> {
    Ok(Answer(TierList { items: accounts.tiers(&admin).await? }))
}

/// Make a tier
#[utoipa::path(
    post,
    path = "/admin/tiers",
    operation_id = "createTier",
    tag = "Administration",
    request_body = TierFields,
    responses(
        (status = 201, description = "The tier.", body = Tier),
        SignedOut,
        NotFound,
        Conflict,
        InvalidBody,
    )
)]
pub async fn create(
    State(accounts): State<Arc<Accounts>>,
    admin: Admin,
    Json(fields): Json<TierFields>,
) -> Result<(StatusCode, Answer<Tier>), AppError> {
    let tier = accounts.create_tier(&admin, fields.tier(String::new())).await?;
    Ok((StatusCode::CREATED, Answer(tier)))
}

/// Change a tier
///
/// All of it: what is left out is no limit. It counts from the next question on.
#[utoipa::path(
    put,
    path = "/admin/tiers/{id}",
    operation_id = "changeTier",
    tag = "Administration",
    params(("id" = String, Path, description = "The tier's id.")),
    request_body = TierFields,
    responses(
        (status = 200, description = "The tier as it is now.", body = Tier),
        SignedOut,
        NotFound,
        Conflict,
        InvalidBody,
    )
)]
pub async fn change(
    State(accounts): State<Arc<Accounts>>,
    admin: Admin,
    Id(id): Id,
    Json(fields): Json<TierFields>,
) -> Result<Answer<Tier>, AppError> {
    accounts.change_tier(&admin, fields.tier(id)).await.map(Answer)
}

/// Delete a tier
///
/// Refused for the default one, and while somebody has the tier or a code gives it that can be used.
#[utoipa::path(
    delete,
    path = "/admin/tiers/{id}",
    operation_id = "deleteTier",
    tag = "Administration",
    params(("id" = String, Path, description = "The tier's id.")),
    responses((status = 204, description = "Deleted."), SignedOut, NotFound, Conflict)
)]
pub async fn delete(
    State(accounts): State<Arc<Accounts>>,
    admin: Admin,
    Id(id): Id,
) -> Result<StatusCode, AppError> {
    accounts.delete_tier(&admin, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What you used today
///
/// Answers and tokens are counted when an answer ends, and what your tier allows is looked at before one begins; beyond it a
/// question is refused (429, `budget_used_up`).
#[utoipa::path(
    get,
    path = "/me/budget",
    operation_id = "budget",
    tag = "Account",
    responses((status = 200, description = "Today's use and limits.", body = Budget), SignedOut)
)]
pub async fn budget(
    State(allowances): State<Arc<Allowances>>,
    current: CurrentUser,
) -> Result<Answer<Budget>, AppError> {
    allowances.budget(&current.user).await.map(Answer)
}
