//! [`OpenAi`]: a provider that speaks the OpenAI API, whoever runs it.
//!
//! Requests use async-openai's types (`request.rs`), but not its client, because that reads into owned types where
//! borrowing does, puts an unbounded queue and a task between the network and the reader, hides the headers of an
//! error (Retry-After), retries by rules of its own, and logs error bodies as they are, in which providers repeat the
//! key.

mod config;
mod told;

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use http::{HeaderValue, StatusCode, header};
use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout_at};

pub use self::config::{OpenAiConfig, ProviderTimeouts};
use self::told::ToldTraits;
use super::base::{Base, is_astray};
use super::chat_models::{can_chat, newest_first};
use super::client::{HttpClient, NoHttpClient, client};
use super::errors::{ErrorContext, human, retry_after, shown};
use super::listing::Entry;
use super::request::{Dialect, body, simpler};
use super::{ChatRequest, DeltaStream, LlmError, Provider, listing, names, stream};
use crate::domain::{FailureCode, Listed, Reason, Traits};

/// The most time that `/models` may take, and the most bytes of its answer.
const MODELS_LIMIT: Duration = Duration::from_secs(10);
const MODELS_MAX_BYTES: usize = 8 << 20;
/// The most bytes of an error that are read.
const ERROR_MAX_BYTES: usize = 64 << 10;
/// The number of models whose dialect is remembered.
const DIALECTS_KEPT: usize = 256;
/// The pauses before the second and the third attempt.
const BACKOFF: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(900)];
/// The longest Retry-After that is waited for; a longer one is told to the person.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct OpenAi {
    base: Base,
    listed: Vec<Listed>,
    kept: Option<String>,
    /// The traits of models that state none of their own.
    traits: Traits,
    told: ToldTraits,
    title_model: Option<String>,
    timeouts: ProviderTimeouts,
    errors: ErrorContext,
    /// Made at the first use, because reading the system's certificates takes milliseconds.
    client: OnceLock<Result<HttpClient, NoHttpClient>>,
    /// The dialect in which each model accepted a request.
    dialects: Mutex<HashMap<String, Dialect>>,
}

/// Why an attempt failed, and whether (and after what pause) another one makes sense.
struct Attempt {
    error: LlmError,
    again: bool,
    wait: Option<Duration>,
}

