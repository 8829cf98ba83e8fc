//! [`read`]: the whole body of a request, within the limits of size and time.

use std::error::Error;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
    response::IntoResponse,
};

use super::connection::TooSlow;
use crate::{domain::Reason, error::AppError, server::config::Limits};

/// How much more than any other body a temporary conversation may have. It comes whole with each question, urlencoded, where
/// a Chinese character takes 9 bytes instead of 3. What the model has no room for is not sent on, so that more would be of no
/// use.
const TEMPORARY_TIMES: usize = 8;

/// The most bytes of a body that is sent to this path.
pub fn limit(limits: &Limits, path: &str) -> usize {
    match path {
        "/fn/ask-temporary" | "/fn/keep-temporary" => limits.body_bytes.saturating_mul(TEMPORARY_TIMES),
        _ => limits.body_bytes,
    }
}

/// The error of a request that is too large. Of a question it names the limit of questions, which is the smaller one: a
/// question just below the limit of bodies would be refused too.
pub fn too_large(limits: &Limits, path: &str) -> AppError {
    // Inside a nested router the path comes without its prefix, `/api/v1`.
    let asks = path == "/fn/ask" || path.ends_with("/edit") || path.ends_with("/messages");
    if asks {
        AppError::TooLong { size: None, limit: limits.message_bytes }
    } else {
        AppError::TooLarge { limit: limit(limits, path) }
    }
}

/// The bytes of a body.
///
/// # Errors
///
/// The body is too large, whether or not it says how long it is; it arrives too slowly; it breaks off.
pub async fn read(limits: &Limits, request: Request) -> Result<Bytes, AppError> {
    let path = request.uri().path().to_owned();
    Bytes::from_request(request, &()).await.map_err(|rejection| {
        if is_too_slow(&rejection) {
            return AppError::TooSlow;
        }
        if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
            too_large(limits, &path)
        } else {
            AppError::invalid("", Reason::new("body-broke-off"))
        }
    })
}

fn is_too_slow(error: &(dyn Error + 'static)) -> bool {
    error.is::<TooSlow>() || error.source().is_some_and(is_too_slow)
}
