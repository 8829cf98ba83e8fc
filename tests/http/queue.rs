//! Questions that wait for the end of an answer: each is asked once, in its order, when the answer before it is complete.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt, future::join_all, stream};
use inglenook::server::{
    llm::{ChatRequest, Delta, DeltaStream, LlmError, Provider},
    store::{NewQueued, QueueChange},
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::app::{App, Client};

/// A provider whose answers end when the test lets them.
struct Gate {
    open: Arc<Semaphore>,
    asked: AtomicUsize,
}

#[async_trait]
impl Provider for Gate {
    fn name(&self) -> &'static str {
        "acme"
    }

    async fn models(&self) -> Result<Vec<String>, LlmError> {
        Ok(["held", "quick", "empty"].map(str::to_owned).to_vec())
    }

    async fn chat(&self, request: ChatRequest) -> Result<DeltaStream, LlmError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let question = request.messages.last().map(|message| message.content.clone()).unwrap_or_default();
        let text = move || stream::iter([Ok(Delta::Text(format!("On {question}.")))]);
        let open = self.open.clone();
        Ok(match request.model.as_str() {
            "empty" => stream::empty().boxed(),
            "quick" => text().boxed(),
            _ => text()
                .chain(stream::once(async move {
                    open.acquire().await.unwrap().forget();
                    Ok(Delta::Text(" Done.".to_owned()))
                }))
                .boxed(),
        })
    }
}

pub(super) struct Talk {
    pub(super) app: App,
    pub(super) lin: Client,
    gate: Arc<Gate>,
    pub(super) id: String,
}

impl Talk {
    /// A conversation in which an answer is being written.
    pub(super) async fn held() -> Self {
        let gate = Arc::new(Gate { open: Arc::new(Semaphore::new(0)), asked: AtomicUsize::new(0) });
        let app = App::with_provider(&[], gate.clone()).await;
        let lin = app.person("lin").await;
        let id = lin
            .post("/api/v1/conversations", &json!({ "title": "Set", "model": "acme/held" }))
            .await
            .is(201)
            .id();
        let talk = Self { app, lin, gate, id };
        talk.ask("One").await;
        talk
    }

    pub(super) fn path(&self, of: &str) -> String {
        format!("/api/v1/conversations/{}{of}", self.id)
    }

    async fn ask(&self, text: &str) {
        self.lin.post(&self.path("/messages"), &json!({ "content": text })).await.is(202);
    }

    pub(super) async fn add(&self, text: &str) -> Value {
        self.lin.post(&self.path("/queue"), &json!({ "content": text })).await.is(200).json()
    }

    pub(super) async fn queue(&self) -> Value {
        self.lin.get(&self.path("/queue")).await.is(200).json()
    }

    /// The messages on screen, each with how far it has got.
    pub(super) async fn shown(&self) -> Vec<String> {
        let window = self.lin.get(&self.path("/messages")).await.is(200).json();
        let items = window["items"].as_array().unwrap().iter();
        let word = |item: &Value, field: &str| item[field].as_str().unwrap().to_owned();
        items.map(|item| format!("{} ({})", word(item, "content"), word(item, "status"))).collect()
    }

    async fn leaf(&self) -> String {
        let now = self.lin.get(&self.path("")).await.is(200).json();
        now["leaf_id"].as_str().unwrap().to_owned()
    }

