//! What an [`AppError`] looks like to its caller, which [`render`] alone decides: a page, a problem for a program, or JSON
//! for the calls of the site's own pages. And which [`AppError`] a [`StoreError`] is.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{document, language, request_id, site::Site};
use crate::{
    domain::Reason,
    error::{AppError, Refusal},
    server::{
        ops::telemetry::chain,
        store::{NoAccess, StoreError},
        words,
    },
    ui::parts::RefusedForm,
};

/// After how many seconds a request is worth another try when the database does not answer or the server restarts.
const RETRY_SECONDS: u64 = 5;
/// After how many seconds the queue for password hashing is expected to be empty.
const HASHED_SECONDS: u64 = 3;

/// How a caller reads errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A person's browser opens an address or posts a form.
    Page,
    /// A script of our own pages calls a server function: [`Refusal`] as JSON.
    Call,
    /// A program: `application/problem+json`.
    Problem,
}

impl Format {
    /// Of all below `/api/` it is a problem whoever asks; elsewhere a caller that accepts HTML gets a page.
    pub fn of(path: &str, headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        let accepts_html = accept.is_some_and(|accept| accept.contains("text/html"));
        match (accepts_html, path) {
            (_, path) if path.starts_with("/api/") => Self::Problem,
            (true, _) => Self::Page,
            (false, path) if path.starts_with("/fn/") => Self::Call,
            (false, _) => Self::Problem,
        }
    }
}

/// The middleware that gives every error its format. Handlers and layers inside of it answer an [`AppError`]; the headers
/// that they add, such as `Allow`, stay.
pub async fn render(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let format = Format::of(request.uri().path(), request.headers());
    let mut answer = next.run(request).await;
    let Some(error) = answer.extensions_mut().remove::<AppError>() else { return answer };
    let mut rendered = match (format, &error, &site.config.server.public_url) {
        (Format::Problem, ..) => return answer,
        (Format::Call, ..) => call(&error),
        // A person who came to the wrong address gets the right one to click on.
        (Format::Page, AppError::Misdirected { .. }, Some(address)) => {
            document::address_page(status(&error), &error, address)
        }
        (Format::Page, ..) => page(&error, None),
    };
    keep_headers(&mut rendered, std::mem::take(answer.headers_mut()));
    rendered
}

/// Adds those headers that the answer has none of, except what describes the body that they came with.
pub fn keep_headers(answer: &mut Response, mut headers: HeaderMap) {
    for name in answer.headers().keys().chain([&header::CONTENT_LENGTH, &header::CONTENT_TYPE]) {
        headers.remove(name);
    }
    answer.headers_mut().extend(headers);
}

fn status(error: &AppError) -> StatusCode {
    StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The error's page; `refused` is the form that was refused, to be sent again.
pub fn page(error: &AppError, refused: Option<RefusedForm>) -> Response {
    let mut answer = document::error_page(status(error), error, refused);
    answer.headers_mut().extend(extra_header(error));
    answer
}

/// [`Refusal`] with its sentence in the caller's language.
fn call(error: &AppError) -> Response {
    let message = words::current().text(&error.reason());
    let refusal = Refusal { error: error.clone(), message };
    let mut answer = (status(error), [language::content_language()], axum::Json(refusal)).into_response();
    answer.headers_mut().extend(extra_header(error));
    answer
}

/// RFC 9457, with the error's `code`, the `field` to put right and the id to look up in the log.
#[derive(Serialize, ToSchema)]
pub struct Problem<'a> {
    r#type: String,
    title: String,
    status: u16,
    /// A sentence for a person, in the language of their account or of `Accept-Language`.
    detail: String,
    /// A word for programs that stays the same.
    code: &'a str,
    /// What to put right, as the path of a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    field: Option<&'a str>,
    /// Under this id the server's log has more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request_id: Option<&'a str>,
}

/// The error in the caller's language.
pub fn problem_of<'a>(error: &'a AppError, request_id: Option<&'a str>) -> Problem<'a> {
    let words = words::current();
    Problem {
        r#type: format!("urn:inglenook:error:{}", error.code()),
        title: words.text(&error.title()),
        status: error.status(),
        detail: words.text(&error.reason()),
        code: error.code(),
        field: match error {
            AppError::Invalid { field, .. } if !field.is_empty() => Some(field),
            AppError::IdempotencyKeyReused => Some("Idempotency-Key"),
            _ => None,
        },
        request_id,
    }
}

