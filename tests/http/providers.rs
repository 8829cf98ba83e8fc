//! Providers of models that administrators add: they are tried, used at once, and their keys are told to nobody.

use std::sync::{Mutex, mpsc};

use serde_json::{Value, json};

use super::app::{App, Client};
use crate::shelf::{Shelf, json as json_of, list, missing, said};

const PROVIDERS: &str = "/api/v1/admin/providers";
const KEY: &str = "sk-very-secret-indeed-0123456789";

/// A model server with one model.
async fn shelf() -> Shelf {
    Shelf::start(|asked| match asked {
        "GET /v1/models" => list(&["llama"]),
        "POST /v1/chat/completions" => said("Hello from there."),
        _ => missing(),
    })
    .await
}

fn fields(shelf: &Shelf) -> Value {
    json!({ "name": "mine", "base_url": shelf.url("/v1"), "api_key": KEY })
}

async fn models(person: &Client) -> Vec<String> {
    let models = person.get("/api/v1/models").await.is(200).json();
    models["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

/// The names of the providers that were added.
async fn added(admin: &Client) -> Vec<String> {
    let items = admin.get(PROVIDERS).await.is(200).json()["items"].as_array().unwrap().clone();
    let added = items.iter().filter(|it| !it["id"].is_null());
    added.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_tried_saved_and_asked_at_once() {
    let app = App::start().await;
    let (admin, kim) = (app.person("lin").await, app.person("kim").await);
    let shelf = shelf().await;
    assert_eq!(models(&kim).await, ["demo/demo"]);
    let tried = admin.post(&format!("{PROVIDERS}/try"), &fields(&shelf)).await.is(200).json();
    assert_eq!(tried["models"], json!(["llama"]));
    assert!(added(&admin).await.is_empty());
    let made = admin.post(PROVIDERS, &fields(&shelf)).await.is(201);
    assert!(!made.text().contains(KEY));
    let made = made.json();
    assert_eq!(
        (&made["state"], &made["has_key"], &made["inside"]),
        (&json!("listed"), &json!(true), &json!(true))
    );
    assert_eq!(made["offered"], json!(["mine/llama"]));
    assert_eq!(models(&kim).await, ["mine/llama"], "the demo model is for a site without another");
    let conversation = kim.conversation().await;
    kim.ask(&conversation, "Hi").await;
    let answer = kim.get(&format!("/api/v1/conversations/{conversation}/messages")).await.is(200).text();
    assert!(answer.contains("mine/llama"), "{answer}");
    let path = format!("{PROVIDERS}/{}", made["id"].as_str().unwrap());
    // A second name, and the key is kept.
    let renamed =
        json!({ "name": "ours", "label": "Ours", "base_url": shelf.url("/v1"), "models": ["llama", "x"] });
    let renamed = admin.send_json("PUT", &path, &renamed).await.is(200).json();
    assert_eq!((&renamed["has_key"], &renamed["label"]), (&json!(true), &json!("Ours")));
    assert_eq!(models(&kim).await, ["ours/llama", "ours/x"]);
    admin.delete(&path).await.is(204);
    admin.delete(&path).await.problem(404, "");
    assert_eq!(models(&kim).await, ["demo/demo"]);
    let log = admin.get("/api/v1/admin/audit?kind=provider_changed").await.is(200);
    assert_eq!(log.json()["items"].as_array().unwrap().len(), 3);
    assert!(!log.text().contains(KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_stored_sealed_and_sent_to_no_other_server() {
    let app = App::start().await;
    let admin = app.person("lin").await;
    let (shelf, other) = (shelf().await, shelf().await);
    let made = admin.post(PROVIDERS, &fields(&shelf)).await.is(201).json();
    let stored = app.state.store.model_providers().await.unwrap();
    let sealed = stored[0].sealed_key.as_deref().unwrap();
    assert!(!sealed.contains(KEY) && sealed.len() > KEY.len());
    assert!(!format!("{:?}", app.database.contents().await).contains(KEY));
    for page in ["/admin/models".to_owned(), format!("/admin/models/{}", made["id"].as_str().unwrap())] {
        let admin = app.client().cookie(&format!("inglenook={}", admin.token())).browser();
        let page = admin.get(&page).await.is(200);
        assert!(!page.text().contains(KEY) && page.text().contains("mine"));
    }
    let path = format!("{PROVIDERS}/{}", made["id"].as_str().unwrap());
    let moved = json!({ "name": "mine", "base_url": other.url("/v1") });
    admin.send_json("PUT", &path, &moved).await.problem(422, "api_key");
    assert!(other.asked().is_empty());
    let keyless = json!({ "name": "mine", "base_url": other.url("/v1"), "api_key": "" });
    assert_eq!(admin.send_json("PUT", &path, &keyless).await.is(200).json()["has_key"], json!(false));
    // A key that another secret sealed is told as lost, and can be given again.
    let mut lost = app.state.store.model_providers().await.unwrap()[0].clone();
    lost.sealed_key = Some("c29tZXRoaW5nIGVsc2UgdGhhdCBpcyBzZWFsZWQ".to_owned());
    app.state.store.change_model_provider(&lost).await.unwrap();
    let items = admin.get(PROVIDERS).await.is(200).json()["items"].clone();
    assert_eq!(items[0]["state"], json!("key_lost"));
    admin.send_json("PUT", &path, &moved).await.problem(422, "api_key");
    let again = json!({ "name": "mine", "base_url": other.url("/v1"), "api_key": KEY });
    assert_eq!(admin.send_json("PUT", &path, &again).await.is(200).json()["state"], json!("listed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_work_is_refused_at_its_field_unless_it_is_wanted_anyway() {
    let app = App::start().await;
    let admin = app.person("lin").await;
    let wrong = Shelf::start(|_| (401, "application/json", r#"{"error":{"message":"no"}}"#.to_owned())).await;
    let refused = admin.post(PROVIDERS, &fields(&wrong)).await.problem(422, "api_key").json();
    assert!(refused["detail"].as_str().unwrap().contains("refused the key"), "{refused}");
    let tried = admin.post(&format!("{PROVIDERS}/try"), &fields(&wrong)).await.is(200).json();
    assert_eq!((&tried["field"], &tried["models"]), (&json!("api_key"), &json!([])));
    let gone = { Shelf::start(|_| json_of("{}")).await.url("/v1") };
    let unreachable = json!({ "name": "mine", "base_url": gone, "api_key": KEY });
    admin.post(PROVIDERS, &unreachable).await.problem(422, "base_url");
    let good = json!({ "name": "x", "base_url": "https://a.example/v1" });
    let large = "x".repeat(1 << 20);
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("a/b")),
        ("name", json!("demo")),
        ("name", json!({ "$gt": "" })),
        ("label", json!("a\u{0}")),
        ("label", json!("x".repeat(41))),
        ("base_url", json!("javascript:alert(1)")),
        ("base_url", json!("http://lin:secret@a.example")),
        ("base_url", json!("http://a.example/\u{0}")),
        ("base_url", json!(["http://a.example"])),
        ("base_url", json!(format!("http://a.example/{}", "x".repeat(500)))),
        ("api_key", json!("two words")),
        ("api_key", json!("a\nb")),
        ("api_key", json!("x".repeat(1001))),
        ("models", json!([""])),
        ("models", json!("all")),
        ("context", json!(1)),
    ] {
        let mut body = good.clone();
        body[field] = value;
        body["anyway"] = json!(true);
        admin.post(PROVIDERS, &body).await.problem(422, field);
    }
    let status = admin.post(PROVIDERS, &json!({ "name": large, "base_url": "http://a" })).await.status;
    assert!((400..500).contains(&status), "{status}");
    assert!(added(&admin).await.is_empty());
    let mut anyway = fields(&wrong);
    anyway["anyway"] = json!(true);
    let made = admin.post(PROVIDERS, &anyway).await.is(201).json();
    assert_eq!(made["state"], json!("failed"));
    admin.post(PROVIDERS, &anyway).await.problem(422, "name");
}

#[tokio::test(flavor = "multi_thread")]
async fn providers_are_put_in_an_order() {
    let app = App::start().await;
    let admin = app.person("lin").await;
    let shelf = shelf().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        let new = json!({ "name": name, "base_url": shelf.url("/v1") });
        ids.push(admin.post(PROVIDERS, &new).await.is(201).id());
    }
    let path = format!("{PROVIDERS}/order");
    admin.send_json("PUT", &path, &json!({ "ids": [ids[2], ids[0], ids[1]] })).await.is(200);
    assert_eq!(models(&admin).await, ["c/llama", "a/llama", "b/llama"]);
    for wrong in [json!([]), json!([ids[0]]), json!([ids[0], ids[0], ids[0]]), json!(["x", ids[0], ids[1]])] {
        admin.send_json("PUT", &path, &json!({ "ids": wrong })).await.problem(422, "ids");
    }
    admin.post_form("/fn/move-provider", &format!("id={}&up=true", ids[1])).await;
    assert_eq!(added(&admin).await, ["c", "b", "a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_decides_over_its_own_names() {
    let shelf = shelf().await;
    let url = shelf.url("/v1");
    let app = App::with(&[("OPENAI_BASE_URL", &url)]).await;
    let (admin, kim) = (app.person("lin").await, app.person("kim").await);
    let items = admin.get(PROVIDERS).await.is(200).json()["items"].clone();
    assert_eq!((&items[0]["name"], &items[0]["id"]), (&json!("openai"), &Value::Null));
    for id in ["openai", "null", "01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
        admin.send_json("PUT", &format!("{PROVIDERS}/{id}"), &fields(&shelf)).await.problem(404, "");
        admin.delete(&format!("{PROVIDERS}/{id}")).await.problem(404, "");
    }
    let mut same = fields(&shelf);
    same["name"] = json!("openai");
    admin.post(PROVIDERS, &same).await.problem(422, "name");
    for call in [kim.get(PROVIDERS).await, kim.post(PROVIDERS, &fields(&shelf)).await] {
        call.problem(404, "");
    }
    // One that was there before the configuration had the name.
    let mine = admin.post(PROVIDERS, &fields(&shelf)).await.is(201).id();
    let mut stored = app.state.store.model_providers().await.unwrap()[0].clone();
    stored.name = "openai".to_owned();
    app.state.store.change_model_provider(&stored).await.unwrap();
    let items = admin.get(PROVIDERS).await.is(200).json()["items"].clone();
    assert_eq!((&items[1]["id"], &items[1]["state"]), (&json!(mine), &json!("hidden")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_on_when_its_provider_is_removed() {
    let app = App::start().await;
    let admin = app.person("lin").await;
    // It answers once the other end is dropped.
    let (hold, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let slow = Shelf::start(move |asked| match asked {
        "GET /v1/models" => list(&["llama"]),
        "POST /v1/chat/completions" => {
            let _ = held.lock().unwrap().recv();
            said("All of it.")
        }
        _ => missing(),
    })
    .await;
    let made = admin.post(PROVIDERS, &fields(&slow)).await.is(201).id();
    let conversation = admin.conversation().await;
    let path = format!("/api/v1/conversations/{conversation}/messages");
    admin.post(&path, &json!({ "content": "Hi" })).await.is(202);
    while !slow.asked().iter().any(|line| line.starts_with("POST")) {
        tokio::task::yield_now().await;
    }
    admin.delete(&format!("{PROVIDERS}/{made}")).await.is(204);
    drop(hold);
    while app.state.live.running() > 0 {
        tokio::task::yield_now().await;
    }
    let text = admin.get(&path).await.is(200).text();
    assert!(text.contains("All of it.") && text.contains("complete"), "{text}");
}