/// Why there is no list of models.
enum Unlisted {
    /// Nothing at this address serves a list.
    NoList(LlmError),
    /// There may be a list at this address, but the request failed.
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
        let label = config.label.unwrap_or_else(|| names::of_provider(&config.name).to_owned());
        Self {
            base: Base::new(&config.base_url),
            listed: config.models,
            kept: config.kept,
            title_model: config.title_model,
            traits: config.traits,
            told: ToldTraits::default(),
            timeouts: config.timeouts,
            errors: ErrorContext { name: config.name, label, key: config.api_key },
            client: OnceLock::new(),
            dialects: Mutex::default(),
        }
    }

    fn client(&self) -> Result<&HttpClient, LlmError> {
        let made = self.client.get_or_init(|| client(self.base.given(), self.timeouts.connect));
        made.as_ref()
            .map_err(|no| self.errors.error(FailureCode::Unreachable, false, no.reason.clone(), &no.detail))
    }

    /// The error of a request that got no answer.
    fn unanswered(&self, client: &HttpClient, error: &reqwest::Error) -> LlmError {
        self.errors.transport(error, self.timeouts.connect, client.proxy.as_deref())
    }

    fn authorized(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let Some(key) = &self.errors.key else { return request };
        match HeaderValue::from_str(&format!("Bearer {}", key.expose_secret())) {
            Ok(mut value) => {
                value.set_sensitive(true);
                request.header(header::AUTHORIZATION, value)
            }
            // No header can carry this key; without it the provider says that a key is missing.
            Err(_) => request,
        }
    }

    /// Asks for the list of models, and keeps what it tells of them.
    async fn ask_models(&self) -> Result<Vec<Entry>, LlmError> {
        let deadline = Instant::now() + MODELS_LIMIT;
        let late = |_| {
            let reason = Reason::new("provider-late-models").with("limit", human(MODELS_LIMIT));
            self.errors.timeout(reason, MODELS_LIMIT)
        };
        let mut nothing = None;
        for url in self.base.candidates() {
            match timeout_at(deadline, self.ask_models_at(url)).await.map_err(late)? {
                // The other address may have a list; if not, the error tells of the address that the operator wrote.
                Err(Unlisted::NoList(error)) => drop(nothing.get_or_insert(error)),
                Err(Unlisted::Failed(error)) => return Err(error),
                Ok(models) => {
                    self.base.is_at(url);
                    self.told.list(&models);
                    return Ok(models);
                }
            }
        }
        Err(nothing.unwrap_or_else(|| self.errors.broken(NO_LIST, "no address")))
    }

    async fn ask_models_at(&self, url: &str) -> Result<Vec<Entry>, Unlisted> {
        let client = self.client()?;
        let request = self.authorized(client.http.get(format!("{url}/models")));
        let response = request.send().await.map_err(|error| self.unanswered(client, &error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_at_most(response, MODELS_MAX_BYTES).await;
        let no_list = |retryable, detail: &str| {
            let code = if retryable { FailureCode::Broken } else { FailureCode::Refused };
            Unlisted::NoList(self.errors.error(code, retryable, NO_LIST, detail))
        };
        match status {
            StatusCode::OK => {
                let body =
                    body.map_err(|start| no_list(true, &format!("too long, or broken off: {start}")))?;
                listing::models(&body).map_err(|reason| no_list(true, &format!("{reason} in: {body}")))
            }
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                Err(no_list(false, &format!("{} for /models", status.as_u16())))
            }
            status if status.is_redirection() => {
                Err(Unlisted::NoList(self.errors.status(status, &headers, "", &body.unwrap_or_default())))
            }
            _ => Err(self.errors.status(status, &headers, "", &body.unwrap_or_default()).into()),
        }
    }

    /// One attempt, up to the headers of a good answer. `Err(Ok(dialect))` asks for another at once in that dialect.
    async fn attempt(
        &self,
        url: &str,
        request: &ChatRequest,
        dialect: Dialect,
    ) -> Result<reqwest::Response, Result<Dialect, Attempt>> {
        let request_body = body(request, dialect);
        // The client asks for no compression, because a compressing server would hold tokens back.
        let client = self.client().map_err(|error| Err(Attempt::last(error)))?;
        let http = self
            .authorized(client.http.post(format!("{url}/chat/completions")))
            .header(header::ACCEPT, "text/event-stream, application/json")
            .header(header::ACCEPT_ENCODING, "identity")
            .json(&request_body);
        let response = http.send().await.map_err(|error| {
            Err(Attempt {
                again: error.is_connect() && !error.is_timeout(),
                error: self.unanswered(client, &error),
                wait: None,
            })
        })?;
        let status = response.status();
        if status.is_success() && status != StatusCode::NO_CONTENT {
            return Ok(response);
        }
        let headers = response.headers().clone();
        let text = read_at_most(response, ERROR_MAX_BYTES).await.unwrap_or_else(|partial| partial);
        if let Some(simpler) = simpler(dialect, request, status, &text) {
            tracing::info!(
                provider = self.errors.name,
                status = status.as_u16(),
                ?simpler,
                "asking in simpler words"
            );
            return Err(Ok(simpler));
        }
        let error = self.errors.status(status, &headers, &request.model, &text);
        let wait = retry_after(&headers, std::time::SystemTime::now());
        let passing = matches!(status.as_u16(), 429 | 500 | 502 | 503 | 529) && error.failure.retryable;
        let again = passing && wait.is_none_or(|wait| wait <= MAX_RETRY_AFTER);
        Err(Err(Attempt { error, again, wait }))
    }

    /// Whether a model of the list is offered.
    fn can_chat(&self, entry: &Entry) -> bool {
        let chats = self.told.entry(&entry.name).chats.or(entry.chats);
        self.kept.as_deref() == Some(&entry.name)
            || can_chat(&Entry { chats, ..entry.clone() }, self.base.given())
    }

    fn dialect(&self, model: &str) -> Dialect {
        let dialects = self.dialects.lock().unwrap_or_else(PoisonError::into_inner);
        dialects.get(model).copied().unwrap_or_default()
    }

    /// Remembers the dialect in which a model accepted a request. Callers make up names of models, so their number is
    /// limited; a model that is forgotten costs one request more.
    fn remember(&self, model: &str, dialect: Dialect) {
        let mut dialects = self.dialects.lock().unwrap_or_else(PoisonError::into_inner);
        if dialects.len() >= DIALECTS_KEPT && !dialects.contains_key(model) {
            dialects.clear();
        }
        dialects.insert(model.to_owned(), dialect);
    }

    /// Makes attempts until one is answered, none makes sense any more, or their number is used up.
    async fn respond(
        &self,
        url: &str,
        request: &ChatRequest,
        deadline: Instant,
    ) -> Result<reqwest::Response, Attempt> {
        let mut pauses = BACKOFF.into_iter();
        let known = self.dialect(&request.model);
        let mut dialect = known;
        loop {
            match self.attempt(url, request, dialect).await {
                Ok(response) => {
                    if dialect != known && dialect.lasts() {
                        self.remember(&request.model, dialect);
                    }
                    return Ok(response);
                }
                // Happens at most once for each parameter that can be left out.
                Err(Ok(simpler)) => dialect = simpler,
                Err(Err(failed)) => {
                    let Some(pause) = pauses.next().filter(|_| failed.again) else { return Err(failed) };
                    let pause = failed.wait.unwrap_or(pause);
                    if Instant::now() + pause >= deadline {
                        return Err(failed);
                    }
                    tracing::info!(
                        provider = self.errors.name,
                        code = failed.error.failure.code.into_str(),
                        reason = failed.error.failure.reason.key(),
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
        let limit = self.timeouts.first_token;
        let late =
            |_| self.errors.timeout(Reason::new("provider-late-begin").with("limit", human(limit)), limit);
        let response = timeout_at(deadline, self.respond(url, request, deadline))
            .await
            .map_err(late)?
            .map_err(|failed| failed.error)?;
        Ok(stream::deltas(response, self.errors.clone(), request.model.clone(), self.timeouts, deadline))
    }
}

#[async_trait]
impl Provider for OpenAi {
    fn name(&self) -> &str {
        &self.errors.name
    }

    fn label(&self) -> &str {
        &self.errors.label
    }

    fn title_model<'a>(&'a self, answering: &'a str) -> Option<&'a str> {
        Some(self.title_model.as_deref().unwrap_or(answering))
    }

    async fn models(&self) -> Result<Vec<String>, LlmError> {
        if !self.listed.is_empty() {
            return Ok(self.listed.iter().map(|model| model.name.clone()).collect());
        }
        let mut models = self.ask_models().await?;
        models.retain(|model| self.can_chat(model));
        newest_first(&mut models);
        Ok(models.into_iter().map(|model| model.name).collect())
    }

    fn model_label(&self, model: &str) -> Option<String> {
        self.told.label(model)
    }

    fn offers(&self, model: &str) -> bool {
        !self.listed.is_empty() || self.can_chat(&Entry { name: model.to_owned(), ..self.told.entry(model) })
    }

    fn traits(&self, model: &str) -> Traits {
        let listed = self.listed.iter().find(|listed| listed.name == model);
        listed.map_or(&self.traits, |listed| &listed.traits).clone().or(&self.told.entry(model).traits)
    }

    async fn learn(&self) -> bool {
        self.learn_more().await
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
        let reason = Reason::new("provider-unknown-model-or-address").with("model", shown(&request.model));
        Err(self.errors.error(FailureCode::Refused, false, reason, detail))
    }
}

const NO_LIST: Reason = Reason::new("provider-no-list");

/// Reads a body as text. `Err` holds what came of one that is longer than `limit` or breaks off.
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