    /// Lets the running answer end, and waits until `count` messages are there and the newest has this status.
    pub(super) async fn until(&self, count: usize, status: &str) -> Vec<String> {
        for _ in 0..400 {
            let shown = self.shown().await;
            if shown.len() == count && shown[count - 1].ends_with(&format!("({status})")) {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:?} {}", self.shown().await, self.queue().await);
    }

    pub(super) fn let_end(&self) {
        self.gate.open.add_permits(1);
    }
}

pub(super) fn texts(queue: &Value) -> Vec<&str> {
    queue["items"].as_array().unwrap().iter().map(|item| item["text"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_while_an_answer_runs_is_asked_after_it() {
    let talk = Talk::held().await;
    talk.add("Two").await;
    let queue = talk.add("Three").await;
    assert_eq!((texts(&queue), &queue["waits"]), (vec!["Two", "Three"], &json!(false)));
    assert_eq!(talk.shown().await.len(), 2);
    let mut events = talk.lin.events(&talk.path("/events")).await;
    while events.next().await.unwrap().0 != "started" {}
    talk.let_end();
    let shown = talk.until(4, "generating").await;
    assert_eq!(shown[1..3], ["On One. Done. (complete)", "Two (complete)"]);
    while events.next().await.unwrap().0 != "queue" {}
    assert_eq!(texts(&talk.queue().await), ["Three"]);
    talk.let_end();
    talk.until(6, "generating").await;
    assert_eq!(talk.queue().await, json!({ "items": [], "waits": false }));
    talk.let_end();
    let shown = talk.until(6, "complete").await;
    assert_eq!(shown[5], "On Three. Done. (complete)");
    assert_eq!(talk.gate.asked.load(Ordering::Relaxed), 3, "each is asked once");
    // Nothing is in the way: it is asked at once.
    assert_eq!(texts(&talk.add("Four").await), [""; 0]);
    talk.let_end();
    talk.until(8, "complete").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_waits_after_an_answer_that_was_stopped() {
    let talk = Talk::held().await;
    talk.add("Two").await;
    let id = talk.add("Three").await["items"][1]["id"].as_str().unwrap().to_owned();
    let leaf = talk.leaf().await;
    talk.lin.post(&format!("/api/v1/messages/{leaf}/stop"), &json!({})).await.is(200);
    let queue = talk.queue().await;
    assert_eq!((texts(&queue), &queue["waits"]), (vec!["Two", "Three"], &json!(true)));
    talk.app.state.chat.look_at_queues().await;
    assert_eq!(talk.shown().await.len(), 2, "the regular look does not go on either");
    // One of them is sent: it is asked, and the others go on after it.
    let path = talk.path(&format!("/queue/{id}/send"));
    assert_eq!(texts(&talk.lin.post(&path, &json!({})).await.is(200).json()), ["Two"]);
    talk.let_end();
    let shown = talk.until(6, "generating").await;
    assert_eq!(shown[2], "Three (complete)");
    talk.let_end();
    talk.until(6, "complete").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_stops_the_running_answer() {
    let talk = Talk::held().await;
    talk.add("Two").await;
    let id = talk.add("Three").await["items"][1]["id"].as_str().unwrap().to_owned();
    let path = talk.path(&format!("/queue/{id}/send"));
    let sent = talk.lin.post(&path, &json!({})).await.is(200).json();
    assert_eq!(texts(&sent), ["Two"]);
    let shown = talk.until(4, "generating").await;
    assert_eq!(shown[1..3], ["On One. (stopped)", "Three (complete)"]);
    talk.lin.post(&path, &json!({})).await.problem(404, "");
    talk.let_end();
    talk.until(6, "generating").await;
    talk.let_end();
    talk.until(6, "complete").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_waits_is_changed_moved_and_removed() {
    let talk = Talk::held().await;
    let mut ids = Vec::new();
    for text in ["A", "B", "C"] {
        let queue = talk.add(text).await;
        ids.push(queue["items"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned());
    }
    let one = |at: usize| talk.path(&format!("/queue/{}", ids[at]));
    let change = json!({ "content": "C, better", "position": 0 });
    let changed = talk.lin.patch(&one(2), &change).await.is(200).json();
    assert_eq!(texts(&changed), ["C, better", "A", "B"]);
    assert_eq!(texts(&talk.lin.delete(&one(0)).await.is(200).json()), ["C, better", "B"]);
    talk.lin.delete(&one(0)).await.problem(404, "");
    talk.lin.patch(&one(1), &json!({ "content": " " })).await.problem(422, "content");
    talk.lin.post(&talk.path("/queue"), &json!({ "content": "" })).await.problem(422, "content");
    let unknown = json!({ "content": "x", "model": "nobody/x" });
    talk.lin.post(&talk.path("/queue"), &unknown).await.problem(422, "model");
    let form = format!("conversation_id={}&id={}&position=0", talk.id, ids[1]);
    let moved = talk.lin.post_form("/fn/queue-move", &form).await.is(200).json();
    assert_eq!(texts(&moved), ["B", "C, better"]);
    for at in 2..20 {
        talk.add(&format!("No. {at}")).await;
    }
    let full = talk.lin.post(&talk.path("/queue"), &json!({ "content": "x" })).await.problem(409, "");
    assert!(full.text().contains("Only 20 questions"), "{}", full.text());
    for item in talk.queue().await["items"].as_array().unwrap() {
        talk.lin.delete(&talk.path(&format!("/queue/{}", item["id"].as_str().unwrap()))).await.is(200);
    }
    talk.let_end();
    talk.until(2, "complete").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_is_refused_stays_with_the_reason() {
    let talk = Talk::held().await;
    let lin = talk.lin.id().await;
    let access = talk.app.state.store.access(&lin, &talk.id, inglenook::server::store::Need::Write);
    let grant = access.await.unwrap();
    let gone = NewQueued {
        id: "gone",
        text: "Two",
        model: Some("acme/gone"),
        most: 20,
        now: 1,
        ..NewQueued::default()
    };
    talk.app.state.store.add_queued(&grant, &gone).await.unwrap();
    talk.add("Three").await;
    talk.let_end();
    talk.until(2, "complete").await;
    for _ in 0..400 {
        if !talk.queue().await["items"][0]["refused"].is_null() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let queue = talk.queue().await;
    assert_eq!((texts(&queue), &queue["waits"]), (vec!["Two", "Three"], &json!(true)));
    let said = queue["items"][0]["refused_message"].as_str().unwrap();
    assert!(said.contains("acme/gone"), "{said}");
    assert_eq!(talk.shown().await.len(), 2);
    // Without it the next one goes on.
    talk.lin.delete(&talk.path("/queue/gone")).await.is(200);
    talk.let_end();
    talk.until(4, "complete").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_question_that_is_changed_and_moved_is_asked_once() {
    let talk = Talk::held().await;
    let lin = talk.lin.id().await;
    let access = talk.app.state.store.access(&lin, &talk.id, inglenook::server::store::Need::Write);
    let grant = access.await.unwrap();
    talk.let_end();
    talk.until(2, "complete").await;
    let new = NewQueued { id: "two", text: "Two", most: 20, now: 1, ..NewQueued::default() };
    talk.app.state.store.add_queued(&grant, &new).await.unwrap();
    let reason = inglenook::domain::Reason::new("message-empty");
    talk.app.state.store.change_queued(&grant, "two", QueueChange::Refuse(&reason)).await.unwrap();
    let change = json!({ "content": "Two, better", "position": 0 });
    let queue = talk.lin.patch(&talk.path("/queue/two"), &change).await.is(200).json();
    assert_eq!(texts(&queue), [""; 0], "it was its turn");
    talk.let_end();
    let shown = talk.until(4, "complete").await;
    assert_eq!(shown[2], "Two, better (complete)");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_again_with_its_key_waits_once() {
    let talk = Talk::held().await;
    let keyed = talk.lin.clone().header("idempotency-key", "k");
    let path = talk.path("/queue");
    let two = json!({ "content": "Two" });
    for _ in 0..2 {
        assert_eq!(texts(&keyed.post(&path, &two).await.is(200).json()), ["Two"]);
    }
    keyed.post(&path, &json!({ "content": "Three" })).await.problem(422, "Idempotency-Key");
    // A page has one key for all that it sends.
    let form = |text: &str| format!("conversation_id={}&text={text}&key=p", talk.id);
    for (text, waiting) in [("Three", 2), ("Three", 2), ("Four", 3)] {
        let queue = talk.lin.post_form("/fn/queue-add", &form(text)).await.is(200).json();
        assert_eq!(texts(&queue).len(), waiting, "{text}");
    }
    talk.let_end();
    talk.until(4, "generating").await;
    // It is not asked again either.
    assert_eq!(texts(&keyed.post(&path, &two).await.is(200).json()), ["Three", "Four"]);
    for at in [6, 8] {
        talk.let_end();
        talk.until(at, "generating").await;
    }
    talk.let_end();
    talk.until(8, "complete").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_chosen_for_a_question_that_waits_is_remembered() {
    let talk = Talk::held().await;
    let question = json!({ "content": "Two", "model": "acme/quick" });
    talk.lin.post(&talk.path("/queue"), &question).await.is(200);
    for _ in 0..300 {
        let me = talk.lin.get("/api/v1/me").await.is(200).json();
        if me["preferences"]["last_model"] == "acme/quick" {
            talk.let_end();
            return drop(talk.until(4, "complete").await);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it is not remembered");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_look_at_once_ask_a_question_once() {
    let talk = Talk::held().await;
    talk.add("Two").await;
    talk.let_end();
    let chat = &talk.app.state.chat;
    join_all((0..20).map(|_| chat.look_at_queues())).await;
    talk.until(4, "generating").await;
    join_all((0..20).map(|_| chat.look_at_queues())).await;
    talk.let_end();
    talk.until(4, "complete").await;
    assert_eq!(talk.gate.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_was_away_is_told_of_the_queue() {
    let talk = Talk::held().await;
    talk.let_end();
    talk.until(2, "complete").await;
    let leaf = talk.leaf().await;
    talk.lin.post(&format!("/api/v1/messages/{leaf}/regenerate"), &json!({})).await.is(202);
    talk.until(2, "generating").await;
    let leaf = talk.leaf().await;
    talk.lin.post(&format!("/api/v1/messages/{leaf}/stop"), &json!({})).await.is(200);
    let after = talk.lin.get(&talk.path("/messages")).await.is(200).json()["after"].clone();
    talk.add("Later").await;
    let path = talk.path(&format!("/events?after={after}"));
    let mut events = talk.lin.events(&path).await;
    while events.next().await.unwrap().0 != "queue" {}
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_being_written_are_within_the_limit_of_a_day() {
    let talk = Talk::held().await;
    let limit = json!({ "name": "", "messages_per_day": 3 });
    talk.lin.send_json("PUT", "/api/v1/admin/tiers/default", &limit).await.is(200);
    let ask = async || {
        let held = json!({ "title": "Set", "model": "acme/held" });
        let id = talk.lin.post("/api/v1/conversations", &held).await.is(201).id();
        talk.lin.post(&format!("/api/v1/conversations/{id}/messages"), &json!({ "content": "Two" })).await
    };
    let asked = join_all((0..6).map(|_| ask())).await;
    let begun = asked.iter().filter(|answer| answer.status == 202).count();
    assert_eq!(begun, 2, "one is being written already");
    for refused in asked.iter().filter(|answer| answer.status != 202) {
        assert!(refused.json()["type"].as_str().unwrap().ends_with("budget_used_up"));
    }
    talk.gate.open.add_permits(3);
    talk.until(2, "complete").await;
}
