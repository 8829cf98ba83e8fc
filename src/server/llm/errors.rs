//! Turns what went wrong with a provider into one of the five stated failures: a reason for the
//! person, which holds nothing of the provider's words, and a detail for the log without the key.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

use super::client::{causes, not_connected};
use super::complaint::{self, ErrorKind};
use super::think::is_blank;
use super::{ApiKey, LlmError};
use crate::domain::{FailureCode, Reason, amount::duration};

/// How much of a provider's text goes to the log, in characters.
const DETAIL_CHARS: usize = 300;
/// How much of a model's name is shown, in characters.
const SHOWN_CHARS: usize = 80;

/// Makes the errors of one provider: its name goes into the reasons, its key is kept out of the details.
#[derive(Clone, Debug)]
pub(super) struct ErrorContext {
    pub(super) name: String,
    pub(super) key: Option<ApiKey>,
}

impl ErrorContext {
    /// `reason` is one of `provider-…`, all of which have the provider's name.
    pub(super) fn error(
        &self,
        code: FailureCode,
        retryable: bool,
        reason: Reason,
        detail: impl AsRef<str>,
    ) -> LlmError {
        let detail = match &self.key {
            Some(key) => key.strike(detail.as_ref()),
            None => detail.as_ref().to_owned(),
        };
        // Struck before it is cut, or half of the key could stay. On one line, so that it cannot look like two.
        let detail: String =
            detail.chars().take(DETAIL_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
        LlmError::new(code, reason.with("provider", self.name.as_str()), retryable, detail)
    }

    pub(super) fn broken(&self, reason: Reason, detail: impl AsRef<str>) -> LlmError {
        self.error(FailureCode::Broken, true, reason, detail)
    }

    pub(super) fn timeout(&self, reason: Reason, limit: Duration) -> LlmError {
        self.error(FailureCode::Timeout, true, reason, format!("timeout after {limit:?}"))
    }

    /// The request did not get as far as an answer. `proxy` is host and port of the one in between.
    pub(super) fn transport(
        &self,
        error: &reqwest::Error,
        connect: Duration,
        proxy: Option<&str>,
    ) -> LlmError {
        let detail = causes(error);
        if error.is_timeout() {
            let reason = match proxy {
                Some(proxy) => Reason::new("provider-late-connect-proxy")
                    .with("limit", human(connect))
                    .with("proxy", proxy),
                None => Reason::new("provider-late-connect").with("limit", human(connect)),
            };
            return LlmError { detail: self.clean(&detail), ..self.timeout(reason, connect) };
        }
        let (code, retryable, reason) = if error.is_builder() {
            (FailureCode::Refused, false, Reason::new("provider-bad-address"))
        } else if error.is_connect() {
            (FailureCode::Unreachable, true, not_connected(error, proxy))
        } else {
            let reason = match proxy {
                Some(proxy) => Reason::new("provider-closed-early-proxy").with("proxy", proxy),
                None => Reason::new("provider-closed-early"),
            };
            (FailureCode::Broken, true, reason)
        };
        self.error(code, retryable, reason, detail)
    }

    /// An answer with a status other than 200. `body` is the start of what came with it.
    pub(super) fn status(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        model: &str,
        body: &str,
    ) -> LlmError {
        let detail = format!("{} {body}", status.as_u16());
        let kind = complaint::kind(Some(status.as_u16()), body);
        self.failure(kind, retry_after(headers, SystemTime::now()), model, &detail)
    }

    /// An error where a part of the answer should be. Servers put a status into it, or only words.
    pub(super) fn in_stream(&self, data: &str, model: &str) -> LlmError {
        let detail = format!("error in the stream: {data}");
        let status = serde_json::from_str(data).ok().and_then(|value| complaint::status(&value));
        self.failure(complaint::kind(status, data), None, model, &detail)
    }

    /// The failure that a request came to.
    fn failure(&self, kind: ErrorKind, wait: Option<Duration>, model: &str, detail: &str) -> LlmError {
        let busy = |reason| self.error(FailureCode::Overloaded, true, reason, detail);
        let refused = |reason| self.error(FailureCode::Refused, false, reason, detail);
        match kind {
            ErrorKind::ProxyRefused => refused(Reason::new("provider-proxy-refused")),
            ErrorKind::Redirect => {
                self.error(FailureCode::Broken, false, Reason::new("provider-redirect"), detail)
            }
            ErrorKind::BadKey => refused(Reason::new("provider-bad-key")),
            ErrorKind::NoCredit => refused(Reason::new("provider-no-credit")),
            ErrorKind::UnknownModel => {
                refused(Reason::new("provider-unknown-model").with("model", shown(model)))
            }
            ErrorKind::NotFound => {
                refused(Reason::new("provider-unknown-model-or-address").with("model", shown(model)))
            }
            ErrorKind::TooLong => refused(Reason::new("provider-too-long")),
            ErrorKind::TooLarge => refused(Reason::new("provider-too-large")),
            ErrorKind::TokensPerMinute => {
                let wait = human(wait.unwrap_or(Duration::from_secs(60)));
                busy(Reason::new("provider-tokens-per-minute").with("wait", wait))
            }
            ErrorKind::RateLimit => match wait {
                Some(wait) => busy(Reason::new("provider-rate-limit-wait").with("wait", human(wait))),
                None => busy(Reason::new("provider-rate-limit")),
            },
            ErrorKind::Filtered => refused(Reason::new("provider-filtered")),
            ErrorKind::GaveUp => refused(Reason::new("provider-gave-up")),
            ErrorKind::InTheWay => refused(Reason::new("provider-in-the-way")),
            ErrorKind::NotAccepted => refused(Reason::new("provider-not-accepted")),
            ErrorKind::Trouble => match wait {
                Some(wait) => busy(Reason::new("provider-overloaded").with("wait", human(wait))),
                None => busy(Reason::new("provider-trouble")),
            },
            ErrorKind::Senseless => self.broken(Reason::new("provider-senseless"), detail),
        }
    }

    /// The provider's rules for content ended an answer; `kept`: with some text of it.
    pub(super) fn filtered(&self, kept: bool, detail: &str) -> LlmError {
        let reason = match kept {
            true => Reason::new("provider-filtered-late"),
            false => Reason::new("provider-filtered"),
        };
        self.error(FailureCode::Refused, false, reason, detail)
    }

    /// A detail for the log as [`Self::error`] makes it.
    pub(super) fn clean(&self, detail: &str) -> String {
        self.broken(Reason::new("provider-senseless"), detail).detail
    }
}

/// A model's name in a sentence: what a caller or a provider may have made up, so no more of it than a person reads,
/// and nothing that would change the text around it.
pub(super) fn shown(model: &str) -> String {
    let hidden = |c: &char| is_blank(*c) && *c != ' ';
    let mut name: String = model.chars().filter(|c| !hidden(c)).take(SHOWN_CHARS + 1).collect();
    if let Some((end, _)) = name.char_indices().nth(SHOWN_CHARS) {
        name.truncate(end);
        name.push('…');
    }
    name
}

/// How long the provider asks us to wait: seconds or a date.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// A time in a sentence, never less than was asked for.
pub(super) fn human(time: Duration) -> Reason {
    duration(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}

#[cfg(test)]
#[path = "errors_tests.rs"]
mod tests;
