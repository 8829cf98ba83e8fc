//! The model that answers: one of those that are offered.

use std::sync::Arc;

use super::Chat;
use crate::{
    domain::{Reason, model::MAX_MODEL_CHARS},
    error::AppError,
    server::{
        conversations::models::{unknown_model, valid_model},
        llm::Provider,
    },
};

/// A model and its provider.
pub(super) struct ChosenModel {
    pub id: String,
    pub provider: Arc<dyn Provider>,
    /// The name of the model at its provider.
    pub name: String,
}

impl Chat {
    /// The model to ask: the caller's choice, the conversation's model, or the default one. It is one of those that are
    /// offered.
    pub(super) async fn choose_model(
        &self,
        asked: Option<&str>,
        of_conversation: Option<&str>,
    ) -> Result<ChosenModel, AppError> {
        let asked = asked.map(valid_model).transpose()?.filter(|id| !id.is_empty());
        let model = match (asked, of_conversation) {
            // A page always sends a model, so the conversation's own model is no new choice.
            (Some(asked), of_conversation) if of_conversation != Some(asked) => {
                self.models.find(asked).await.ok_or_else(|| unknown_model(asked))?
            }
            (_, Some(id)) => self.models.find_chosen(id).await.ok_or_else(|| gone_model(id))?,
            (_, None) => {
                let none = || AppError::Conflict { reason: Reason::new("model-none") };
                self.models.default().await.ok_or_else(none)?
            }
        };
        let provider = self.providers.of(&model).ok_or_else(|| gone_model(&model.id))?;
        Ok(ChosenModel { id: model.id, provider, name: model.name })
    }
}

fn gone_model(id: &str) -> AppError {
    // Earlier versions stored model ids of any length.
    let shown: String = id.chars().filter(|c| !c.is_control()).take(MAX_MODEL_CHARS).collect();
    AppError::invalid("model", Reason::new("model-gone").with("model", shown))
}
