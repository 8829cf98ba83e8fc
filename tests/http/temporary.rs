//! Temporary conversations are answered and kept nowhere.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use axum::{body::Body, http::Method};
use futures::{StreamExt, stream};
use http_body_util::BodyExt;
use inglenook::server::llm::{ChatRequest, Delta, DeltaStream, LlmError, Provider};
use serde_json::{Value, json};

use super::app::{App, Client};

/// A provider that repeats what it is asked; the model "held" never ends.
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
        Ok(["echo", "held"].map(str::to_owned).to_vec())
    }

    async fn chat(&self, request: ChatRequest) -> Result<DeltaStream, LlmError> {
        self.open.fetch_add(1, Ordering::SeqCst);
        let open = Open(self.open.clone());
        let all: Vec<String> = request.messages.iter().map(|message| message.content.clone()).collect();
        let text = stream::iter([Ok(Delta::Reasoning("Hm.".into())), Ok(Delta::Text(all.join(" | ")))]);
        let rest = if request.model == "held" { stream::pending().boxed() } else { stream::empty().boxed() };
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
    ask(&lin, &[("user", "x")], "echo").await.is(200);
}
