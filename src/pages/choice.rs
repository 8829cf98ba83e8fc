//! [`Choice`]: which models a page offers, and which one is chosen.

use crate::{
    domain::{Preferences, Reason},
    pages::start::Models,
    server::{conversations::models::AllowedModels, words},
};

/// The models to choose from, and the one that is chosen.
pub struct Choice {
    pub models: Vec<String>,
    pub chosen: Option<String>,
    /// What people call the model that is chosen.
    pub label: Option<String>,
    /// Whether the demo model is all that is on offer.
    pub demo_only: bool,
    /// Why the models of some providers are missing.
    pub failures: Vec<Reason>,
}

impl Choice {
    /// `of_conversation` is the conversation's model; without one, what the person chose before.
    pub async fn load(list: &AllowedModels<'_>, of_conversation: Result<&str, &Preferences>) -> Self {
        let used = match of_conversation {
            Ok(id) => list.find_chosen(id).await,
            Err(person) => list.first_for(person).await,
        };
        let offer = list.offer().await;
        let demo_only = offer.is_demo_only();
        let mut models: Vec<String> = offer.models().map(|model| model.id.clone()).collect();
        let (used, label) = used.map(|model| (model.id, model.label)).unzip();
        // A model whose provider does not answer now is not on offer, and can be asked all the same.
        if let Some(id) = used.as_ref().filter(|id| !models.contains(id)) {
            models.insert(0, id.clone());
        }
        // A model that no provider offers any more is shown, because the conversation used it, and cannot be chosen.
        let chosen = used.or_else(|| of_conversation.ok().map(str::to_owned));
        let gone = chosen.clone().map(|id| Reason::new("model-no-longer-offered").with("model", id));
        let label = label.or_else(|| Some(words::current().text(&gone?)));
        Self { models, chosen, label, demo_only, failures: offer.failures }
    }

    pub fn offered(&self) -> Models {
        match (self.models.is_empty(), self.demo_only) {
            (true, _) => Models::None,
            (false, true) => Models::DemoOnly,
            (false, false) => Models::Some,
        }
    }
}
