//! What administrators choose among the models: the one with which conversations begin, and who may ask each.

use super::ModelProviders;
use crate::{
    domain::{Admin, AuditKind, ModelAccess, ModelChoices, Reason},
    error::AppError,
    server::{accounts::audit::Note, conversations::models::valid_model, store::StoreError},
};

/// The name under which the default model is stored.
const DEFAULT_MODEL: &str = "models.default";

/// All models that are offered, and what was chosen among them.
#[derive(Clone, Debug)]
pub struct ModelsView {
    /// The model with which new conversations begin; `None`: the first that the person may ask.
    pub default_model: Option<String>,
    /// Whether the configuration says so, and nobody can change it in the browser.
    pub default_is_fixed: bool,
    pub models: Vec<OfferedModel>,
}

/// A model, and who may ask it as far as their tier lets them.
#[derive(Clone, Debug)]
pub struct OfferedModel {
    pub id: String,
    pub access: ModelAccess,
}

/// A change of what is chosen.
#[derive(Clone, Debug, Default)]
pub struct ChoicesPatch {
    /// `None` leaves the default model as it is, and `Some(None)` chooses none.
    pub default_model: Option<Option<String>>,
    /// Models, and who may ask them from now on.
    pub access: Vec<(String, ModelAccess)>,
}

impl ModelProviders {
    pub(super) async fn stored_choices(&self) -> Result<ModelChoices, StoreError> {
        let default_model = self.facts.fact(DEFAULT_MODEL).await?.filter(|id| !id.is_empty());
        Ok(ModelChoices { default_model, access: self.store.model_access().await? })
    }

    /// What is chosen now.
    ///
    /// # Errors
    ///
    /// The store does not answer.
    pub async fn choices(&self, _: &Admin) -> Result<ModelsView, AppError> {
        let chosen = self.stored_choices().await?;
        let offer = self.models.offer().await;
        let configured = self.models.configured_default();
        let models = offer
            .models()
            .map(|model| OfferedModel { id: model.id.clone(), access: chosen.access_of(&model.id) });
        Ok(ModelsView {
            models: models.collect(),
            default_is_fixed: configured.is_some(),
            default_model: configured.map(str::to_owned).or(chosen.default_model),
        })
    }

    /// Changes what is chosen, from the next question on. All of it is looked up before any of it is stored.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] of `default_model` or `access`: a model that is not offered; [`AppError::Conflict`]: the
    /// configuration names the default model.
    pub async fn choose(&self, admin: &Admin, patch: ChoicesPatch) -> Result<ModelsView, AppError> {
        let ChoicesPatch { default_model, access } = patch;
        for id in default_model.iter().flatten().chain(access.iter().map(|(id, _)| id)) {
            valid_model(id)?;
        }
        let (stored, offer) = (self.stored_choices().await?, self.models.offer().await);
        let is_offered = |id: &str| offer.models().any(|model| model.id == id);
        // What is so already is no change; and a model that has gone can still be given back to everybody.
        let access: Vec<_> =
            access.into_iter().filter(|(id, access)| stored.access_of(id) != *access).collect();
        let is_known =
            |(id, access): &&(String, ModelAccess)| *access == ModelAccess::Everybody || is_offered(id);
        if let Some((id, _)) = access.iter().find(|change| !is_known(change)) {
            return Err(unknown("access", id));
        }
        let default_model = default_model.filter(|id| *id != stored.default_model);
        if default_model.is_some() && self.models.configured_default().is_some() {
            let reason = Reason::new("registration-fixed").with("key", "chat.default_model");
            return Err(AppError::Conflict { reason });
        }
        if let Some(Some(id)) = &default_model
            && !is_offered(id)
        {
            return Err(unknown("default_model", id));
        }
        let access_then = |id: &str| {
            access
                .iter()
                .find(|(changed, _)| changed == id)
                .map_or_else(|| stored.access_of(id), |(_, access)| *access)
        };
        if let Some(Some(id)) = &default_model
            && access_then(id) == ModelAccess::Nobody
        {
            return Err(AppError::invalid("default_model", Reason::new("default-model-for-nobody")));
        }
        for (id, access) in access {
            self.store.set_model_access(&id, access).await?;
            self.note_choice(admin, &id, access_word(access)).await;
        }
        if let Some(id) = default_model {
            let id = id.unwrap_or_default();
            self.facts.set_fact(DEFAULT_MODEL, &id).await?;
            let what = if id.is_empty() { "audit-model-no-default" } else { "audit-model-default" };
            self.note_choice(admin, &id, what).await;
        }
        self.use_it_now().await;
        self.choices(admin).await
    }

    async fn note_choice(&self, admin: &Admin, model: &str, what: &'static str) {
        tracing::info!(admin = %admin.id(), model, what, "what is chosen among the models changed");
        let note = Note::by(admin.current(), AuditKind::ProviderChanged);
        self.audit.note(note.saying(Reason::new(what).with("model", model))).await;
    }
}

/// The key of the words for who may ask a model.
pub const fn access_word(access: ModelAccess) -> &'static str {
    match access {
        ModelAccess::Everybody => "model-for-everybody",
        ModelAccess::Admins => "model-for-admins",
        ModelAccess::Nobody => "model-for-nobody",
    }
}

fn unknown(field: &str, model: &str) -> AppError {
    AppError::invalid(field, Reason::new("model-unknown").with("model", model))
}
