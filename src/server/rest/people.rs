//! `/admin/people`: what administrators do with the accounts of others. No call here answers what people wrote.

use std::sync::Arc;

use axum::{Extension, Json as Answer, extract::State, http::StatusCode};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    extract::{Id, Json, Parameters, Query, Values, whole_number},
    problems::{Conflict, InvalidBody, InvalidParameter, NotFound, ProofRequired, SignedOut},
};
use crate::{
    domain::{Admin, Reason, User, UserRole, UserState},
    error::AppError,
    server::{
        accounts::{
            Accounts,
            people::{PeoplePage, PersonChange},
            tiers::GivenTier,
        },
        http::{client::Client, origin, site::Site},
    },
};

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichPeople {
    /// `next_cursor` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// How many at the most.
    #[param(nullable = false, minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Only those with this in their name or in what they sign in with.
    #[param(nullable = false)]
    q: Option<String>,
}

impl Parameters for WhichPeople {
    fn read(values: &Values) -> Result<Self, AppError> {
        Ok(Self {
            cursor: values.text("cursor"),
            limit: values.parsed("limit", whole_number)?,
            q: values.text("q"),
        })
    }
}

#[derive(Serialize, ToSchema)]
pub struct People {
    items: Vec<User>,
    /// `cursor` of the next page, an opaque text; `null` at the end.
    #[schema(required)]
    next_cursor: Option<String>,
    /// How many there are on all pages.
    total: u64,
}

/// What an administrator may change of somebody's account. A field that is left out stays as it is.
#[derive(Deserialize, ToSchema)]
pub struct PersonPatch {
    #[schema(nullable = false)]
    role: Option<UserRole>,
    /// `active` or `disabled`. Disabling ends the person's sessions and keys.
    #[schema(nullable = false)]
    state: Option<UserState>,
}

#[derive(Deserialize, ToSchema)]
pub struct Given {
    /// The id of a tier; `null` or that of the default one takes away what the person has.
    #[serde(deserialize_with = "present")]
    #[schema(required)]
    tier: Option<String>,
    /// For how many days it counts; left out or `null`, it does not end. Without a tier there are none.
    #[schema(minimum = 1, maximum = 36_500)]
    days: Option<u32>,
}

/// A field that may be `null` and may not be left out, which serde allows an `Option` otherwise.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

/// Whether somebody has a second factor.
#[derive(Serialize, ToSchema)]
pub struct Factor {
    on: bool,
}

#[derive(Serialize, ToSchema)]
pub struct NewResetLink {
    /// It is not shown again.
    url: String,
    /// UTC milliseconds since 1970.
    expires_at: i64,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Deletion {
    /// Whether what the person wrote is deleted, too. Otherwise it stays stored, and nobody can open it.
    #[param(required = false, default = true)]
    erase: bool,
}

impl Parameters for Deletion {
    fn read(values: &Values) -> Result<Self, AppError> {
        let erase = values.parsed("erase", |name| Reason::new("query-not-a-truth").with("name", name))?;
        Ok(Self { erase: erase.unwrap_or(true) })
    }
}

/// The people of the site, those who registered last first
///
/// For administrators; for everybody else there is no such address.
#[utoipa::path(
    get,
    path = "/admin/people",
    operation_id = "listPeople",
    tag = "Administration",
    params(WhichPeople),
    responses((status = 200, description = "A page.", body = People), SignedOut, NotFound, InvalidParameter)
)]
pub async fn list(
    State(accounts): State<Arc<Accounts>>,
    admin: Admin,
    Query(which): Query<WhichPeople>,
) -> Result<Answer<People>, AppError> {
    let search = which.q.as_deref().unwrap_or_default();
    let PeoplePage { page, total } =
        accounts.people(&admin, search, which.cursor.as_deref(), which.limit).await?;
    Ok(Answer(People { items: page.items, next_cursor: page.next_cursor, total }))
}

/// A person
#[utoipa::path(
    get,
    path = "/admin/people/{id}",
    operation_id = "person",
    tag = "Administration",
    params(("id" = String, Path)),
    responses((status = 200, description = "The account.", body = User), SignedOut, NotFound)
)]
pub async fn open(
    State(accounts): State<Arc<Accounts>>,
    admin: Admin,
    Id(id): Id,
) -> Result<Answer<User>, AppError> {
    accounts.person(&admin, &id).await.map(Answer)
}

