//! Answers go on, or end with a sentence, whichever part of the server panics or finds the disk full.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use fail::FailScenario;
use futures::{StreamExt, stream};
use inglenook::server::llm::{ChatRequest, Delta, DeltaStream, LlmError, Provider};
use serde_json::{Value, json};

use super::app::{App, Client, text_of};

/// Says a word every 20 ms, for two seconds.
struct Words;

const COUNT: usize = 100;

fn words() -> String {
    (0..COUNT).map(|at| format!("w{at} ")).collect()
}

#[async_trait]
impl Provider for Words {
    fn name(&self) -> &'static str {
        "acme"
    }

    async fn models(&self) -> Result<Vec<String>, LlmError> {
        Ok(vec!["words".to_owned()])
    }

    async fn chat(&self, _: ChatRequest) -> Result<DeltaStream, LlmError> {
        let word = |at| async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            (at < COUNT).then(|| (Ok(Delta::Text(format!("w{at} "))), at + 1))
        };
        Ok(stream::unfold(0, word).boxed())
    }
}

struct Talk {
    app: App,
    lin: Client,
    id: String,
}

impl Talk {
    async fn start() -> Self {
        let app = App::with_provider(&[], Arc::new(Words)).await;
        let lin = app.person("lin").await;
        let id = lin.post("/api/v1/conversations", &json!({ "title": "Named" })).await.is(201).id();
        Self { app, lin, id }
    }

    fn path(&self) -> String {
        format!("/api/v1/conversations/{}", self.id)
    }

    async fn ask(&self) -> Value {
        let question = json!({ "content": "Count" });
        self.lin.post(&format!("{}/messages", self.path()), &question).await.is(202).json()
    }

    /// How the answer ends, and its text as listeners have it.
    async fn end(&self, begun: &Value) -> (String, String) {
        let events = format!("{}/events?after={}", self.path(), begun["after"]);
        let mut seen = self.lin.events(&events).await.until_end().await;
        let text = text_of(&seen);
        (seen.pop().unwrap().0, text)
    }

    async fn stored(&self) -> (String, String) {
        let window = self.lin.get(&format!("{}/messages", self.path())).await.is(200).json();
        let last = window["items"].as_array().unwrap().last().unwrap().clone();
        let text = |key: &str| last[key].as_str().unwrap().to_owned();
        (text("status"), text("content"))
    }

    /// Asserts that the next question is answered as usual.
    async fn goes_on(&self) {
        let begun = self.ask().await;
        assert_eq!(self.end(&begun).await, ("done".into(), words()));
        assert_eq!(self.stored().await, ("complete".into(), words()));
    }
}

fn id(begun: &Value) -> &str {
    begun["assistant_message"]["id"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_job_panics_has_failed_and_keeps_what_was_shown() {
    let scenario = FailScenario::setup();
    let talk = Talk::start().await;
    // The text of the sixth time is in the journal, but no listener has it.
    fail::cfg("answer", "5*off->1*panic->off").unwrap();
    let begun = talk.ask().await;
    let (end, told) = talk.end(&begun).await;
    assert_eq!(end, "failed");
    assert!(told.starts_with("w0 ") && words().starts_with(&told), "{told:?}");
    assert_eq!(talk.stored().await, ("failed".into(), told));
    talk.goes_on().await;
    scenario.teardown();
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_stored_again_after_the_chunk_writer_panicked() {
    let scenario = FailScenario::setup();
    let talk = Talk::start().await;
    fail::cfg("chunks", "1*off->1*panic->off").unwrap();
    let begun = talk.ask().await;
    let waited = Instant::now();
    // The first write brings only the first words.
    while !talk.app.database.parts(id(&begun)).await.contains("w60 ") {
        assert!(waited.elapsed() < Duration::from_secs(10), "nothing is stored any more");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(talk.end(&begun).await, ("done".into(), words()));
    assert_eq!(talk.stored().await, ("complete".into(), words()));
    talk.goes_on().await;
    scenario.teardown();
}

/// The database has room, so text is stored there before listeners get it.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_whole_while_the_journal_has_no_room() {
    let scenario = FailScenario::setup();
    let talk = Talk::start().await;
    fail::cfg("journal", "return").unwrap();
    let begun = talk.ask().await;
    let events = format!("{}/events?after={}", talk.path(), begun["after"]);
    let mut events = talk.lin.events(&events).await;
    let mut told = String::new();
    while let Some(event) = events.next().await {
        if event.0 == "done" {
            break;
        }
        told += &text_of(std::slice::from_ref(&event));
        if event.0 == "delta" && !told.contains("w90 ") {
            let parts = talk.app.database.parts(id(&begun)).await;
            assert!(parts.starts_with(&told), "told before it was safe: {told:?} beside {parts:?}");
        }
    }
    assert_eq!(told, words());
    assert_eq!(talk.stored().await, ("complete".into(), words()));
    fail::remove("journal");
    talk.goes_on().await;
    scenario.teardown();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_whole_after_the_journal_panicked() {
    let scenario = FailScenario::setup();
    let talk = Talk::start().await;
    fail::cfg("journal", "3*off->1*panic->off").unwrap();
    let begun = talk.ask().await;
    assert_eq!(talk.end(&begun).await, ("done".into(), words()));
    assert_eq!(talk.stored().await, ("complete".into(), words()));
    talk.goes_on().await;
    scenario.teardown();
}
