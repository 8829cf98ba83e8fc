//! Turns what went wrong with a provider into one of the five stated failures: a sentence for the
//! person, in our words only, and a detail for the log without the key.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, StatusCode, header};

use super::client::{causes, not_connected};
use super::complaint::{self, Kind};
use super::think::is_blank;
use super::{LlmError, Secret};
use crate::domain::FailureCode;

/// How much of a provider's text goes to the log, in characters.
const DETAIL_CHARS: usize = 300;
/// How much of a model's name is shown, in characters.
const SHOWN_CHARS: usize = 80;

/// Who is to blame: the provider's name for the sentences, its key to keep it out of the details.
#[derive(Clone, Debug)]
pub(super) struct Blame {
    pub(super) name: String,
    pub(super) key: Option<Secret>,
}

impl Blame {
    pub(super) fn error(
        &self,
        code: FailureCode,
        retryable: bool,
        sentence: &str,
        detail: impl AsRef<str>,
    ) -> LlmError {
        let detail = match &self.key {
            Some(key) => key.strike(detail.as_ref()),
            None => detail.as_ref().to_owned(),
        };
        // Struck before it is cut, or half of the key could stay. On one line, so that it cannot look like two.
        let detail: String =
            detail.chars().take(DETAIL_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
        LlmError::new(code, format!("{} {sentence}", self.name), retryable, detail)
    }

    pub(super) fn broken(&self, sentence: &str, detail: impl AsRef<str>) -> LlmError {
        self.error(FailureCode::Broken, true, sentence, detail)
    }

    pub(super) fn timeout(&self, what: &str, limit: Duration) -> LlmError {
        let sentence = format!("{what} within {}. Try again, or choose another model.", human(limit));
        self.error(FailureCode::Timeout, true, &sentence, format!("timeout after {limit:?}"))
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
            let through = proxy.map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default();
            let what = format!("could not be reached{through}");
            return LlmError { detail: self.clean(&detail), ..self.timeout(&what, connect) };
        }
        let reason;
        let (code, retryable, sentence) = if error.is_builder() {
            (FailureCode::Refused, false, "has an address that is not valid. Check its base_url.")
        } else if error.is_connect() {
            reason = not_connected(error, proxy);
            (FailureCode::Unreachable, true, reason.as_str())
        } else {
            let through = proxy.map(|proxy| format!(" of the proxy {proxy}")).unwrap_or_default();
            reason = format!("closed the connection{through} without a proper answer. Try again.");
            (FailureCode::Broken, true, reason.as_str())
        };
        self.error(code, retryable, sentence, detail)
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
        self.sentence(kind, retry_after(headers, SystemTime::now()), model, &detail)
    }

    /// An error where a part of the answer should be. Servers put a status into it, or only words.
    pub(super) fn in_stream(&self, data: &str, model: &str) -> LlmError {
        let detail = format!("error in the stream: {data}");
        let status = serde_json::from_str(data).ok().and_then(|value| complaint::status(&value));
        self.sentence(complaint::kind(status, data), None, model, &detail)
    }

