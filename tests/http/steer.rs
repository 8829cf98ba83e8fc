//! Editing, continuing, choosing a branch, and deleting one message.

use futures::future::join_all;
use serde_json::{Value, json};

use super::app::{App, Client, text_of};

struct Talk {
    app: App,
    lin: Client,
    /// The address of the conversation in the API.
    path: String,
}

impl Talk {
    async fn start() -> Self {
        let app = App::start().await;
        let lin = app.person("lin").await;
        let path = format!("/api/v1/conversations/{}", lin.conversation().await);
        Self { app, lin, path }
    }

    /// Starts a conversation with a model of the fake model server.
    async fn with(model: &str) -> Self {
        let app = App::with_upstream().await;
        let lin = app.person("lin").await;
        let new = json!({ "model": format!("acme/{model}"), "title": "Set" });
        let id = lin.post("/api/v1/conversations", &new).await.is(201).id();
        Self { app, lin, path: format!("/api/v1/conversations/{id}") }
    }

    async fn ask(&self, content: &str) -> (String, String) {
        ids(&self.lin.ask(self.path.rsplit('/').next().unwrap(), content).await)
    }

    async fn items(&self) -> Vec<Value> {
        let window = self.lin.get(&format!("{}/messages", self.path)).await.is(200).json();
        window["items"].as_array().unwrap().clone()
    }

    async fn contents(&self) -> Vec<String> {
        let items = self.items().await;
        items.iter().map(|item| item["content"].as_str().unwrap().to_owned()).collect()
    }

    async fn ended(&self, begun: &Value) -> Vec<super::client::Event> {
        let path = format!("{}/events?after={}", self.path, begun["after"]);
        self.lin.events(&path).await.until_end().await
    }
}

fn ids(begun: &Value) -> (String, String) {
    let id = |name: &str| begun[name]["id"].as_str().unwrap_or_default().to_owned();
    (id("user_message"), id("assistant_message"))
}

