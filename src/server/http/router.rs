//! The router: every route, and the layers around them with the reasons for their order.

use std::{panic::AssertUnwindSafe, time::Duration};

use axum::{
    Router,
    body::{Body, HttpBody},
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use futures::FutureExt;
use futures::StreamExt;
use tower_http::{
    CompressionLevel,
    compression::{CompressionLayer, Predicate, predicate::SizeAbove},
    limit::RequestBodyLimitLayer,
};

use super::{assets, context, document, gate, language, request_id};
use crate::{
    error::AppError,
    pages,
    server::{app::AppState, rest},
};

/// How long a body is read that is refused anyway.
const DISCARD: Duration = Duration::from_secs(10);
/// A year, in which browsers reach the site with https even where somebody types http.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

pub fn router(state: AppState) -> Router {
    let behind_the_gate = Router::new()
        .merge(pages::routes())
        .nest("/api/v1", rest::routes())
        .route("/fn/{name}", any(context::server_functions))
        .fallback(pages::not_found)
        .method_not_allowed_fallback(method_not_allowed);
    layers(behind_the_gate, &state)
        // No session is looked up for these, and they answer while the database is away.
        .merge(open_to_all(&state))
        // Outside of all that may say something to a person.
        .layer(middleware::from_fn(language::find))
        .layer(middleware::from_fn(request_id::trace))
        .with_state(state)
}

fn open_to_all(state: &AppState) -> Router<AppState> {
    Router::new()
        .merge(rest::documentation())
        .route("/pkg/{build}/{*name}", get(assets::hashed))
        .route("/favicon.ico", get(|headers: HeaderMap| assets::fixed("favicon.svg", headers)))
        .route("/robots.txt", get(|headers: HeaderMap| assets::fixed("robots.txt", headers)))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(state.clone(), security_headers))
        .layer(middleware::from_fn(catch_panic))
}

/// From the inside out: what comes first is nearest to the handlers.
fn layers(router: Router<AppState>, state: &AppState) -> Router<AppState> {
    router
        .layer(middleware::from_fn(unbuffered_streams))
        .layer(middleware::from_fn_with_state(state.clone(), gate::enter))
        // axum's own limit would stand before the one that the operator sets.
        .layer(DefaultBodyLimit::disable())
        // Bodies that do not say how long they are.
        .layer(RequestBodyLimitLayer::new(state.config.limits.body_bytes))
        // Those that do are refused unread, before the gate asks the store.
        .layer(middleware::from_fn_with_state(state.clone(), body_limit))
        .layer(middleware::from_fn(catch_panic))
        // Around everything that makes a body.
        .layer(compression())
        // Whatever is answered carries these, also a panic and a refusal.
        .layer(middleware::from_fn_with_state(state.clone(), security_headers))
}

/// Pages and JSON only: streams of events must not be held back, and assets come compressed. Speed goes
/// before size, as most of what is sent is sent once.
fn compression() -> CompressionLayer<impl Predicate> {
    let pages_and_json =
        |_: StatusCode, _: axum::http::Version, headers: &HeaderMap, _: &axum::http::Extensions| {
            let kind =
                headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
            kind.starts_with("text/html") || kind.starts_with("application/json")
        };
    CompressionLayer::new()
        .quality(CompressionLevel::Precise(1))
        .compress_when(SizeAbove::new(512).and(pages_and_json))
}

async fn body_limit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let limit = state.config.limits.body_bytes;
    let length = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let Some(length) = length.filter(|length| *length > limit) else { return next.run(request).await };
    let (parts, body) = request.into_parts();
    // A browser that is still sending when the answer comes sees a broken connection and no answer, so
    // what is not absurdly large is read and thrown away, for a while.
    if length <= limit.saturating_mul(16) {
        let mut pieces = body.into_data_stream();
        let thrown_away = async { while pieces.next().await.is_some_and(|piece| piece.is_ok()) {} };
        let _ = tokio::time::timeout(DISCARD, thrown_away).await;
    }
    let error = super::body::too_large(&state, parts.uri.path());
    gate::error_for(&Request::from_parts(parts, Body::empty()), error)
}

/// nginx and others hold an answer back until there are some kilobytes of it, unless this says that they
/// must not. A stream is what does not know how long it will be.
async fn unbuffered_streams(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.body().size_hint().exact().is_none() {
        let name = HeaderName::from_static("x-accel-buffering");
        response.headers_mut().insert(name, HeaderValue::from_static("no"));
    }
    response
}

async fn security_headers(State(state): State<AppState>, request: Request, next: Next) -> Response {
    const HEADERS: [(HeaderName, &str); 5] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=()",
        ),
    ];
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if state.config.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    // Whatever may be kept says so itself: the rest is somebody's own.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // Pages bring their own, with a nonce; nothing else runs or loads anything.
    let strict = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(strict);
    response
}

async fn method_not_allowed(headers: HeaderMap, uri: axum::http::Uri) -> Response {
    if gate::is_for_program(uri.path(), &headers) {
        return AppError::MethodNotAllowed.into_response();
    }
    document::error_page(&AppError::MethodNotAllowed)
}

/// Whether this server can serve now: its database takes what it should store, and it is not going
/// down.
async fn ready(State(state): State<AppState>) -> Response {
    if state.live.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    match state.readiness.check(&*state.store).await {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

/// One broken request is an error of its own and nobody else's.
async fn catch_panic(request: Request, next: Next) -> Response {
    let for_program = gate::is_for_program(request.uri().path(), request.headers());
    let panic = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => return response,
        Err(panic) => panic,
    };
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let cause = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no words");
    tracing::error!(cause, "a request ended in a panic");
    if for_program { AppError::Internal.into_response() } else { document::error_page(&AppError::Internal) }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_in_the_form_that_was_asked_for() {
        let handler = || async { Vec::<String>::new().remove(0) };
        let router = Router::new().route("/x", get(handler)).layer(middleware::from_fn(catch_panic));
        for (accept, kind) in [("*/*", "application/problem+json"), ("text/html", "text/html; charset=utf-8")]
        {
            let request = Request::get("/x").header(header::ACCEPT, accept).body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), 500);
            assert_eq!(answer.headers()[header::CONTENT_TYPE], kind);
        }
    }
}
