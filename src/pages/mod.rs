//! What a person opens: pages are rendered on the server only and call the services directly.

pub mod chat;
pub mod error;
mod history;
mod layout;
mod login;
mod settings;

use axum::{
    Router,
    extract::FromRequestParts,
    http::{Uri, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::URL_SAFE};
use serde::Deserialize;

use crate::{
    error::AppError,
    server::{document, gate, session::CurrentUser, state::AppState},
};

/// Every page and its address.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(chat::new))
        .route("/c/{id}", get(chat::open))
        .route("/history", get(history::all))
        .route("/settings", get(settings::settings))
        .route("/login", get(login::sign_in))
        .route("/register", get(login::register))
}

/// A page that could not be made: the error page, or the way to sign in.
pub struct PageError {
    error: AppError,
    /// Where the person was going.
    next: Option<String>,
}

impl From<AppError> for PageError {
    fn from(error: AppError) -> Self {
        Self { error, next: None }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        if self.error != AppError::SignedOut {
            return document::error_page(&self.error);
        }
        let next = self.next.filter(|next| next != "/").map(|next| {
            let quoted: String = next.bytes().map(|byte| format!("%{byte:02x}")).collect();
            format!("?next={quoted}")
        });
        let mut response = Redirect::to(&format!("/login{}", next.unwrap_or_default())).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
        response
    }
}

/// Who opens a page. Everybody else is led to the sign-in page and back.
pub struct Visitor(pub CurrentUser);

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        let found = gate::found(&parts.extensions)?;
        let next = || Some(parts.uri.path_and_query().map_or("/".to_owned(), ToString::to_string));
        found.map(Self).ok_or_else(|| PageError { error: AppError::SignedOut, next: next() })
    }
}

/// What became of a form that was posted without JavaScript.
#[derive(Default, Deserialize)]
pub struct FormResult {
    #[serde(rename = "__err")]
    error: Option<String>,
}

impl FormResult {
    /// The error that the form led to. Anything else in the address is no error of ours.
    pub fn error(&self) -> Option<AppError> {
        let bytes = URL_SAFE.decode(self.error.as_ref()?).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

/// The fallback of the whole router.
pub async fn not_found(uri: Uri, headers: axum::http::HeaderMap) -> Response {
    if gate::is_for_program(uri.path(), &headers) {
        return AppError::NotFound.into_response();
    }
    document::error_page(&AppError::NotFound)
}
