//! [`body`]: a question as a request of the OpenAI API, and [`simpler`], what to leave out after a server refused it.

use async_openai::types::chat::{
    ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage,
    ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, CreateChatCompletionRequest,
};
use http::StatusCode;

use super::complaint::{self, ErrorKind};
use super::dialects::{Parameter, named_parameters};
use super::{ChatRequest, PromptMessage};
use crate::domain::Role;

/// What a model's requests leave out or name differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dialect {
    no_stream_options: bool,
    limit: LimitName,
    no_stream: bool,
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
        let limited = request.max_tokens.is_some();
        match (parameter, self.limit) {
            (Parameter::StreamOptions, _) if !self.no_stream => Self { no_stream_options: true, ..self },
            (Parameter::OlderMaxTokens, LimitName::MaxTokens) if limited => {
                Self { limit: LimitName::MaxCompletionTokens, ..self }
            }
            (Parameter::MaxTokens, _) if limited => Self { limit: LimitName::Without, ..self },
            (Parameter::Stream, _) => Self { no_stream: true, ..self },
            _ => self,
        }
    }

    /// The dialect without any optional parameter.
    fn plainest(self, request: &ChatRequest) -> Self {
        self.without(Parameter::StreamOptions, request).without(Parameter::MaxTokens, request)
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
    if simpler.is_none() && kind == ErrorKind::NotAccepted && matches!(status.as_u16(), 400 | 422) {
        simpler = Some(tried.plainest(request));
    }
    simpler.filter(|dialect| *dialect != tried)
}

pub(super) fn body(request: &ChatRequest, dialect: Dialect) -> CreateChatCompletionRequest {
    let limit = |name: LimitName| request.max_tokens.filter(|_| dialect.limit == name);
    let streams = !dialect.no_stream;
    // Most servers know only the older name, which async-openai marks as deprecated.
    #[expect(deprecated)]
    CreateChatCompletionRequest {
        model: request.model.clone(),
        messages: request.messages.iter().map(message).collect(),
        max_tokens: limit(LimitName::MaxTokens),
        max_completion_tokens: limit(LimitName::MaxCompletionTokens),
        stream: Some(streams),
        stream_options: (streams && !dialect.no_stream_options)
            .then_some(ChatCompletionStreamOptions { include_usage: Some(true), include_obfuscation: None }),
        ..Default::default()
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
