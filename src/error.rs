//! [`AppError`]: what went wrong, its HTTP status and the reason a person is told; [`Refusal`]: the same with the
//! words.

use std::fmt;

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::domain::{
    amount::{at_most, duration, found},
    reason::Reason,
};

/// Every error that leaves the server, for pages, server functions and the REST API alike. Causes are logged where they
/// occur and are never part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(tag = "code", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AppError {
    /// 401: nobody is signed in, or the session has ended.
    SignedOut,
    /// 401: a wrong e-mail address or password; which one is not said.
    WrongCredentials,
    /// 401: the password was right, and a code of the second factor is wanted with it.
    SecondFactorRequired,
    /// 401: a wrong code of the second factor, or one that was used before.
    WrongCode,
    /// 403: the person has to prove first who they are, as they did not in the last minutes. An API key cannot.
    ProofRequired,
    /// 403: the request is valid but not allowed.
    Forbidden { reason: Reason },
    /// 403: the scope of the API key is too small for the call.
    ScopeTooSmall { reason: Reason },
    /// 404: missing, or somebody else's; the answer is the same.
    NotFound,
    /// 405.
    MethodNotAllowed,
    /// 409: in conflict with what is stored.
    Conflict { reason: Reason },
    /// 408: the body arrived too slowly.
    TooSlow,
    /// 413: the request is larger than `limit`, in bytes.
    TooLarge { limit: usize },
    /// 413: a question is larger than `limit`, in bytes. `size` is `None` if the request was refused unread.
    TooLong { size: Option<usize>, limit: usize },
    /// 415: `wanted` is the media type that is accepted.
    UnsupportedMediaType { wanted: String },
    /// 421: the site is not at the address that the caller used.
    Misdirected { reason: Reason },
    /// 426: the address takes WebSockets only.
    UpgradeRequired,
    /// 422: `field` is the one to correct; empty when it is the body as a whole.
    Invalid { field: String, reason: Reason },
    /// 422: the idempotency key was used before with another request.
    IdempotencyKeyReused,
    /// 429: the caller may try again after so many seconds.
    TooMany { seconds: u64 },
    /// 429: somebody writes too fast, and may go on after so many seconds.
    TooFast { reason: Reason, seconds: u64 },
    /// 429: `most` answers are being written for this person, which is the limit.
    TooManyAnswers { most: u32 },
    /// 429: what a person's tier allows in a day is used up; it renews after so many seconds.
    BudgetUsedUp { reason: Reason, seconds: u64 },
    /// 500: a fault of the server. The log has the cause under the request id.
    Internal,
    /// 503: the store does not answer at the moment.
    Unavailable,
    /// 503: the server is stopping, most often to be restarted.
    Stopping,
    /// 503: more passwords wait to be checked than the server can check soon.
    Overloaded,
    /// 503: the disk of the store is full.
    StorageFull,
    /// 503: the database was deleted or replaced while the server was running.
    StorageLost,
    /// Made in the browser only: the server could not be reached, or its answer not be read.
    Unreachable,
}

impl std::error::Error for AppError {}

/// For logs. A person is told the [`reason`](AppError::reason) in their own language.
impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.reason())
    }
}

impl AppError {
    pub fn invalid(field: &str, reason: Reason) -> Self {
        Self::Invalid { field: field.to_owned(), reason }
    }

    /// How many entries of a list are wanted: 1 to `most`, or `default`.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] of `limit`.
    pub fn valid_limit(limit: Option<u32>, default: u32, most: u32) -> Result<u32, Self> {
        match limit {
            None => Ok(default),
            Some(limit) if (1..=most).contains(&limit) => Ok(limit),
            Some(_) => Err(Self::invalid("limit", Reason::new("limit-out-of-range").with("most", most))),
        }
    }