/// Change somebody's role, or whether they may sign in
///
/// A change of the role, and letting an administrator in again, need a proof of the last ten minutes (/me/proof). The last administrator stays one (409).
#[utoipa::path(
    patch,
    path = "/admin/people/{id}",
    operation_id = "changePerson",
    tag = "Administration",
    params(("id" = String, Path)),
    request_body = PersonPatch,
    responses(
        (status = 200, description = "The account as it is now.", body = User),
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
    Id(id): Id,
    Json(patch): Json<PersonPatch>,
) -> Result<Answer<User>, AppError> {
    let change = PersonChange { role: patch.role, state: patch.state };
    accounts.change_person(&admin, &id, change).await.map(Answer)
}

/// Make a link with which somebody sets a new password
///
/// It counts once and for a day; an earlier one of the same person counts no more.
#[utoipa::path(
    post,
    path = "/admin/people/{id}/reset",
    operation_id = "resetPassword",
    tag = "Administration",
    params(("id" = String, Path)),
    responses((status = 201, description = "The link.", body = NewResetLink), SignedOut, ProofRequired, NotFound, Conflict)
)]
pub async fn reset(
    State(site): State<Arc<Site>>,
    State(accounts): State<Arc<Accounts>>,
    Extension(client): Extension<Client>,
    admin: Admin,
    Id(id): Id,
) -> Result<(StatusCode, Answer<NewResetLink>), AppError> {
    let link = accounts.reset_link(&admin, &id).await?;
    let url = format!("{}/reset/{}", origin::address(&site.config, &client), link.secret);
    Ok((StatusCode::CREATED, Answer(NewResetLink { url, expires_at: link.expires_at })))
}

/// Give somebody a tier
///
/// It takes the place of the one that they have.
#[utoipa::path(
    put,
    path = "/admin/people/{id}/tier",
    operation_id = "giveTier",
    tag = "Administration",
    params(("id" = String, Path)),
    request_body = Given,
    responses((status = 200, description = "The account as it is now.", body = User), SignedOut, NotFound, InvalidBody)
)]
pub async fn give_tier(
    State(accounts): State<Arc<Accounts>>,
    admin: Admin,
    Id(id): Id,
    Json(given): Json<Given>,
) -> Result<Answer<User>, AppError> {
    let tier = given.tier.as_deref().unwrap_or_default();
    accounts.give_tier(&admin, &id, GivenTier { tier, days: given.days }).await.map(Answer)
}

/// Whether somebody has a second factor
#[utoipa::path(
    get,
    path = "/admin/people/{id}/second-factor",
    operation_id = "secondFactorOf",
    tag = "Administration",
    params(("id" = String, Path)),
    responses((status = 200, description = "Whether they have one.", body = Factor), SignedOut, NotFound)
)]
pub async fn second_factor(
    State(accounts): State<Arc<Accounts>>,
    admin: Admin,
    Id(id): Id,
) -> Result<Answer<Factor>, AppError> {
    Ok(Answer(Factor { on: accounts.has_second_factor(&admin, &id).await? }))
}

/// Switch off somebody's second factor
///
/// For those who lost their app and their recovery codes.
#[utoipa::path(
    delete,
    path = "/admin/people/{id}/second-factor",
    operation_id = "endSecondFactorOf",
    tag = "Administration",
    params(("id" = String, Path)),
    responses((status = 204, description = "They sign in without one."), SignedOut, ProofRequired, NotFound, Conflict)
)]
pub async fn end_second_factor(
    State(accounts): State<Arc<Accounts>>,
    admin: Admin,
    Id(id): Id,
) -> Result<StatusCode, AppError> {
    accounts.end_second_factor_of(&admin, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete an account
///
/// Its sessions end, its login is free for others, and it never signs in again. The last administrator stays (409).
#[utoipa::path(
    delete,
    path = "/admin/people/{id}",
    operation_id = "deletePerson",
    tag = "Administration",
    params(("id" = String, Path), Deletion),
    responses((status = 204, description = "Deleted."), SignedOut, ProofRequired, NotFound, Conflict, InvalidParameter)
)]
pub async fn delete(
    State(accounts): State<Arc<Accounts>>,
    admin: Admin,
    Id(id): Id,
    Query(Deletion { erase }): Query<Deletion>,
) -> Result<StatusCode, AppError> {
    accounts.delete_person(&admin, &id, erase).await?;
    Ok(StatusCode::NO_CONTENT)
}
