//! [`AppError`]: what went wrong, its HTTP status and the sentence a person is shown.

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

/// Every failure that leaves the server, for pages, server functions and the REST API alike. Causes
/// are logged where they happen and never travel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum AppError {
    /// 401: nobody is signed in, or the session has ended.
    #[error("You are signed out. Sign in to go on.")]
    SignedOut,
    /// 401: a wrong e-mail address or password; which one is not said.
    #[error(
        "That e-mail and password do not match. Try again, or ask your administrator for a new password."
    )]
    WrongCredentials,
    /// 403: understood, and not allowed.
    #[error("{message}")]
    Forbidden { message: String },
    /// 404: missing, or somebody else's, which look the same.
    #[error("There is nothing here. It may have been deleted, or belong to somebody else.")]
    NotFound,
    /// 405.
    #[error("This address does not take that method.")]
    MethodNotAllowed,
    /// 409: at odds with what is stored.
    #[error("{message}")]
    Conflict { message: String },
    /// 408: the body came too slowly.
    #[error("This did not arrive in time. Check your connection and send it again.")]
    TooSlow,
    /// 413.
    #[error("That is too large: at most {limit} bytes are taken here.")]
    TooLarge { limit: usize },
    /// 415: `wanted` is the media type that is taken.
    #[error("Send this as {wanted}.")]
    UnsupportedMediaType { wanted: String },
    /// 421: the site is not at the address that was asked for.
    #[error("{message}")]
    Misdirected { message: String },
    /// 422: `field` is what the caller can put right; empty when it is the body as a whole.
    #[error("{message}")]
    Invalid { field: String, message: String },
    /// 429.
    #[error("Too many of these at once. Wait {seconds} seconds and try again.")]
    TooMany { seconds: u64 },
    /// 500: our fault. The cause is in the log under the request id.
    #[error("Something went wrong on our side. It has been noted; please try again.")]
    Internal,
    /// 503: the store does not answer for now.
    #[error(
        "The database does not answer at the moment. Nothing is lost; please try again in a few seconds."
    )]
    Unavailable,
    /// Seen by the browser only: the server could not be reached or did not understand.
    #[error("The server cannot be reached. Check your connection and try again.")]
    Unreachable,
}

impl AppError {
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.to_owned(), message: message.into() }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::SignedOut | Self::WrongCredentials => 401,
            Self::Forbidden { .. } => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict { .. } => 409,
            Self::TooSlow => 408,
            Self::TooLarge { .. } => 413,
            Self::UnsupportedMediaType { .. } => 415,
            Self::Misdirected { .. } => 421,
            Self::Invalid { .. } => 422,
            Self::TooMany { .. } => 429,
            Self::Internal => 500,
            Self::Unavailable | Self::Unreachable => 503,
        }
    }

    /// A stable word for programs: the problem's `type`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::WrongCredentials => "wrong_credentials",
            Self::Forbidden { .. } => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict { .. } => "conflict",
            Self::TooSlow => "too_slow",
            Self::TooLarge { .. } => "too_large",
            Self::UnsupportedMediaType { .. } => "unsupported_media_type",
            Self::Misdirected { .. } => "misdirected",
            Self::Invalid { .. } => "invalid",
            Self::TooMany { .. } => "too_many",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
            Self::Unreachable => "unreachable",
        }
    }

    /// The status in a word or two: an error page's heading and a problem's `title`.
    pub fn title(&self) -> &'static str {
        match self {
            Self::SignedOut => "Signed out",
            Self::WrongCredentials => "Not signed in",
            Self::Forbidden { .. } => "Not allowed",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::Conflict { .. } => "Conflict",
            Self::TooSlow => "Too slow",
            Self::TooLarge { .. } => "Too large",
            Self::UnsupportedMediaType { .. } => "Unsupported media type",
            Self::Misdirected { .. } => "Another address",
            Self::Invalid { .. } => "Not valid",
            Self::TooMany { .. } => "Too many requests",
            Self::Internal => "Something went wrong",
            Self::Unavailable | Self::Unreachable => "Not available",
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(message) | ServerFnErrorErr::MissingArg(message) => {
                Self::Invalid { field: missing_field(&message), message }
            }
            ServerFnErrorErr::UnsupportedRequestMethod(_) => Self::MethodNotAllowed,
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Deserialization(_) => Self::Unreachable,
            _ => Self::Internal,
        }
    }
}

/// serde names a missing field in backquotes: "missing field `text`".
pub(crate) fn missing_field(message: &str) -> String {
    message.split('`').nth(1).unwrap_or_default().to_owned()
}
