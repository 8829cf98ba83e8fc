//! An error in the form in which the caller reads it: a page, a problem for a program, JSON for the page's own calls.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};

use super::{document, errors::extra_header, language};
use crate::{
    error::{AppError, Refusal},
    server::words,
};

/// An error before any route: JSON for programs and functions, otherwise a page.
pub fn error_for(request: &Request, error: AppError) -> Response {
    let path = request.uri().path();
    if path.starts_with("/fn/") && !accepts_html(request.headers()) {
        as_json(&error)
    } else if is_for_program(path, request.headers()) {
        error.into_response()
    } else {
        document::error_page(&error)
    }
}

pub fn is_for_program(path: &str, headers: &HeaderMap) -> bool {
    path.starts_with("/api/") || !accepts_html(headers)
}

/// The error with its sentence in the caller's language.
pub fn worded(error: AppError) -> Refusal {
    let message = words::current().text(&error.reason());
    Refusal { error, message }
}

/// An error in the form in which the page's own calls read it.
pub fn as_json(error: &AppError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer =
        (status, [language::content_language()], axum::Json(worded(error.clone()))).into_response();
    if let Some((name, value)) = extra_header(error) {
        answer.headers_mut().insert(name, value);
    }
    if *error == AppError::MethodNotAllowed {
        answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    answer
}

pub fn accepts_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// The fallback of every route: no page and no call is here.
pub async fn not_found(uri: Uri, headers: HeaderMap) -> Response {
    page_or_problem(&uri, &headers, AppError::NotFound)
}

pub async fn method_not_allowed(uri: Uri, headers: HeaderMap) -> Response {
    page_or_problem(&uri, &headers, AppError::MethodNotAllowed)
}

fn page_or_problem(uri: &Uri, headers: &HeaderMap, error: AppError) -> Response {
    if is_for_program(uri.path(), headers) { error.into_response() } else { document::error_page(&error) }
}
