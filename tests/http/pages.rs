//! Pages, error pages, headers, probes.

use axum::{body::Body, http::Method};
use serde_json::json;

use super::app::App;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_signed_out_is_led_to_the_sign_in_page_and_back() {
    let app = App::start().await;
    let browser = app.client().browser();
    assert_eq!(browser.get("/").await.is(303).header("location"), "/login");
    assert_eq!(browser.get("/login").await.is(303).header("location"), "/register");
    app.person("lin").await;
    let page = browser.get("/login").await.is(200);
    assert!(page.text().contains("<form") && page.text().contains("Sign in"));
    let led = browser.get("/history?q=a%26b").await.is(303);
    let next = led.header("location").strip_prefix("/login?next=").unwrap();
    let page = browser.get(led.header("location")).await.is(200);
    assert!(page.text().contains("value=\"/history?q=a%26b\""), "{next}: {}", page.text());
    assert_eq!(led.header("cache-control"), "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_open_and_say_what_may_run_in_them() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let id = lin.conversation().await;
    lin.ask(&id, "</textarea></title><script>alert(1)</script>").await;
    let browser = app.client().browser().cookie(&format!("inglenook={}", lin.token()));
    let mut nonces = Vec::new();
    for path in ["/", &format!("/c/{id}"), "/history", "/settings/chat", "/nothing-here", "/api/docs"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, if path == "/nothing-here" { 404 } else { 200 }, "{path}");
        let policy = page.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe-inline") && !policy.contains("unsafe-eval'\u{20}"), "{policy}");
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        let html = page.text();
        assert!(html.starts_with("<!doctype html>") && !html.contains("<script>alert"), "{path}");
        for script in html.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{path}: {tag}");
        }
        assert!(!html.contains(" style=\"") && !html.contains(" onclick="), "{path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
        ] {
            assert_eq!(page.header(name), value, "{path}");
        }
        nonces.push(nonce);
    }
    nonces.dedup();
    assert_eq!(nonces.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_page_has_a_way_out_and_programs_get_a_problem() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let browser = app.client().browser().cookie(&format!("inglenook={}", lin.token()));
    for path in ["/nothing", "/c/nothing", "/c/%00", "/c/%ff", "/pkg/x/y"] {
        let page = browser.get(path).await.is(404);
        assert!(path.starts_with("/pkg") || page.text().contains("href=\"/\""), "{path}: {}", page.text());
    }
    for path in ["/?__err=a&__err=b", "/history?q=a&q=b", "/settings?saved=%ff", "/history?q=%00%25"] {
        browser.get(path).await.is(200);
    }
    let page = browser.get("/history?cursor=x").await.is(422);
    assert!(page.text().contains("href=\"/\""), "{}", page.text());
    // Below /api an error is a problem, whatever client asks.
    for client in [&browser, &lin, &app.client()] {
        client.get("/api/v1/nothing").await.problem(404, "");
        client.get("/api/nothing").await.problem(404, "");
    }
    lin.get("/nothing").await.problem(404, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_is_not_taken_is_answered_with_those_that_are() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let browser = app.client().browser().cookie(&format!("inglenook={}", lin.token()));
    for (method, path, allowed) in [
        (Method::PUT, "/api/v1/conversations", "GET,HEAD,POST"),
        (Method::POST, "/api/v1/conversations/x", "GET,HEAD,PATCH,DELETE"),
        (Method::GET, "/api/v1/auth/login", "POST"),
        (Method::DELETE, "/api/v1/me", "GET,HEAD,PATCH"),
        (Method::POST, "/api/openapi.json", "GET,HEAD"),
        (Method::POST, "/", "GET,HEAD"),
        (Method::DELETE, "/login", "GET,HEAD"),
        (Method::POST, "/healthz", "GET,HEAD"),
    ] {
        let refused = lin.send(method.clone(), path, Body::empty(), None).await.problem(405, "");
        assert_eq!(refused.header("allow"), allowed, "{method} {path}");
        let page = browser.send(method.clone(), path, Body::empty(), None).await.is(405);
        assert_eq!(page.header("allow"), allowed, "{method} {path}");
        assert_eq!(page.text().starts_with("<!doctype"), !path.starts_with("/api/"), "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_answer_everybody() {
    let app = App::start().await;
    assert_eq!(app.client().get("/healthz").await.is(200).text(), "ok\n");
    assert_eq!(app.client().get("/readyz").await.is(200).text(), "ready\n");
    let head = app.client().send(Method::HEAD, "/healthz", Body::empty(), None).await.is(200);
    assert!(head.body.is_empty());
    app.state.store.close().await;
    app.client().get("/healthz").await.is(200);
    app.client().get("/readyz").await.is(503);
    app.state.live.drain();
    assert_eq!(app.client().get("/readyz").await.is(503).text(), "stopping\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_is_a_503_and_no_secret() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    app.state.store.close().await;
    let refused = lin.get("/api/v1/conversations").await.problem(503, "");
    assert!(!refused.header("retry-after").is_empty());
    let browser = app.client().browser().cookie(&format!("inglenook={}", lin.token()));
    let page = browser.get("/").await.is(503);
    assert!(page.text().contains("href=\"/\"") && page.text().contains(page.header("x-request-id")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_takes_no_new_question() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let path = format!("/api/v1/conversations/{}", lin.conversation().await);
    let mut events = lin.events(&format!("{path}/events")).await;
    app.state.live.drain();
    assert_eq!(events.next().await, None);
    lin.post(&format!("{path}/messages"), &json!({ "content": "Hello" })).await.problem(503, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_its_request_id() {
    let app = App::start().await;
    for path in ["/", "/login", "/healthz", "/api/v1/me", "/nothing", "/api/openapi.json"] {
        assert_eq!(app.client().get(path).await.header("x-request-id").len(), 26, "{path}");
        let named = app.client().header("x-request-id", "from-the-proxy-1").get(path).await;
        assert_eq!(named.header("x-request-id"), "from-the-proxy-1", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_compressed_and_events_are_not() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let id = lin.conversation().await;
    lin.ask(&id, "Hello").await;
    let lin = lin.header("accept-encoding", "gzip, br");
    assert_eq!(lin.get("/login").await.header("content-encoding"), "");
    assert_eq!(lin.get("/").await.is(200).header("content-encoding"), "br");
    let messages = format!("/api/v1/conversations/{id}/messages");
    assert_eq!(lin.get(&messages).await.is(200).header("content-encoding"), "br");
    let mut events = lin.events(&format!("/api/v1/conversations/{id}/events")).await;
    assert!(!events.headers.contains_key("content-encoding"));
    assert!(!events.until_end().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_question_can_be_folded_and_is_whole_on_the_page() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let id = lin.conversation().await;
    let long = vec!["a line"; 40].join("\n");
    lin.ask(&id, "Short").await;
    lin.ask(&id, &long).await;
    let page = lin.browser().get(&format!("/c/{id}")).await.is(200).text();
    let buttons: Vec<&str> = page.split("aria-expanded=\"false\"").skip(1).collect();
    let hidden =
        buttons.iter().filter(|rest| rest.split('>').next().is_some_and(|tag| tag.contains("hidden")));
    // The short one, and those of the templates of a question and of a room's message.
    assert_eq!((buttons.len(), hidden.count()), (4, 3), "{page}");
    assert!(page.contains(&long), "{page}");
}
