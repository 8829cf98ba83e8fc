//! The providers of models, as administrators change them.
#![allow(
    clippy::too_many_arguments,
    reason = "each is a field of a form, in the functions that the macro makes, too"
)]

use leptos::prelude::*;

use crate::{domain::ModelAccess, error::Refusal};

/// Adds a provider, or changes the one with this id. An empty key leaves the one that there is; `models` has a name in each
/// line.
#[server(prefix = "/fn", endpoint = "save-provider")]
pub async fn save_provider(
    id: Option<String>,
    name: String,
    label: Option<String>,
    base_url: String,
    api_key: Option<String>,
    without_key: Option<bool>,
    models: Option<String>,
    context: Option<String>,
    anyway: Option<bool>,
) -> Result<(), Refusal> {
    use crate::server::{
        accounts::typed,
        http::{
            context::{Context, service},
            flash::Told,
        },
        providers::{ModelProviders, ProviderFields},
    };
    let context_of_request = Context::current()?;
    let admin = context_of_request.admin()?;
    let api_key = match without_key {
        Some(true) => Some(String::new()),
        _ => api_key.filter(|key| !key.trim().is_empty()),
    };
    let fields = ProviderFields {
        name,
        label: label.unwrap_or_default(),
        base_url,
        api_key: api_key.map(Into::into),
        models: typed::lines(models.as_deref()).unwrap_or_default(),
        context: typed::number("context", context.as_deref())?,
    };
    let id = id.filter(|id| !id.is_empty());
    let providers = service::<ModelProviders>()?;
    providers.save(&admin, id.as_deref(), fields, anyway.unwrap_or_default()).await?;
    Ok(context_of_request.tell("/admin/models", Told::say("providers-saved"))?)
}

/// Chooses who may ask a model, and with `default` makes it the one with which conversations begin. An empty model takes
/// the default model away.
#[server(prefix = "/fn", endpoint = "choose-model")]
pub async fn choose_model(
    model: String,
    access: Option<ModelAccess>,
    default: Option<bool>,
) -> Result<(), Refusal> {
    use crate::server::{
        http::{
            context::{Context, service},
            flash::Told,
        },
        providers::{ChoicesPatch, ModelProviders},
    };
    let context = Context::current()?;
    let model = Some(model).filter(|model| !model.is_empty());
    let patch = ChoicesPatch {
        access: model.clone().zip(access).into_iter().collect(),
        default_model: default.unwrap_or_default().then_some(model),
    };
    service::<ModelProviders>()?.choose(&context.admin()?, patch).await?;
    Ok(context.tell("/admin/models", Told::say("models-chosen"))?)
}

/// Moves a provider up or down by one place.
#[server(prefix = "/fn", endpoint = "move-provider")]
pub async fn move_provider(id: String, up: bool) -> Result<(), Refusal> {
    use crate::server::{
        http::{
            context::{Context, service},
            flash::Told,
        },
        providers::ModelProviders,
    };
    let context = Context::current()?;
    service::<ModelProviders>()?.shift(&context.admin()?, &id, up).await?;
    Ok(context.tell("/admin/models", Told::say("providers-moved"))?)
}

/// Removes a provider.
#[server(prefix = "/fn", endpoint = "remove-provider")]
pub async fn remove_provider(id: String) -> Result<(), Refusal> {
    use crate::server::{
        http::{
            context::{Context, service},
            flash::Told,
        },
        providers::ModelProviders,
    };
    let context = Context::current()?;
    service::<ModelProviders>()?.remove(&context.admin()?, &id).await?;
    Ok(context.tell("/admin/models", Told::say("providers-removed"))?)
}
