//! Asking, listening, reading, stopping, and writing an answer again.

use std::time::{Duration, Instant};

use axum::{body::Body, http::Method};
use eventsource_stream::Eventsource;
use futures::{StreamExt, future::join_all};
use serde_json::{Value, json};

use super::app::{App, Client, text_of};

async fn start() -> (App, Client, String) {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let path = format!("/api/v1/conversations/{}", lin.conversation().await);
    (app, lin, path)
}

/// Starts a server with the fake model server, and a conversation with one of its models.
async fn start_with(model: &str) -> (App, Client, String) {
    let app = App::with_upstream().await;
    let lin = app.person("lin").await;
    let new = json!({ "model": format!("acme/{model}"), "title": "Set" });
    let path =
        format!("/api/v1/conversations/{}", lin.post("/api/v1/conversations", &new).await.is(201).id());
    (app, lin, path)
}

fn names(events: &[super::client::Event]) -> Vec<&str> {
    let mut names: Vec<_> = events.iter().map(|(name, ..)| name.as_str()).collect();
    names.dedup();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_and_found_again() {
    let (_app, lin, path) = start().await;
    let text = "  Why is \u{202e}the sky\u{202c} blue? שלום 😀 \0 <b>&\n";
    let mut events = lin.events(&format!("{path}/events")).await;
    let begun = lin.post(&format!("{path}/messages"), &json!({ "content": text })).await.is(202).json();
    assert_eq!(begun["user_message"]["content"], text);
    assert_eq!(begun["assistant_message"]["status"], "generating");
    assert_eq!(begun["assistant_message"]["parent_id"], begun["user_message"]["id"]);
    for (name, value) in
        [("content-type", "text/event-stream"), ("cache-control", "no-store"), ("x-accel-buffering", "no")]
    {
        assert_eq!(events.headers[name], value);
    }
    let seen = events.until_end().await;
    assert_eq!(names(&seen), ["started", "title", "delta", "done"]);
    assert_eq!(seen[1].2["title"].as_str().unwrap().chars().next(), Some('W'));
    let places: Vec<u64> = seen.iter().map(|(_, id, _)| id.parse().unwrap()).collect();
    assert!(places.is_sorted_by(|a, b| a < b) && places[0] > begun["after"].as_u64().unwrap(), "{places:?}");
    assert_eq!(seen.last().unwrap().2["status"], "complete");
    assert!(!seen[2].2["message_id"].is_null());

    let window = lin.get(&format!("{path}/messages")).await.is(200).json();
    let items = window["items"].as_array().unwrap();
    // The end of an answer gives its question a new revision, too.
    assert!(items[0]["revision"].as_u64() > begun["user_message"]["revision"].as_u64());
    let mut asked = begun["user_message"].clone();
    asked["revision"].clone_from(&items[0]["revision"]);
    assert_eq!(items[0], asked);
    assert_eq!(items[1]["content"], text_of(&seen));
    assert_eq!(items[1]["status"], "complete");
    assert!(window["previous_cursor"].is_null());
    assert_eq!(lin.get(&path).await.json()["leaf_id"], items[1]["id"]);

    let html = lin.get(&format!("{path}/messages?format=html")).await.is(200).json();
    assert!(html["items"][1]["html"].is_string() && html["items"][1].get("content").is_none());
    let own = html["items"][0]["html"].as_str().unwrap();
    assert!(own.contains("&lt;b&gt;&amp;") && !own.contains("<b>"), "{own}");
}

/// The decoder of the events is a crate, because the other tests read them with the project's own decoder.
#[tokio::test(flavor = "multi_thread")]
async fn another_decoder_reads_the_same_events() {
    let (_app, lin, path) = start().await;
    let question = json!({ "content": "Why?" });
    let begun = lin.post(&format!("{path}/messages"), &question).await.is(202).json();
    let events = format!("{path}/events?after={}", begun["after"]);
    let response = lin.open(Method::GET, &events, Body::empty(), None).await;
    let mut events = response.into_body().into_data_stream().eventsource();
    let (mut text, mut places) = (String::new(), vec![begun["after"].as_u64().unwrap()]);
    loop {
        let event =
            tokio::time::timeout(Duration::from_secs(10), events.next()).await.expect("an event comes");
        let event = event.unwrap().unwrap();
        places.push(event.id.parse().unwrap());
        let data: Value = serde_json::from_str(&event.data).unwrap();
        match &*event.event {
            "reset" => text.clear(),
            "delta" => text += data["text"].as_str().unwrap(),
            "done" => break,
            _ => {}
        }
    }
    assert!(places.is_sorted(), "{places:?}");
    let window = lin.get(&format!("{path}/messages")).await.is(200).json();
    assert_eq!(window["items"][1]["content"], text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_listener_misses_nothing() {
    let (_app, lin, path) = start().await;
    let conversation = path.rsplit('/').next().unwrap();
    lin.ask(conversation, "Hello").await;
    let whole = lin.events(&format!("{path}/events")).await.until_end().await;
    let stored = lin.get(&format!("{path}/messages")).await.json()["items"][1]["content"].clone();
    assert_eq!(text_of(&whole), stored);
    // The listener gets the whole answer, whether or not the log has the position.
    for place in ["0", "1", "18446744073709551615"] {
        let again = lin
            .clone()
            .header("last-event-id", place)
            .events(&format!("{path}/events?after=7"))
            .await
            .until_end()
            .await;
        assert_eq!(text_of(&again), stored, "{place}");
    }
    // The server takes the position from the header and not from the address: a listener after the last event gets only
    // new events.
    let last = whole.last().unwrap().1.clone();
    let begun = lin.clone().header("last-event-id", &last);
    let mut rest = begun.events(&format!("{path}/events?after=0")).await;
    lin.ask(conversation, "And again").await;
    let next = rest.until_end().await;
    assert!(next.iter().any(|(name, ..)| name == "started"), "{next:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_page_back_to_the_beginning() {
    let (_app, lin, path) = start().await;
    let conversation = path.rsplit('/').next().unwrap();
    for number in 0..4 {
        lin.ask(conversation, &format!("Question {number}")).await;
    }
    let (mut all, mut before) = (Vec::new(), String::new());
    loop {
        let window = lin.get(&format!("{path}/messages?limit=3&before={before}")).await.is(200).json();
        let mut items = window["items"].as_array().unwrap().clone();
        items.append(&mut all);
        all = items;
        match window["previous_cursor"].as_str() {
            Some(cursor) => before = cursor.to_owned(),
            None => break,
        }
    }
    assert_eq!(all.len(), 8);
    for pair in all.windows(2) {
        assert_eq!(pair[1]["parent_id"], pair[0]["id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_times_the_same_key_is_one_question() {
    let (_app, lin, path) = start().await;
    let keyed = lin.clone().header("idempotency-key", "the same");
    let (messages, question) = (format!("{path}/messages"), json!({ "content": "Once" }));
    let answers = join_all((0..50).map(|_| keyed.post(&messages, &question))).await;
    let pairs: Vec<(Value, Value)> = answers
        .into_iter()
        .map(|answer| answer.is(202).json())
        .map(|begun| (begun["user_message"]["id"].clone(), begun["assistant_message"]["id"].clone()))
        .collect();
    assert!(pairs.iter().all(|pair| *pair == pairs[0]), "{pairs:?}");
    assert_eq!(lin.get(&messages).await.json()["items"].as_array().unwrap().len(), 2);
    lin.clone()
        .header("idempotency-key", &"k".repeat(201))
        .post(&messages, &question)
        .await
        .problem(422, "Idempotency-Key");
    lin.clone()
        .header("idempotency-key", "é")
        .post(&messages, &question)
        .await
        .problem(422, "Idempotency-Key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_question_is_refused() {
    let (_app, lin, path) = start().await;
    let messages = format!("{path}/messages");
    for (body, field) in [
        (json!({}), "content"),
        (json!({ "content": null }), "content"),
        (json!({ "content": 7 }), "content"),
        (json!({ "content": "" }), "content"),
        (json!({ "content": " \n\t\u{a0}" }), "content"),
        (json!({ "content": "\0\0" }), "content"),
        (json!({ "content": "x", "parent_id": 7 }), "parent_id"),
        (json!({ "content": "x", "model": "nobody/x" }), "model"),
        (json!("x"), ""),
    ] {
        lin.post(&messages, &body).await.problem(422, field);
    }
    assert_eq!(lin.get(&messages).await.json()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_ends_the_answer_and_the_upstream_request() {
    let (app, lin, path) = start_with("slow").await;
    let messages = format!("{path}/messages");
    let begun = lin.post(&messages, &json!({ "content": "Go on" })).await.is(202).json();
    let mut events = lin.events(&format!("{path}/events")).await;
    while events.next().await.unwrap().0 != "delta" {}
    // A conversation has one answer at a time.
    let busy = lin.post(&messages, &json!({ "content": "And this?" })).await.problem(409, "");
    assert_eq!(busy.json()["code"], "conflict");
    let answer = format!("/api/v1/messages/{}", begun["assistant_message"]["id"].as_str().unwrap());
    lin.post(&format!("{answer}/regenerate"), &json!({})).await.problem(409, "");
    let stopped = lin.post(&format!("{answer}/stop"), &json!({})).await.is(200).json();
    assert_eq!(stopped["status"], "stopped");
    assert!(!stopped["content"].as_str().unwrap().is_empty());
    assert_eq!(events.until_end().await.last().unwrap().2["status"], "stopped");
    assert_eq!(lin.post(&format!("{answer}/stop"), &json!({})).await.is(200).json(), stopped);
    let upstream = app.upstream.as_ref().unwrap();
    let asked = Instant::now();
    while upstream.log("slow").await[0]["closed_by_client"] != true {
        assert!(asked.elapsed() < Duration::from_secs(10), "the request is still open");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(lin.get(&messages).await.json()["items"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_can_be_written_again() {
    let (_app, lin, path) = start().await;
    let first = lin.ask(path.rsplit('/').next().unwrap(), "Hello").await;
    let (question, old) = (&first["user_message"]["id"], first["assistant_message"]["id"].as_str().unwrap());
    let keyed = lin.clone().header("idempotency-key", "again");
    let again = keyed.post(&format!("/api/v1/messages/{old}/regenerate"), &json!({})).await.is(202).json();
    assert!(again.get("user_message").is_none());
    assert_eq!(&again["assistant_message"]["parent_id"], question);
    assert_ne!(again["assistant_message"]["id"], old);
    lin.events(&format!("{path}/events?after={}", again["after"])).await.until_end().await;
    let repeated = keyed.post(&format!("/api/v1/messages/{old}/regenerate"), &json!({})).await.is(202).json();
    assert_eq!(repeated["assistant_message"]["id"], again["assistant_message"]["id"]);
    let items = lin.get(&format!("{path}/messages")).await.json()["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 2);
    assert_eq!(items[1]["id"], again["assistant_message"]["id"]);
    let question = question.as_str().unwrap();
    lin.post(&format!("/api/v1/messages/{question}/regenerate"), &json!({})).await.problem(422, "id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_the_provider_is_shown_in_the_thread() {
    for (model, code, retryable) in
        [("401", "refused", false), ("html", "broken", true), ("cut", "broken", true)]
    {
        let (_app, lin, path) = start_with(model).await;
        lin.post(&format!("{path}/messages"), &json!({ "content": "Hello" })).await.is(202);
        let events = lin.events(&format!("{path}/events")).await.until_end().await;
        let (name, _, failed) = events.last().unwrap();
        assert_eq!(
            (name.as_str(), &failed["code"], &failed["retryable"]),
            ("failed", &json!(code), &json!(retryable))
        );
        let items = lin.get(&format!("{path}/messages")).await.json()["items"].clone();
        assert_eq!(items[0]["content"], "Hello");
        assert_eq!(items[1]["status"], "failed");
        assert_eq!(items[1]["failure"]["message"], failed["message"]);
        assert!(!items.to_string().contains("sk-test"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_with_the_session_and_with_the_conversation() {
    let (app, lin, path) = start().await;
    let mut events = lin.events(&format!("{path}/events")).await;
    lin.delete(&path).await.is(204);
    assert_eq!(events.next().await, None);
    let path = format!("/api/v1/conversations/{}/events", lin.conversation().await);
    let mut events = lin.events(&path).await;
    lin.post("/api/v1/auth/logout", &json!({})).await.is(204);
    assert_eq!(events.next().await, None);
    assert_eq!(app.state.live.running(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_leave_nothing_behind() {
    let (app, lin, path) = start().await;
    let id = path.rsplit('/').next().unwrap();
    for _ in 0..20 {
        drop(lin.events(&format!("{path}/events")).await);
    }
    assert!(app.state.live.get(id).is_none());
}
