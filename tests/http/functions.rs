//! Server functions as a page calls them, and with bodies that they refuse.

use axum::{body::Body, http::Method};
use inglenook::server::http::context::function_paths;
use serde_json::Value;

use super::app::{App, Client};

const FORM: &str = "application/x-www-form-urlencoded";

async fn page(app: &App) -> Client {
    page_of(app, &app.person("lin").await)
}

/// A person's page, which sends the cookie and calls functions.
fn page_of(app: &App, person: &Client) -> Client {
    let page = app.client().cookie(&format!("inglenook={}", person.token()));
    page.header("sec-fetch-site", "same-origin").header("accept", "application/json")
}

/// A function answers every body with a sentence for the caller, and none with an error of the server.
#[tokio::test(flavor = "multi_thread")]
async fn every_bad_body_is_an_error_of_the_caller() {
    let app = App::with(&[("INGLENOOK_LIMITS_REGISTRATIONS_PER_HOUR", "1000")]).await;
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
        // The person signs in anew for each function, because one of the functions signs out.
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
    page_of(app, &app.person(&path.replace('/', "")).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_function_is_not_found() {
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

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_the_page_gets_errors_with_their_status() {
    let app = App::start().await;
    let page = page(&app).await;
    let nobody = app.client().header("accept", "application/json");
    let refused = nobody.post_form("/fn/login", "email=lin%40example.org&password=wrong").await.is(401);
    assert_eq!(refused.json()["code"], "wrong_credentials");
    assert_eq!(nobody.post_form("/fn/ask", "text=x").await.is(401).json()["code"], "signed_out");
    assert_eq!(page.post_form("/fn/ask", "text=+").await.is(422).json()["field"], "content");
    assert_eq!(page.post_form("/fn/ask", "").await.is(422).json()["field"], "text");
    assert_eq!(page.post_form("/fn/stop", "message_id=x").await.is(404).json()["code"], "not_found");
    assert_eq!(
        page.post_form("/fn/rename", "conversation_id=x&title=y").await.is(404).json()["code"],
        "not_found"
    );
    assert_eq!(page.post_form("/fn/follow", "conversation_id=x").await.is(404).json()["code"], "not_found");
    let long = format!("text={}", "x".repeat(300_000));
    assert_eq!(page.post_form("/fn/ask", &long).await.is(413).json()["code"], "too_long");
    page.post_form("/fn/ask", &format!("text={}", "x".repeat(1 << 20))).await.is(413);
    // All of these are errors of the caller.
    for (method, path, body) in [
        (Method::POST, "/fn/nothing", ""),
        (Method::GET, "/fn/login", ""),
        (Method::POST, "/fn/ask", "%ff=%ff&&&=;"),
        (Method::PUT, "/fn/ask", "text=x"),
    ] {
        let kind = Some("application/x-www-form-urlencoded");
        let answer = page.send(method, path, Body::from(body), kind).await;
        assert!((400..500).contains(&answer.status), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_source_of_a_message_is_for_its_own_person_only() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let begun = lin.ask(&lin.conversation().await, "1. *Why*?").await;
    let form = format!("message_id={}", begun["user_message"]["id"].as_str().unwrap());
    let source = async |person: &Client| page_of(&app, person).post_form("/fn/source", &form).await;
    assert_eq!(source(&lin).await.is(200).json(), "1. *Why*?");
    assert_eq!(source(&app.person("bob").await).await.is(404).json()["code"], "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn follow_streams_lines_of_json() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let id = lin.conversation().await;
    lin.ask(&id, "Hello").await;
    // The stream stays open for the next answer, until the conversation is deleted.
    let closing = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        lin.delete(&format!("/api/v1/conversations/{id}")).await.is(204);
    };
    let form = format!("conversation_id={id}");
    let (answer, ()) = tokio::join!(lin.post_form("/fn/follow", &form), closing);
    let answer = answer.is(200);
    assert_eq!(answer.header("content-encoding"), "");
    let text = answer.text();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["event"], "started");
    assert!(lines.iter().all(|line| line["seq"].is_u64()), "{text}");
    assert!(lines.iter().any(|line| line["event"] == "done" && line["status"] == "complete"), "{text}");
}
