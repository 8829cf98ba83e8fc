//! The model that answers: one of those that are offered.

use std::sync::Arc;

use super::Chat;
use crate::{
    domain::{PreferencesPatch, Reason, User, model::MAX_MODEL_CHARS},
    error::AppError,
    server::{
        conversations::models::{unknown_model, valid_model},
        llm::Provider,
        store::UserPatch,
    },
};

/// A model and its provider.
pub(super) struct ChosenModel {
    pub id: String,
    pub provider: Arc<dyn Provider>,
    /// The name of the model at its provider.
    pub name: String,
    /// Whether the caller chose it, and the conversation did not have it already.
    pub is_new_choice: bool,
}

impl Chat {
    /// The model to ask: the caller's choice, the conversation's model, or the default one. It is one of those that the
    /// person may ask.
    pub(super) async fn choose_model(
        &self,
        user: &User,
        asked: Option<&str>,
        of_conversation: Option<&str>,
    ) -> Result<ChosenModel, AppError> {
        let asked = asked.map(valid_model).transpose()?.filter(|id| !id.is_empty());
        let models = self.models.of(user).await?;
        let model = match (asked, of_conversation) {
            // A page always sends a model, so the conversation's own model is no new choice.
            (Some(asked), of_conversation) if of_conversation != Some(asked) => {
                models.find(asked).await.ok_or_else(|| unknown_model(asked))?
            }
            (_, Some(id)) => models.find_chosen(id).await.ok_or_else(|| gone_model(id))?,
            (_, None) => {
                let none = || AppError::Conflict { reason: Reason::new("model-none") };
                models.default().await.ok_or_else(none)?
            }
        };
        let is_new_choice = asked.is_some_and(|asked| of_conversation != Some(asked));
        let provider = self.providers.of(&model).ok_or_else(|| gone_model(&model.id))?;
        Ok(ChosenModel { id: model.id, provider, name: model.name, is_new_choice })
    }

    /// Remembers the model that a person chose, in the background. Whoever has never chosen any keeps following the
    /// site's default. Nothing is written while the choice stays the same.
    pub(super) async fn remember_choice(&self, user: &User, model_id: String) {
        let last = user.preferences.last_model.as_deref();
        if last == Some(&*model_id) {
            return;
        }
        if last.is_none()
            && let Ok(models) = self.models.of(user).await
            && models.default().await.is_some_and(|model| model.id == model_id)
        {
            return;
        }
        let (users, user_id) = (self.users.clone(), user.id.clone());
        self.tasks.spawn("remember the model", async move {
            let preferences = PreferencesPatch { last_model: Some(Some(model_id)), ..Default::default() };
            let patch = UserPatch { preferences: Some(preferences), ..UserPatch::default() };
            if let Err(error) = users.update_user(&user_id, &patch, None).await {
                tracing::warn!(%error, "the model that a person chose could not be remembered");
            }
        });
    }
}

fn gone_model(id: &str) -> AppError {
    // Earlier versions stored model ids of any length.
    let shown: String = id.chars().filter(|c| !c.is_control()).take(MAX_MODEL_CHARS).collect();
    AppError::invalid("model", Reason::new("model-gone").with("model", shown))
}
