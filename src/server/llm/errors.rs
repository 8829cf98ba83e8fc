//! Turns what went wrong with a provider into one of the five stated failures: a reason for the
//! person, which holds nothing of the provider's words, and a detail for the log without the key.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};

use super::LlmError;
use super::client::{causes, not_connected};
use super::complaint::{self, ErrorKind};
use super::think::is_blank;
use crate::domain::{FailureCode, Reason, amount::duration};

/// The most characters of a provider's text that are logged.
const DETAIL_CHARS: usize = 300;
/// The most characters of a model's name that are shown.
const SHOWN_CHARS: usize = 80;

/// Makes the errors of one provider: what people call it goes into the reasons, its key is kept out of the details.
#[derive(Clone, Debug)]
pub(super) struct ErrorContext {
    /// In the configuration and the log.
    pub(super) name: String,
    /// In sentences.
    pub(super) label: String,
    pub(super) key: Option<SecretString>,
}

impl ErrorContext {
    /// Makes an error. `reason` is one of the `provider-…` keys, all of which take the provider's name.
    pub(super) fn error(
        &self,
        code: FailureCode,
        retryable: bool,
        reason: Reason,
        detail: impl AsRef<str>,
    ) -> LlmError {
        let detail = match &self.key {
            // Providers repeat the key in errors.
            Some(key) if !key.expose_secret().is_empty() => {
                detail.as_ref().replace(key.expose_secret(), "[key]")
            }
            _ => detail.as_ref().to_owned(),
        };
        // The key is struck out before the cut, or half of it could stay. Control characters go, so that one entry
        // cannot look like two lines of the log.
        let detail: String =
            detail.chars().take(DETAIL_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
        LlmError::new(code, reason.with("provider", self.label.as_str()), retryable, detail)
    }

    pub(super) fn broken(&self, reason: Reason, detail: impl AsRef<str>) -> LlmError {
        self.error(FailureCode::Broken, true, reason, detail)
    }

    pub(super) fn timeout(&self, reason: Reason, limit: Duration) -> LlmError {
        self.error(FailureCode::Timeout, true, reason, format!("timeout after {limit:?}"))
    }

    /// The error of a request that got no answer. `proxy` is host and port of the proxy in between.
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

    /// The error of an answer with a status other than 200. `body` is the start of its body.
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

    /// The error of an event that stands where a part of the answer should be. Some servers put a status into it,
    /// others only words.
    pub(super) fn in_stream(&self, data: &str, model: &str) -> LlmError {
        let detail = format!("error in the stream: {data}");
        let status = serde_json::from_str(data).ok().and_then(|value| complaint::status(&value));
        self.failure(complaint::kind(status, data), None, model, &detail)
    }

    /// The error for a kind of complaint.
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

    /// The error of an answer that the provider's content rules ended; `kept` says that some of its text came before.
    pub(super) fn filtered(&self, kept: bool, detail: &str) -> LlmError {
        let reason = match kept {
            true => Reason::new("provider-filtered-late"),
            false => Reason::new("provider-filtered"),
        };
        self.error(FailureCode::Refused, false, reason, detail)
    }

    /// A detail for the log, cleaned as [`Self::error`] cleans it.
    fn clean(&self, detail: &str) -> String {
        self.broken(Reason::new("provider-senseless"), detail).detail
    }
}

/// A model's name as a sentence shows it. A caller or a provider may have made it up, so it is cut to what a person
/// reads and loses characters that would change the text around it.
pub(super) fn shown(model: &str) -> String {
    let hidden = |c: &char| is_blank(*c) && *c != ' ';
    let mut name: String = model.chars().filter(|c| !hidden(c)).take(SHOWN_CHARS + 1).collect();
    if let Some((end, _)) = name.char_indices().nth(SHOWN_CHARS) {
        name.truncate(end);
        name.push('…');
    }
    name
}

/// How long the provider asks to wait, as seconds or as a date.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// A duration as a sentence shows it, rounded up to seconds.
pub(super) fn human(time: Duration) -> Reason {
    duration(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}

#[cfg(test)]
#[path = "errors_tests.rs"]
mod tests;
