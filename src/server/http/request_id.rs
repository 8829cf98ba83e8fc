//! [`layers`]: the id of a request in the log, in its answer and in every error shown.

use std::time::Instant;

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::{self, Next},
    response::Response,
};
use tower::ServiceBuilder;
use tower_http::request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tracing::Instrument;

pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// In bytes. Longer ids from outside are replaced, because the id is in every line of the log.
const MAX_LEN: usize = 64;

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request that this task answers; `None` outside of one, and in tasks it spawned.
pub fn current() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Gives each request an id, which its extensions hold as [`RequestId`], and a span, and logs one line when its head is
/// answered (a stream goes on after that). To be put outside of everything that logs or shows errors.
pub fn layers<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    // From the outside in.
    let layers = ServiceBuilder::new()
        .map_request(without_unfit_id)
        .layer(SetRequestIdLayer::new(HEADER, Ulids))
        .layer(PropagateRequestIdLayer::new(HEADER))
        .layer(middleware::from_fn(trace));
    router.layer(layers)
}

/// Makes the ids of requests that bring none.
#[derive(Clone, Copy)]
struct Ulids;

impl MakeRequestId for Ulids {
    fn make_request_id<B>(&mut self, _: &http::Request<B>) -> Option<RequestId> {
        HeaderValue::from_str(&ulid::Ulid::generate().to_string()).ok().map(RequestId::new)
    }
}

/// The id of a proxy stays if it is short and can be printed anywhere.
fn without_unfit_id(mut request: Request) -> Request {
    let fits = |id: &[u8]| {
        (1..=MAX_LEN).contains(&id.len()) && id.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    };
    if request.headers().get(HEADER).is_some_and(|id| !fits(id.as_bytes())) {
        request.headers_mut().remove(HEADER);
    }
    request
}

/// The span, the task-local id and the line in the log.
async fn trace(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    let id = id.unwrap_or_default().to_owned();
    let quiet = request.method().is_safe() || is_quiet(request.uri().path());
    // At the level of errors, so that the id is in each line whatever the filter lets through. The query is left out,
    // because it may hold what people search for.
    let span = tracing::error_span!(
        "request", id = %id, method = %request.method(), path = %path_to_log(request.uri().path()),
    );
    let began = Instant::now();
    let answer = CURRENT.scope(id, next.run(request)).instrument(span.clone()).await;
    let _entered = span.enter();
    let (status, ms) = (answer.status().as_u16(), began.elapsed().as_secs_f64() * 1000.0);
    if quiet && status < 400 {
        tracing::debug!(status, "{ms:.1} ms");
    } else {
        tracing::info!(status, "{ms:.1} ms");
    }
    answer
}

/// The path without the code that some hold, because whoever reads the log must not use it.
fn path_to_log(path: &str) -> &str {
    let secret = |folder: &&str| path.len() > folder.len() && path.starts_with(*folder);
    ["/join/", "/reset/", "/device/"].into_iter().find(secret).unwrap_or(path)
}

/// Requests that are logged only when they fail: assets and probes come by the dozen and say little.
fn is_quiet(path: &str) -> bool {
    path.starts_with("/pkg/") || matches!(path, "/healthz" | "/readyz" | "/metrics" | "/favicon.ico")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::{
        Extension,
        body::Body,
        routing::{any, get},
    };
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    #[test]
    fn a_code_in_a_path_is_not_logged() {
        assert_eq!(path_to_log("/join/7ZZZ0123456789ABCDEFGH1JKM"), "/join/");
        assert_eq!(path_to_log("/reset/0123456789abcdef"), "/reset/");
        assert_eq!(path_to_log("/device/0123456789abcdef"), "/device/");
        let routes = include_str!("../../../tests/http/route_table.rs");
        let secret: Vec<&str> = routes.split('"').filter(|path| path.contains("/{code}")).collect();
        assert!(secret.len() >= 3);
        for path in secret {
            assert!(!path_to_log(path).contains("{code}"), "{path}");
        }
        for plain in ["/join/", "/joint/x", "/c/join/x", "/"] {
            assert_eq!(path_to_log(plain), plain);
        }
    }

    /// Answers the id from the extensions and the one from the task.
    async fn ask(incoming: Option<&str>) -> (String, String) {
        let handler = |Extension(id): Extension<RequestId>| async move {
            tokio::task::yield_now().await;
            format!("{} {}", id.header_value().to_str().unwrap(), current().unwrap())
        };
        let router = layers(Router::new().route("/", get(handler)));
        let mut request = Request::get("/?q=private").body(Body::empty()).unwrap();
        if let Some(id) = incoming {
            request.headers_mut().insert(HEADER, HeaderValue::from_bytes(id.as_bytes()).unwrap());
        }
        let answer = router.oneshot(request).await.unwrap();
        let header = answer.headers()[HEADER].to_str().unwrap().to_owned();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (header, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn one_id_in_header_extension_and_task() {
        let (header, body) = ask(None).await;
        assert_eq!(header.len(), 26);
        assert_eq!(body, format!("{header} {header}"));
        assert_ne!(ask(None).await.0, header);
        assert_eq!(current(), None);
    }

    #[tokio::test]
    async fn a_short_plain_one_is_kept_and_others_are_replaced() {
        assert_eq!(ask(Some("abc-123")).await.0, "abc-123");
        let long = "a".repeat(65);
        for bad in ["", "a b", "<script>", "é", "a_b", &*long] {
            assert_eq!(ask(Some(bad)).await.0.len(), 26, "{bad}");
        }
    }

    /// What a log at `directives` says about one request whose handler warns.
    async fn logged(method: &str, directives: &str) -> String {
        let buffer = Arc::new(Mutex::new(Vec::new()));
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(directives)
            .with_ansi(false)
            .with_writer({
                let buffer = buffer.clone();
                move || Shared(buffer.clone())
            })
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        let handler = || async { tracing::warn!("slow") };
        let router = layers(Router::new().route("/path", any(handler)));
        let request = Request::builder()
            .method(method)
            .uri("/path?q=private")
            .header(HEADER, "abc-123")
            .body(Body::empty())
            .unwrap();
        router.oneshot(request).await.unwrap();
        drop(guard);
        let bytes = buffer.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn each_line_has_the_id_and_none_the_query() {
        let text = logged("POST", "inglenook=info").await;
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(
            text.lines().all(|line| line.contains("id=abc-123") && line.contains("path=/path")),
            "{text}"
        );
        assert!(text.contains("status=200") && !text.contains("private"), "{text}");
        // What only reads leaves no line of its own while it succeeds.
        assert_eq!(logged("GET", "inglenook=info").await.lines().count(), 1);
        let text = logged("POST", "warn").await;
        assert!(text.lines().count() == 1 && text.contains("id=abc-123"), "{text}");
    }
}
