//! `/api/v1`: the same services for programs.

use axum::Router;

use super::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
}

/// The OpenAPI document and its page.
pub fn documentation() -> Router<AppState> {
    Router::new()
}
