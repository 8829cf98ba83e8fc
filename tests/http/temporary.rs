//! Temporary conversations are answered and kept nowhere.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use axum::{body::Body, http::Method};
use futures::{StreamExt, stream};
use http_body_util::BodyExt;
use inglenook::server::llm::{ChatRequest, Delta, DeltaStream, LlmError, MAX_ANSWER_BYTES, Provider};
use serde_json::{Value, json};

use super::app::{App, Client};

/// A provider that repeats what it is asked; the model "held" never ends, and "huge" goes on beyond what an answer may have.
#[derive(Default)]
struct Echo {
    open: Arc<AtomicUsize>,
}

struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Provider for Echo {
    fn name(&self) -> &'static str {
        "acme"
    }

    async fn models(&self) -> Result<Vec<String>, LlmError> {
        Ok(["echo", "held", "huge"].map(str::to_owned).to_vec())
    }

    async fn chat(&self, request: ChatRequest) -> Result<DeltaStream, LlmError> {
        self.open.fetch_add(1, Ordering::SeqCst);
        let open = Open(self.open.clone());
        let all: Vec<String> = request.messages.iter().map(|message| message.content.clone()).collect();
        let text = stream::iter([Ok(Delta::Reasoning("Hm.".into())), Ok(Delta::Text(all.join(" | ")))]);
        let rest = match &*request.model {
            "held" => stream::pending().boxed(),
            "huge" => stream::iter([Ok(Delta::Text("x".repeat(MAX_ANSWER_BYTES)))]).boxed(),
            _ => stream::empty().boxed(),
        };
        let hold = move |delta| {
            let _open = &open;
            delta
        };
        Ok(text.chain(rest).map(hold).boxed())
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

fn form(messages: &[(&str, &str)], model: &str) -> String {
    let message = |(at, (role, text)): (usize, &(&str, &str))| {
        format!("messages[{at}][role]={role}&messages[{at}][text]={text}&")
    };
    let messages: String = messages.iter().enumerate().map(message).collect();
    format!("{messages}model=acme/{model}")
}

async fn ask(client: &Client, messages: &[(&str, &str)], model: &str) -> super::client::Answer {
    client.post_form("/fn/ask-temporary", &form(messages, model)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_answer_is_told_and_kept_nowhere() {
    let app = App::with_provider(&[], Arc::new(Echo::default())).await;
    let lin = app.person("lin").await;
    let messages = [("user", "One"), ("assistant", "Answer"), ("user", "Two")];
    let told = ask(&lin, &messages, "echo").await.is(200).text();
    let lines: Vec<Value> = told
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!((names[0], names[names.len() - 1]), ("started", "done"), "{told}");
    let block = lines.iter().find(|line| line["event"] == "block").unwrap();
    assert_eq!(block["html"], "<p>One | Answer | Two</p>");
    assert!(names.contains(&"reasoning") && lines[0]["model"] == "acme/echo");
    assert_eq!(lines.last().unwrap()["status"], "complete");
    assert_eq!(lin.get("/api/v1/conversations").await.json()["items"], json!([]));
    assert!(app.state.store.own_runs().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_turns_are_sent_as_the_person_has_chosen() {
    let app = App::with_provider(&[], Arc::new(Echo::default())).await;
    let lin = app.person("lin").await;
    let messages =
        [("user", "One"), ("assistant", "A"), ("user", "Two"), ("assistant", "B"), ("user", "Three")];
    for (turns, sent) in
        [(1, "<p>Three</p>"), (2, "<p>Two | B | Three</p>"), (9, "<p>One | A | Two | B | Three</p>")]
    {
        let chosen = json!({ "preferences": { "params": { "turns": turns } } });
        lin.patch("/api/v1/me", &chosen).await.is(200);
        let told = ask(&lin, &messages, "echo").await.is(200).text();
        let lines: Vec<Value> = told.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let block = lines.iter().find(|line| line["event"] == "block").unwrap();
        assert_eq!(block["html"], sent, "{turns}");
        assert!(lines[0].get("left_out").is_none(), "nobody wants the others sent: {}", lines[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_question_is_refused() {
    let app = App::with_provider(&[], Arc::new(Echo::default())).await;
    let lin = app.person("lin").await;
    for messages in [&[][..], &[("assistant", "x")], &[("user", "%20")], &[("system", "x"), ("user", "y")]] {
        let refused = ask(&lin, messages, "echo").await;
        assert!((400..500).contains(&refused.status), "{messages:?} {}", refused.text());
    }
    assert_eq!(ask(&lin, &[("user", "x")], "gone").await.status, 422);
    assert_eq!(ask(&app.client(), &[("user", "x")], "echo").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_answer_counts_and_ends_with_its_reader() {
    let settings = [("INGLENOOK_LIMITS_ANSWERS_PER_USER", "1")];
    let echo = Arc::new(Echo::default());
    let app = App::with_provider(&settings, echo.clone()).await;
    let lin = app.person("lin").await;
    let body = Body::from(form(&[("user", "x")], "held"));
    let response = lin.open(Method::POST, "/fn/ask-temporary", body, Some(FORM)).await;
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    body.frame().await.unwrap().unwrap();
    assert_eq!(ask(&lin, &[("user", "x")], "echo").await.status, 429);
    let conversation = lin.conversation().await;
    let question = json!({ "content": "x", "model": "acme/echo" });
    let path = format!("/api/v1/conversations/{conversation}/messages");
    lin.post(&path, &question).await.problem(429, "");
    drop(body);
    for _ in 0..300 {
        if echo.open.load(Ordering::SeqCst) == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(echo.open.load(Ordering::SeqCst), 0, "the request to the provider is closed");
    // It counts until what it spent is stored.
    for _ in 0..300 {
        if ask(&lin, &[("user", "x")], "echo").await.status == 200 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("an answer that ended still counts");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_told_the_text_of_the_answer() {
    let app = App::with_provider(&[], Arc::new(Echo::default())).await;
    let lin = app.person("lin").await;
    let told = ask(&lin, &[("user", "A **bold** word")], "echo").await.is(200).text();
    let lines: Vec<Value> = told.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let [.., text, done] = &*lines else { panic!("{told}") };
    assert_eq!((&text["event"], &done["event"]), (&json!("text"), &json!("done")));
    assert_eq!(text["text"], "A **bold** word");
    assert!(text["meta"].as_str().unwrap().starts_with("echo"), "{text}");
    assert_eq!(text["message_id"], done["message_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_ends_before_it_is_too_long_to_be_sent_back() {
    let app = App::with_provider(&[], Arc::new(Echo::default())).await;
    let lin = app.person("lin").await;
    let told = ask(&lin, &[("user", "x")], "huge").await.is(200).text();
    let lines: Vec<Value> = told.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let [.., text, done] = &*lines else { panic!("no lines") };
    assert_eq!(text["text"].as_str().map(str::len), Some(1));
    assert_eq!((&done["event"], &done["length_limited"]), (&json!("done"), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_one_is_taken_and_a_longer_one_refused() {
    let app = App::with_provider(&[], Arc::new(Echo::default())).await;
    let lin = app.person("lin").await;
    // 5 MB of a form: half a megabyte of Chinese text, in answers and questions of a usual length.
    let text = "%E4%BD%A0".repeat(20_000);
    let all: Vec<(&str, &str)> =
        (0..29).map(|at| (if at % 2 == 0 { "user" } else { "assistant" }, &*text)).collect();
    let path = lin.post_form("/fn/keep-temporary", &form(&all, "echo")).await.is(200).json();
    assert!(path.as_str().unwrap().starts_with("/c/"), "{path}");
    ask(&lin, &all, "echo").await.is(200);
    let all: Vec<(&str, &str)> = all.iter().chain(&all).copied().collect();
    for path in ["/fn/ask-temporary", "/fn/keep-temporary"] {
        let refused = lin.post_form(path, &form(&all, "echo")).await.is(413).json();
        assert!(refused["message"].as_str().unwrap().contains("at most 8 MB"), "{refused}");
        // One that does not say how long it is.
        let pieces = stream::iter(vec![Ok::<_, std::io::Error>(form(&all, "echo"))]);
        let response = lin.open(Method::POST, path, Body::from_stream(pieces), Some(FORM)).await;
        assert_eq!(response.status(), 413);
    }
    lin.post_form("/fn/rename", &form(&[("user", &"x".repeat(2 << 20))], "echo")).await.is(413);
}

/// The conversation that was made of these fields.
async fn keep(client: &Client, fields: &str) -> String {
    let path = client.post_form("/fn/keep-temporary", fields).await.is(200).json();
    path.as_str().unwrap().strip_prefix("/c/").unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_that_is_kept_has_the_model_that_wrote_it() {
    let app = App::with_provider(&[], Arc::new(Echo::default())).await;
    let lin = app.person("lin").await;
    let said = form(&[("user", "A"), ("assistant", "B"), ("user", "C"), ("assistant", "D")], "echo");
    let id = keep(&lin, &format!("{said}&messages[1][model]=acme/held&messages[3][model]=")).await;
    let stored = lin.get(&format!("/api/v1/conversations/{id}/messages")).await.is(200).json();
    let models: Vec<&Value> = stored["items"].as_array().unwrap().iter().map(|item| &item["model"]).collect();
    assert_eq!(models, [&json!(null), &json!("acme/held"), &json!(null), &json!(null)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_is_kept_without_the_names_of_models_that_are_not_offered() {
    let app = App::with_provider(&[], Arc::new(Echo::default())).await;
    let lin = app.person("lin").await;
    for gone in ["gone", "%00", &"x".repeat(1_000)] {
        let said = form(&[("user", "A"), ("assistant", "B"), ("user", "C"), ("assistant", "D")], gone);
        let fields = format!("{said}&messages[1][model]={gone}&messages[3][model]=acme/held");
        let id = keep(&lin, &fields).await;
        let kept = lin.get(&format!("/api/v1/conversations/{id}")).await.is(200).json();
        assert_eq!(kept["model"], json!(null), "{gone}");
        let stored = lin.get(&format!("/api/v1/conversations/{id}/messages")).await.is(200).json();
        let items = stored["items"].as_array().unwrap();
        let texts: Vec<&Value> = items.iter().map(|item| &item["content"]).collect();
        assert_eq!(texts, ["A", "B", "C", "D"]);
        assert_eq!((&items[1]["model"], &items[3]["model"]), (&json!(null), &json!("acme/held")), "{gone}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_sent_twice_is_kept_once() {
    let app = App::with_provider(&[], Arc::new(Echo::default())).await;
    let lin = app.person("lin").await;
    let said = form(&[("user", "A"), ("assistant", "B")], "echo");
    let keyed = format!("{said}&key=k");
    let first = keep(&lin, &keyed).await;
    assert_eq!(keep(&lin, &keyed).await, first);
    assert_ne!(keep(&lin, &format!("{said}&key=other")).await, first);
    assert_ne!(keep(&lin, &said).await, first, "without a key nothing is known of an earlier one");
    let more = form(&[("user", "A"), ("assistant", "B"), ("user", "C")], "echo");
    assert_ne!(keep(&lin, &format!("{more}&key=k")).await, first, "what a page has besides is never lost");
    assert_ne!(keep(&app.person("kim").await, &keyed).await, first);
}

/// Questions and answers, `count` in all, the last one a question.
fn long(count: usize) -> Vec<(&'static str, &'static str)> {
    (0..count).map(|at| if at % 2 == 0 { ("user", "Q") } else { ("assistant", "A") }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_it_is_stored() {
    let app = App::with_provider(&[], Arc::new(Echo::default())).await;
    let lin = app.person("lin").await;
    // What only the first answer of a person or of a server writes is there already.
    ask(&lin, &[("user", "x")], "echo").await.is(200);
    let before = app.database.counts().await;
    let told = ask(&lin, &long(301), "echo").await.is(200).text();
    let answer: Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
    let refused = ask(&lin, &long(1_001), "echo").await;
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(before.len() > 5, "{before:?}");
    assert_eq!(app.database.counts().await, before);
    assert_eq!(lin.get("/api/v1/conversations").await.json()["items"], json!([]));
    // Its id leads nowhere, for its own person either.
    let id = answer["message_id"].as_str().unwrap();
    for person in [&lin, &app.person("kim").await] {
        person.post(&format!("/api/v1/messages/{id}/stop"), &json!({})).await.problem(404, "");
        assert_eq!(person.post_form("/fn/source", &format!("message_id={id}")).await.status, 404);
        assert_eq!(person.post_form("/fn/follow", "conversation_id=temporary").await.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_kept_is_a_conversation_like_any_other() {
    let app = App::with_provider(&[], Arc::new(Echo::default())).await;
    let lin = app.person("lin").await;
    let messages = [
        ("user", "First+words"),
        ("assistant", "Said"),
        ("user", "Two"),
        ("assistant", ""),
        ("user", "Three"),
    ];
    let path = lin.post_form("/fn/keep-temporary", &form(&messages, "echo")).await.is(200).json();
    let id = path.as_str().unwrap().strip_prefix("/c/").unwrap();
    let kept = lin.get(&format!("/api/v1/conversations/{id}")).await.is(200).json();
    assert_eq!((&kept["title"], &kept["model"]), (&json!("First words"), &json!("acme/echo")));
    let stored = lin.get(&format!("/api/v1/conversations/{id}/messages")).await.is(200).json();
    let texts: Vec<&str> =
        stored["items"].as_array().unwrap().iter().map(|item| item["content"].as_str().unwrap()).collect();
    assert_eq!(texts, ["First words", "Said", "Two", "Three"]);
    assert_eq!(stored["items"][1]["model"], json!(null), "nobody said which one wrote it");
    let question = json!({ "content": "Four" });
    lin.post(&format!("/api/v1/conversations/{id}/messages"), &question).await.is(202);
    app.person("kim").await.get(&format!("/api/v1/conversations/{id}")).await.problem(404, "");
    for bad in [&[][..], &[("assistant", "x")], &[("system", "x")], &[("user", "+")]] {
        let refused = lin.post_form("/fn/keep-temporary", &form(bad, "echo")).await;
        assert!((400..500).contains(&refused.status), "{bad:?} {}", refused.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_page_says_what_it_is_and_stores_nothing_by_mistake() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let cookie = app.client().cookie(&format!("inglenook={}", lin.token())).browser();
    let page = cookie.get("/temporary").await.is(200).text();
    for part in ["temporary-note", "it is not stored", "need JavaScript", "end-stopped"] {
        assert!(page.contains(part), "{part}");
    }
    let shown = page.split("<template").next().unwrap();
    assert!(!shown.contains("/fn/edit"), "nothing on it needs a stored message");
    // Whatever else becomes of it, the composer's form names no conversation that there is.
    assert!(page.contains("name=\"conversation_id\" value=\"temporary\""), "{page}");
    let refused = lin.post_form("/fn/ask", "text=x&conversation_id=temporary").await.is(409);
    assert!(refused.text().contains("needs JavaScript"), "{}", refused.text());
    assert_eq!(app.client().post_form("/fn/ask", "text=x&conversation_id=temporary").await.status, 401);
    assert_eq!(lin.get("/api/v1/conversations").await.json()["items"], json!([]));
    // Its own form, before the script runs: the way out asks in a conversation that is stored, and says so.
    let page =
        cookie.post_form("/fn/ask", "text=Why%3F&conversation_id=temporary&key=k").await.is(409).text();
    assert!(page.contains("in a conversation that is stored") && page.contains("Why?</textarea>"), "{page}");
    assert!(!page.contains("conversation_id"), "{page}");
    // Any other form of the page leads back to it with the reason.
    let refused = cookie.clone().header("referer", "http://inglenook.test/temporary");
    let led = refused
        .post_form("/fn/rename", "conversation_id=none&title=x")
        .await
        .is(302)
        .header("location")
        .to_owned();
    assert!(led.starts_with("/temporary?"), "{led}");
    assert!(cookie.get("/").await.is(200).text().contains("href=\"/temporary\""));
}
