//! Where answers come from: the [`Provider`] trait, what a provider is asked and what it streams back.

mod answer;
mod base;
mod chat_models;
mod chunk;
mod client;
mod complaint;
pub mod demo;
mod dialects;
mod errors;
mod frames;
mod lenient;
mod listing;
mod mend;
mod names;
pub mod openai;
pub mod registry;
mod request;
mod stream;
pub(crate) mod think;
mod tls;

use std::pin::Pin;

use async_trait::async_trait;
use futures::Stream;

use crate::domain::{Failure, FailureCode, Params, Reason, Role, Traits, Usage};

pub(crate) use client::{is_local, plain_client};
pub use demo::Demo;
pub use openai::{OpenAi, OpenAiConfig, ProviderTimeouts};
pub use registry::Providers;

/// The longest answer in bytes, with its thinking and all parts of a continued one. Text beyond is cut off, because a
/// document of MongoDB has at most 16 MiB.
pub const MAX_ANSWER_BYTES: usize = 4 << 20;

/// One message of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptMessage {
    pub role: Role,
    pub content: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatRequest {
    /// The model's name at its provider.
    pub model: String,
    /// The prompt, oldest message first.
    pub messages: Vec<PromptMessage>,
    /// What is missing is left to the provider. [`Params::turns`] has been counted already.
    pub params: Params,
}

/// A piece of an answer, in the order of arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delta {
    Text(String),
    Reasoning(String),
    /// All text so far was reasoning, which only a closing tag after it revealed.
    TextWasReasoning,
    Usage(Usage),
    /// The answer was cut at a length limit.
    LengthLimit,
}

/// The pieces of an answer. An `Err` is the last item. Dropping the stream closes the provider's connection.
pub type DeltaStream = Pin<Box<dyn Stream<Item = Result<Delta, LlmError>> + Send>>;

/// Why a provider gave no answer, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", failure.code.into_str(), failure.reason)]
pub struct LlmError {
    /// What the person is told.
    pub failure: Failure,
    /// For the log only: status, kind of transport error, start of the body without the key.
    pub detail: String,
}

impl LlmError {
    pub fn new(code: FailureCode, reason: Reason, retryable: bool, detail: impl Into<String>) -> Self {
        Self { failure: Failure { code, reason, retryable }, detail: detail.into() }
    }
}

#[async_trait]
pub trait Provider: Send + Sync {
    /// The provider's name in the configuration.
    fn name(&self) -> &str;
    /// What people call it.
    fn label(&self) -> &str {
        names::of_provider(self.name())
    }
    /// The names of its models in the order in which they are offered: the configured ones, or those that `/models`
    /// answers, without what cannot chat, the newest first.
    async fn models(&self) -> Result<Vec<String>, LlmError>;
    /// What people call a model, if the provider tells.
    fn model_label(&self, _model: &str) -> Option<String> {
        None
    }
    /// Whether a model is still to be offered: false once [`learn`](Self::learn) was told that it cannot chat.
    fn offers(&self, _model: &str) -> bool {
        true
    }
    /// What is known of a model now: what the configuration says, else what the provider told.
    fn traits(&self, _model: &str) -> Traits {
        Traits::default()
    }
    /// Asks the provider for traits that its list of models lacks; true if anything new was learned. It may take
    /// seconds, so it runs in the background, and it cannot fail: what the provider does not tell stays unknown.
    async fn learn(&self) -> bool {
        false
    }
    async fn chat(&self, request: ChatRequest) -> Result<DeltaStream, LlmError>;
    /// The model to ask for the title of a conversation that `answering` began; `None` for no model.
    fn title_model<'a>(&'a self, answering: &'a str) -> Option<&'a str> {
        Some(answering)
    }
}
