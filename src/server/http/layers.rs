//! The layers around the routes, with the reasons for their order.

use std::{any::Any, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, HttpBody},
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use http_body_util::Limited;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, Predicate, predicate::SizeAbove},
    set_header::response::SetMultipleResponseHeadersLayer,
};

use super::{
    body, errors,
    gate::{self, Gate},
    site::Site,
};
use crate::{
    error::AppError,
    server::{accounts::Accounts, ops::tasks::panic_message},
};

/// The longest that the body of a refused request is read.
const DISCARD: Duration = Duration::from_secs(10);
/// For a year browsers open the site with https even if somebody types http.
const HSTS: &str = "max-age=31536000";

/// From the inside out: what comes first is nearest to the handlers.
pub fn layers<S>(router: Router<S>, site: &Arc<Site>, accounts: &Arc<Accounts>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let gate = Gate { site: site.clone(), accounts: accounts.clone() };
    router
        .layer(middleware::from_fn(unbuffered_streams))
        .layer(middleware::from_fn_with_state(gate, gate::authenticate))
        // Otherwise axum's own limit would apply before the one that the operator sets.
        .layer(DefaultBodyLimit::disable())
        // Bodies that say that they are too long are refused unread, before the gate asks the store; the others end at the
        // limit.
        .layer(middleware::from_fn_with_state(site.clone(), body_limit))
        // Around everything of ours that may panic.
        .layer(CatchPanicLayer::custom(after_panic))
        // Around everything that answers an error, a panic included.
        .layer(middleware::from_fn_with_state(site.clone(), errors::render))
        // Around everything that makes a body.
        .layer(compression())
        // Every answer carries these, also that to a panic and a refusal.
        .layer(security_headers(site))
}

/// Compresses pages and JSON only, because event streams must not be held back and assets are stored compressed. The
/// lowest level is used, because most answers are sent once and speed matters more than size.
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

async fn body_limit(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let limits = &site.config.limits;
    let limit = body::limit(limits, request.uri().path());
    let length = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let Some(length) = length.filter(|length| *length > limit) else {
        return next.run(request.map(|body| Body::new(Limited::new(body, limit)))).await;
    };
    let (path, body) = (request.uri().path().to_owned(), request.into_body());
    // A browser that is still sending when the answer arrives shows a broken connection and no answer. A body that is not
    // absurdly large is therefore read and thrown away, for a while.
    if length <= limits.body_bytes.saturating_mul(16) {
        let mut pieces = body.into_data_stream();
        let thrown_away = async { while pieces.next().await.is_some_and(|piece| piece.is_ok()) {} };
        let _ = tokio::time::timeout(DISCARD, thrown_away).await;
    }
    body::too_large(limits, &path).into_response()
}

/// Tells nginx and other proxies not to buffer streams: otherwise they hold an answer back until they have some kilobytes
/// of it. A stream is an answer whose length is not known.
async fn unbuffered_streams(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.body().size_hint().exact().is_none() {
        let name = HeaderName::from_static("x-accel-buffering");
        response.headers_mut().insert(name, HeaderValue::from_static("no"));
    }
    response
}

fn security_headers(site: &Site) -> SetMultipleResponseHeadersLayer<Response> {
    const HEADERS: [(HeaderName, &str); 7] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=()",
        ),
        // What may be cached says so itself, because most answers are for one person only.
        (header::CACHE_CONTROL, "no-store"),
        // Pages bring their own policy, with a nonce; nothing else runs or loads anything.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    let https = site.config.is_https().then_some((header::STRICT_TRANSPORT_SECURITY, HSTS));
    let headers = HEADERS.into_iter().chain(https);
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)).into());
    SetMultipleResponseHeadersLayer::if_not_present(headers.collect())
}

/// The layers of what is open to everybody: no session is looked up, and the database may be away.
pub fn open_to_all<S: Clone + Send + Sync + 'static>(router: Router<S>, site: &Arc<Site>) -> Router<S> {
    router
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(middleware::from_fn_with_state(site.clone(), errors::render))
        .layer(security_headers(site))
}

/// A panic ends its own request only, with status 500.
fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    let cause = panic_message(&*panic);
    tracing::error!(cause, "a request ended in a panic");
    AppError::Internal.into_response()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, routing::get};
    use tower::ServiceExt;

    use super::*;
    use crate::server::{config::Config, ops::clock::Clock};

    #[tokio::test]
    async fn a_panic_is_an_error_in_the_form_that_was_asked_for() {
        let handler = || async { Vec::<String>::new().remove(0) };
        let config = Config::load(None, |_| None).unwrap();
        let site = Arc::new(Site::new(config, b"secret", Clock::system()));
        let router = open_to_all(Router::<()>::new().route("/x", get(handler)), &site);
        for (accept, kind) in [("*/*", "application/problem+json"), ("text/html", "text/html; charset=utf-8")]
        {
            let request = Request::get("/x").header(header::ACCEPT, accept).body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), 500);
            assert_eq!(answer.headers()[header::CONTENT_TYPE], kind);
            assert_eq!(answer.headers()[header::X_FRAME_OPTIONS], "DENY");
        }
    }
}
