//! A provider that speaks the OpenAI API, whoever runs it.
//!
//! The request is written with async-openai's types; its client is not used. It reads into owned
//! types where we can borrow, puts an unbounded queue and a task between the network and the reader,
//! hides the headers of an error (Retry-After), retries by rules of its own, and logs error bodies as
//! they are, in which providers repeat the key.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use super::errors::{Blame, causes, retry_after};
use super::request::{Dialect, body, simpler};
use super::{ChatRequest, DeltaStream, LlmError, Provider, Secret, stream};
use crate::domain::FailureCode;

/// How long the answer of `/models` is good for, and how long a failure is.
const MODELS_FRESH: Duration = Duration::from_secs(60);
const MODELS_FAILED: Duration = Duration::from_secs(10);
const MODELS_LIMIT: Duration = Duration::from_secs(10);
const MODELS_MAX_BYTES: usize = 1 << 20;
/// Of an error only this much is read.
const ERROR_MAX_BYTES: usize = 64 << 10;
/// Of so many models what they do not understand is remembered.
const DIALECTS_KEPT: usize = 256;
/// The pauses before the second and the third attempt.
const BACKOFF: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(900)];
/// A longer Retry-After is told to the person instead of being waited for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub struct OpenAiConfig {
    pub name: String,
    /// With or without a slash at its end; `/chat/completions` is added.
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
    base_url: String,
    listed: Vec<String>,
    timeouts: Timeouts,
    blame: Blame,
    /// Made when first used: it reads the system's certificates, which takes milliseconds.
    client: OnceLock<Result<reqwest::Client, String>>,
    /// Held while `/models` is asked, so that many who want to know ask once.
    models: tokio::sync::Mutex<Option<Known>>,
    /// What each model turned out not to understand.
    dialects: Mutex<HashMap<String, Dialect>>,
}

#[derive(Debug)]
struct Known {
    until: Instant,
    result: Result<Vec<String>, LlmError>,
}

/// Why one attempt failed, and whether (and after what pause) another makes sense.
struct Attempt {
    error: LlmError,
    again: bool,
    wait: Option<Duration>,
}

impl Attempt {
    fn last(error: LlmError) -> Self {
        Self { error, again: false, wait: None }
    }
}

impl OpenAi {
    pub fn new(config: OpenAiConfig) -> Self {
        Self {
            base_url: config.base_url.trim_end_matches('/').to_owned(),
            listed: config.models,
            timeouts: config.timeouts,
            blame: Blame { name: config.name, key: config.api_key },
            client: OnceLock::new(),
            models: tokio::sync::Mutex::new(None),
            dialects: Mutex::default(),
        }
    }

    fn client(&self) -> Result<&reqwest::Client, LlmError> {
        self.client.get_or_init(|| client(self.timeouts.connect)).as_ref().map_err(|reason| {
            let sentence = "cannot be reached: this server could not set up secure connections.";
            self.blame.error(FailureCode::Unreachable, false, sentence, reason)
        })
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
        let request = self.authorized(self.client()?.get(format!("{}/models", self.base_url)));
        let late = |_| self.blame.timeout("did not list its models", MODELS_LIMIT);
        let response = timeout_at(deadline, request.send())
            .await
            .map_err(late)?
            .map_err(|error| self.blame.transport(&error, self.timeouts.connect))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = timeout_at(deadline, read_at_most(response, MODELS_MAX_BYTES)).await.map_err(late)?;
        match status {
            StatusCode::OK => {
                let body = body.map_err(|detail| self.blame.broken(NO_LIST, detail))?;
                self.parse_models(&body)
            }
            StatusCode::NOT_FOUND => {
                Err(self.blame.error(FailureCode::Refused, false, NO_LIST, "404 for /models"))
            }
            _ => Err(self.blame.status(status, &headers, "", &body.unwrap_or_default())),
        }
    }

    fn parse_models(&self, body: &str) -> Result<Vec<String>, LlmError> {
        #[derive(Deserialize)]
        struct List {
            data: Vec<Named>,
        }
        #[derive(Deserialize)]
        struct Named {
            id: Option<String>,
        }
        let list: List = serde_json::from_str(body)
            .map_err(|error| self.blame.broken(NO_LIST, format!("{error} in: {body}")))?;
        Ok(list.data.into_iter().filter_map(|model| model.id).filter(|id| !id.is_empty()).collect())
    }

