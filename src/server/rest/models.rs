//! `/admin/models`: what administrators choose among the models.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json as Answer, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    extract::Json,
    problems::{Conflict, InvalidBody, NotFound, SignedOut},
};
use crate::{
    domain::{Admin, ModelAccess, Reason, conversation::given},
    error::AppError,
    server::providers::{ChoicesPatch, ModelProviders, ModelsView},
};

/// The most models of one change.
const MAX_CHANGES: usize = 1_000;

#[derive(Serialize, ToSchema)]
pub struct ModelChoicesView {
    /// The id of the model with which new conversations begin; `null`: the first that the person may ask.
    #[schema(required)]
    default_model: Option<String>,
    /// Whether the configuration says so; then it cannot be changed here.
    default_is_fixed: bool,
    /// All models that are offered.
    items: Vec<ModelAccessView>,
}

/// A model, and who may ask it as far as their tier lets them.
#[derive(Serialize, ToSchema)]
pub struct ModelAccessView {
    id: String,
    access: ModelAccess,
}

impl From<ModelsView> for ModelChoicesView {
    fn from(view: ModelsView) -> Self {
        let ModelsView { default_model, default_is_fixed, models } = view;
        let items = models.into_iter().map(|model| ModelAccessView { id: model.id, access: model.access });
        Self { default_model, default_is_fixed, items: items.collect() }
    }
}

/// What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
pub struct ModelChoicesPatch {
    /// The id of a model that is offered; `null` chooses none.
    #[serde(default, deserialize_with = "given")]
    default_model: Option<Option<String>>,
    /// Ids of models that are offered, and who may ask each from now on; at most 1000.
    #[schema(nullable = false)]
    access: Option<BTreeMap<String, ModelAccess>>,
}

/// The default model, and who may ask each model
#[utoipa::path(
    get,
    path = "/admin/models",
    operation_id = "modelChoices",
    tag = "Administration",
    responses((status = 200, description = "What is chosen now.", body = ModelChoicesView), SignedOut, NotFound)
)]
pub async fn show(
    State(providers): State<Arc<ModelProviders>>,
    admin: Admin,
) -> Result<Answer<ModelChoicesView>, AppError> {
    Ok(Answer(providers.choices(&admin).await?.into()))
}

/// Choose the default model, and who may ask each model
///
/// It counts from the next question on. A default model of the configuration cannot be changed (409).
#[utoipa::path(
    patch,
    path = "/admin/models",
    operation_id = "chooseModels",
    tag = "Administration",
    request_body = ModelChoicesPatch,
    responses(
        (status = 200, description = "What is chosen now.", body = ModelChoicesView),
        SignedOut,
        NotFound,
        Conflict,
        InvalidBody,
    )
)]
pub async fn change(
    State(providers): State<Arc<ModelProviders>>,
    admin: Admin,
    Json(patch): Json<ModelChoicesPatch>,
) -> Result<Answer<ModelChoicesView>, AppError> {
    let access = patch.access.unwrap_or_default();
    if access.len() > MAX_CHANGES {
        let reason = Reason::new("model-choices-too-many").with("most", MAX_CHANGES);
        return Err(AppError::invalid("access", reason));
    }
    let patch = ChoicesPatch { default_model: patch.default_model, access: access.into_iter().collect() };
    Ok(Answer(providers.choose(&admin, patch).await?.into()))
}
