//! How an [`AppError`] becomes an HTTP answer for programs, and a [`StoreError`] an [`AppError`].

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{language, request_id};
use crate::{
    domain::Reason,
    error::AppError,
    server::{
        ops::telemetry::chain,
        store::{NoAccess, StoreError},
        words,
    },
};

/// After how many seconds a database that does not answer, or a server that restarts, is worth another try.
const RETRY_SECONDS: u64 = 5;
/// After how many seconds those who wait for a password's hash are through.
const HASHED_SECONDS: u64 = 3;

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

/// The error as `application/problem+json`, worded in the caller's language. A 405 needs its `Allow` from the router.
pub fn problem(error: &AppError, request_id: Option<&str>) -> Response {
    let words = words::current();
    let problem = Problem {
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
    };
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // A struct of texts and numbers always becomes JSON.
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let fixed = [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store")];
    let mut answer = (status, fixed, [language::content_language()], body).into_response();
    if let Some((name, value)) = extra_header(error) {
        answer.headers_mut().insert(name, value);
    }
    answer
}

/// What the status asks for: when to come back, or how to sign in (RFC 9110, 11.6.1).
pub fn extra_header(error: &AppError) -> Option<(HeaderName, HeaderValue)> {
    match error {
        AppError::TooMany { seconds } => Some((header::RETRY_AFTER, HeaderValue::from(*seconds))),
        AppError::Unavailable | AppError::Stopping | AppError::StorageFull | AppError::StorageLost => {
            Some((header::RETRY_AFTER, HeaderValue::from(RETRY_SECONDS)))
        }
        AppError::Overloaded => Some((header::RETRY_AFTER, HeaderValue::from(HASHED_SECONDS))),
        AppError::SignedOut | AppError::WrongCredentials => {
            Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
        }
        _ => None,
    }
}

/// So that handlers of the REST API answer `Result<_, AppError>`.
impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        problem(&self, request_id::current().as_deref())
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
            (&json!("操作过于频繁"), &json!("操作过于频繁，请等 61 秒后重试。"))
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
