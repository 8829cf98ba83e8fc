//! Requests to a provider: with a time limit, a limit of what is read, and no redirects.

use std::time::Duration;

use reqwest::Url;

use super::Trouble;
use crate::server::llm::plain_client;

/// More than any list of keys.
const MAX_ANSWER_BYTES: usize = 512 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoAnswer(pub &'static str);

impl From<NoAnswer> for Trouble {
    fn from(error: NoAnswer) -> Self {
        Self::Away(error.0)
    }
}

/// The client for one provider.
pub(super) struct Caller {
    http: Option<reqwest::Client>,
    /// The most time for one answer.
    limit: Duration,
    /// Whether the configured address is one without https, which is allowed on this machine alone.
    plain: bool,
}

impl Caller {
    pub(super) fn new(address: &str, limit: Duration) -> Self {
        Self { http: plain_client(address, limit), limit, plain: address.starts_with("http:") }
    }

    /// Whether an address that the provider named is as safe as the one that was configured.
    pub(super) fn may_reach(&self, address: &str) -> bool {
        Url::parse(address).is_ok_and(|url| url.scheme() == "https" || self.plain && url.scheme() == "http")
    }

    pub(super) async fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, NoAnswer> {
        if !self.may_reach(&request.uri().to_string()) {
            return Err(NoAnswer("an address without https"));
        }
        let http = self.http.as_ref().ok_or(NoAnswer("no client"))?;
        let mut request = reqwest::Request::try_from(request).map_err(|_| NoAnswer("no such address"))?;
        *request.timeout_mut() = Some(self.limit);
        let why = |error: &reqwest::Error| {
            NoAnswer(if error.is_timeout() { "no answer in time" } else { "no connection" })
        };
        let mut answer = http.execute(request).await.map_err(|error| why(&error))?;
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| why(&error))? {
            if body.len() + part.len() > MAX_ANSWER_BYTES {
                return Err(NoAnswer("too long an answer"));
            }
            body.extend_from_slice(&part);
        }
        let mut whole = http::Response::new(body);
        *whole.status_mut() = answer.status();
        *whole.headers_mut() = answer.headers().clone();
        Ok(whole)
    }
}
