//! `/admin/providers`: the providers of models.

use std::sync::Arc;

use axum::{Json as Answer, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    extract::{Id, Json},
    problems::{Conflict, InvalidBody, NotFound, ProofRequired, SignedOut},
};
use crate::{
    domain::{Admin, ProviderView, Reason},
    error::AppError,
    server::providers::{ModelProviders, ProviderFields},
};

#[derive(Serialize, ToSchema)]
pub struct ProviderList {
    items: Vec<ProviderView>,
}

#[derive(Deserialize, ToSchema)]
pub struct ProviderBody {
    /// What the ids of its models begin with: at most 40 letters, digits, dots, dashes and underscores.
    name: String,
    /// What people call it, at most 40 characters; without it what is known by its name.
    label: Option<String>,
    /// An http or https address of at most 500 bytes, such as http://localhost:11434/v1, without a password, ? and #.
    base_url: String,
    /// At most 1000 bytes. Left out or `null` it stays what it is; an empty one is none. It is never answered.
    #[schema(write_only)]
    api_key: Option<String>,
    /// The models to offer; without them the provider is asked.
    #[schema(max_items = 200)]
    models: Option<Vec<String>>,
    /// The tokens that prompt and answer may have together; without it what the provider says.
    #[schema(minimum = 256, maximum = 10_000_000)]
    context: Option<u32>,
    /// `true`: it is stored also when it does not list its models.
    anyway: Option<bool>,
}

impl ProviderBody {
    fn fields(self) -> ProviderFields {
        ProviderFields {
            name: self.name,
            label: self.label.unwrap_or_default(),
            base_url: self.base_url,
            api_key: self.api_key.map(Into::into),
            models: self.models.unwrap_or_default(),
            context: self.context,
        }
    }
}

/// What a provider listed.
#[derive(Serialize, ToSchema)]
pub struct Tried {
    /// The names of its models, of those that can chat.
    models: Vec<String>,
    /// What to correct where it listed none: `api_key` or `base_url`.
    #[schema(required)]
    field: Option<String>,
    /// Why it listed none, as a sentence's key with parameters.
    #[schema(required)]
    failure: Option<Reason>,
}

#[derive(Deserialize, ToSchema)]
pub struct Order {
    /// The ids of all providers that have one, in their new order.
    #[schema(max_items = 50)]
    ids: Vec<String>,
}

/// The providers of models
///
/// Those of the configuration first, which have no id and cannot be changed here. Keys are never answered.
#[utoipa::path(
    get,
    path = "/admin/providers",
    operation_id = "listProviders",
    tag = "Administration",
    responses((status = 200, description = "All providers.", body = ProviderList), SignedOut, NotFound)
)]
pub async fn list(
    State(providers): State<Arc<ModelProviders>>,
    admin: Admin,
) -> Result<Answer<ProviderList>, AppError> {
    Ok(Answer(ProviderList { items: providers.list(&admin).await? }))
}

/// Add a provider
///
/// It is asked for its models first. Its models can be asked at once.
#[utoipa::path(
    post,
    path = "/admin/providers",
    operation_id = "addProvider",
    tag = "Administration",
    request_body = ProviderBody,
    responses(
        (status = 201, description = "The provider.", body = ProviderView),
        SignedOut,
        ProofRequired,
        NotFound,
        Conflict,
        InvalidBody,
    )
)]
pub async fn add(
    State(providers): State<Arc<ModelProviders>>,
    admin: Admin,
    Json(body): Json<ProviderBody>,
) -> Result<(StatusCode, Answer<ProviderView>), AppError> {
    let anyway = body.anyway.unwrap_or_default();
    let view = providers.save(&admin, None, body.fields(), anyway).await?;
    Ok((StatusCode::CREATED, Answer(view)))
}

/// Try a provider
///
/// Asks it for its models and stores nothing.
#[utoipa::path(
    post,
    path = "/admin/providers/try",
    operation_id = "tryProvider",
    tag = "Administration",
    request_body = ProviderBody,
    responses(
        (status = 200, description = "Its models, or why it listed none.", body = Tried),
        SignedOut,
        ProofRequired,
        NotFound,
        InvalidBody,
    )
)]
pub async fn attempt(
    State(providers): State<Arc<ModelProviders>>,
    admin: Admin,
    Json(body): Json<ProviderBody>,
) -> Result<Answer<Tried>, AppError> {
    Ok(Answer(match providers.attempt(&admin, body.fields()).await? {
        Ok(models) => Tried { models, field: None, failure: None },
        Err(AppError::Invalid { field, reason }) => {
            Tried { models: Vec::new(), field: Some(field), failure: Some(reason) }
        }
        Err(error) => return Err(error),
    }))
}

/// Put the providers in an order
///
/// In it their models are offered, after those of the configuration.
#[utoipa::path(
    put,
    path = "/admin/providers/order",
    operation_id = "orderProviders",
    tag = "Administration",
    request_body = Order,
    responses(
        (status = 200, description = "All providers.", body = ProviderList),
        SignedOut,
        NotFound,
        InvalidBody,
    )
)]
pub async fn order(
    State(providers): State<Arc<ModelProviders>>,
    admin: Admin,
    Json(order): Json<Order>,
) -> Result<Answer<ProviderList>, AppError> {
    providers.order(&admin, &order.ids).await?;
    list(State(providers), admin).await
}

/// Change a provider
///
/// All of it, but the key where none is named. A key that is kept is sent to no other server: with a new address it has to be
/// given again.
#[utoipa::path(
    put,
    path = "/admin/providers/{id}",
    operation_id = "changeProvider",
    tag = "Administration",
    params(("id" = String, Path, description = "The provider's id.")),
    request_body = ProviderBody,
    responses(
        (status = 200, description = "The provider as it is now.", body = ProviderView),
        SignedOut,
        ProofRequired,
        NotFound,
        InvalidBody,
    )
)]
pub async fn change(
    State(providers): State<Arc<ModelProviders>>,
    admin: Admin,
    Id(id): Id,
    Json(body): Json<ProviderBody>,
) -> Result<Answer<ProviderView>, AppError> {
    let anyway = body.anyway.unwrap_or_default();
    providers.save(&admin, Some(&id), body.fields(), anyway).await.map(Answer)
}

/// Remove a provider
///
/// Answers that are being written with it go on.
#[utoipa::path(
    delete,
    path = "/admin/providers/{id}",
    operation_id = "removeProvider",
    tag = "Administration",
    params(("id" = String, Path, description = "The provider's id.")),
    responses((status = 204, description = "It is gone."), SignedOut, NotFound)
)]
pub async fn remove(
    State(providers): State<Arc<ModelProviders>>,
    admin: Admin,
    Id(id): Id,
) -> Result<StatusCode, AppError> {
    providers.remove(&admin, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
