//! [`read`]: a request's body as a whole, within the limits of size and time.

use std::error::Error;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
    response::IntoResponse,
};

use super::{connection::TooSlow, state::AppState};
use crate::error::AppError;

/// The bytes of a body. One that does not say how long it is ends at the limit too.
pub async fn read(state: &AppState, request: Request) -> Result<Bytes, AppError> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if is_too_slow(&rejection) {
            return AppError::TooSlow;
        }
        if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
            AppError::TooLarge { limit: state.config.limits.body_bytes }
        } else {
            AppError::invalid("", "The body broke off.")
        }
    })
}

fn is_too_slow(error: &(dyn Error + 'static)) -> bool {
    error.is::<TooSlow>() || error.source().is_some_and(is_too_slow)
}
