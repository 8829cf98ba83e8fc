//! Titles, times, and another model for an answer that is written again.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::app::{App, Client};
use crate::{
    shelf::{Shelf, list, missing, said},
    upstream::{provider, short},
};

/// A server with a provider whose answers name the model that they were asked of, and which titles a conversation
/// "A title".
async fn start() -> (App, Client, String) {
    let shelf = Shelf::start(|asked| match asked {
        "GET /v1/models" => list(&["one", "two"]),
        "POST /v1/chat/completions" => said("A title"),
        _ => missing(),
    })
    .await;
    let app = App::with_provider(&[], provider(&shelf.url("/v1"), short())).await;
    // The server of the list lives as long as the test.
    std::mem::forget(shelf);
    let lin = app.person("lin").await;
    let path = format!("/api/v1/conversations/{}", lin.conversation().await);
    (app, lin, path)
}

async fn newest(lin: &Client, path: &str) -> Value {
    let window = lin.get(&format!("{path}/messages")).await.is(200).json();
    window["items"].as_array().unwrap().last().unwrap().clone()
}

async fn ended(lin: &Client, path: &str, begun: &Value) -> Vec<super::client::Event> {
    lin.events(&format!("{path}/events?after={}", begun["after"])).await.until_end().await
}

async fn titled(lin: &Client, path: &str, title: &str) {
    let begun = Instant::now();
    while lin.get(path).await.json()["title"] != title {
        assert!(begun.elapsed() < Duration::from_secs(5), "{}", lin.get(path).await.json()["title"]);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_written_again_by_the_model_that_is_chosen_now() {
    let (_app, lin, path) = start().await;
    let ask = json!({ "content": "Hello?", "model": "acme/one" });
    let begun = lin.post(&format!("{path}/messages"), &ask).await.is(202).json();
    ended(&lin, &path, &begun).await;
    let id = begun["assistant_message"]["id"].as_str().unwrap().to_owned();
    let again = format!("/api/v1/messages/{id}/regenerate");
    let model = |begun: &Value| begun["assistant_message"]["model"].as_str().unwrap().to_owned();
    let retry = async |body: Value| {
        let begun = lin.post(&again, &body).await.is(202).json();
        ended(&lin, &path, &begun).await;
        model(&begun)
    };
    assert_eq!(retry(json!({})).await, "acme/one");
    lin.patch(&path, &json!({ "model": "acme/two" })).await.is(200);
    assert_eq!(retry(json!({})).await, "acme/two");
    assert_eq!(retry(json!({ "model": "acme/one" })).await, "acme/one");
    assert_eq!(lin.get(&path).await.json()["model"], "acme/one");
    lin.post(&again, &json!({ "model": "acme/none" })).await.problem(422, "model");
    lin.post(&again, &json!({ "model": 5 })).await.problem(422, "model");
    // No body at all is taken, too.
    let bare = lin.send(axum::http::Method::POST, &again, axum::body::Body::empty(), None).await;
    ended(&lin, &path, &bare.is(202).json()).await;
    // As a form.
    let retried = |form: String| {
        let browser = lin.clone().browser();
        async move { browser.post_form("/fn/retry", &form).await }
    };
    retried(format!("message_id={id}&model=acme%2Ftwo")).await.is(302);
    assert_eq!(newest(&lin, &path).await["model"], "acme/two");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_names_the_model_of_a_retry_too() {
    let (_app, lin, path) = start().await;
    let begun = lin.ask(path.rsplit('/').next().unwrap(), "Hello?").await;
    let again = format!("/api/v1/messages/{}/regenerate", begun["assistant_message"]["id"].as_str().unwrap());
    let keyed = lin.clone().header("idempotency-key", "k");
    let first = keyed.post(&again, &json!({ "model": "acme/two" })).await.is(202).json();
    let same = keyed.post(&again, &json!({ "model": " acme/two " })).await.is(202).json();
    assert_eq!(first["assistant_message"]["id"], same["assistant_message"]["id"]);
    keyed.post(&again, &json!({ "model": "acme/one" })).await.problem(422, "Idempotency-Key");
    keyed.post(&again, &json!({})).await.problem(422, "Idempotency-Key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_titles_its_conversation_at_once_and_the_model_renames_it() {
    let (_app, lin, path) = start().await;
    let asked = json!({ "content": "How do leeks\ngrow?" });
    let begun = lin.post(&format!("{path}/messages"), &asked).await.is(202).json();
    let mut events = lin.events(&format!("{path}/events?after={}", begun["after"])).await;
    let seen = events.until_end().await;
    let titles: Vec<_> = seen.iter().filter(|(name, ..)| name == "title").map(|it| &it.2["title"]).collect();
    assert_eq!(titles, ["How do leeks grow?"]);
    let (name, _, title) = events.next().await.unwrap();
    assert_eq!((&*name, &title["title"]), ("title", &json!("A title")));
    titled(&lin, &path, "A title").await;
    // A conversation that begins with its question has the words from the first.
    let page =
        lin.clone().browser().post_form("/fn/ask", "text=Where+is+north?&model=acme%2Fone").await.is(302);
    let id = page.header("location").trim_start_matches("/c/").split('#').next().unwrap().to_owned();
    let title = lin.get(&format!("/api/v1/conversations/{id}")).await.json()["title"].clone();
    assert!(title == "Where is north?" || title == "A title", "{title}");
    titled(&lin, &format!("/api/v1/conversations/{id}"), "A title").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_of_a_person_and_that_of_a_stopped_answer_stay() {
    let app = App::with_upstream().await;
    let lin = app.person("lin").await;
    for (rename, title) in [(true, "Mine"), (false, "Count")] {
        let path = format!("/api/v1/conversations/{}", lin.conversation().await);
        let asked = json!({ "content": "Count", "model": "acme/tokens-400-10" });
        let begun = lin.post(&format!("{path}/messages"), &asked).await.is(202).json();
        let id = begun["assistant_message"]["id"].as_str().unwrap().to_owned();
        titled(&lin, &path, "Count").await;
        if rename {
            lin.patch(&path, &json!({ "title": "Mine" })).await.is(200);
        } else {
            lin.post(&format!("/api/v1/messages/{id}/stop"), &json!({})).await.is(200);
        }
        ended(&lin, &path, &begun).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(lin.get(&path).await.json()["title"], title);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_says_how_long_it_took_and_a_continued_one_adds() {
    let app = App::with_upstream().await;
    let lin = app.person("lin").await;
    let path = format!("/api/v1/conversations/{}", lin.conversation().await);
    let asked = json!({ "content": "Count", "model": "acme/tokens-400-10" });
    let begun = lin.post(&format!("{path}/messages"), &asked).await.is(202).json();
    let id = begun["assistant_message"]["id"].as_str().unwrap().to_owned();
    let mut events = lin.events(&format!("{path}/events?after={}", begun["after"])).await;
    while events.next().await.unwrap().0 != "delta" {}
    lin.post(&format!("/api/v1/messages/{id}/stop"), &json!({})).await.is(200);
    let (_, _, done) = events.until_end().await.pop().unwrap();
    let stopped = newest(&lin, &path).await;
    for field in ["first_token_ms", "duration_ms"] {
        assert!(stopped[field].is_number() && done[field] == stopped[field], "{field}: {done} {stopped}");
    }
    assert!(stopped["first_token_ms"].as_u64() <= stopped["duration_ms"].as_u64());
    assert!(stopped["reasoning_ms"].is_null());
    let begun = lin.post(&format!("/api/v1/messages/{id}/continue"), &json!({})).await.is(202).json();
    ended(&lin, &path, &begun).await;
    let whole = newest(&lin, &path).await;
    assert_eq!(whole["first_token_ms"], stopped["first_token_ms"]);
    assert!(whole["duration_ms"].as_u64() > stopped["duration_ms"].as_u64(), "{whole}");
}
