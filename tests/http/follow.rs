//! How a page follows its conversation: as one of a few streams of its browser, or by asking now and then.

use std::time::Duration;

use axum::{
    body::{Body, BodyDataStream},
    http::Method,
};
use futures::StreamExt;
use serde_json::{Value, json};

use super::app::{App, Client, PASSWORD};

/// The form with which a page follows its conversation.
fn form(conversation: &str, after: u64, hidden: bool) -> String {
    format!("conversation_id={conversation}&after={after}&hidden={hidden}")
}

async fn follow(page: &Client, form: &str) -> BodyDataStream {
    let body = Body::from(form.to_owned());
    let answer = page.open(Method::POST, "/fn/follow", body, Some("application/x-www-form-urlencoded")).await;
    assert_eq!(answer.status(), 200);
    answer.into_body().into_data_stream()
}

/// Whether the stream ends soon.
async fn has_ended(stream: &mut BodyDataStream) -> bool {
    let end = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(Duration::from_millis(500), end).await.is_ok()
}

fn names(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.is_empty());
    let name =
        |line: &str| serde_json::from_str::<Value>(line).unwrap()["event"].as_str().unwrap().to_owned();
    let mut names: Vec<String> = lines.map(name).collect();
    names.dedup();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_page_gets_the_events_that_exist() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let conversation = lin.conversation().await;
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let begun = lin.post(&path, &json!({ "content": "Why?" })).await.is(202).json();
    let mut after = begun["after"].as_u64().unwrap();
    let mut seen = Vec::new();
    // The page comes back with the position that it reached, and misses nothing.
    while !seen.iter().any(|name| name == "done") {
        let told = lin.post_form("/fn/follow", &form(&conversation, after, true)).await.is(200).text();
        for line in told.lines().filter(|line| !line.is_empty()) {
            after = serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap();
        }
        seen.extend(names(&told));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The title may come at any time, and an answer that has ended meanwhile comes again from its beginning.
    seen.retain(|name| !matches!(&**name, "title" | "reset"));
    seen.dedup();
    assert_eq!(seen.first().map(String::as_str), Some("started"), "{seen:?}");
    assert!(seen.contains(&"block".to_owned()), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fourth_page_of_a_browser_holds_no_connection() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let form = form(&lin.conversation().await, 0, false);
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(follow(&lin, &form).await);
    }
    for _ in 0..4 {
        assert!(has_ended(&mut follow(&lin, &form).await).await);
    }
    // Another browser of the same person has streams of its own.
    let signed_in = json!({ "email": "lin@example.org", "password": PASSWORD });
    let answer = app.client().post("/api/v1/auth/login", &signed_in).await.is(200).json();
    let elsewhere = app.client().bearer(answer["token"].as_str().unwrap());
    assert!(!has_ended(&mut follow(&elsewhere, &form).await).await);
    for stream in &mut held {
        assert!(!has_ended(stream).await);
    }
    held.pop();
    assert!(!has_ended(&mut follow(&lin, &form).await).await);
}
