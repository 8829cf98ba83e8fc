//! A provider's errors become sentences.

use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{ErrorContext, human, retry_after};
use crate::domain::{
    FailureCode::{self, Broken, Overloaded, Refused},
    Reason,
};
use crate::server::llm::LlmError;
use crate::server::words::Words;

fn errors() -> ErrorContext {
    ErrorContext { name: "acme".into(), label: "Acme".into(), key: Some("sk-12345".into()) }
}

/// What a person who reads English is told.
fn said(error: &LlmError) -> String {
    Words::english().text(&error.failure.reason)
}

#[test]
fn every_status_ends_in_a_stated_failure() {
    let cases: &[(u16, &str, FailureCode, bool, &str)] = &[
        (302, "", Broken, false, "base_url"),
        (400, "{}", Refused, false, "did not accept"),
        (400, r#"{"error":{"code":"context_length_exceeded"}}"#, Refused, false, "too long"),
        (401, "{}", Refused, false, "refused the key"),
        (402, "", Refused, false, "credit"),
        (403, "", Refused, false, "refused the key"),
        (404, "", Refused, false, "model “gpt-x”"),
        (408, "", Refused, false, "Try again"),
        (409, "", Refused, false, "Try again"),
        (413, "", Refused, false, "shorter"),
        (422, "", Refused, false, "did not accept"),
        (429, "", Overloaded, true, "Wait a moment"),
        (429, r#"{"error":{"code":"insufficient_quota"}}"#, Refused, false, "credit"),
        (500, "", Overloaded, true, "try again"),
        (504, "", Overloaded, true, "try again"),
        (529, "", Overloaded, true, "try again"),
        (204, "", Broken, true, "no sense"),
    ];
    for (status, body, code, retryable, part) in cases {
        let status = StatusCode::from_u16(*status).unwrap();
        let error = errors().status(status, &HeaderMap::new(), "gpt-x", body);
        assert_eq!((error.failure.code, error.failure.retryable), (*code, *retryable), "{status} {body}");
        assert!(said(&error).starts_with("Acme "), "{}", said(&error));
        assert!(said(&error).contains(part), "{status}: {}", said(&error));
        assert!(error.detail.starts_with(status.as_str()), "{}", error.detail);
    }
}

#[test]
fn the_key_is_never_printed() {
    let context = errors();
    assert!(!format!("{context:?}").contains("sk-12345"));
    let twice = context.broken(Reason::new("provider-senseless"), "Bearer sk-12345, sk-12345");
    assert_eq!(twice.detail, "Bearer [key], [key]");
    let empty = ErrorContext { key: Some("".into()), ..context };
    assert_eq!(empty.broken(Reason::new("provider-senseless"), "abc").detail, "abc");
}

#[test]
fn the_key_is_struck_before_the_detail_is_cut() {
    for before in 280..300 {
        let body = format!("{}sk-12345", "x".repeat(before));
        let error = errors().status(StatusCode::UNAUTHORIZED, &HeaderMap::new(), "m", &body);
        assert!(!error.detail.contains("sk"), "{}", error.detail);
        assert!(error.detail.chars().count() <= 300);
        assert!(!said(&error).contains("xxx"));
    }
}

#[test]
fn errors_in_a_stream() {
    let code = |json: &str| errors().in_stream(json, "m").failure.code;
    assert_eq!(code(r#"{"error":{"message":"busy","type":"server_error"}}"#), Overloaded);
    assert_eq!(code(r#"{"error":{"code":502,"message":"x"}}"#), Overloaded);
    assert_eq!(code(r#"{"error":{"code":"429","message":"x"}}"#), Overloaded);
    assert_eq!(code(r#"{"error":{"code":"context_length_exceeded"}}"#), Refused);
    assert_eq!(code(r#"{"error":{"type":"invalid_request_error"}}"#), Refused);
    assert_eq!(code(r#"{"error":"something"}"#), Overloaded);
}

#[test]
fn no_words_of_others_are_endless() {
    let name = format!("a\n\u{202e}{}", "日".repeat(1_000));
    for status in [StatusCode::NOT_FOUND, StatusCode::BAD_REQUEST] {
        let body = r#"{"error":{"code":"model_not_found"}}"#;
        let message = said(&errors().status(status, &HeaderMap::new(), &name, body));
        assert!(message.contains(&format!("model “a{}…”.", "日".repeat(79))), "{message}");
    }
    let error = errors().in_stream("data\nlevel=ERROR forged\r\n", "m");
    assert!(!error.detail.contains(['\n', '\r']), "{}", error.detail);
}

#[test]
fn what_a_person_wrote_is_no_error() {
    let body =
        r#"{"detail":[{"loc":["body"],"msg":"no","input":{"messages":[{"content":"context length"}]}}]}"#;
    let error = errors().status(StatusCode::UNPROCESSABLE_ENTITY, &HeaderMap::new(), "m", body);
    assert!(said(&error).contains("did not accept"), "{}", said(&error));
}

#[test]
fn a_limit_by_the_minute_says_how_long_to_wait() {
    let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static("7"))]);
    let body = r#"{"error":{"message":"Request too large on tokens per minute (TPM)","code":"rate_limit_exceeded"}}"#;
    let error = errors().status(StatusCode::PAYLOAD_TOO_LARGE, &headers, "m", body);
    assert_eq!((error.failure.code, error.failure.retryable), (Overloaded, true));
    assert!(said(&error).contains("Try again in 7 seconds"), "{}", said(&error));
}

#[test]
fn retry_after_in_both_forms() {
    let now = UNIX_EPOCH + Duration::from_secs(784_111_770);
    let asked = |value: &'static str| {
        let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_static(value))]);
        retry_after(&headers, now)
    };
    assert_eq!(asked("86400"), Some(Duration::from_secs(86_400)));
    assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(7)));
    assert_eq!(asked("Sat, 06 Nov 1993 08:49:37 GMT"), Some(Duration::ZERO));
    for wrong in [
        "-1",
        "",
        "soon",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 99:49:37 GMT",
        "a 1 Jan 0 0:0:0",
    ] {
        assert_eq!(asked(wrong), None, "{wrong}");
    }
}

#[test]
fn times_as_a_person_says_them() {
    let words = |time| Words::english().text(&human(time));
    let said = |seconds| words(Duration::from_secs(seconds));
    assert_eq!(said(1), "1 second");
    assert_eq!(said(60), "60 seconds");
    assert_eq!(said(125), "3 minutes");
    assert_eq!(said(86_400), "24 hours");
    assert_eq!(said(864_000), "10 days");
    assert_eq!(words(Duration::from_millis(300)), "1 second");
}
