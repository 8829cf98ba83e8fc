//! Tiers and what they allow: models, and answers and tokens in a day.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use inglenook::{
    domain::Spending,
    server::{ops::clock::Clock, store::UserPatch},
};
use serde_json::{Value, json};

use super::{app::App, client::Client};

const TIERS: &str = "/api/v1/admin/tiers";
const BUDGET: &str = "/api/v1/me/budget";
const DAY: i64 = 24 * 60 * 60 * 1000;
/// An hour before midnight of UTC.
const LATE: i64 = 20_700 * DAY - 60 * 60 * 1000;

#[tokio::test(flavor = "multi_thread")]
async fn tiers_are_made_changed_and_deleted() {
    let app = App::start().await;
    let (admin, kim) = (app.person("lin").await, app.person("kim").await);
    let all = json!({
        "name": " Gold ", "models": ["demo/demo"], "messages_per_day": 20, "tokens_per_day": 5_000_000_000_u64,
        "rooms": 3, "upload_bytes": 1_u64 << 40,
    });
    let gold = admin.post(TIERS, &all).await.is(201).json();
    assert_eq!(
        (&gold["name"], &gold["rooms"], &gold["upload_bytes"]),
        (&json!("Gold"), &json!(3), &json!(1_u64 << 40))
    );
    admin.post(TIERS, &json!({ "name": "gold" })).await.problem(409, "");
    let path = format!("{TIERS}/{}", gold["id"].as_str().unwrap());
    let changed = admin.send_json("PUT", &path, &json!({ "name": "Silver" })).await.is(200).json();
    assert_eq!((&changed["name"], &changed["models"]), (&json!("Silver"), &Value::Null));
    let items = admin.get(TIERS).await.is(200).json()["items"].as_array().unwrap().clone();
    assert_eq!(
        items.iter().map(|tier| tier["id"].clone()).collect::<Vec<_>>(),
        [json!("default"), gold["id"].clone()]
    );
    for (body, field) in [
        (json!({}), "name"),
        (json!({ "name": " " }), "name"),
        (json!({ "name": "a\u{0}" }), "name"),
        (json!({ "name": "x", "models": "all" }), "models"),
        (json!({ "name": "x", "models": [""] }), "models"),
        (json!({ "name": "x", "messages_per_day": -1 }), "messages_per_day"),
        (json!({ "name": "x", "messages_per_day": 2_000_000_000 }), "messages_per_day"),
        (json!({ "name": "x", "tokens_per_day": u64::MAX }), "tokens_per_day"),
        (json!({ "name": "x", "rooms": "many" }), "rooms"),
    ] {
        admin.post(TIERS, &body).await.problem(422, field);
    }
    for call in [kim.get(TIERS).await, kim.post(TIERS, &all).await, kim.delete(&path).await] {
        call.problem(404, "");
    }
    // While somebody has it, it stays; the refusal says how many.
    let patch = UserPatch {
        tier: Some(Some((gold["id"].as_str().unwrap().to_owned(), None))),
        ..UserPatch::default()
    };
    app.state.store.update_user(&kim.id().await, &patch, None).await.unwrap();
    let refused = admin.delete(&path).await.problem(409, "").json();
    assert_eq!(
        refused["detail"],
        "This tier cannot be deleted yet: 1 person has it, and 0 codes that count give it."
    );
    let none = UserPatch { tier: Some(None), ..UserPatch::default() };
    app.state.store.update_user(&kim.id().await, &none, None).await.unwrap();
    admin.delete(&path).await.is(204);
    admin.delete(&path).await.problem(404, "");
    admin.delete(&format!("{TIERS}/default")).await.problem(409, "");
}

