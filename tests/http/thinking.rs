//! Thinking that a model server leaves in the text of an answer: folded away, stored apart, and not sent back.

use inglenook::server::llm::MAX_ANSWER_BYTES;
use serde_json::json;

use super::app::{App, text_of};

#[tokio::test(flavor = "multi_thread")]
async fn thinking_in_the_text_is_stored_apart_and_not_sent_back() {
    let app = App::with_upstream().await;
    let lin = app.person("lin").await;
    for model in ["think-tags", "think-closed"] {
        let new = json!({ "model": format!("acme/{model}"), "title": "Set" });
        let id = lin.post("/api/v1/conversations", &new).await.is(201).id();
        let path = format!("/api/v1/conversations/{id}");
        let begun = lin.post(&format!("{path}/messages"), &json!({ "content": "Hi" })).await.is(202).json();
        let seen = lin.events(&format!("{path}/events?after={}", begun["after"])).await.until_end().await;
        // Text that turns out to be thinking is sent anew, so only the events after the last `started` count.
        let last = seen.iter().rposition(|(name, ..)| name == "started").unwrap();
        assert_eq!(text_of(&seen[last..]), "Hello there.", "{model}");
        let thought = |name: &str| name == "reasoning";
        let thought: String = seen[last..]
            .iter()
            .filter(|event| thought(&event.0))
            .map(|event| event.2["text"].as_str().unwrap())
            .collect();
        assert!(thought.starts_with("SECRET"), "{model}: {thought}");
        // The numbers of events never fall.
        let numbers: Vec<u64> = seen.iter().map(|event| event.1.parse().unwrap()).collect();
        assert!(numbers.is_sorted(), "{model}: {numbers:?}");

        let shown = lin.get(&format!("{path}/messages")).await.is(200).json()["items"][1].clone();
        assert_eq!(
            (&shown["content"], &shown["status"]),
            (&json!("Hello there."), &json!("complete")),
            "{model}"
        );
        assert!(shown["reasoning"].as_str().unwrap().starts_with("SECRET"), "{model}: {shown}");
        // A listener that comes later gets the same text.
        let late = lin.events(&format!("{path}/events")).await.until_end().await;
        assert_eq!(text_of(&late), "Hello there.", "{model}");

        lin.ask(&id, "And now?").await;
        let log = app.upstream.as_ref().unwrap().log(model).await;
        assert_eq!(log[1]["prompt"], json!(["Hi", "Hello there.", "And now?"]), "{model}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_text_has_failed_and_keeps_its_thinking() {
    let app = App::with_upstream().await;
    let lin = app.person("lin").await;
    for (model, thought) in [("think-only", json!("Let me think about it.")), ("nothing-said", json!(null))] {
        let new = json!({ "model": format!("acme/{model}"), "title": "Set" });
        let id = lin.post("/api/v1/conversations", &new).await.is(201).id();
        let begun = lin.ask(&id, "Hi").await;
        let items = lin.get(&format!("/api/v1/conversations/{id}/messages")).await.is(200).json();
        let shown = &items["items"][1];
        assert_eq!((&shown["status"], &shown["content"]), (&json!("failed"), &json!("")), "{model}");
        assert_eq!(shown["failure"]["retryable"], true, "{model}");
        assert_eq!(shown["reasoning"], thought, "{model}");
        let answer = begun["assistant_message"]["id"].as_str().unwrap();
        let refused =
            lin.post(&format!("/api/v1/messages/{answer}/continue"), &json!({})).await.problem(409, "");
        assert!(refused.text().contains("has no text yet"), "{}", refused.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_broke_off_can_be_continued_and_its_failure_is_forgotten() {
    let app = App::with_upstream().await;
    let lin = app.person("lin").await;
    let new = json!({ "model": "acme/cut-once", "title": "Set" });
    let id = lin.post("/api/v1/conversations", &new).await.is(201).id();
    let path = format!("/api/v1/conversations/{id}");
    let begun = lin.ask(&id, "Hi").await;
    let items = async || lin.get(&format!("{path}/messages")).await.is(200).json()["items"].clone();
    let kept = items().await[1].clone();
    assert_eq!((&kept["status"], &kept["failure"]["code"]), (&json!("failed"), &json!("broken")), "{kept}");
    let answer = begun["assistant_message"]["id"].as_str().unwrap();
    let go_on = format!("/api/v1/messages/{answer}/continue");
    let begun = lin.post(&go_on, &json!({})).await.is(202).json();
    assert!(begun["assistant_message"].get("failure").is_none(), "{begun}");
    lin.events(&format!("{path}/events?after={}", begun["after"])).await.until_end().await;
    let whole = items().await[1].clone();
    assert_eq!((&whole["status"], whole.get("failure")), (&json!("complete"), None), "{whole}");
    assert!(whole["content"].as_str().unwrap().starts_with(kept["content"].as_str().unwrap()));
    lin.post(&go_on, &json!({})).await.problem(409, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_the_greatest_length_does_not_grow() {
    let app = App::with_upstream().await;
    let lin = app.person("lin").await;
    let new = json!({ "model": "acme/endless", "title": "Set" });
    let id = lin.post("/api/v1/conversations", &new).await.is(201).id();
    let path = format!("/api/v1/conversations/{id}");
    let begun = lin.ask(&id, "Go on for ever").await;
    // The answer is as long as an answer may be, so a window has this message alone.
    let answer = async || {
        let window = lin.get(&format!("{path}/messages")).await.is(200).json();
        window["items"].as_array().unwrap().last().unwrap().clone()
    };
    let cut = answer().await;
    assert_eq!((&cut["status"], &cut["length_limited"]), (&json!("complete"), &json!(true)));
    let length = |answer: &serde_json::Value| answer["content"].as_str().unwrap().len();
    assert!((MAX_ANSWER_BYTES..MAX_ANSWER_BYTES + 200_000).contains(&length(&cut)), "{}", length(&cut));
    let go_on = format!("/api/v1/messages/{}/continue", begun["assistant_message"]["id"].as_str().unwrap());
    let begun = lin.post(&go_on, &json!({})).await.is(202).json();
    lin.events(&format!("{path}/events?after={}", begun["after"])).await.until_end().await;
    let whole = answer().await;
    assert_eq!((&whole["status"], length(&whole)), (&json!("failed"), length(&cut)));
    assert!(whole["failure"]["message"].as_str().unwrap().contains("as long as"), "{}", whole["failure"]);
    assert_eq!(app.upstream.as_ref().unwrap().log("endless").await.len(), 1);
}
