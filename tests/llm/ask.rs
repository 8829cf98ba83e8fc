//! [`ask`]: asks a provider and collects its answer.

use std::time::Duration;

use futures::StreamExt;
use inglenook::domain::{FailureCode, Params, Role, Usage};
use inglenook::server::llm::{
    ChatRequest, Delta, LlmError, OpenAi, PromptMessage, Provider, ProviderTimeouts,
};
use inglenook::server::words::Words;

use crate::scripted::{Scripted, Step};
use crate::upstream::short;

pub const QUESTION: &str = "What is up?";

/// The answer to one question.
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
    ChatRequest { model: model.into(), messages, params: Params::default() }
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

/// The answer of a server that soon goes silent, with limits long enough for a busy machine to send the first word.
pub async fn outcome_of(steps: Vec<Step>) -> Outcome {
    let server = Scripted::with(steps).await;
    let timeouts = ProviderTimeouts {
        connect: Duration::from_secs(10),
        first_token: Duration::from_secs(20),
        ..short()
    };
    ask(&server.provider(timeouts), request("m")).await
}

/// Asserts that the answer is good and has this text.
#[track_caller]
pub fn good(what: &str, outcome: &Outcome, text: &str) {
    assert_eq!(outcome.error, None, "{what}: {:?}", outcome.text);
    assert_eq!(outcome.text, text, "{what}");
}

#[track_caller]
pub fn failed(what: &str, outcome: &Outcome, code: FailureCode, retryable: bool, part: &str, kept: &str) {
    let error = outcome.error.as_ref().unwrap_or_else(|| panic!("{what}: no error, but {:?}", outcome.text));
    assert!(told(error).contains("acme"), "{what}: {error:?}");
    assert!(told(error).contains(part), "{what}: {error:?}");
    assert_eq!((error.failure.code, error.failure.retryable), (code, retryable), "{what}: {error:?}");
    assert_eq!(outcome.text, kept, "{what}");
}
