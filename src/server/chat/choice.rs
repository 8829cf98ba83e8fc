//! Which model answers: one that is offered.

use std::sync::Arc;

use crate::{
    domain::{Model, Reason, model::MAX_MODEL_CHARS},
    error::AppError,
    server::{
        app::AppState,
        conversations::models::{unknown_model, valid_model},
        llm::Provider,
    },
};

/// The model that is asked: the caller's choice, the conversation's, or the default one; and it is one that is
/// offered. Its id, its provider and the name the provider knows it by.
pub(super) async fn choose_model(
    state: &AppState,
    asked: Option<&str>,
    of_conversation: Option<&str>,
) -> Result<(String, Arc<dyn Provider>, String), AppError> {
    let asked = asked.map(valid_model).transpose()?.filter(|id| !id.is_empty());
    let model = match (asked, of_conversation) {
        // A page sends the conversation's model along.
        (Some(asked), of_conversation) if of_conversation != Some(asked) => {
            state.models.find(asked).await.ok_or_else(|| unknown_model(asked))?
        }
        (_, Some(id)) => state.models.find_chosen(id).await.ok_or_else(|| gone_model(id))?,
        (_, None) => default_model(state)
            .await
            .ok_or_else(|| AppError::Conflict { reason: Reason::new("model-none") })?,
    };
    let provider = state.providers.of(&model).ok_or_else(|| gone_model(&model.id))?;
    Ok((model.id, provider, model.name))
}

/// The configured default, or the first model that a provider lists.
pub async fn default_model(state: &AppState) -> Option<Model> {
    state.models.default(state.config.chat.default_model.as_deref()).await
}

fn gone_model(id: &str) -> AppError {
    // What an earlier version took has no length.
    let shown: String = id.chars().filter(|c| !c.is_control()).take(MAX_MODEL_CHARS).collect();
    AppError::invalid("model", Reason::new("model-gone").with("model", shown))
}