/// The error as `application/problem+json`. The router adds the `Allow` of a 405.
fn problem(error: &AppError, request_id: Option<&str>) -> Response {
    let problem = problem_of(error, request_id);
    // A struct of texts and numbers always becomes JSON.
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let fixed = [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store")];
    let mut answer = (status(error), fixed, [language::content_language()], body).into_response();
    answer.headers_mut().extend(extra_header(error));
    answer
}

/// What the status asks for: when to come back, or how to sign in (RFC 9110, 11.6.1).
fn extra_header(error: &AppError) -> Option<(HeaderName, HeaderValue)> {
    match error {
        AppError::TooMany { seconds }
        | AppError::TooFast { seconds, .. }
        | AppError::BudgetUsedUp { seconds, .. } => Some((header::RETRY_AFTER, HeaderValue::from(*seconds))),
        AppError::Unavailable | AppError::Stopping | AppError::StorageFull | AppError::StorageLost => {
            Some((header::RETRY_AFTER, HeaderValue::from(RETRY_SECONDS)))
        }
        AppError::Overloaded => Some((header::RETRY_AFTER, HeaderValue::from(HASHED_SECONDS))),
        AppError::SignedOut
        | AppError::WrongCredentials
        | AppError::SecondFactorRequired
        | AppError::WrongCode => Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
        _ => None,
    }
}

/// Handlers and layers answer an error as it is: a problem, which [`render`] replaces for callers of another format.
impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let mut answer = problem(&self, request_id::current().as_deref());
        answer.extensions_mut().insert(self);
        answer
    }
}

/// Logs the cause, which is the only place where it can be read.
impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Unavailable(_) => {
                tracing::warn!(cause = %chain(&error), "the store does not answer");
                Self::Unavailable
            }
            StoreError::Full(_) => {
                tracing::error!(cause = %chain(&error), "the store has no room");
                Self::StorageFull
            }
            StoreError::Lost(_) => {
                tracing::error!(cause = %chain(&error), "the store is lost");
                Self::StorageLost
            }
            StoreError::Broken(_) => {
                tracing::error!(cause = %chain(&error), "the store failed");
                Self::Internal
            }
        }
    }
}

