//! How answers end when something goes wrong: the database refuses a write, a provider panics, the conversation is
//! deleted, the server stops. Every answer ends, and listeners get the end that is stored.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use futures::{StreamExt, future::join_all, stream};
use inglenook::server::llm::{ChatRequest, Delta, DeltaStream, LlmError, Provider};
use serde_json::{Value, json};

use super::{
    app::{App, Client},
    client::Event,
    database::Refusal,
};

const PATIENCE: Duration = Duration::from_secs(40);

/// A provider whose models do what their names say.
#[derive(Default)]
struct Script {
    /// The number of streams that the server still reads.
    open: Arc<AtomicUsize>,
    asked: AtomicUsize,
}

struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl Provider for Script {
    fn name(&self) -> &'static str {
        "acme"
    }

    async fn models(&self) -> Result<Vec<String>, LlmError> {
        Ok(["whole", "forever", "panics", "slow"].map(str::to_owned).to_vec())
    }

    async fn chat(&self, request: ChatRequest) -> Result<DeltaStream, LlmError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        let open = Open(self.open.clone());
        let some = stream::iter(["Some ", "text."].map(|text| Ok(Delta::Text(text.to_owned()))));
        let rest: DeltaStream = match request.model.as_str() {
            "forever" => stream::pending().boxed(),
            "slow" => stream::unfold(0, |at| async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                (at < 60).then(|| (Ok(Delta::Text(format!(" w{at}"))), at + 1))
            })
            .boxed(),
            "panics" => stream::once(async {
                tokio::time::sleep(Duration::from_millis(300)).await;
                panic!("a provider that panics")
            })
            .boxed(),
            _ => stream::empty().boxed(),
        };
        Ok(some
            .chain(rest)
            .map(move |delta| {
                let _open = &open;
                delta
            })
            .boxed())
    }
}

struct Talk {
    app: App,
    script: Arc<Script>,
    lin: Client,
    path: String,
}

impl Talk {
    async fn start() -> Self {
        let script = Arc::new(Script::default());
        let app = App::with_provider(&[], script.clone()).await;
        let lin = app.person("lin").await;
        let path = conversation(&lin).await;
        Self { app, script, lin, path }
    }

    async fn ask(&self, model: &str) -> Value {
        ask(&self.lin, &self.path, model).await
    }