    /// What went wrong and what to do about it: a problem's `detail`.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Forbidden { reason }
            | Self::ScopeTooSmall { reason }
            | Self::Conflict { reason }
            | Self::Misdirected { reason }
            | Self::BudgetUsedUp { reason, .. }
            | Self::TooFast { reason, .. }
            | Self::Invalid { reason, .. } => reason.clone(),
            Self::SignedOut => Reason::new("error-signed-out"),
            Self::WrongCredentials => Reason::new("error-wrong-credentials"),
            Self::SecondFactorRequired => Reason::new("error-second-factor-required"),
            Self::WrongCode => Reason::new("code-wrong"),
            Self::ProofRequired => Reason::new("error-proof-required"),
            Self::NotFound => Reason::new("error-not-found"),
            Self::MethodNotAllowed => Reason::new("error-method-not-allowed"),
            Self::TooSlow => Reason::new("error-too-slow"),
            Self::TooLarge { limit } => Reason::new("error-too-large").with("most", at_most(*limit)),
            Self::TooLong { size: None, limit } => {
                Reason::new("error-too-long").with("most", at_most(*limit))
            }
            Self::TooLong { size: Some(size), limit } => Reason::new("error-too-long-by")
                .with("size", found(*size, *limit))
                .with("most", at_most(*limit)),
            Self::UpgradeRequired => Reason::new("error-upgrade-required"),
            Self::UnsupportedMediaType { wanted } => {
                Reason::new("error-unsupported-media-type").with("wanted", wanted.as_str())
            }
            Self::IdempotencyKeyReused => Reason::new("error-idempotency-key-reused"),
            Self::TooMany { seconds } => Reason::new("error-too-many").with("wait", duration(*seconds)),
            Self::TooManyAnswers { most } => Reason::new("error-too-many-answers").with("most", *most),
            Self::Internal => Reason::new("error-internal"),
            Self::Unavailable => Reason::new("error-unavailable"),
            Self::Stopping => Reason::new("error-stopping"),
            Self::Overloaded => Reason::new("error-overloaded"),
            Self::StorageFull => Reason::new("error-storage-full"),
            Self::StorageLost => Reason::new("error-storage-lost"),
            Self::Unreachable => Reason::new("error-unreachable"),
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::SignedOut | Self::WrongCredentials | Self::SecondFactorRequired | Self::WrongCode => 401,
            Self::Forbidden { .. } | Self::ScopeTooSmall { .. } | Self::ProofRequired => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict { .. } => 409,
            Self::TooSlow => 408,
            Self::TooLarge { .. } | Self::TooLong { .. } => 413,
            Self::UnsupportedMediaType { .. } => 415,
            Self::Misdirected { .. } => 421,
            Self::UpgradeRequired => 426,
            Self::Invalid { .. } | Self::IdempotencyKeyReused => 422,
            Self::TooMany { .. }
            | Self::TooFast { .. }
            | Self::TooManyAnswers { .. }
            | Self::BudgetUsedUp { .. } => 429,
            Self::Internal => 500,
            Self::Unavailable
            | Self::Stopping
            | Self::Overloaded
            | Self::StorageFull
            | Self::StorageLost
            | Self::Unreachable => 503,
        }
    }

    /// A stable word for programs: the problem's `type`.
    pub fn code(&self) -> &'static str {
        self.into()
    }

    /// The status in a word or two: an error page's heading and a problem's `title`.
    pub fn title(&self) -> Reason {
        match self {
            Self::SignedOut => Reason::new("title-signed-out"),
            Self::WrongCredentials | Self::SecondFactorRequired | Self::WrongCode => {
                Reason::new("title-not-signed-in")
            }
            Self::Forbidden { .. } | Self::ScopeTooSmall { .. } | Self::ProofRequired => {
                Reason::new("title-not-allowed")
            }
            Self::NotFound => Reason::new("title-not-found"),
            Self::MethodNotAllowed => Reason::new("title-method-not-allowed"),
            Self::Conflict { .. } => Reason::new("title-conflict"),
            Self::TooSlow => Reason::new("title-too-slow"),
            Self::TooLarge { .. } | Self::TooLong { .. } => Reason::new("title-too-large"),
            Self::UnsupportedMediaType { .. } => Reason::new("title-unsupported-media-type"),
            Self::Misdirected { .. } => Reason::new("title-another-address"),
            Self::UpgradeRequired => Reason::new("title-websocket-only"),
            Self::Invalid { .. } | Self::IdempotencyKeyReused => Reason::new("title-not-valid"),
            Self::TooMany { .. } | Self::TooFast { .. } => Reason::new("title-too-many-requests"),
            Self::TooManyAnswers { .. } => Reason::new("title-too-many-answers"),
            Self::BudgetUsedUp { .. } => Reason::new("title-budget-used-up"),
            Self::Internal => Reason::new("title-internal"),
            Self::StorageFull => Reason::new("title-disk-full"),
            Self::Unavailable | Self::Stopping | Self::Overloaded | Self::StorageLost | Self::Unreachable => {
                Reason::new("title-not-available")
            }
        }
    }
}

/// What a server function answers when it fails: the error and its sentence, because the browser's part has no sentences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    #[serde(flatten)]
    pub error: AppError,
    /// The sentence. Empty until the answer leaves the server, and in errors made in the browser.
    #[serde(default)]
    pub message: String,
}

impl From<AppError> for Refusal {
    fn from(error: AppError) -> Self {
        Self { error, message: String::new() }
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl FromServerFnError for Refusal {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let error = match error {
            ServerFnErrorErr::Args(message) | ServerFnErrorErr::MissingArg(message) => {
                let field = missing_field(&message);
                AppError::Invalid { field, reason: Reason::new("form-incomplete").with("cause", message) }
            }
            ServerFnErrorErr::UnsupportedRequestMethod(_) => AppError::MethodNotAllowed,
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Deserialization(_) => AppError::Unreachable,
            _ => AppError::Internal,
        };
        error.into()
    }
}

/// serde names a missing field in backquotes: "missing field `text`".
pub(crate) fn missing_field(message: &str) -> String {
    message.split('`').nth(1).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_the_error_with_the_words() {
        for error in [
            AppError::SignedOut,
            AppError::TooLong { size: Some(300_000), limit: 262_144 },
            AppError::TooMany { seconds: u64::MAX },
            AppError::invalid("name", Reason::new("name-not-valid").with("most", 100)),
        ] {
            let refusal = Refusal { error: error.clone(), message: "Nein.".into() };
            let text = serde_json::to_string(&refusal).unwrap();
            assert!(text.contains(&format!("\"code\":\"{}\"", error.code())), "{text}");
            assert_eq!(serde_json::from_str::<Refusal>(&text).unwrap(), refusal, "{text}");
            assert_eq!(serde_json::from_str::<AppError>(&text).unwrap(), error, "{text}");
        }
    }
}