    /// The sentence for what came of a request.
    fn sentence(&self, kind: Kind, wait: Option<Duration>, model: &str, detail: &str) -> LlmError {
        let busy = |sentence: &str| self.error(FailureCode::Overloaded, true, sentence, detail);
        let refused = |sentence: &str| self.error(FailureCode::Refused, false, sentence, detail);
        match kind {
            Kind::ProxyRefused => refused(
                "cannot be reached: the proxy in between wants a name and a password. Write them into HTTP_PROXY or \
                 HTTPS_PROXY, as http://NAME:PASSWORD@HOST:PORT.",
            ),
            Kind::Redirect => self.error(
                FailureCode::Broken,
                false,
                "sent us to another address, which is not followed. Check its base_url.",
                detail,
            ),
            Kind::BadKey => {
                refused("refused the key. Check the key of this provider, or choose another model.")
            }
            Kind::NoCredit => {
                refused("has no credit left on this account. Top it up, or choose another model.")
            }
            Kind::UnknownModel => {
                refused(&format!("does not know the model {}. Choose another one.", shown(model)))
            }
            Kind::NotFound => refused(&format!(
                "does not know the model {}, or its base_url is wrong: most end in /v1. \
                 Choose another model, or check the base_url.",
                shown(model)
            )),
            Kind::TooLong => refused(
                "says that this conversation is too long for the model. \
                 Start a new one, or choose a model with a larger context.",
            ),
            Kind::TooLarge => refused("says that the message is too large. Send a shorter one."),
            Kind::TokensPerMinute => busy(&format!(
                "takes no conversation of this length for now: it limits how much may be sent in a minute. \
                 Try again in {}, start a new conversation, or choose another model.",
                human(wait.unwrap_or(Duration::from_secs(60)))
            )),
            Kind::RateLimit => match wait {
                Some(wait) => busy(&format!(
                    "takes no more requests for now. Try again in {}, or choose another model.",
                    human(wait)
                )),
                None => busy("takes no more requests for now. Wait a moment and try again."),
            },
            Kind::Filtered => refused(FILTERED),
            Kind::GaveUp => refused("gave up waiting for the request. Try again."),
            Kind::InTheWay => refused("refused the request because another one is in its way. Try again."),
            Kind::NotAccepted => {
                refused("did not accept the request. Choose another model, or change the message.")
            }
            Kind::Trouble => match wait {
                Some(wait) => busy(&format!("is overloaded. Try again in {}.", human(wait))),
                None => busy("has a problem of its own. Wait a moment and try again."),
            },
            Kind::Senseless => {
                self.broken("answered in a way that makes no sense. Check its base_url.", detail)
            }
        }
    }

    /// The provider's rules for content ended an answer; `kept`: with some text of it.
    pub(super) fn filtered(&self, kept: bool, detail: &str) -> LlmError {
        let sentence = if kept { FILTERED_LATE } else { FILTERED };
        self.error(FailureCode::Refused, false, sentence, detail)
    }

    fn clean(&self, detail: &str) -> String {
        self.broken("", detail).detail
    }
}

const FILTERED: &str = "did not answer because of its rules for content. Ask in another way.";
const FILTERED_LATE: &str =
    "ended the answer because of its rules for content. What came before is kept. Ask in another way.";

/// A model's name in a sentence: what a caller or a provider may have made up, so no more of it than a person reads,
/// and nothing that would change the text around it.
fn shown(model: &str) -> String {
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
    let date = http_date(value)?;
    Some(date.saturating_sub(now.duration_since(UNIX_EPOCH).ok()?))
}

/// Time since 1970 of a date like `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(value: &str) -> Option<Duration> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = value.split_whitespace().skip(1);
    let day: u64 = words.next()?.parse().ok()?;
    let name = words.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? as u64 + 1;
    let year: u64 = words.next()?.parse().ok().filter(|year| (1970..10_000).contains(year))?;
    let mut clock = words.next()?.split(':').map(str::parse::<u64>);
    let (hour, minute, second) = (clock.next()?.ok()?, clock.next()?.ok()?, clock.next()?.ok()?);
    if day > 31 || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Days since 1970 by counting years from March on, so that a leap day is a year's last.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day;
    Some(Duration::from_secs(days.checked_sub(719_469)? * 86_400 + hour * 3600 + minute * 60 + second))
}

/// A time as a person says it, never less than was asked for.
fn human(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    let (count, unit) = match seconds {
        0..=99 => (seconds, "second"),
        100..=5_999 => (seconds.div_ceil(60), "minute"),
        6_000..=172_799 => (seconds.div_ceil(3_600), "hour"),
        _ => (seconds.div_ceil(86_400), "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

#[cfg(test)]
#[path = "errors_tests.rs"]
mod tests;