    async fn end(&self, begun: &Value) -> Event {
        let path = format!("{}/events?after={}", self.path, begun["after"]);
        let mut events = self.lin.events(&path).await;
        // The server tries a refused write again for some seconds, and sends no event meanwhile.
        let id = self.path.rsplit('/').next().unwrap();
        let waited = Instant::now();
        while self.app.state.live.get(id).is_some_and(|channel| channel.is_running()) {
            assert!(waited.elapsed() < PATIENCE, "the answer does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        events.until_end().await.pop().unwrap()
    }

    async fn last(&self) -> Value {
        let window = self.lin.get(&format!("{}/messages", self.path)).await.is(200).json();
        window["items"].as_array().unwrap().last().unwrap().clone()
    }

    /// Waits until the conversation takes a question again, and checks the answer.
    async fn goes_on(&self) {
        let begun = Instant::now();
        let question = json!({ "content": "And now?", "model": "acme/whole" });
        while self.lin.post(&format!("{}/messages", self.path), &question).await.status != 202 {
            assert!(begun.elapsed() < PATIENCE, "the conversation stays busy");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        while self.last().await["status"] != "complete" {
            assert!(begun.elapsed() < PATIENCE, "{}", self.last().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(self.last().await["content"], "Some text.");
    }
}

async fn conversation(lin: &Client) -> String {
    let new = json!({ "title": "Named" });
    format!("/api/v1/conversations/{}", lin.post("/api/v1/conversations", &new).await.is(201).id())
}

async fn ask(lin: &Client, path: &str, model: &str) -> Value {
    let question = json!({ "content": "Why?", "model": format!("acme/{model}") });
    lin.post(&format!("{path}/messages"), &question).await.is(202).json()
}

fn id(begun: &Value) -> &str {
    begun["assistant_message"]["id"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_end_becomes_a_failure_and_frees_the_conversation() {
    let talk = Talk::start().await;
    talk.app.database.refuse(Refusal::Statuses(&["complete"])).await;
    let begun = talk.ask("whole").await;
    let (name, _, end) = talk.end(&begun).await;
    assert_eq!((&*name, &end["code"]), ("failed", &json!("broken")), "{end}");
    let stored = talk.last().await;
    assert_eq!((&stored["status"], &stored["content"]), (&json!("failed"), &json!("Some text.")));
    assert_eq!(stored["failure"]["message"], end["message"]);
    talk.app.database.accept().await;
    talk.goes_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_is_refused_with_its_text_is_stored_without_it() {
    let talk = Talk::start().await;
    talk.app.database.refuse(Refusal::EndsWithText).await;
    let begun = talk.ask("whole").await;
    assert_eq!(talk.end(&begun).await.0, "failed");
    let stored = talk.last().await;
    assert_eq!((&stored["status"], &stored["content"]), (&json!("failed"), &json!("")));
    talk.app.database.accept().await;
    talk.goes_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_every_end_is_refused_ends_once_the_database_takes_it() {
    let talk = Talk::start().await;
    talk.app.database.refuse(Refusal::Statuses(&["complete", "failed", "stopped", "interrupted"])).await;
    let begun = talk.ask("whole").await;
    assert_eq!(talk.end(&begun).await.0, "failed");
    let waited = Instant::now();
    while talk.app.state.live.jobs() > 0 {
        assert!(waited.elapsed() < PATIENCE, "somebody tries for ever");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut suspects = HashSet::new();
    talk.app.state.chat.look_for_orphans(&mut suspects).await.unwrap();
    talk.app.state.chat.look_for_orphans(&mut suspects).await.unwrap_err();
    assert_eq!(talk.last().await["status"], "generating");
    talk.app.database.accept().await;
    talk.app.state.chat.look_for_orphans(&mut suspects).await.unwrap();
    talk.app.state.chat.look_for_orphans(&mut suspects).await.unwrap();
    assert_eq!(talk.last().await["status"], "interrupted");
    talk.app.state.chat.look_for_orphans(&mut suspects).await.unwrap();
    assert!(suspects.is_empty());
    talk.app.in_journal.store(1, Ordering::Relaxed);
    talk.goes_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orphan_is_ended_with_the_second_look_and_a_running_answer_is_none() {
    let talk = Talk::start().await;
    let begun = talk.ask("forever").await;
    let other = conversation(&talk.lin).await;
    let ended = ask(&talk.lin, &other, "whole").await;
    talk.lin.events(&format!("{other}/events?after={}", ended["after"])).await.until_end().await;
    // The row is changed as if the end of the answer had been lost.
    talk.app.database.set_status(id(&ended), "generating").await;
    let mut suspects = HashSet::new();
    let status = async |id: &str| talk.app.database.status(id).await;
    talk.app.state.chat.look_for_orphans(&mut suspects).await.unwrap();
    assert_eq!((status(id(&ended)).await, suspects.len()), ("generating".to_owned(), 1));
    talk.app.state.chat.look_for_orphans(&mut suspects).await.unwrap();
    assert_eq!(status(id(&ended)).await, "interrupted");
    assert_eq!(status(id(&begun)).await, "generating");
    talk.lin.post(&format!("/api/v1/messages/{}/stop", id(&begun)), &json!({})).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_ends_after_a_panic_also_when_its_end_is_refused_at_first() {
    for refused in [false, true] {
        let talk = Talk::start().await;
        if refused {
            talk.app.database.refuse(Refusal::Statuses(&["failed"])).await;
        }
        let begun = talk.ask("panics").await;
        tokio::time::sleep(Duration::from_millis(900)).await;
        if refused {
            assert_eq!(talk.last().await["status"], "generating");
            talk.app.database.accept().await;
        }
        assert_eq!(talk.end(&begun).await.0, "failed");
        let stored = talk.last().await;
        assert_eq!((&stored["status"], &stored["content"]), (&json!("failed"), &json!("Some text.")));
        talk.goes_on().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refused_chunk_does_not_hold_back_the_others() {
    let talk = Talk::start().await;
    let others = join_all((0..3).map(|_| conversation(&talk.lin))).await;
    let begun = talk.ask("slow").await;
    talk.app.database.refuse(Refusal::PartsOf(id(&begun))).await;
    let others = join_all(others.iter().map(|path| ask(&talk.lin, path, "slow"))).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    for other in &others {
        let stored = talk.app.database.parts(id(other)).await;
        assert!(stored.contains("w10"), "a part of this one is held back: {stored:?}");
    }
    // The text is safe in the journal, and complete at the end.
    assert_eq!(talk.end(&begun).await.0, "done");
    let whole = talk.last().await;
    assert_eq!(whole["status"], "complete");
    assert!(whole["content"].as_str().unwrap().ends_with("w59"), "{whole}");
}

/// The first try to continue fails and the second succeeds. The server must not interrupt the second try's run because
/// of the first.
#[tokio::test(flavor = "multi_thread")]
async fn a_continuation_that_is_tried_again_is_not_cut_off() {
    let talk = Talk::start().await;
    let begun = talk.ask("forever").await;
    let path = format!("/api/v1/messages/{}", id(&begun));
    let stopped = talk.lin.post(&format!("{path}/stop"), &json!({})).await.is(200).json();
    assert_eq!(stopped["status"], "stopped");
    talk.app.database.refuse(Refusal::Statuses(&["generating"])).await;
    talk.lin.post(&format!("{path}/continue"), &json!({})).await.is(500);
    talk.app.database.accept().await;
    let again = talk.lin.post(&format!("{path}/continue"), &json!({})).await.is(202).json();
    assert_eq!(id(&again), id(&begun));
    // The server looks for the run of a failed try after 5 s and after 10 s.
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert_eq!(talk.last().await["status"], "generating");
    assert_eq!(talk.script.open.load(Ordering::Relaxed), 1);
    let stopped = talk.lin.post(&format!("{path}/stop"), &json!({})).await.is(200).json();
    assert_eq!(stopped["status"], "stopped");
}

/// Another process ended the answer, so listeners get the stored end.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_stored_as_interrupted_is_not_published_as_complete() {
    let talk = Talk::start().await;
    let begun = talk.ask("slow").await;
    talk.app.database.set_status(id(&begun), "interrupted").await;
    let (name, _, end) = talk.end(&begun).await;
    assert_eq!((&*name, &end["status"]), ("done", &json!("interrupted")), "{end}");
    let stored = talk.last().await;
    assert_eq!(stored["status"], "interrupted");
    assert!(stored["content"].as_str().unwrap().ends_with("w59"), "what was shown is kept: {stored}");
}

/// Whether the question or the deletion comes first, no job writes for a conversation that is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_conversation_is_answered_no_further() {
    let talk = Talk::start().await;
    for round in 0..60_u64 {
        let path = conversation(&talk.lin).await;
        let question = json!({ "content": "Why?", "model": "acme/forever" });
        let messages = format!("{path}/messages");
        let delete = async {
            tokio::time::sleep(Duration::from_micros(round * 50)).await;
            talk.lin.delete(&path).await.is(204);
        };
        let (asked, ()) = futures::join!(talk.lin.post(&messages, &question), delete);
        assert!([202, 404].contains(&asked.status), "{asked:?}");
    }
    let begun = Instant::now();
    while talk.app.state.live.jobs() > 0 || talk.script.open.load(Ordering::Relaxed) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(5), "{} are answered", talk.app.state.live.jobs());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(talk.app.state.live.conversations().is_empty());
    println!("{} of 60 asked the provider", talk.script.asked.load(Ordering::Relaxed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_says_so() {
    let talk = Talk::start().await;
    let begun = talk.ask("forever").await;
    let path = format!("/api/v1/messages/{}", id(&begun));
    talk.lin.post(&format!("{path}/stop"), &json!({})).await.is(200);
    talk.app.state.live.drain();
    let question = json!({ "content": "And now?", "model": "acme/whole" });
    for (path, body) in
        [(format!("{}/messages", talk.path), &question), (format!("{path}/continue"), &json!({}))]
    {
        let refused = talk.lin.post(&path, body).await.problem(503, "");
        assert_eq!(refused.json()["code"], "stopping");
        assert!(!refused.header("retry-after").is_empty());
        assert!(refused.text().contains("restarting") && !refused.text().contains("database"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_get_a_new_title() {
    let talk = Talk::start().await;
    let begun = talk.ask("whole").await;
    talk.end(&begun).await;
    let place = talk.lin.get(&format!("{}/messages", talk.path)).await.json()["after"].clone();
    let mut events = talk.lin.events(&format!("{}/events?after={place}", talk.path)).await;
    talk.lin.patch(&talk.path, &json!({ "title": "  Renamed " })).await.is(200);
    let (name, place, title) = events.next().await.unwrap();
    assert_eq!((&*name, &title["title"]), ("title", &json!("Renamed")));
    // A listener that comes back with this position has missed nothing, even if nobody listened meanwhile.
    drop(events);
    let mut events = talk.lin.events(&format!("{}/events?after={place}", talk.path)).await;
    let begun = talk.ask("whole").await;
    let (name, ..) = events.next().await.unwrap();
    assert_eq!(name, "started", "{begun}");
}

/// A listener that goes away while the server lets it in leaves nothing behind, at whatever moment it goes.
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_leaves_while_it_is_let_in_leaves_nothing() {
    let talk = Talk::start().await;
    let events = format!("{}/events", talk.path);
    let mut cut = 0;
    for at in 0..200 {
        let listening = talk.lin.events(&events);
        // Most listeners go away early, because a database on the same machine answers within a tenth of a millisecond.
        cut += u32::from(tokio::time::timeout(Duration::from_micros(at * at / 20), listening).await.is_err());
    }
    assert!(cut > 10, "{cut} were cut off");
    assert!(talk.app.state.live.conversations().is_empty());
    assert!(talk.app.state.live.sessions().is_empty());
}
