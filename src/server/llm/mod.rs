//! Where answers come from: the [`Provider`] trait, what is asked of one and what it streams back.

mod answer;
mod base;
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
pub mod openai;
pub mod registry;
mod request;
mod secret;
mod stream;
pub mod think;
mod tls;

use std::pin::Pin;

use async_trait::async_trait;
use futures::Stream;

use crate::domain::{Failure, FailureCode, Reason, Role, Traits, Usage};

pub use client::is_local;
pub use demo::Demo;
pub use openai::{OpenAi, OpenAiConfig, ProviderTimeouts};
pub use registry::Providers;
pub use secret::ApiKey;

/// The longest answer, thinking and all parts of a continued one included, in bytes. What a model writes beyond is cut
/// off, as a document of MongoDB has at most 16 MiB.
pub const MAX_ANSWER_BYTES: usize = 4 << 20;

/// One message of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptMessage {
    pub role: Role,
    pub content: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatRequest {
    /// The name the provider knows the model by.
    pub model: String,
    /// Oldest first.
    pub messages: Vec<PromptMessage>,
    /// `None`: the provider's own limit.
    pub max_tokens: Option<u32>,
}

/// A piece of an answer, in the order it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delta {
    Text(String),
    Reasoning(String),
    /// All text so far was reasoning, as only its end has shown.
    TextWasReasoning,
    Usage(Usage),
    /// The answer was cut at a length limit.
    LengthLimit,
}

/// Ends after the last piece; an `Err` is the end too. Dropping it closes the upstream request.
pub type DeltaStream = Pin<Box<dyn Stream<Item = Result<Delta, LlmError>> + Send>>;

/// Why a provider gave no answer, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", failure.code.as_str(), failure.reason)]
pub struct LlmError {
    /// What the person is told.
    pub failure: Failure,
    /// For the log only: status, kind of transport error, start of the body with the key struck out.
    pub detail: String,
}

impl LlmError {
    pub fn new(code: FailureCode, reason: Reason, retryable: bool, detail: impl Into<String>) -> Self {
        Self { failure: Failure { code, reason, retryable }, detail: detail.into() }
    }
}

#[async_trait]
pub trait Provider: Send + Sync {
    /// The name in the configuration.
    fn name(&self) -> &str;
    /// The names of its models: the listed ones, or what `/models` answers.
    async fn models(&self) -> Result<Vec<String>, LlmError>;
    /// What is known of a model by now: what the configuration says, else what the provider told.
    fn traits(&self, _model: &str) -> Traits {
        Traits::default()
    }
    /// Asks for what the list of models left open; whether anything new was told. It may take its time, so nobody
    /// waits for it, and it does not fail: what is not told stays unknown.
    async fn learn(&self) -> bool {
        false
    }
    async fn chat(&self, request: ChatRequest) -> Result<DeltaStream, LlmError>;
    /// The model that is asked for the title of a conversation that `answering` began; `None` when none is to be.
    fn title_model<'a>(&'a self, answering: &'a str) -> Option<&'a str> {
        Some(answering)
    }
}