    /// One attempt: up to the headers of a good answer. `Err(Ok(_))`: ask again at once in this dialect.
    async fn attempt(
        &self,
        request: &ChatRequest,
        dialect: Dialect,
    ) -> Result<reqwest::Response, Result<Dialect, Attempt>> {
        let request_body = body(request, dialect);
        // No compression: what compresses would hold tokens back.
        let client = self.client().map_err(|error| Err(Attempt::last(error)))?;
        let http = self
            .authorized(client.post(self.base_url.clone() + "/chat/completions"))
            .header(header::ACCEPT, "text/event-stream, application/json")
            .header(header::ACCEPT_ENCODING, "identity")
            .json(&request_body);
        let response = http.send().await.map_err(|error| {
            Err(Attempt {
                again: error.is_connect() && !error.is_timeout(),
                error: self.blame.transport(&error, self.timeouts.connect),
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
                provider = self.blame.name,
                status = status.as_u16(),
                ?simpler,
                "asking in simpler words"
            );
            return Err(Ok(simpler));
        }
        let error = self.blame.status(status, &headers, &request.model, &text);
        let wait = retry_after(&headers, std::time::SystemTime::now());
        let passing = matches!(status.as_u16(), 429 | 500 | 502 | 503 | 529) && error.failure.retryable;
        let again = passing && wait.is_none_or(|wait| wait <= MAX_RETRY_AFTER);
        Err(Err(Attempt { error, again, wait }))
    }

    fn dialect(&self, model: &str) -> Dialect {
        let dialects = self.dialects.lock().unwrap_or_else(PoisonError::into_inner);
        dialects.get(model).copied().unwrap_or_default()
    }

    /// Remembers what a model understood, for its next requests. Names of models come from callers, so there is a
    /// limit to them; who is forgotten is asked once more than needed.
    fn remember(&self, model: &str, dialect: Dialect) {
        let mut dialects = self.dialects.lock().unwrap_or_else(PoisonError::into_inner);
        if dialects.len() >= DIALECTS_KEPT && !dialects.contains_key(model) {
            dialects.clear();
        }
        dialects.insert(model.to_owned(), dialect);
    }

    /// Attempts until one is answered, none makes sense any more, or their number is up.
    async fn respond(&self, request: &ChatRequest, deadline: Instant) -> Result<reqwest::Response, Attempt> {
        let mut pauses = BACKOFF.into_iter();
        let known = self.dialect(&request.model);
        let mut dialect = known;
        loop {
            match self.attempt(request, dialect).await {
                Ok(response) => {
                    if dialect != known {
                        self.remember(&request.model, dialect);
                    }
                    return Ok(response);
                }
                // At most once for each thing that can be left out.
                Err(Ok(simpler)) => dialect = simpler,
                Err(Err(failed)) => {
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
        let mut known = self.models.lock().await;
        if let Some(known) = &*known
            && known.until > Instant::now()
        {
            return known.result.clone();
        }
        let result = self.ask_models().await;
        let fresh = if result.is_ok() { MODELS_FRESH } else { MODELS_FAILED };
        *known = Some(Known { until: Instant::now() + fresh, result: result.clone() });
        result
    }

    async fn chat(&self, request: ChatRequest) -> Result<DeltaStream, LlmError> {
        let deadline = Instant::now() + self.timeouts.first_token;
        let late = |_| self.blame.timeout("did not begin to answer", self.timeouts.first_token);
        let response = timeout_at(deadline, self.respond(&request, deadline))
            .await
            .map_err(late)?
            .map_err(|failed| failed.error)?;
        Ok(stream::deltas(response, self.blame.clone(), request.model, self.timeouts, deadline))
    }
}

const NO_LIST: &str = "does not list its models. Name them in the configuration (models = [\"…\"]).";

/// Proxies are taken from the usual environment variables. Redirects are not followed: they would
/// carry the key, or our network, to an address that nobody configured.
fn client(connect: Duration) -> Result<reqwest::Client, String> {
    // An error means that another part of the program was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        reqwest::Client::builder()
            .connect_timeout(connect)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("inglenook/", env!("CARGO_PKG_VERSION")))
    };
    // A system without certificates can still speak to a model in its own network.
    builder().build().or_else(|_| builder().tls_certs_only([]).build()).map_err(|error| causes(&error))
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
