//! The router: every route, and the layers around them with the reasons for their order.

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, Predicate, predicate::SizeAbove},
    limit::RequestBodyLimitLayer,
};

use super::{assets, context, document, gate, request_id, rest, state::AppState};
use crate::{error::AppError, pages};

pub fn router(state: AppState) -> Router {
    let behind_the_gate = Router::new()
        .merge(pages::routes())
        .nest("/api/v1", rest::routes())
        .route("/fn/{name}", any(context::server_functions))
        .fallback(pages::not_found)
        .method_not_allowed_fallback(method_not_allowed);
    layers(behind_the_gate, &state)
        // No session is looked up for these, and they answer while the database is away.
        .merge(open_to_all())
        .layer(middleware::from_fn(request_id::trace))
        .with_state(state)
}

fn open_to_all() -> Router<AppState> {
    Router::new()
        .merge(rest::documentation())
        .route("/pkg/{build}/{*name}", get(assets::hashed))
        .route("/favicon.ico", get(|headers: HeaderMap| assets::fixed("favicon.svg", headers)))
        .route("/robots.txt", get(|headers: HeaderMap| assets::fixed("robots.txt", headers)))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(security_headers))
        .layer(CatchPanicLayer::custom(panicked))
}

/// From the inside out: what comes first is nearest to the handlers.
fn layers(router: Router<AppState>, state: &AppState) -> Router<AppState> {
    router
        .layer(middleware::from_fn_with_state(state.clone(), gate::enter))
        // Bodies that do not say how long they are.
        .layer(RequestBodyLimitLayer::new(state.config.limits.body_bytes))
        // Those that do are refused unread, before the gate asks the store.
        .layer(middleware::from_fn_with_state(state.clone(), body_limit))
        .layer(CatchPanicLayer::custom(panicked))
        // Around everything that makes a body.
        .layer(compression())
        // Whatever is answered carries these, also a panic and a refusal.
        .layer(middleware::from_fn(security_headers))
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
        .quality(CompressionLevel::Precise(4))
        .compress_when(SizeAbove::new(512).and(pages_and_json))
}

async fn body_limit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let limit = state.config.limits.body_bytes;
    let length = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > limit) {
        return gate::error_for(&request, AppError::TooLarge { limit });
    }
    next.run(request).await
}

async fn security_headers(request: Request, next: Next) -> Response {
    const HEADERS: [(HeaderName, &str); 4] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
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

/// Whether this server can serve now: its database answers, and it is not going down.
async fn ready(State(state): State<AppState>) -> Response {
    if state.live.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    match state.store.ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response(),
    }
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let cause = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no words");
    tracing::error!(cause, "a request ended in a panic");
    document::error_page(&AppError::Internal)
}
