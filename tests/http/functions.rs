//! Server functions that are called with anything but what they take.

use axum::{body::Body, http::Method};
use inglenook::server::http::context::function_paths;

use super::app::{App, Client};

const FORM: &str = "application/x-www-form-urlencoded";

async fn page(app: &App) -> Client {
    let lin = app.person("lin").await;
    let page = app.client().cookie(&format!("inglenook={}", lin.token()));
    page.header("sec-fetch-site", "same-origin").header("accept", "application/json")
}

/// Whatever comes, a function answers with a sentence that is the caller's to read.
#[tokio::test(flavor = "multi_thread")]
async fn no_body_is_anybodys_fault_but_the_callers() {
    let app = App::start().await;
    let bodies: Vec<Vec<u8>> = vec![
        b"".into(),
        b"\xff\xfe\xfd".into(),
        b"text=\xff".into(),
        b"text=\xc3\x28&message_id=\xed\xa0\x80&conversation_id=\xf0\x82\x82\xac".into(),
        b"text=%ff&message_id=%ff&conversation_id=%ff&email=%ff&password=%ff&title=%ff&name=%ff".into(),
        b"text=%c3%28&message_id=%&conversation_id=%zz&email=%1&password=%&title=%%%".into(),
        b"%ff=%ff&&&=;".into(),
        b"&=&=&".into(),
        b"text[]=1&text[]=2".into(),
        b"text[a][b][c][d][e][f][g][h]=1".into(),
        b"text[=1&]text=2&[text]=3".into(),
        b"text=1&text=2&message_id=1&message_id=2&conversation_id=1&conversation_id=2".into(),
        b"conversation_id=x&after=-1&before=x&message_id=\0&key=\0".into(),
        b"conversation_id=x&after=99999999999999999999999".into(),
        br#"{"text":"hello"}"#.into(),
        br#"{"text":"#.into(),
        b"[]".into(),
        b"null".into(),
        b"--x\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\nhello\r\n--x--".into(),
        vec![0; 1000],
        "text=".bytes().chain(std::iter::repeat_n(b'[', 10_000)).collect(),
        std::iter::repeat_n(b'[', 10_000).chain(*b"=1").collect(),
        std::iter::repeat_n(b'&', 100_000).collect(),
    ];
    let kinds = [
        Some(FORM),
        Some("application/x-www-form-urlencoded; charset=utf-8"),
        None,
        Some("application/json"),
        Some("text/plain"),
        Some("multipart/form-data; boundary=x"),
        Some("application/octet-stream"),
        Some(";"),
        Some("é"),
    ];
    let paths = function_paths();
    assert!(paths.len() > 10, "{paths:?}");
    for path in paths {
        // Each function in turn, as somebody who is still signed in.
        let page = page_again(&app, path).await;
        for kind in kinds {
            let form = kind.is_none_or(|kind| kind.starts_with(FORM));
            for body in bodies.iter().take(if form { bodies.len() } else { 3 }) {
                let answer = page.send(Method::POST, path, Body::from(body.clone()), kind).await;
                let asked =
                    format!("{path} {kind:?} {}", String::from_utf8_lossy(&body[..body.len().min(60)]));
                assert!((200..500).contains(&answer.status), "{asked}: {} {}", answer.status, answer.text());
                if answer.status >= 400 {
                    let error = answer.json();
                    let code = error["code"].as_str().unwrap();
                    assert!(!matches!(code, "unreachable" | "internal" | "unavailable"), "{asked}: {error}");
                }
                assert!(form || answer.status == 415, "{asked}: {}", answer.status);
                if form && std::str::from_utf8(body).is_err() {
                    assert_eq!((answer.status, &answer.json()["code"]), (422, &"invalid".into()), "{asked}");
                }
            }
        }
    }
}

async fn page_again(app: &App, path: &str) -> Client {
    let lin = app.person(&path.replace('/', "")).await;
    let page = app.client().cookie(&format!("inglenook={}", lin.token()));
    page.header("sec-fetch-site", "same-origin").header("accept", "application/json")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_function_is_not_found() {
    let app = App::start().await;
    let page = page(&app).await;
    for path in ["/fn/unknown", "/fn/ASK", "/fn/%ff", "/fn/..%2fapi", "/fn/ask%00"] {
        for method in [Method::POST, Method::GET, Method::DELETE] {
            let answer = page.send(method, path, Body::from("text=x"), Some(FORM)).await.is(404);
            assert_eq!(
                (answer.json()["code"].as_str(), answer.header("content-type")),
                (Some("not_found"), "application/json")
            );
        }
        let opened = app.client().browser().post_form(path, "text=x").await.is(404);
        assert!(opened.header("content-type").starts_with("text/html"), "{path}");
    }
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = page.send(method, "/fn/ask", Body::from("text=x"), Some(FORM)).await.is(405);
        assert_eq!(
            (answer.json()["code"].as_str(), answer.header("allow")),
            (Some("method_not_allowed"), "POST")
        );
    }
}
