//! A provider that speaks the OpenAI API, whoever runs it.
//!
//! The request is written with async-openai's types; its client is not used. It reads into owned
//! types where we can borrow, puts an unbounded queue and a task between the network and the reader,
//! hides the headers of an error (Retry-After), retries by rules of its own, and logs error bodies as
//! they are, in which providers repeat the key.

use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use async_openai::types::chat::{
    ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage,
    ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, CreateChatCompletionRequest,
};
use async_trait::async_trait;
use futures::StreamExt;
use http::{HeaderValue, StatusCode, header};
use tokio::time::{Instant, timeout_at};

use super::base::{Base, is_astray};
use super::client::{Client, NoClient, client};
use super::errors::{Blame, retry_after};
use super::{ChatRequest, DeltaStream, LlmError, PromptMessage, Provider, Secret, listing, stream};
use crate::domain::{FailureCode, Role};

/// How long `/models` may take, and how long its answer may be.
const MODELS_LIMIT: Duration = Duration::from_secs(10);
const MODELS_MAX_BYTES: usize = 8 << 20;
/// Of an error only this much is read.
const ERROR_MAX_BYTES: usize = 64 << 10;
const JSON_MAX_BYTES: usize = 8 << 20;
/// The pauses before the second and the third attempt.
const BACKOFF: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(900)];
/// A longer Retry-After is told to the person instead of being waited for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub struct OpenAiConfig {
    pub name: String,
    /// With or without a slash at its end and the version before that; `/chat/completions` is added.
    pub base_url: String,
    pub api_key: Option<Secret>,
    /// Empty: asked from `/models`.
    pub models: Vec<String>,
    pub timeouts: Timeouts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    pub connect: Duration,
    /// From the request, attempts and pauses between them included, to the first part of the answer.
    pub first_token: Duration,
    /// Between two parts of the answer.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self { connect: Duration::from_secs(10), first_token: minute, idle: minute }
    }
}

#[derive(Debug)]
pub struct OpenAi {
    base: Base,
    listed: Vec<String>,
    timeouts: Timeouts,
    blame: Blame,
    /// Made when first used: it reads the system's certificates, which takes milliseconds.
    client: OnceLock<Result<Client, NoClient>>,
    /// What this server turned out not to understand.
    dialect: Mutex<Dialect>,
}

/// How a server wants to be asked where it differs from most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Dialect {
    no_stream_options: bool,
    max_completion_tokens: bool,
}

/// Why one attempt failed, and whether (and after what pause) another makes sense.
struct Attempt {
    error: LlmError,
    again: bool,
    wait: Option<Duration>,
}

/// Why there is no list of models.
enum Unlisted {
    /// None is at this address.
    NoList(LlmError),
    /// There may be one, but it was not given.
    Failed(LlmError),
}

impl From<LlmError> for Unlisted {
    fn from(error: LlmError) -> Self {
        Self::Failed(error)
    }
}

impl Attempt {
    fn last(error: LlmError) -> Self {
        Self { error, again: false, wait: None }
    }
}

impl OpenAi {
    pub fn new(config: OpenAiConfig) -> Self {
        Self {
            base: Base::new(&config.base_url),
            listed: config.models,
            timeouts: config.timeouts,
            blame: Blame { name: config.name, key: config.api_key },
            client: OnceLock::new(),
            dialect: Mutex::new(Dialect::default()),
        }
    }

    fn client(&self) -> Result<&Client, LlmError> {
        let made = self.client.get_or_init(|| client(self.base.given(), self.timeouts.connect));
        made.as_ref()
            .map_err(|no| self.blame.error(FailureCode::Unreachable, false, &no.sentence, &no.detail))
    }

    /// The request did not get as far as an answer.
    fn unanswered(&self, client: &Client, error: &reqwest::Error) -> LlmError {
        self.blame.transport(error, self.timeouts.connect, client.proxy.as_deref())
    }

    fn authorized(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let Some(key) = &self.blame.key else { return request };
        match HeaderValue::from_str(&format!("Bearer {}", key.expose())) {
            Ok(mut value) => {
                value.set_sensitive(true);
                request.header(header::AUTHORIZATION, value)
            }
            // A key that no header can carry; the provider will say that one is missing.
            Err(_) => request,
        }
    }

