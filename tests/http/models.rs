//! The server asks only offered models, and the offer follows the providers.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};
use std::time::{Duration, Instant};

use inglenook::server::llm::Provider;
use serde_json::{Value, json};

use super::{
    app::{App, Client},
    client::Answer,
};
use crate::{
    shelf::{Reply, Shelf, json as json_of, list, missing, said},
    upstream::{Upstream, provider, short},
};

/// A model server whose list a test can change or take away.
struct Stock {
    shelf: Shelf,
    models: Arc<Mutex<Vec<&'static str>>>,
    lists: Arc<AtomicBool>,
}

impl Stock {
    async fn of(models: &[&'static str]) -> Self {
        let models = Arc::new(Mutex::new(models.to_vec()));
        let lists = Arc::new(AtomicBool::new(true));
        let (known, listing) = (models.clone(), lists.clone());
        let shelf =
            Shelf::start(move |asked| reply(asked, &known.lock().unwrap(), listing.load(Ordering::Relaxed)));
        Self { shelf: shelf.await, models, lists }
    }

    fn provider(&self) -> Arc<dyn Provider> {
        provider(&self.shelf.url("/v1"), short())
    }
}

fn reply(asked: &str, models: &[&str], lists: bool) -> Reply {
    match asked {
        "GET /v1/models" if lists => list(models),
        "GET /v1/models" => (503, "text/plain", "later".into()),
        "POST /v1/chat/completions" => said("Hello."),
        _ => missing(),
    }
}

async fn offered(person: &Client) -> Vec<String> {
    let models = person.get("/api/v1/models").await.is(200).json();
    models["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

async fn waited_for(person: &Client, models: &[&str]) -> Duration {
    let begun = Instant::now();
    while offered(person).await != models {
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", offered(person).await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    begun.elapsed()
}

fn model_refused(answer: Answer) -> String {
    let answer = answer.problem(422, "model");
    answer.json()["detail"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_offered_models_are_asked() {
    let stock = Stock::of(&["cheap", "org/cheap"]).await;
    let app = App::with_provider(&[], stock.provider()).await;
    let lin = app.person("lin").await;
    assert_eq!(offered(&lin).await, ["acme/cheap", "acme/org/cheap"]);
    let id = lin.conversation().await;
    let path = format!("/api/v1/conversations/{id}");
    let begun = lin.ask(&id, "Hello?").await;
    let (question, answer) = (&begun["user_message"]["id"], &begun["assistant_message"]["id"]);
    let call = |id: &Value, what: &str| format!("/api/v1/messages/{}/{what}", id.as_str().unwrap());
    for model in [
        "acme/expensive",
        "expensive",
        "other/cheap",
        "acme/",
        "/cheap",
        "ACME/cheap",
        "acme/cheap/",
        "acme//cheap",
        "org/dear",
        "acme/cheap\u{0}",
        "acme/\ncheap",
        &"x".repeat(300),
        &format!("acme/{}", "x".repeat(201)),
    ] {
        let it = json!({ "model": model });
        model_refused(lin.post("/api/v1/conversations", &it).await);
        model_refused(lin.patch(&path, &it).await);
        let asked = json!({ "content": "x", "model": model });
        let sentence = model_refused(lin.post(&format!("{path}/messages"), &asked).await);
        assert!(sentence.chars().count() < 400 && !sentence.contains(char::is_control), "{sentence}");
        model_refused(lin.post(&call(question, "edit"), &asked).await);
        let form = format!(
            "text=x&conversation_id={id}&model={}",
            model.replace('\u{0}', "%00").replace('\n', "%0a")
        );
        let refused = lin.post_form("/fn/ask", &form).await;
        assert!(!matches!(refused.status, 200 | 202) && refused.status < 500, "{model}: {}", refused.status);
    }
    // A model may be named without its provider; the server stores the name that it shows.
    for (model, id) in
        [("cheap", "acme/cheap"), (" acme/org/cheap ", "acme/org/cheap"), ("org/cheap", "acme/org/cheap")]
    {
        let made = lin.post("/api/v1/conversations", &json!({ "model": model })).await.is(201).json();
        assert_eq!(made["model"], id);
    }
    lin.post(&call(answer, "regenerate"), &json!({})).await.is(202);
    // The server asks for the root address, too, because an Ollama says its name there.
    assert!(stock.shelf.asked().iter().all(|asked| asked.contains("/v1/") || asked == "GET /"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_chat_is_not_offered_and_the_newest_is_first() {
    let list = json!({ "data": [
        { "id": "text-embedding-3-small", "created": 9 },
        { "id": "lab/old", "name": "Lab: Old", "created": 1, "supported_parameters": ["tools"] },
        { "id": "lab/new", "created": 5, "architecture": { "output_modalities": ["text"] } },
        { "id": "painter", "created": 7, "architecture": { "output_modalities": ["image"] } },
    ] });
    let shelf = Shelf::start(move |asked| match asked {
        "GET /v1/models" => json_of(list.to_string()),
        "POST /v1/chat/completions" => said("Hello."),
        _ => missing(),
    })
    .await;
    let app = App::with_provider(&[], provider(&shelf.url("/v1"), short())).await;
    let lin = app.person("lin").await;
    let models = lin.get("/api/v1/models").await.is(200).json();
    let shown = |of: &str| json!([models["items"][0][of], models["items"][1][of]]);
    assert_eq!(models["items"].as_array().unwrap().len(), 2, "{models}");
    assert_eq!(shown("id"), json!(["acme/lab/new", "acme/lab/old"]));
    assert_eq!(shown("label"), json!(["new", "Lab: Old"]));
    assert_eq!(shown("tools"), json!([null, true]));
    assert_eq!(shown("provider_label"), json!(["acme", "acme"]));
    let id = lin.conversation().await;
    let asked = json!({ "content": "x", "model": "acme/text-embedding-3-small" });
    model_refused(lin.post(&format!("/api/v1/conversations/{id}/messages"), &asked).await);
    // The default is the first that can chat.
    assert_eq!(lin.ask(&id, "Hello?").await["assistant_message"]["model"], "acme/lab/new");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_default_is_asked_when_it_is_offered() {
    let stock = Stock::of(&["first"]).await;
    let app = App::with_provider(&[("INGLENOOK_CHAT_DEFAULT_MODEL", "demo/demo")], stock.provider()).await;
    let lin = app.person("lin").await;
    let begun = lin.ask(&lin.conversation().await, "Hello?").await;
    assert_eq!(begun["assistant_message"]["model"], "acme/first");
    let page = lin.browser().get("/").await.is(200).text();
    assert!(page.contains("acme/first") && !page.contains("demo/demo"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_gone_is_named_and_costs_nothing() {
    let stock = Stock::of(&["old", "new"]).await;
    let app = App::with_provider(&[], stock.provider()).await;
    let lin = app.person("lin").await;
    let id = lin.conversation().await;
    let begun = lin.ask(&id, "Hello?").await;
    let answer = begun["assistant_message"]["id"].as_str().unwrap();
    *stock.models.lock().unwrap() = vec!["new"];
    // The server does not fetch a list again within a minute, unless the list is 4 s old and somebody asks for a model
    // that is not in it.
    let path = format!("/api/v1/conversations/{id}");
    tokio::time::sleep(Duration::from_millis(4_100)).await;
    lin.post("/api/v1/conversations", &json!({ "model": "acme/none" })).await.is(422);
    let gone = "acme/old is no longer offered. Choose another model.";
    for question in [json!({ "content": "And now?" }), json!({ "content": "And now?", "model": "acme/old" })]
    {
        assert_eq!(model_refused(lin.post(&format!("{path}/messages"), &question).await), gone);
    }
    assert_eq!(
        model_refused(lin.post(&format!("/api/v1/messages/{answer}/regenerate"), &json!({})).await),
        gone
    );
    let page = lin.clone().browser().get(&format!("/c/{id}")).await.is(200).text();
    assert!(page.contains("acme/old (no longer offered") && page.contains("Hello."), "{page}");
    assert_eq!(lin.get(&format!("{path}/messages")).await.json()["items"].as_array().unwrap().len(), 2);
    let question = json!({ "content": "And now?", "model": "acme/new" });
    lin.post(&format!("{path}/messages"), &question).await.is(202);
    assert_eq!(lin.get(&path).await.json()["model"], "acme/new");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_keeps_its_models() {
    let stock = Stock::of(&["a", "b"]).await;
    let app = App::with_provider(&[], stock.provider()).await;
    let lin = app.person("lin").await;
    let id = lin.post("/api/v1/conversations", &json!({ "model": "acme/b" })).await.is(201).id();
    stock.lists.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(4_100)).await;
    lin.post("/api/v1/conversations", &json!({ "model": "acme/c" })).await.is(422);
    assert_eq!(offered(&lin).await, ["acme/a", "acme/b"]);
    lin.ask(&id, "Still there?").await;
    // A server that has started since has no list, and trusts the model of the conversation.
    let state = app.state.clone();
    drop(app);
    let later = App::with_provider(&[("INGLENOOK_CHAT_DEFAULT_MODEL", "demo/demo")], stock.provider()).await;
    let lin = later.person("lin").await;
    let at = state.clock.now();
    let old = inglenook::domain::Conversation { model: Some("acme/b".into()), ..conversation(&later, at) };
    let me = lin.get("/api/v1/me").await.json()["id"].as_str().unwrap().to_owned();
    later.state.store.create_conversation(&me, &old).await.unwrap();
    lin.ask(&old.id, "Still there?").await;
    lin.post("/api/v1/conversations", &json!({ "model": "acme/c" })).await.problem(422, "model");
    let page = lin.clone().browser().get(&format!("/c/{}", old.id)).await.is(200).text();
    assert!(page.contains("acme/b") && !page.contains("acme/b (no longer offered"));
    // The first person to register is the administrator, who sees the provider's problem.
    let start = lin.browser().get("/").await.is(200).text();
    assert!(start.contains("acme had an error") || start.contains("acme is overloaded"), "{start}");
}

fn conversation(app: &App, now: i64) -> inglenook::domain::Conversation {
    inglenook::domain::Conversation {
        id: app.state.ids.next(),
        kind: inglenook::domain::ConversationKind::Private,
        title: "Old".into(),
        model: None,
        system_prompt: None,
        params: Default::default(),
        pinned: false,
        archived: false,
        unread: false,
        running: false,
        leaf_id: None,
        created_at: now,
        updated_at: now,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_up_later_is_seen_soon() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let app = App::with_provider(&[], provider(&format!("http://{address}/v1"), short())).await;
    let lin = app.person("lin").await;
    assert_eq!(offered(&lin).await, Vec::<String>::new());
    let shelf = Shelf::at(address, |asked| reply(asked, &["a"], true)).await;
    let took = waited_for(&lin, &["acme/a"]).await;
    println!("seen after {took:?}");
    // The server asks the provider once, however many people look.
    for _ in 0..50 {
        offered(&lin).await;
    }
    assert_eq!(shelf.asked().iter().filter(|asked| *asked == "GET /v1/models").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_page_says_why_there_is_no_model_and_what_to_do() {
    let stock = Stock::of(&[]).await;
    stock.lists.store(false, Ordering::Relaxed);
    let app = App::with_provider(&[], stock.provider()).await;
    let (ada, bea) = (app.person("ada").await, app.person("bea").await);
    let mut pages = Vec::new();
    for person in [&ada, &bea] {
        let browser = app.client().browser().cookie(&format!("inglenook={}", person.token()));
        pages.push(browser.get("/").await.is(200).text());
        assert!(
            pages
                .iter()
                .all(|page| page.contains("No model is available") && !page.contains("class=\"example\""))
        );
    }
    assert!(pages[0].contains("<li>acme ") && pages[0].contains("[[provider]]"), "{}", pages[0]);
    assert!(pages[1].contains("The administrator of this site can add a model."), "{}", pages[1]);
    assert!(!pages[1].contains("acme") && !pages[1].contains("[[provider]]"), "{}", pages[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_ask_a_failing_server_seldom() {
    let stock = Stock::of(&["a"]).await;
    stock.lists.store(false, Ordering::Relaxed);
    let app = App::with_provider(&[], stock.provider()).await;
    let lin = app.person("lin").await;
    let look = async || {
        offered(&lin).await;
        lin.post("/api/v1/conversations", &json!({ "model": "acme/x" })).await.problem(422, "model");
    };
    futures::future::join_all((0..50).map(|_| look())).await;
    assert!(stock.shelf.asked().len() <= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_answer_is_not_asked_for_a_title() {
    let upstream = Upstream::start();
    let app = App::with_provider(&[], upstream.provider()).await;
    let lin = app.person("lin").await;
    for (model, requests) in [("500", 3), ("401", 1), ("429", 1), ("cut", 1)] {
        let new = json!({ "model": format!("acme/{model}") });
        let id = lin.post("/api/v1/conversations", &new).await.is(201).id();
        let begun = lin.ask(&id, "Why is the sky blue?").await;
        assert_eq!(begun["assistant_message"]["status"], "generating");
        let path = format!("/api/v1/conversations/{id}");
        let begun = Instant::now();
        while lin.get(&path).await.json()["title"] != "Why is the sky blue?" {
            assert!(begun.elapsed() < Duration::from_secs(5), "{model} has no title");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(upstream.log(model).await.len(), requests, "{model}");
    }
}