/// A stranger is not told from somebody who asks for what is not there.
impl From<NoAccess> for AppError {
    fn from(error: NoAccess) -> Self {
        match error {
            NoAccess::Missing => Self::NotFound,
            NoAccess::Denied => Self::Forbidden { reason: Reason::new("not-allowed-here") },
            NoAccess::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use serde_json::{Value, json};

    use super::*;
    use crate::{domain::Reason, server::words::Language};

    async fn read(answer: Response) -> (u16, header::HeaderMap, Value) {
        let (head, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (head.status.as_u16(), head.headers, serde_json::from_slice(&bytes).unwrap())
    }

    #[test]
    fn what_a_caller_accepts_and_where_decides_the_format() {
        let of = |path: &str, accept: Option<&'static str>| {
            let accept = accept.map(|accept| (header::ACCEPT, HeaderValue::from_static(accept)));
            Format::of(path, &accept.into_iter().collect())
        };
        const BROWSER: Option<&str> = Some("text/html,application/xhtml+xml,*/*;q=0.8");
        for (path, accept, format) in [
            ("/", BROWSER, Format::Page),
            ("/", Some("*/*"), Format::Problem),
            ("/", None, Format::Problem),
            ("/fn/ask", BROWSER, Format::Page),
            ("/fn/ask", Some("application/json"), Format::Call),
            ("/api/v1/me", BROWSER, Format::Problem),
            ("/api/nothing", None, Format::Problem),
            ("/api", BROWSER, Format::Page),
        ] {
            assert_eq!(of(path, accept), format, "{path} {accept:?}");
        }
    }

    #[tokio::test]
    async fn everything_a_program_needs() {
        let error = AppError::invalid("email", Reason::new("email-not-valid"));
        let (status, headers, body) = read(problem(&error, Some("01ABC"))).await;
        assert_eq!(status, 422);
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(
            body,
            json!({
                "type": "urn:inglenook:error:invalid", "title": "Not valid", "status": 422,
                "detail": "Enter an e-mail address such as lin@example.org.", "code": "invalid", "field": "email", "request_id": "01ABC",
            })
        );
    }

    #[tokio::test]
    async fn a_problem_speaks_the_language_of_its_caller() {
        let chinese = Language::exactly("zh-CN").unwrap();
        let answer = words::scope(chinese, async { AppError::TooMany { seconds: 61 }.into_response() }).await;
        let (_, headers, body) = read(answer).await;
        assert_eq!(headers[header::CONTENT_LANGUAGE], "zh-CN");
        assert_eq!(body["code"], "too_many");
        assert_eq!(
            (&body["title"], &body["detail"]),
            (&json!("操作过于频繁"), &json!("尝试次数过多，请等 61 秒后重试。"))
        );
    }

    #[test]
    fn sizes_and_times_are_said_as_people_say_them() {
        let said = |error: AppError| words::Words::english().text(&error.reason());
        let too_long = |size, limit| said(AppError::TooLong { size, limit });
        assert!(too_long(Some(300_000), 262_144).contains("(293 KB of at most 256 KB)"));
        assert!(too_long(Some(262_145), 262_144).contains("(257 KB of at most 256 KB)"));
        assert!(too_long(Some(1_048_577), 1_048_576).contains("(1.1 MB of at most 1 MB)"));
        assert!(too_long(None, 262_144).contains("at most 256 KB"));
        assert!(said(AppError::TooLarge { limit: 1 << 20 }).contains("at most 1 MB"));
        let wait = |seconds| said(AppError::TooMany { seconds });
        assert!(wait(59).contains("59 seconds") && wait(1).contains("1 second "));
        assert!(wait(3541).contains("60 minutes") && wait(121).contains("3 minutes"));
    }

    #[tokio::test]
    async fn fields_without_a_value_are_left_out() {
        let (status, headers, body) = read(problem(&AppError::NotFound, None)).await;
        assert_eq!(status, 404);
        assert!(body.get("field").is_none() && body.get("request_id").is_none());
        assert!(!headers.contains_key(header::RETRY_AFTER) && !headers.contains_key(header::ALLOW));
        let (_, _, body) = read(problem(&AppError::invalid("", Reason::new("body-not-object")), None)).await;
        assert!(body.get("field").is_none());
    }

    #[tokio::test]
    async fn when_to_come_back_and_how_to_sign_in() {
        let (status, headers, _) = read(AppError::TooMany { seconds: 17 }.into_response()).await;
        assert_eq!((status, &headers[header::RETRY_AFTER]), (429, &HeaderValue::from(17)));
        let (status, headers, _) = read(AppError::Unavailable.into_response()).await;
        assert_eq!((status, &headers[header::RETRY_AFTER]), (503, &HeaderValue::from(5)));
        let (status, headers, _) = read(AppError::Overloaded.into_response()).await;
        assert_eq!((status, &headers[header::RETRY_AFTER]), (503, &HeaderValue::from(3)));
        let (status, headers, _) = read(AppError::SignedOut.into_response()).await;
        assert_eq!((status, &headers[header::WWW_AUTHENTICATE]), (401, &HeaderValue::from_static("Bearer")));
    }

    #[tokio::test]
    async fn causes_do_not_travel() {
        let broken = AppError::from(StoreError::Broken("mongodb://me:hunter22@db".into()));
        assert_eq!(broken, AppError::Internal);
        let (_, _, body) = read(broken.into_response()).await;
        assert!(!body.to_string().contains("hunter22"));
        assert_eq!(AppError::from(StoreError::Unavailable("refused".into())), AppError::Unavailable);
        assert_eq!(AppError::from(StoreError::Full("13".into())), AppError::StorageFull);
        assert_eq!(AppError::from(StoreError::Lost("/var/db".into())), AppError::StorageLost);
    }
}
