//! Idempotency keys: the same request with the same key counts once, and another request with it is never lost.

use futures::future::join_all;
use serde_json::{Value, json};

use super::app::{App, Client};

async fn start() -> (App, Client, String) {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let path = format!("/api/v1/conversations/{}", lin.conversation().await);
    (app, lin, path)
}

fn answer(begun: &Value) -> &str {
    begun["assistant_message"]["id"].as_str().unwrap()
}

async fn contents(lin: &Client, path: &str) -> Vec<String> {
    let window = lin.get(&format!("{path}/messages")).await.is(200).json();
    let items = window["items"].as_array().unwrap();
    items.iter().map(|item| item["content"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_question_with_the_same_key_is_refused_and_the_same_is_not() {
    let (_app, lin, path) = start().await;
    let (keyed, messages) = (lin.clone().header("idempotency-key", "k"), format!("{path}/messages"));
    let asked = json!({ "content": "Why?" });
    let begun = keyed.post(&messages, &asked).await.is(202).json();
    for other in [
        json!({ "content": "Why not?" }),
        json!({ "content": "Why? " }),
        json!({ "content": "Why?", "model": "demo/demo" }),
        json!({ "content": "Why?", "parent_id": answer(&begun) }),
    ] {
        let refused = keyed.post(&messages, &other).await.problem(422, "Idempotency-Key");
        assert_eq!(refused.json()["code"], "idempotency_key_reused");
        assert!(refused.text().contains("another key"), "{}", refused.text());
    }
    lin.events(&format!("{path}/events")).await.until_end().await;
    assert_eq!(keyed.post(&messages, &asked).await.is(202).json()["assistant_message"]["id"], answer(&begun));
    assert_eq!(contents(&lin, &path).await.len(), 2);
    // The server takes the other question with a key of its own.
    let corrected = lin.clone().header("idempotency-key", "k2");
    corrected.post(&messages, &json!({ "content": "Why not?" })).await.is(202);
    assert_eq!(contents(&lin, &path).await[2], "Why not?");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_counts_in_its_conversation_only() {
    let (_app, lin, path) = start().await;
    let keyed = lin.clone().header("idempotency-key", "1");
    // A person follows the quick start of the README twice.
    let first = keyed.post(&format!("{path}/messages"), &json!({ "content": "Hello" })).await.is(202).json();
    let other = format!("/api/v1/conversations/{}", lin.conversation().await);
    let second =
        keyed.post(&format!("{other}/messages"), &json!({ "content": "Hello" })).await.is(202).json();
    assert_ne!(answer(&first), answer(&second));
    assert_eq!(second["user_message"]["conversation_id"], other.rsplit('/').next().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_does_not_serve_two_purposes() {
    let (_app, lin, path) = start().await;
    let keyed = lin.clone().header("idempotency-key", "k");
    let begun = keyed.post(&format!("{path}/messages"), &json!({ "content": "Why?" })).await.is(202).json();
    lin.events(&format!("{path}/events")).await.until_end().await;
    let question = format!("/api/v1/messages/{}", begun["user_message"]["id"].as_str().unwrap());
    let own = format!("/api/v1/messages/{}", answer(&begun));
    let edit = json!({ "content": "Why not?" });
    for (path, body) in [
        (format!("{question}/edit"), edit.clone()),
        (format!("{question}/edit"), json!({ "content": "Why?" })),
        (format!("{own}/regenerate"), json!({})),
        (format!("{own}/continue"), json!({})),
    ] {
        let refused = keyed.post(&path, &body).await.problem(422, "Idempotency-Key");
        assert_eq!(refused.json()["code"], "idempotency_key_reused", "{path}");
    }
    let again = lin.clone().header("idempotency-key", "k3");
    let further = again.post(&format!("{own}/regenerate"), &json!({})).await.is(202).json();
    lin.events(&format!("{path}/events?after={}", further["after"])).await.until_end().await;
    let repeated = again.post(&format!("{own}/regenerate"), &json!({})).await.is(202).json();
    assert_eq!(answer(&repeated), answer(&further));
    let other = format!("/api/v1/messages/{}", answer(&further));
    again.post(&format!("{other}/regenerate"), &json!({})).await.problem(422, "Idempotency-Key");
    let edits = lin.clone().header("idempotency-key", "k4");
    let edited = edits.post(&format!("{question}/edit"), &edit).await.is(202).json();
    lin.events(&format!("{path}/events?after={}", edited["after"])).await.until_end().await;
    assert_eq!(answer(&edits.post(&format!("{question}/edit"), &edit).await.is(202).json()), answer(&edited));
    let other = json!({ "content": "Why ever?" });
    edits.post(&format!("{question}/edit"), &other).await.problem(422, "Idempotency-Key");
}

/// A page keeps its key when a browser goes back to it, and when the reply to a form is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_a_used_key_is_asked_unless_it_is_the_same() {
    let (app, lin, _) = start().await;
    let page = app.client().cookie(&format!("inglenook={}", lin.token())).browser();
    let place =
        async |form: &str| page.post_form("/fn/ask", form).await.is(302).header("location").to_owned();
    let first = place("text=Why%3F&conversation_id=&key=k").await;
    let path = |place: &str| format!("/api/v1{}", place.replace("/c/", "/conversations/"));
    let ended = async |place: &str| {
        lin.events(&format!("{}/events", path(place))).await.until_end().await;
    };
    ended(&first).await;
    assert_eq!(place("text=Why%3F&conversation_id=&key=k").await, first);
    // The person goes back and sends another question.
    let second = place("text=Why+not%3F&conversation_id=&key=k").await;
    assert_ne!(second, first);
    assert_eq!(contents(&lin, &path(&second)).await[0], "Why not?");
    assert_eq!(contents(&lin, &path(&first)).await.len(), 2);
    // In a conversation the person sends a question, corrects it, and sends both again.
    let id = first.trim_start_matches("/c/").to_owned();
    for text in ["More", "More%2C+please", "More%2C+please", "More"] {
        assert_eq!(place(&format!("text={text}&conversation_id={id}&key=q")).await, first);
        ended(&first).await;
    }
    let shown = contents(&lin, &path(&first)).await;
    assert_eq!((shown.len(), &*shown[2], &*shown[4]), (6, "More", "More, please"));
    // A corrected edit is another edit.
    let window = lin.get(&format!("{}/messages", path(&first))).await.json();
    let question = window["items"][0]["id"].as_str().unwrap();
    for (text, count) in [("Why+so", 2), ("Why+so", 2), ("Why+indeed", 3)] {
        let form = format!("message_id={question}&text={text}&key=e");
        page.post_form("/fn/edit", &form).await.is(302);
        ended(&first).await;
        let window = lin.get(&format!("{}/messages", path(&first))).await.json();
        assert_eq!(window["items"][0]["siblings"]["count"], count, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_fifty_times_asks_once() {
    let (app, lin, path) = start().await;
    let id = path.rsplit('/').next().unwrap();
    let page = app.client().cookie(&format!("inglenook={}", lin.token())).browser();
    let form = format!("text=Once&conversation_id={id}&key=k");
    let all = join_all((0..50).map(|_| page.post_form("/fn/ask", &form))).await;
    for answer in all {
        assert_eq!(answer.is(302).header("location"), format!("/c/{id}"));
    }
    assert_eq!(contents(&lin, &path).await.len(), 2);
    let forms = join_all((0..50).map(|_| page.post_form("/fn/ask", "text=New&conversation_id=&key=k"))).await;
    let places: std::collections::HashSet<_> =
        forms.into_iter().map(|answer| answer.is(302).header("location").to_owned()).collect();
    assert_eq!(places.len(), 1, "{places:?}");
}