/// Gives everybody without another tier these limits.
async fn everybody(admin: &Client, limits: Value) {
    let mut tier = json!({ "name": "" });
    tier.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
    admin.send_json("PUT", &format!("{TIERS}/default"), &tier).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn models_that_the_tier_does_not_allow_are_neither_listed_nor_taken() {
    let app = App::with_upstream().await;
    let (admin, kim) = (app.person("lin").await, app.person("kim").await);
    let models = async || -> Vec<String> {
        let items = kim.get("/api/v1/models").await.is(200).json()["items"].as_array().unwrap().clone();
        items.iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = models().await;
    let (one, other) = (all[0].clone(), all[1].clone());
    let id = kim.conversation().await;
    kim.patch(&format!("/api/v1/conversations/{id}"), &json!({ "model": other })).await.is(200);
    everybody(&admin, json!({ "models": [one] })).await;
    assert_eq!(models().await, std::slice::from_ref(&one));
    let sheet = kim.get("/fn/sheet/models").await.is(200).text();
    assert!(sheet.contains(&one) && !sheet.contains(&other), "{sheet}");
    let page =
        app.client().cookie(&format!("inglenook={}", kim.token())).browser().get("/").await.is(200).text();
    assert!(page.contains(&one) && !page.contains(&other));
    let ask = |model: &str| json!({ "content": "Hello", "model": model });
    let path = format!("/api/v1/conversations/{id}/messages");
    kim.post(&path, &ask(&other)).await.problem(422, "model");
    kim.post(&path, &json!({ "content": "Hello" })).await.problem(422, "model");
    kim.patch(&format!("/api/v1/conversations/{}", kim.conversation().await), &json!({ "model": other }))
        .await
        .problem(422, "model");
    kim.patch("/api/v1/me", &json!({ "preferences": { "last_model": other } })).await.is(422);
    kim.post(&path, &ask(&one)).await.is(202);
    // Nothing is left to choose from where the tier names what is not offered.
    everybody(&admin, json!({ "models": ["acme/gone"] })).await;
    assert!(models().await.is_empty());
    kim.post(
        &format!("/api/v1/conversations/{}/messages", kim.conversation().await),
        &json!({ "content": "Hello" }),
    )
    .await
    .problem(409, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_has_so_many_answers_and_tokens() {
    let time = Arc::new(AtomicI64::new(LATE));
    let shown = time.clone();
    let app = App::at(&[], Clock::from_fn(move || shown.load(Ordering::Relaxed))).await;
    let (admin, kim) = (app.person("lin").await, app.person("kim").await);
    let budget = async || kim.get(BUDGET).await.is(200).json();
    assert_eq!(budget().await["messages_per_day"], Value::Null);
    everybody(&admin, json!({ "messages_per_day": 2 })).await;
    let id = kim.conversation().await;
    let path = format!("/api/v1/conversations/{id}/messages");
    let with_key = |key: &str| kim.clone().header("idempotency-key", key);
    let question = json!({ "content": "Hello" });
    let first = with_key("one").post(&path, &question).await.is(202).json();
    kim.events(&format!("/api/v1/conversations/{id}/events?after={}", first["after"]))
        .await
        .until_end()
        .await;
    assert_eq!(budget().await["used"]["messages"], 1);
    assert!(budget().await["used"]["tokens"].as_u64().unwrap() > 0);
    // A temporary question counts, too.
    let form = "messages[0][role]=user&messages[0][text]=Hello";
    let read = kim.post_form("/fn/ask-temporary", form).await;
    assert_eq!(read.status, 200);
    let used = budget().await;
    assert_eq!((&used["used"]["messages"], &used["renews_at"]), (&json!(2), &json!(20_700 * DAY)));
    let refused = kim.post(&path, &question).await.problem(429, "");
    assert_eq!(refused.header("retry-after"), "3600");
    let said = refused.json();
    assert!(said["type"].as_str().unwrap().ends_with("budget_used_up"), "{said}");
    assert_eq!(said["detail"], "Your 2 answers of today are used up. There will be new ones in 60 minutes.");
    assert_eq!(kim.post_form("/fn/ask-temporary", form).await.status, 429);
    let answer = first["assistant_message"]["id"].as_str().unwrap();
    kim.post(&format!("/api/v1/messages/{answer}/regenerate"), &json!({})).await.problem(429, "");
    // What was asked before is answered as it was, and nothing was stored of the rest.
    let again = with_key("one").post(&path, &question).await.is(202).json();
    assert_eq!(again["assistant_message"]["id"], first["assistant_message"]["id"]);
    let messages = kim.get(&path).await.is(200).json();
    assert_eq!(messages["items"].as_array().unwrap().len(), 2);
    // At midnight of UTC the next day begins.
    time.store(20_700 * DAY, Ordering::Relaxed);
    assert_eq!(budget().await["used"], json!({ "messages": 0, "tokens": 0 }));
    kim.ask(&id, "Good morning").await;
    // Tokens are counted apart.
    everybody(&admin, json!({ "tokens_per_day": 1_000_000 })).await;
    kim.ask(&id, "One more").await;
    let day = 20_700;
    app.state
        .store
        .spend(&kim.id().await, day, "mine/x", Spending { messages: 0, tokens: 1_000_000 })
        .await
        .unwrap();
    let refused = kim.post(&path, &question).await.problem(429, "").json();
    assert_eq!(
        refused["detail"],
        "Your 1,000,000 tokens of today are used up. There will be new ones in 24 hours."
    );
    // Others have their own.
    admin.ask(&admin.conversation().await, "Hello").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_a_tier_keeps_what_was_typed_and_widens_nothing() {
    let app = App::start().await;
    let admin = app.person("lin").await;
    let browser = app.client().cookie(&format!("inglenook={}", admin.token())).browser();
    let narrow = admin.post(TIERS, &json!({ "name": "Narrow", "models": [] })).await.is(201).id();
    // A name that another tier has, in the form of a new one.
    let typed = "id=&name=Narrow&any_model=false&models=demo%2Fdemo&messages_per_day=17&rooms=";
    let refused = browser.post_form("/fn/save-tier", typed).await.is(302);
    let page = browser.get(refused.header("location")).await.is(200).text();
    assert!(page.contains("value=\"17\"") && page.contains("value=\"Narrow\""), "{page}");
    assert!(page.contains("demo/demo</textarea>"), "{page}");
    // The page of a tier that allows no model, saved as it is shown.
    let path = format!("/admin/tiers/{narrow}");
    let shown = browser.get(&path).await.is(200).text();
    let chosen =
        shown.split("<input").find(|input| input.contains("any_model") && input.contains(" checked"));
    assert!(chosen.is_some_and(|input| input.contains("value=\"false\"")), "{shown}");
    let saved = format!("id={narrow}&name=Narrower&any_model=false&models=&messages_per_day=");
    browser.post_form("/fn/save-tier", &saved).await.is(302);
    let models = async || {
        let items = admin.get(TIERS).await.is(200).json()["items"].clone();
        items.as_array().unwrap().iter().find(|tier| tier["id"] == json!(narrow)).unwrap()["models"].clone()
    };
    assert_eq!(models().await, json!([]));
    // A list under "all" says nothing that could be meant.
    let both = format!("id={narrow}&name=Narrower&any_model=true&models=demo%2Fdemo");
    let refused = browser.post_form("/fn/save-tier", &both).await.is(302);
    let page = browser.get(refused.header("location")).await.is(200).text();
    assert!(page.contains("Choose “Only these”"), "{page}");
    assert_eq!(models().await, json!([]));
    let all = format!("id={narrow}&name=Narrower&any_model=true&models=");
    browser.post_form("/fn/save-tier", &all).await.is(302);
    assert_eq!(models().await, Value::Null);
    // A model that nobody offers is kept, because its provider may be away, and named.
    let absent = format!("id={narrow}&name=Narrower&any_model=false&models=demo%2Fdemo%0Agone%2Fmodel");
    let saved = browser.post_form("/fn/save-tier", &absent).await.is(302);
    let page = browser.get(saved.header("location")).await.is(200).text();
    assert!(page.contains("No provider offers gone/model now"), "{page}");
    assert_eq!(models().await, json!(["demo/demo", "gone/model"]));
}
