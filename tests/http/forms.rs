//! Server functions: as plain forms without JavaScript and as calls of the page; and where a change
//! must come from.

use axum::{body::Body, http::Method};
use serde_json::{Value, json};

use crate::app::{Answer, App, Client};

const LOGIN: &str = "email=lin%40example.org&password=correct+horse";

fn call(answer: &Answer) -> Value {
    answer.json()
}

/// Signed in by cookie, as a browser is.
async fn browser(app: &App) -> Client {
    let lin = app.person("lin").await;
    app.client().cookie(&format!("inglenook={}", lin.token()))
}

#[tokio::test]
async fn a_form_signs_in_and_leads_on() {
    let app = App::start().await;
    app.person("lin").await;
    let browser = app.client().browser().header("referer", "http://inglenook.test/login?next=%2fc%2fx");
    let answer = browser.post_form("/fn/login", &format!("{LOGIN}&next=%2Fc%2Fx")).await.is(302);
    assert_eq!(answer.header("location"), "/c/x");
    assert!(answer.header("set-cookie").contains("HttpOnly"));
    app.client().cookie(&answer.cookie()).get("/").await.is(200);
    for elsewhere in [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/%0d%0aset-cookie:x",
    ] {
        let answer = browser.post_form("/fn/login", &format!("{LOGIN}&next={elsewhere}")).await.is(302);
        assert_eq!(answer.header("location"), "/", "{elsewhere}");
    }
}

#[tokio::test]
async fn a_wrong_password_leads_back_with_a_sentence() {
    let app = App::start().await;
    app.person("lin").await;
    let browser = app.client().browser().header("referer", "http://inglenook.test/login?next=%2fc%2fx");
    let answer = browser.post_form("/fn/login", "email=lin%40example.org&password=wrong").await.is(302);
    let back = answer.header("location");
    assert!(back.contains("/login?") && back.contains("__err=") && back.contains("next="), "{back}");
    assert!(answer.header("set-cookie").is_empty());
    let path = back.strip_prefix("http://inglenook.test").unwrap_or(back);
    let page = app.client().browser().get(path).await.is(200).text();
    assert!(page.contains("role=\"alert\"") && page.contains("do not match"), "{page}");
    // Only our own errors are shown.
    let page = app.client().browser().get("/login?__err=%3Cb%3Enonsense").await.is(200).text();
    assert!(!page.contains("role=\"alert\"") && !page.contains("nonsense"), "{page}");
}

#[tokio::test]
async fn a_form_asks_and_leads_to_the_conversation() {
    let app = App::start().await;
    let browser = browser(&app).await.browser();
    let answer = browser.post_form("/fn/ask", "text=Why%3F&conversation_id=&key=k1").await.is(302);
    let place = answer.header("location").to_owned();
    assert!(place.starts_with("/c/") && place.ends_with("#latest"), "{place}");
    let again = browser.post_form("/fn/ask", "text=Why%3F&conversation_id=&key=k1").await.is(302);
    assert_eq!(again.header("location"), place);
    let path = place.split('#').next().unwrap();
    let page = browser.get(path).await.is(200).text();
    assert!(page.contains("Why?"), "{page}");
    let id = path.rsplit('/').next().unwrap();
    browser.post_form("/fn/rename", &format!("conversation_id={id}&title=A+plan")).await.is(302);
    assert!(browser.get("/").await.text().contains("A plan"));
    let gone = browser.post_form("/fn/delete", &format!("conversation_id={id}")).await.is(302);
    assert_eq!(gone.header("location"), "/");
    browser.get(path).await.is(404);
    let out = browser.post_form("/fn/logout", "").await.is(302);
    assert_eq!(out.header("location"), "/login");
    browser.get("/").await.is(303);
}

#[tokio::test]
async fn a_call_of_the_page_gets_errors_with_their_status() {
    let app = App::start().await;
    let page =
        browser(&app).await.header("sec-fetch-site", "same-origin").header("accept", "application/json");
    let nobody = app.client().header("accept", "application/json");
    let refused = nobody.post_form("/fn/login", "email=lin%40example.org&password=wrong").await.is(401);
    assert_eq!(call(&refused)["code"], "wrong_credentials");
    assert_eq!(call(&nobody.post_form("/fn/ask", "text=x").await.is(401))["code"], "signed_out");
    assert_eq!(call(&page.post_form("/fn/ask", "text=+").await.is(422))["field"], "content");
    assert_eq!(call(&page.post_form("/fn/ask", "").await.is(422))["field"], "text");
    assert_eq!(call(&page.post_form("/fn/stop", "message_id=x").await.is(404))["code"], "not_found");
    assert_eq!(
        call(&page.post_form("/fn/rename", "conversation_id=x&title=y").await.is(404))["code"],
        "not_found"
    );
    assert_eq!(call(&page.post_form("/fn/follow", "conversation_id=x").await.is(404))["code"], "not_found");
    let long = format!("text={}", "x".repeat(300_000));
    assert_eq!(call(&page.post_form("/fn/ask", &long).await.is(413))["code"], "too_large");
    page.post_form("/fn/ask", &format!("text={}", "x".repeat(1 << 20))).await.is(413);
    // None of these is our fault.
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

#[tokio::test]
async fn a_message_is_told_as_it_was_written_to_its_own_person() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let begun = lin.ask(&lin.conversation().await, "1. *Why*?").await;
    let form = format!("message_id={}", begun["user_message"]["id"].as_str().unwrap());
    let source = async |person: &Client| {
        let page = app.client().cookie(&format!("inglenook={}", person.token()));
        let page = page.header("sec-fetch-site", "same-origin").header("accept", "application/json");
        page.post_form("/fn/source", &form).await
    };
    assert_eq!(call(&source(&lin).await.is(200)), "1. *Why*?");
    assert_eq!(call(&source(&app.person("bob").await).await.is(404))["code"], "not_found");
}

#[tokio::test]
async fn follow_streams_lines_of_json() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let id = lin.conversation().await;
    lin.ask(&id, "Hello").await;
    // It stays open for the next answer, until the conversation goes.
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

#[tokio::test]
async fn a_change_from_another_site_is_refused() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let browser = app.client().cookie(&format!("inglenook={}", lin.token()));
    let path = "/api/v1/conversations";
    let cross = [
        vec![],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("sec-fetch-site", "cross-site"), ("origin", "http://inglenook.test")],
        vec![("origin", "http://evil.example")],
        vec![("origin", "http://inglenook.test.evil.example")],
        vec![("origin", "http://inglenook.test:8080")],
        vec![("origin", "null")],
    ];
    for headers in cross {
        let client = headers.iter().fold(browser.clone(), |client, (name, value)| client.header(name, value));
        let refused = client.post(path, &json!({})).await.problem(403, "");
        assert_eq!(refused.json()["code"], "forbidden");
        client.post_form("/fn/logout", "").await.is(403);
        client.patch("/api/v1/me", &json!({ "name": "x" })).await.is(403);
        // Reading is no change, and the answer cannot be read from there.
        client.get("/api/v1/me").await.is(200);
    }
    for (name, value) in
        [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none"), ("origin", "http://inglenook.test")]
    {
        browser.clone().header(name, value).post(path, &json!({})).await.is(201);
    }
    // No other site can make a browser send this.
    lin.post(path, &json!({})).await.is(201);
    let page = app
        .client()
        .browser()
        .header("sec-fetch-site", "cross-site")
        .post_form("/fn/login", LOGIN)
        .await
        .is(403);
    assert!(page.text().contains("another site"), "{}", page.text());
}
