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
    /// 413: a request of more bytes than are taken.
    #[error("That is too large: at most {} is taken here.", size::at_most(*limit))]
    TooLarge { limit: usize },
    /// 413: a question of more bytes than are taken. `size` is missing where it came in a request that was
    /// not read.
    #[error("{}", size::too_long(*size, *limit))]
    TooLong { size: Option<usize>, limit: usize },
    /// 415: `wanted` is the media type that is taken.
    #[error("Send this as {wanted}.")]
    UnsupportedMediaType { wanted: String },
    /// 421: the site is not at the address that was asked for.
    #[error("{message}")]
    Misdirected { message: String },
    /// 422: `field` is what the caller can put right; empty when it is the body as a whole.
    #[error("{message}")]
    Invalid { field: String, message: String },
    /// 422: the idempotency key was used for something else.
    #[error(
        "This Idempotency-Key was used for something else within the last day. Send another key with another question."
    )]
    IdempotencyKeyReused,
    /// 429.
    #[error("Too many of these at once. Wait {} and try again.", size::duration(*seconds))]
    TooMany { seconds: u64 },
    /// 429: a person has as many answers being written as one may.
    #[error("You have {most} answers being written. Wait until one has ended, or stop one.")]
    TooManyAnswers { most: u32 },
    /// 500: our fault. The cause is in the log under the request id.
    #[error("Something went wrong on our side. It has been noted; please try again.")]
    Internal,
    /// 503: the store does not answer for now.
    #[error(
        "The database does not answer at the moment. Nothing is lost; please try again in a few seconds."
    )]
    Unavailable,
    /// 503: the server ends, and most often another one begins.
    #[error("The server is restarting. Nothing is lost; please try again in a few seconds.")]
    Stopping,
    /// 503: more passwords to check than this server can.
    #[error("Many people are signing in right now. Try again in a few seconds.")]
    Overloaded,
    /// 503: there is no room for what should be stored.
    #[error(
        "This server's disk is full, so nothing new can be stored. What was stored is safe. Ask the administrator to make room, then try again."
    )]
    StorageFull,
    /// 503: the database was deleted or replaced while the server was running.
    #[error(
        "This server has lost its database file, so nothing can be stored or read. Ask the administrator, then try again."
    )]
    StorageLost,
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
            Self::TooLarge { .. } | Self::TooLong { .. } => 413,
            Self::UnsupportedMediaType { .. } => 415,
            Self::Misdirected { .. } => 421,
            Self::Invalid { .. } | Self::IdempotencyKeyReused => 422,
            Self::TooMany { .. } | Self::TooManyAnswers { .. } => 429,
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
        match self {
            Self::SignedOut => "signed_out",
            Self::WrongCredentials => "wrong_credentials",
            Self::Forbidden { .. } => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict { .. } => "conflict",
            Self::TooSlow => "too_slow",
            Self::TooLarge { .. } => "too_large",
            Self::TooLong { .. } => "too_long",
            Self::UnsupportedMediaType { .. } => "unsupported_media_type",
            Self::Misdirected { .. } => "misdirected",
            Self::Invalid { .. } => "invalid",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::TooMany { .. } => "too_many",
            Self::TooManyAnswers { .. } => "too_many_answers",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
            Self::Stopping => "stopping",
            Self::Overloaded => "overloaded",
            Self::StorageFull => "storage_full",
            Self::StorageLost => "storage_lost",
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
            Self::TooLarge { .. } | Self::TooLong { .. } => "Too large",
            Self::UnsupportedMediaType { .. } => "Unsupported media type",
            Self::Misdirected { .. } => "Another address",
            Self::Invalid { .. } | Self::IdempotencyKeyReused => "Not valid",
            Self::TooMany { .. } => "Too many requests",
            Self::TooManyAnswers { .. } => "Too many answers",
            Self::Internal => "Something went wrong",
            Self::StorageFull => "Disk full",
            Self::Unavailable | Self::Stopping | Self::Overloaded | Self::StorageLost | Self::Unreachable => {
                "Not available"
            }
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

/// Sizes and times in the words of a sentence.
mod size {
    const KB: usize = 1024;
    const MB: usize = 1024 * 1024;

    /// Rounded down, so that what is said to fit does.
    pub(super) fn at_most(limit: usize) -> String {
        match limit {
            ..KB => format!("{limit} bytes"),
            KB..MB => format!("{} KB", limit / KB),
            _ => format!("{} MB", limit / MB),
        }
    }

    /// Rounded up, so that what is too long never looks as if it fitted; in the unit of the limit.
    fn found(size: usize, limit: usize) -> String {
        match limit {
            ..KB => format!("{size} bytes"),
            KB..MB => format!("{} KB", size.div_ceil(KB)),
            _ => format!("{}.{} MB", size.div_ceil(MB / 10) / 10, size.div_ceil(MB / 10) % 10),
        }
    }

    pub(super) fn too_long(size: Option<usize>, limit: usize) -> String {
        let most = at_most(limit);
        match size {
            Some(size) => {
                let found = found(size, limit);
                format!("Your message is too long ({found} of at most {most}). Shorten it and send it again.")
            }
            None => {
                format!("Your message is too long: it may have at most {most}. Shorten it and send it again.")
            }
        }
    }

    pub(super) fn duration(seconds: u64) -> String {
        match seconds {
            1 => "a second".to_owned(),
            ..120 => format!("{seconds} seconds"),
            _ => format!("{} minutes", seconds.div_ceil(60)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_said_as_people_say_them() {
        let too_long = |size, limit| AppError::TooLong { size, limit }.to_string();
        assert!(too_long(Some(300_000), 262_144).contains("(293 KB of at most 256 KB)"));
        assert!(too_long(Some(262_145), 262_144).contains("(257 KB of at most 256 KB)"));
        assert!(too_long(Some(1_048_577), 1_048_576).contains("(1.1 MB of at most 1 MB)"));
        assert!(too_long(None, 262_144).contains("at most 256 KB"));
        assert!(AppError::TooLarge { limit: 1 << 20 }.to_string().contains("at most 1 MB"));
        let wait = |seconds| AppError::TooMany { seconds }.to_string();
        assert!(wait(59).contains("59 seconds") && wait(1).contains("a second"));
        assert!(wait(3541).contains("60 minutes") && wait(121).contains("3 minutes"));
    }
}
