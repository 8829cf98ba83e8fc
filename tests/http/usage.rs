//! What administrators choose among the models, and what they see of their use.

use serde_json::{Value, json};

use super::app::{App, Client};
use crate::shelf::{Shelf, list, missing, said};

const MODELS: &str = "/api/v1/admin/models";
const USAGE: &str = "/api/v1/admin/usage";

/// A site whose administrator added a provider with three models, with somebody else.
async fn site() -> (App, Shelf, Client, Client) {
    let app = App::start().await;
    let (admin, kim) = (app.person("lin").await, app.person("kim").await);
    let shelf = added(&admin).await;
    (app, shelf, admin, kim)
}

/// Adds the provider.
async fn added(admin: &Client) -> Shelf {
    let shelf = Shelf::start(|asked| match asked {
        "GET /v1/models" => list(&["one", "org/two", "three"]),
        "POST /v1/chat/completions" => said("Hello from there."),
        _ => missing(),
    })
    .await;
    let provider = json!({ "name": "mine", "base_url": shelf.url("/v1") });
    admin.post("/api/v1/admin/providers", &provider).await.is(201);
    shelf
}

async fn models(person: &Client) -> Vec<String> {
    let models = person.get("/api/v1/models").await.is(200).json();
    models["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

/// The model with which a new conversation of the person begins.
async fn first_model(person: &Client) -> Value {
    let id = person.conversation().await;
    person.ask(&id, "Hi").await;
    person.get(&format!("/api/v1/conversations/{id}")).await.is(200).json()["model"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_names_a_default_model_of_a_provider_of_the_browser() {
    let app = App::with(&[("INGLENOOK_CHAT_DEFAULT_MODEL", "mine/org/two")]).await;
    let (admin, kim, sam) = (app.person("lin").await, app.person("kim").await, app.person("sam").await);
    let providers = &app.state.providers;
    providers.refresh().await.unwrap();
    let told = providers.missing_default().unwrap();
    assert!(told.contains("mine/org/two") && told.contains("chat.default_model"), "{told}");
    assert_eq!(first_model(&kim).await, json!("demo/demo"));
    let _shelf = added(&admin).await;
    assert_eq!(providers.missing_default(), None);
    assert_eq!(first_model(&sam).await, json!("mine/org/two"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_model_is_chosen_in_the_browser() {
    let (app, _shelf, admin, kim) = site().await;
    let shown = admin.get(MODELS).await.is(200).json();
    assert_eq!((&shown["default_model"], &shown["default_is_fixed"]), (&Value::Null, &json!(false)));
    assert_eq!(shown["items"].as_array().unwrap().len(), 3);
    admin.patch(MODELS, &json!({ "default_model": "mine/none" })).await.problem(422, "default_model");
    admin.patch(MODELS, &json!({ "default_model": 7 })).await.problem(422, "default_model");
    let chosen = admin.patch(MODELS, &json!({ "default_model": "mine/org/two" })).await.is(200).json();
    assert_eq!(chosen["default_model"], json!("mine/org/two"));
    assert_eq!(first_model(&kim).await, json!("mine/org/two"));
    kim.get(MODELS).await.problem(404, "");
    // The same once more is no change, and neither is told in the audit log.
    admin.patch(MODELS, &json!({ "default_model": "mine/org/two" })).await.is(200);
    let log = admin.get("/api/v1/admin/audit?kind=provider_changed").await.is(200).json();
    assert_eq!(log["items"].as_array().unwrap().len(), 2, "{log}");
    let huge = "x".repeat(200_000);
    admin.patch(MODELS, &json!({ "default_model": huge })).await.problem(422, "model");
    admin.patch(MODELS, &json!({ "access": { huge.as_str(): "admins" } })).await.problem(422, "model");
    let hidden = json!({ "default_model": "mine/one", "access": { "mine/one": "nobody" } });
    admin.patch(MODELS, &hidden).await.problem(422, "default_model");
    admin.patch(MODELS, &json!({ "default_model": null })).await.is(200);
    let browser = app.client().cookie(&format!("inglenook={}", admin.token())).browser();
    let page = browser.get("/admin/models").await.is(200);
    assert!(page.text().contains("mine/org/two"));
    // One form chooses both.
    let form = format!("model={huge}&default=true");
    assert_ne!(browser.post_form("/fn/choose-model", &form).await.status, 500);
    browser.post_form("/fn/choose-model", "model=mine%2Fone&access=admins&default=true").await.is(302);
    let shown = admin.get(MODELS).await.is(200).json();
    assert_eq!(
        (&shown["default_model"], &shown["items"][0]["access"]),
        (&json!("mine/one"), &json!("admins"))
    );
    assert_eq!(first_model(&kim).await, json!("mine/org/two"), "the first that the person may ask");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_for_everybody_for_administrators_or_for_nobody() {
    let (_app, _shelf, admin, kim) = site().await;
    let access = json!({ "access": { "mine/one": "admins", "mine/org/two": "nobody" } });
    admin.patch(MODELS, &access).await.is(200);
    assert_eq!(models(&kim).await, ["mine/three"]);
    assert_eq!(models(&admin).await, ["mine/one", "mine/three"]);
    let new = |model: &str| json!({ "model": model });
    let id = kim.conversation().await;
    let path = format!("/api/v1/conversations/{id}");
    for model in ["mine/one", "mine/org/two"] {
        kim.patch(&path, &new(model)).await.problem(422, "model");
        let question = json!({ "content": "Hi", "model": model });
        kim.post(&format!("{path}/messages"), &question).await.problem(422, "model");
    }
    // Nothing of a change is stored when a part of it is wrong.
    let wrong = json!({ "access": { "mine/one": "everybody", "mine/none": "admins" } });
    admin.patch(MODELS, &wrong).await.problem(422, "access");
    admin.patch(MODELS, &json!({ "access": { "mine/one": "root" } })).await.is(422);
    assert_eq!(models(&kim).await, ["mine/three"]);
    admin.patch(MODELS, &json!({ "access": { "mine/one": "everybody" } })).await.is(200);
    assert_eq!(models(&kim).await, ["mine/one", "mine/three"]);
    let log = admin.get("/api/v1/admin/audit?kind=provider_changed").await.is(200).json();
    assert_eq!(log["items"].as_array().unwrap().len(), 4, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_is_told_by_model_and_by_person() {
    let (app, _shelf, admin, kim) = site().await;
    assert_eq!(admin.get(USAGE).await.is(200).json()["total"], json!({ "messages": 0, "tokens": 0 }));
    let id = kim.conversation().await;
    for model in ["mine/one", "mine/three"] {
        kim.patch(&format!("/api/v1/conversations/{id}"), &json!({ "model": model })).await.is(200);
        kim.ask(&id, "What nobody else may read").await;
    }
    let used = admin.get(&format!("{USAGE}?days=1")).await.is(200);
    assert!(!used.text().contains("nobody else"));
    let used = used.json();
    assert_eq!((&used["total"]["messages"], &used["people_count"]), (&json!(2), &json!(1)), "{used}");
    let mut of: Vec<&str> =
        used["models"].as_array().unwrap().iter().map(|it| it["model"].as_str().unwrap()).collect();
    of.sort_unstable();
    assert_eq!(of, ["mine/one", "mine/three"]);
    assert!(used["models"][0]["tokens"].as_u64().unwrap() > 0);
    let who = &used["people"][0];
    assert_eq!(who["messages"], json!(2));
    let kims = who["user_id"].as_str().unwrap();
    let own = admin.get(&format!("/api/v1/admin/people/{kims}/usage")).await.is(200).json();
    assert_eq!(own["total"], used["total"]);
    for days in ["0", "32", "-1", "many", "99999999999"] {
        admin.get(&format!("{USAGE}?days={days}")).await.problem(422, "days");
    }
    kim.get(USAGE).await.problem(404, "");
    let browser = app.client().cookie(&format!("inglenook={}", admin.token())).browser();
    for page in ["/admin/usage?days=30".to_owned(), format!("/admin/people/{kims}")] {
        let page = browser.get(&page).await.is(200);
        assert!(page.text().contains("mine/three") && page.text().contains("2 answers"));
    }
    browser.get("/admin/usage?days=x").await.is(200);
}
