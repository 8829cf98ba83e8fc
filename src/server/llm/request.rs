//! [`body`]: a question as a request of the OpenAI API, and [`simpler`], what to leave out after a server refused it.

use async_openai::types::chat::{
    ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage,
    ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, CreateChatCompletionRequest,
    ReasoningEffort as OpenAiEffort,
};
use http::StatusCode;

use super::complaint::{self, ErrorKind};
use super::dialects::{self, Parameter, named_parameters};
use super::{ChatRequest, PromptMessage};
use crate::domain::{Role, params::ReasoningEffort};

/// What a model's requests leave out or name differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dialect {
    no_stream_options: bool,
    limit: LimitName,
    no_stream: bool,
    no_temperature: bool,
    no_top_p: bool,
    no_effort: bool,
    /// What is left out may be accepted with another value, so the next request sends it.
    for_once: bool,
}

/// The name of the parameter that limits tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum LimitName {
    #[default]
    MaxTokens,
    MaxCompletionTokens,
    Without,
}

impl Dialect {
    /// The dialect without a parameter; unchanged if the request did not send it.
    fn without(self, parameter: Parameter, request: &ChatRequest) -> Self {
        let params = &request.params;
        let limited = params.max_tokens.is_some();
        match (parameter, self.limit) {
            (Parameter::StreamOptions, _) if !self.no_stream => Self { no_stream_options: true, ..self },
            (Parameter::OlderMaxTokens, LimitName::MaxTokens) if limited => {
                Self { limit: LimitName::MaxCompletionTokens, ..self }
            }
            (Parameter::MaxTokens, _) if limited => Self { limit: LimitName::Without, ..self },
            (Parameter::Temperature, _) if params.temperature.is_some() => {
                Self { no_temperature: true, ..self }
            }
            (Parameter::TopP, _) if params.top_p.is_some() => Self { no_top_p: true, ..self },
            (Parameter::ReasoningEffort, _) if params.reasoning_effort.is_some() => {
                Self { no_effort: true, ..self }
            }
            (Parameter::Stream, _) => Self { no_stream: true, ..self },
            _ => self,
        }
    }

    /// The dialect without any optional parameter.
    fn plainest(self, request: &ChatRequest) -> Self {
        use Parameter::{MaxTokens, ReasoningEffort, StreamOptions, Temperature, TopP};
        let chosen = [Temperature, TopP, ReasoningEffort];
        let plain = |dialect: Self, parameter| dialect.without(parameter, request);
        let with_chosen = [StreamOptions, MaxTokens].into_iter().fold(self, plain);
        let plainest = chosen.into_iter().fold(with_chosen, plain);
        // The server may refuse no more than the value of one of these.
        Self { for_once: plainest.for_once || plainest != with_chosen, ..plainest }
    }

    /// Whether the next request to the model is to begin with this dialect.
    pub(super) fn lasts(self) -> bool {
        !self.for_once
    }
}

/// The dialect without what the server complained about: the first parameter that the error names or, where it names
/// none and nothing else explains the refusal, everything optional. `None` when nothing can be left out.
pub(super) fn simpler(
    tried: Dialect,
    request: &ChatRequest,
    status: StatusCode,
    text: &str,
) -> Option<Dialect> {
    let names_it = matches!(status.as_u16(), 400 | 404 | 415 | 422 | 500 | 501);
    let kind = complaint::kind(Some(status.as_u16()), text);
    if !names_it
        || !matches!(
            kind,
            ErrorKind::NotAccepted | ErrorKind::Trouble | ErrorKind::NotFound | ErrorKind::UnknownModel
        )
    {
        return None;
    }
    let words = complaint::words(text);
    let mut named = named_parameters(&words).map(|parameter| tried.without(parameter, request));
    let mut simpler = named.find(|dialect| *dialect != tried);
    if let Some(simpler) = &mut simpler {
        simpler.for_once |= dialects::is_about_value(&words);
    }
    if simpler.is_none() && kind == ErrorKind::NotAccepted && matches!(status.as_u16(), 400 | 422) {
        simpler = Some(tried.plainest(request));
    }
    simpler.filter(|dialect| *dialect != tried)
}

pub(super) fn body(request: &ChatRequest, dialect: Dialect) -> CreateChatCompletionRequest {
    let limit = |name: LimitName| request.params.max_tokens.filter(|_| dialect.limit == name);
    let streams = !dialect.no_stream;
    // Most servers know only the older name, which async-openai marks as deprecated.
    #[expect(deprecated)]
    CreateChatCompletionRequest {
        model: request.model.clone(),
        messages: request.messages.iter().map(message).collect(),
        max_tokens: limit(LimitName::MaxTokens),
        max_completion_tokens: limit(LimitName::MaxCompletionTokens),
        temperature: request.params.temperature.filter(|_| !dialect.no_temperature),
        top_p: request.params.top_p.filter(|_| !dialect.no_top_p),
        reasoning_effort: request.params.reasoning_effort.filter(|_| !dialect.no_effort).map(effort),
        stream: Some(streams),
        stream_options: (streams && !dialect.no_stream_options)
            .then_some(ChatCompletionStreamOptions { include_usage: Some(true), include_obfuscation: None }),
        ..Default::default()
    }
}

fn effort(effort: ReasoningEffort) -> OpenAiEffort {
    match effort {
        ReasoningEffort::None => OpenAiEffort::None,
        ReasoningEffort::Minimal => OpenAiEffort::Minimal,
        ReasoningEffort::Low => OpenAiEffort::Low,
        ReasoningEffort::Medium => OpenAiEffort::Medium,
        ReasoningEffort::High => OpenAiEffort::High,
    }
}

fn message(message: &PromptMessage) -> ChatCompletionRequestMessage {
    let content = message.content.as_str();
    match message.role {
        Role::System => ChatCompletionRequestSystemMessage::from(content).into(),
        Role::User => ChatCompletionRequestUserMessage::from(content).into(),
        Role::Assistant => ChatCompletionRequestAssistantMessage::from(content).into(),
    }
}
