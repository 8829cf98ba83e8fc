//! Asks a provider, and keeps what came of it.

use futures::StreamExt;
use inglenook::domain::{Role, Usage};
use inglenook::server::llm::{ChatRequest, Delta, LlmError, OpenAi, PromptMessage, Provider};
use inglenook::server::words::Words;

pub const QUESTION: &str = "What is up?";

/// What came of one question.
#[derive(Debug, Default)]
pub struct Outcome {
    pub text: String,
    pub reasoning: String,
    pub usage: Option<Usage>,
    pub length_limit: bool,
    pub error: Option<LlmError>,
    pub deltas: usize,
}

/// What a person who reads English is told.
pub fn told(error: &LlmError) -> String {
    Words::english().text(&error.failure.reason)
}

pub fn request(model: &str) -> ChatRequest {
    let messages = vec![PromptMessage { role: Role::User, content: QUESTION.into() }];
    ChatRequest { model: model.into(), messages, max_tokens: None }
}

pub async fn ask(provider: &OpenAi, request: ChatRequest) -> Outcome {
    let mut outcome = Outcome::default();
    let mut stream = match provider.chat(request).await {
        Ok(stream) => stream,
        Err(error) => return Outcome { error: Some(error), ..outcome },
    };
    while let Some(item) = stream.next().await {
        assert!(outcome.error.is_none(), "something came after the error: {item:?}");
        outcome.deltas += 1;
        match item {
            Ok(Delta::Text(text)) => {
                assert!(!text.is_empty());
                outcome.text += &text;
            }
            Ok(Delta::Reasoning(text)) => outcome.reasoning += &text,
            Ok(Delta::TextWasReasoning) => outcome.reasoning += &std::mem::take(&mut outcome.text),
            Ok(Delta::Usage(usage)) => outcome.usage = Some(usage),
            Ok(Delta::LengthLimit) => outcome.length_limit = true,
            Err(error) => outcome.error = Some(error),
        }
    }
    outcome
}