    async fn ask_models(&self) -> Result<Vec<String>, LlmError> {
        let deadline = Instant::now() + MODELS_LIMIT;
        let late = |_| self.blame.timeout("did not list its models", MODELS_LIMIT);
        let mut nothing = None;
        for url in self.base.candidates() {
            match timeout_at(deadline, self.ask_models_at(url)).await.map_err(late)? {
                // There may be a list at the next address; the first one is what the operator wrote.
                Err(Unlisted::NoList(error)) => drop(nothing.get_or_insert(error)),
                Err(Unlisted::Failed(error)) => return Err(error),
                Ok(names) => {
                    self.base.is_at(url);
                    return Ok(names);
                }
            }
        }
        Err(nothing.unwrap_or_else(|| self.blame.broken(NO_LIST, "no address")))
    }

    async fn ask_models_at(&self, url: &str) -> Result<Vec<String>, Unlisted> {
        let client = self.client()?;
        let request = self.authorized(client.http.get(format!("{url}/models")));
        let response = request.send().await.map_err(|error| self.unanswered(client, &error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_at_most(response, MODELS_MAX_BYTES).await;
        let no_list = |retryable, detail: &str| {
            let code = if retryable { FailureCode::Broken } else { FailureCode::Refused };
            Unlisted::NoList(self.blame.error(code, retryable, NO_LIST, detail))
        };
        match status {
            StatusCode::OK => {
                let body =
                    body.map_err(|start| no_list(true, &format!("too long, or broken off: {start}")))?;
                listing::names(&body).map_err(|reason| no_list(true, &format!("{reason} in: {body}")))
            }
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                Err(no_list(false, &format!("{} for /models", status.as_u16())))
            }
            status if status.is_redirection() => {
                Err(Unlisted::NoList(self.blame.status(status, &headers, "", &body.unwrap_or_default())))
            }
            _ => Err(self.blame.status(status, &headers, "", &body.unwrap_or_default()).into()),
        }
    }

    /// One attempt: up to the headers of a good answer. `None`: ask again at once in another dialect.
    async fn attempt(&self, url: &str, request: &ChatRequest) -> Result<Option<reqwest::Response>, Attempt> {
        let client = self.client().map_err(Attempt::last)?;
        let dialect = self.dialect();
        let request_body = body(request, dialect);
        // No compression: what compresses would hold tokens back.
        let http = self
            .authorized(client.http.post(format!("{url}/chat/completions")))
            .header(header::ACCEPT, "text/event-stream, application/json")
            .header(header::ACCEPT_ENCODING, "identity")
            .json(&request_body);
        let response = http.send().await.map_err(|error| Attempt {
            again: error.is_connect() && !error.is_timeout(),
            error: self.unanswered(client, &error),
            wait: None,
        })?;
        let status = response.status();
        if status == StatusCode::OK {
            return Ok(Some(response));
        }
        let headers = response.headers().clone();
        let text = read_at_most(response, ERROR_MAX_BYTES).await.unwrap_or_else(|partial| partial);
        if status == StatusCode::BAD_REQUEST && self.learn(dialect, request, &text) {
            return Ok(None);
        }
        let error = self.blame.status(status, &headers, &request.model, &text);
        let wait = retry_after(&headers, std::time::SystemTime::now());
        let passing = matches!(status.as_u16(), 429 | 500 | 502 | 503 | 529) && error.failure.retryable;
        Err(Attempt { error, again: passing && wait.is_none_or(|wait| wait <= MAX_RETRY_AFTER), wait })
    }

    /// Whether the server complained about something that can be said in another way; remembered for
    /// the next requests.
    fn learn(&self, tried: Dialect, request: &ChatRequest, complaint: &str) -> bool {
        let mut next = tried;
        next.no_stream_options |= complaint.contains("stream_options");
        next.max_completion_tokens |=
            request.max_tokens.is_some() && complaint.contains("max_completion_tokens");
        *self.dialect.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = next;
        next != tried
    }

    fn dialect(&self) -> Dialect {
        *self.dialect.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Attempts until one is answered, none makes sense any more, or their number is up.
    async fn respond(
        &self,
        url: &str,
        request: &ChatRequest,
        deadline: Instant,
    ) -> Result<reqwest::Response, Attempt> {
        let mut pauses = BACKOFF.into_iter();
        loop {
            match self.attempt(url, request).await {
                Ok(Some(response)) => return Ok(response),
                // At most once for each thing there is to learn.
                Ok(None) => {}
                Err(failed) => {
                    let Some(pause) = pauses.next().filter(|_| failed.again) else { return Err(failed) };
                    let pause = failed.wait.unwrap_or(pause);
                    if Instant::now() + pause >= deadline {
                        return Err(failed);
                    }
                    tracing::info!(
                        provider = self.blame.name,
                        detail = failed.error.detail,
                        ?pause,
                        "asking again"
                    );
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    async fn chat_at(
        &self,
        url: &str,
        request: &ChatRequest,
        deadline: Instant,
    ) -> Result<DeltaStream, LlmError> {
        let late = |_| self.blame.timeout("did not begin to answer", self.timeouts.first_token);
        let response = timeout_at(deadline, self.respond(url, request, deadline))
            .await
            .map_err(late)?
            .map_err(|failed| failed.error)?;
        timeout_at(deadline, self.open(response, request.model.clone(), deadline)).await.map_err(late)?
    }

    async fn open(
        &self,
        response: reqwest::Response,
        model: String,
        deadline: Instant,
    ) -> Result<DeltaStream, LlmError> {
        let blame = self.blame.clone();
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "text/event-stream" | "" => Ok(stream::deltas(response, blame, model, self.timeouts, deadline)),
            "application/json" => match read_at_most(response, JSON_MAX_BYTES).await {
                Ok(body) => stream::whole(&body, blame, model),
                Err(_) => {
                    Err(blame.broken("sent an answer that broke off or is too long. Try again.", "JSON body"))
                }
            },
            _ => {
                let start = read_at_most(response, ERROR_MAX_BYTES).await.unwrap_or_else(|partial| partial);
                let sentence =
                    "answered with something that is not an answer of a model. Check its base_url.";
                Err(blame.broken(sentence, format!("200 with {kind}: {start}")))
            }
        }
    }
}

#[async_trait]
impl Provider for OpenAi {
    fn name(&self) -> &str {
        &self.blame.name
    }

    async fn models(&self) -> Result<Vec<String>, LlmError> {
        if !self.listed.is_empty() {
            return Ok(self.listed.clone());
        }
        self.ask_models().await
    }

    async fn chat(&self, request: ChatRequest) -> Result<DeltaStream, LlmError> {
        let deadline = Instant::now() + self.timeouts.first_token;
        let mut nothing = None;
        for url in self.base.candidates() {
            let mut answer = self.chat_at(url, &request, deadline).await;
            if !self.base.is_open() {
                return answer;
            }
            // Some servers say only in the answer that there is no such address.
            let first = match &mut answer {
                Ok(answer) => answer.next().await,
                Err(error) => Some(Err(error.clone())),
            };
            match (first, answer) {
                (Some(Err(error)), _) if is_astray(&error) => drop(nothing.get_or_insert(error)),
                (first, answer) => {
                    let rest = answer?;
                    self.base.is_at(url);
                    return Ok(Box::pin(futures::stream::iter(first).chain(rest)));
                }
            }
        }
        let detail = nothing.map(|error| error.detail).unwrap_or_default();
        let sentence = format!(
            "does not know the model {}, or its base_url is not right. Choose another model, or check the base_url: \
             most end in /v1.",
            request.model
        );
        Err(self.blame.error(FailureCode::Refused, false, &sentence, detail))
    }
}

const NO_LIST: &str =
    "does not list its models. Check its base_url, or name them in the configuration (models = [\"…\"]).";

fn body(request: &ChatRequest, dialect: Dialect) -> CreateChatCompletionRequest {
    let (old, new) =
        if dialect.max_completion_tokens { (None, request.max_tokens) } else { (request.max_tokens, None) };
    // Nearly all servers know only the older name, which async-openai marks as deprecated.
    #[expect(deprecated)]
    CreateChatCompletionRequest {
        model: request.model.clone(),
        messages: request.messages.iter().map(message).collect(),
        max_tokens: old,
        max_completion_tokens: new,
        stream: Some(true),
        stream_options: (!dialect.no_stream_options)
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

/// The body as text; when it is longer than `limit` or breaks off, what came of it is the error.
async fn read_at_most(response: reqwest::Response, limit: usize) -> Result<String, String> {
    let mut body = Vec::new();
    let mut parts = response.bytes_stream();
    let mut whole = true;
    while let Some(part) = parts.next().await {
        match part {
            Ok(part) if body.len() + part.len() <= limit => body.extend_from_slice(&part),
            _ => {
                whole = false;
                break;
            }
        }
    }
    let text = String::from_utf8_lossy(&body).into_owned();
    if whole { Ok(text) } else { Err(text) }
}