fn message(id: &str, call: &str) -> String {
    format!("/api/v1/messages/{id}{call}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_question_stands_beside_the_old_one() {
    let talk = Talk::start().await;
    let (first, answer) = talk.ask("First").await;
    let (second, _) = talk.ask("Second").await;
    for (question, old, new, parent) in [
        (&second, "Second", "Second, better", json!(answer)),
        (&first, "First", "First, better", json!(null)),
    ] {
        let keyed = talk.lin.clone().header("idempotency-key", new);
        let edit = json!({ "content": new });
        let begun = keyed.post(&message(question, "/edit"), &edit).await.is(202).json();
        assert_eq!(begun["user_message"]["parent_id"], parent);
        assert_eq!(begun["user_message"]["content"], new);
        talk.ended(&begun).await;
        let again = keyed.post(&message(question, "/edit"), &edit).await.is(202).json();
        assert_eq!(ids(&again), ids(&begun));
        let shown = talk.contents().await;
        assert!(shown.contains(&new.to_owned()) && !shown.contains(&old.to_owned()), "{shown:?}");
        let shown = talk.items().await;
        let places = json!({ "index": 2, "count": 2, "previous_id": question, "next_id": null });
        assert_eq!(shown[shown.len() - 2]["siblings"], places);
        assert!(shown.last().unwrap().get("siblings").is_none());
    }
    assert_eq!(talk.items().await.len(), 2, "the branch of a new first question is short");
    // These edits are refused.
    talk.lin.post(&message(&answer, "/edit"), &json!({ "content": "x" })).await.problem(422, "id");
    talk.lin.post(&message(&first, "/edit"), &json!({ "content": " " })).await.problem(422, "content");
    talk.lin.post(&message(&first, "/edit"), &json!({})).await.problem(422, "content");
    let unknown = json!({ "content": "x", "model": "nobody/x" });
    talk.lin.post(&message(&first, "/edit"), &unknown).await.problem(422, "model");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_branch_is_shown_and_remembered() {
    let talk = Talk::start().await;
    let (question, old) = talk.ask("First").await;
    talk.ask("Below").await;
    let begun = talk.lin.post(&message(&old, "/regenerate"), &json!({})).await.is(202).json();
    talk.ended(&begun).await;
    let new = ids(&begun).1;
    assert_eq!(talk.items().await[1]["siblings"]["previous_id"], old);
    let mut events = talk.lin.events(&format!("{}/events?after=18446744073709551615", talk.path)).await;
    events.until_end().await;
    let chosen = talk.lin.post(&message(&old, "/select"), &json!({})).await.is(200).json();
    while events.next().await.expect("the stream goes on").0 != "changed" {}
    let shown = talk.items().await;
    assert_eq!(shown.len(), 4);
    assert_eq!(shown[3]["id"], chosen["leaf_id"]);
    let places = json!({ "index": 1, "count": 2, "previous_id": null, "next_id": new });
    assert_eq!((&shown[1]["id"], &shown[1]["siblings"]), (&json!(old), &places));
    // Choosing the question shows the newest branch below it.
    let again = talk.lin.post(&message(&question, "/select"), &json!({})).await.is(200).json();
    assert_eq!(again["leaf_id"], new);
    assert_eq!(talk.lin.get(&talk.path).await.json()["leaf_id"], new);
    // A listener that comes later does not get the change of the branch before it.
    talk.lin.post(&message(&old, "/select"), &json!({})).await.is(200);
    let (_, answer) = talk.ask("Further").await;
    assert_eq!(talk.items().await.last().unwrap()["id"], answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_message_leaves_the_others() {
    let talk = Talk::start().await;
    let (first, answer) = talk.ask("First").await;
    let (second, last) = talk.ask("Second").await;
    talk.lin.delete(&message(&answer, "")).await.is(204);
    talk.lin.delete(&message(&answer, "")).await.problem(404, "");
    let shown = talk.items().await;
    assert_eq!(shown.iter().map(|item| &item["id"]).collect::<Vec<_>>(), [&first, &second, &last]);
    assert_eq!(shown[1]["parent_id"], first);
    talk.lin.delete(&message(&second, "")).await.is(204);
    // The server refuses to write an answer again without its question, and says why.
    talk.lin.delete(&message(&first, "")).await.is(204);
    let refused = talk.lin.post(&message(&last, "/regenerate"), &json!({})).await.problem(409, "");
    assert!(refused.text().contains("deleted"), "{}", refused.text());
    talk.lin.delete(&message(&last, "")).await.is(204);
    assert!(talk.items().await.is_empty());
    assert!(talk.lin.get(&talk.path).await.json()["leaf_id"].is_null());
    talk.ask("Anew").await;
    assert_eq!(talk.items().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_answer_is_continued_where_it_stopped() {
    let talk = Talk::with("tokens-400-10").await;
    let asked = json!({ "content": "Count" });
    let begun = talk.lin.post(&format!("{}/messages", talk.path), &asked).await.is(202).json();
    let mut events = talk.lin.events(&format!("{}/events", talk.path)).await;
    while events.next().await.unwrap().0 != "delta" {}
    let (question, answer) = ids(&begun);
    for call in ["/edit", "/select", "/continue"] {
        let id = if call == "/edit" { &question } else { &answer };
        let busy = talk.lin.post(&message(id, call), &json!({ "content": "x" })).await.problem(409, "");
        assert!(busy.text().contains("still being written"), "{}", busy.text());
    }
    talk.lin.delete(&message(&question, "")).await.problem(409, "");
    let stopped = talk.lin.post(&message(&answer, "/stop"), &json!({})).await.is(200).json();
    let kept = stopped["content"].as_str().unwrap().to_owned();
    events.until_end().await;

    // Fifty requests with one key make one call of the provider.
    let keyed = talk.lin.clone().header("idempotency-key", "go on");
    let path = message(&answer, "/continue");
    let body = json!({});
    let all = join_all((0..50).map(|_| keyed.post(&path, &body))).await;
    let all: Vec<Value> = all.into_iter().map(|one| one.is(202).json()).collect();
    assert!(all.iter().all(|begun| ids(begun) == (String::new(), answer.clone())));
    let seen = events.until_end().await;
    let started = seen.iter().find(|(name, ..)| name == "started").unwrap();
    assert_eq!(started.2["message_id"], answer);
    // The fake model counts from the beginning, but the test is about the position of its words.
    let whole = text_of(&seen);
    assert!(whole.starts_with(&kept) && whole[kept.len()..].starts_with("w0 w1 "), "{whole}");
    let shown = talk.items().await;
    assert_eq!((shown.len(), &shown[1]["content"]), (2, &json!(whole)));
    assert_eq!(shown[1]["status"], "complete");
    let log = talk.app.upstream.as_ref().unwrap().log("tokens-400-10").await;
    assert_eq!(log.len(), 2, "{log:?}");
    // The prompt has the question, the text so far, and the request to continue.
    assert_eq!(log[1]["messages"], 3);
    talk.lin.post(&path, &body).await.problem(409, "");
    talk.lin.post(&message(&question, "/continue"), &body).await.problem(422, "id");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_cut_at_its_length_says_so_and_can_be_continued() {
    let talk = Talk::with("length").await;
    let (_, answer) = talk.ask("Count").await;
    let shown = talk.items().await;
    assert_eq!((&shown[1]["status"], &shown[1]["length_limited"]), (&json!("complete"), &json!(true)));
    let mut events = talk.lin.events(&format!("{}/events", talk.path)).await;
    assert_eq!(events.until_end().await.last().unwrap().2["length_limited"], true);
    let begun = talk.lin.post(&message(&answer, "/continue"), &json!({})).await.is(202).json();
    assert!(begun["assistant_message"].get("length_limited").is_none());
    let seen = talk.ended(&begun).await;
    let shown = talk.items().await;
    assert_eq!(shown[1]["content"], text_of(&seen));
    assert_eq!(shown[1]["usage"]["completion_tokens"], 40, "of both parts");
    // Only the newest message can be continued.
    talk.ask("Next").await;
    let refused = talk.lin.post(&message(&answer, "/continue"), &json!({})).await.problem(409, "");
    assert!(refused.text().contains("newest"), "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_messages_are_not_found() {
    let talk = Talk::start().await;
    let (question, answer) = talk.ask("Mine").await;
    let bob = talk.app.person("bob").await;
    for (id, body) in [(&question, json!({ "content": "x" })), (&answer, json!({}))] {
        let missing = talk.lin.post(&message("none", "/select"), &json!({})).await.problem(404, "");
        for call in ["/select", "/continue", "/regenerate", "/edit", "/stop"] {
            let body = if call == "/edit" { json!({ "content": "x" }) } else { body.clone() };
            let refused = bob.post(&message(id, call), &body).await.problem(404, "");
            assert_eq!(refused.without_request_id(), missing.without_request_id());
        }
        bob.delete(&message(id, "")).await.problem(404, "");
    }
    let nobody = talk.app.client();
    nobody.delete(&message(&answer, "")).await.problem(401, "");
    assert_eq!(talk.items().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_forms_steer_and_lead_back() {
    let talk = Talk::start().await;
    let (question, answer) = talk.ask("First").await;
    let id = talk.path.rsplit('/').next().unwrap();
    let page = talk.app.client().cookie(&format!("inglenook={}", talk.lin.token())).browser();
    let lead = async |name: &str, form: &str| {
        let answer = page.post_form(&format!("/fn/{name}"), form).await.is(302);
        answer.header("location").to_owned()
    };
    let latest = format!("/c/{id}");
    let ended = async || {
        talk.lin.events(&format!("{}/events", talk.path)).await.until_end().await;
    };
    assert_eq!(lead("retry", &format!("message_id={answer}&key=r")).await, latest);
    assert_eq!(lead("retry", &format!("message_id={answer}&key=r")).await, latest);
    ended().await;
    assert_eq!(lead("edit", &format!("message_id={question}&text=Better&key=e")).await, latest);
    ended().await;
    assert_eq!(lead("select", &format!("message_id={question}")).await, format!("/c/{id}#{question}"));
    let html = page.get(&format!("/c/{id}")).await.is(200).text();
    for part in ["1/2", "2/2", "?edit=", "/fn/delete-message", "/fn/select", "/fn/retry"] {
        assert!(html.contains(part), "{part}");
    }
    // The page edits the one question that its address names.
    let area = "<textarea name=\"text\" rows=\"3\" aria-label=\"Your message\"";
    // A script makes its forms of the one in a template.
    assert_eq!(html.matches(area).count(), 1, "{html}");
    for (edited, count) in [(&question, 1), (&answer, 0), (&"nonsense%3C".to_owned(), 0)] {
        let html = page.get(&format!("/c/{id}?edit={edited}")).await.is(200).text();
        assert_eq!(html.matches(area).count(), count + 1, "{edited}");
    }
    assert_eq!(lead("delete-message", &format!("message_id={answer}")).await, latest);
    // An error leads back to the page with a sentence.
    let back = page.clone().header("referer", &format!("http://inglenook.test/c/{id}"));
    let answer = back.post_form("/fn/delete-message", "message_id=none").await.is(302);
    assert!(answer.header("location").contains("flash="), "{answer:?}");
    // The reply to a call of the page's script has the address to go to.
    let call = talk.app.client().cookie(&format!("inglenook={}", talk.lin.token()));
    let call = call.header("sec-fetch-site", "same-origin").header("accept", "application/json");
    let told = call.post_form("/fn/select", &format!("message_id={question}")).await.is(200).json();
    assert_eq!(told, format!("/c/{id}#{question}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_message_comes_back_to_its_place() {
    let talk = Talk::start().await;
    let (first, answer) = talk.ask("First").await;
    talk.ask("Second").await;
    let before = talk.contents().await;
    let mut events = talk.lin.events(&format!("{}/events?after=18446744073709551615", talk.path)).await;
    events.until_end().await;
    for id in [&first, &answer] {
        talk.lin.delete(&message(id, "")).await.is(204);
        while events.next().await.expect("the stream goes on").0 != "deleted" {}
        assert_eq!(talk.contents().await.len(), 3);
        talk.lin.post(&message(id, "/restore"), &json!({})).await.is(200);
        while events.next().await.expect("the stream goes on").0 != "changed" {}
        assert_eq!(talk.contents().await, before);
        talk.lin.post(&message(id, "/restore"), &json!({})).await.is(200);
    }
    let kim = talk.app.person("kim").await;
    talk.lin.delete(&message(&first, "")).await.is(204);
    kim.post(&message(&first, "/restore"), &json!({})).await.problem(404, "");
    let restored = talk.lin.post_form("/fn/restore-message", &format!("message_id={first}")).await.is(200);
    assert!(restored.text().contains(&first));
    assert_eq!(talk.contents().await, before);
}
