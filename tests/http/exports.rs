//! The export of everything: what is in it, whose it is, and when it ends.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
    time::Duration,
};

use axum::{body::Body, http::Method};
use inglenook::server::store::Need;
use serde_json::{Value, json};

use super::{
    app::{App, Client, PASSWORD},
    time::{DAY, Hands},
};

const EXPORT: &str = "/api/v1/me/export";
const FILE: &str = "/api/v1/me/export/file";

/// Waits until the export is as it stays.
async fn made(client: &Client) -> Value {
    loop {
        let export = client.get(EXPORT).await.is(200).json();
        if !["waiting", "running"].contains(&export["state"].as_str().unwrap()) {
            return export;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The files of the archive.
async fn files(client: &Client) -> BTreeMap<String, String> {
    let answer = client.get(FILE).await.is(200);
    assert_eq!(answer.header("content-type"), "application/zip");
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert!(answer.header("content-disposition").starts_with("attachment; filename=\"inglenook-export-2"));
    assert_eq!(answer.header("content-length"), answer.body.len().to_string());
    let mut zip = zip::ZipArchive::new(Cursor::new(answer.body.to_vec())).unwrap();
    (0..zip.len())
        .map(|at| {
            let mut file = zip.by_index(at).unwrap();
            assert!(file.enclosed_name().is_some(), "{}", file.name());
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            (file.name().to_owned(), text)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_direct_messages_notes_and_blocks() {
    let app = App::start().await;
    app.state.exports.run();
    let (lin, kim, eve) = (app.person("lin").await, app.person("kim").await, app.person("eve").await);
    let of = async |who: &Client, end: &str| format!("/api/v1/people/{}/{end}", who.id().await);
    let direct = lin.post(&of(&kim, "direct").await, &json!({})).await.is(200).id();
    let messages = format!("/api/v1/conversations/{direct}/messages");
    lin.post(&messages, &json!({ "content": "To Kim" })).await.is(201);
    kim.post(&messages, &json!({ "content": "To Lin" })).await.is(201);
    lin.post(&of(&kim, "wall").await, &json!({ "text": "Written" })).await.is(201);
    kim.post(&of(&lin, "wall").await, &json!({ "text": "Received" })).await.is(201);
    eve.post(&of(&kim, "wall").await, &json!({ "text": "Foreign" })).await.is(201);
    lin.send_json("PUT", &of(&eve, "block").await, &json!({})).await.is(204);
    let about = json!({ "preferences": { "about": "I am Lin" } });
    lin.patch("/api/v1/me", &about).await.is(200);
    lin.post(&format!("/api/v1/direct/{direct}/put-away"), &json!({})).await.is(204);
    lin.post(EXPORT, &json!({})).await.is(202);
    made(&lin).await;
    let files = files(&lin).await;
    let read = |name: &str| serde_json::from_str::<Value>(&files[name]).unwrap();
    let people = read("people.json");
    assert_eq!(people["blocked"][0]["user_id"], json!(eve.id().await));
    assert_eq!(people["notes_written"][0]["text"], "Written");
    assert_eq!(people["notes_received"][0]["text"], "Received");
    assert_eq!(read("account.json")["account"]["preferences"]["about"], "I am Lin");
    let whole = read(&format!("conversations/{direct}.json"));
    assert_eq!(
        (&whole["conversation"]["title"], &whole["messages"][1]["content"]),
        (&json!("kim"), &json!("To Lin"))
    );
    let readable = &files["readable/kim.md"];
    assert!(readable.contains("## kim ·") && readable.contains("## You ·"), "{readable}");
    assert!(!files.values().any(|text| text.contains("Foreign")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_everything_and_nothing_of_others() {
    let app = App::start().await;
    app.state.exports.run();
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let foreign = kim.conversation().await;
    kim.ask(&foreign, "Foreign secret").await;
    lin.post("/api/v1/me/keys", &json!({ "name": "Bot", "scope": "read" })).await.is(201);
    let (plain, archived, deleted) =
        (lin.conversation().await, lin.conversation().await, lin.conversation().await);
    let asked = lin.ask(&plain, "First version 👋").await;
    let question = asked["user_message"]["id"].as_str().unwrap();
    let edit = json!({ "content": "Second version" });
    lin.post(&format!("/api/v1/messages/{question}/edit"), &edit).await.is(202);
    for id in [&archived, &deleted] {
        lin.ask(id, &format!("Asked in {id}")).await;
    }
    let path = |id: &str| format!("/api/v1/conversations/{id}");
    let odd = json!({ "title": "../../etc/<passwd>", "archived": true });
    lin.patch(&path(&archived), &odd).await.is(200);
    lin.patch(&path(&plain), &json!({ "title": "旅行/Trip" })).await.is(200);
    lin.patch(&path(&deleted), &json!({ "title": "Trip" })).await.is(200);
    lin.delete(&path(&deleted)).await.is(204);
    // The new answer of the edited question may still be being written.
    let grant = app.state.store.access(&lin.id().await, &plain, Need::Read).await.unwrap();
    while app.state.live.jobs() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let asked = lin.post(EXPORT, &json!({})).await.is(202).json();
    assert_eq!((&asked["failure"], &asked["done"]), (&Value::Null, &json!(0)));
    let export = made(&lin).await;
    assert_eq!(
        (&export["state"], &export["done"], &export["total"]),
        (&json!("ready"), &json!(3), &json!(3))
    );
    let files = files(&lin).await;
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let ids = [&plain, &archived, &deleted].map(|id| format!("conversations/{id}.json"));
    for name in ids.iter().map(String::as_str).chain([
        "account.json",
        "people.json",
        "readable/旅行 Trip.md",
        "readable/archive/etc passwd.md",
        "readable/bin/Trip.md",
    ]) {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    assert_eq!(names.len(), 8);
    let account: Value = serde_json::from_str(&files["account.json"]).unwrap();
    assert_eq!(account["account"]["email"], "lin@example.org");
    assert_eq!(
        (&account["keys"][0]["name"], account["devices"].as_array().unwrap().len()),
        (&json!("Bot"), 1)
    );
    let whole: Value = serde_json::from_str(&files[&ids[0]]).unwrap();
    let texts: Vec<&str> =
        whole["messages"].as_array().unwrap().iter().map(|it| it["content"].as_str().unwrap()).collect();
    assert_eq!((texts.len(), texts[0], texts[2]), (4, "First version 👋", "Second version"));
    assert_eq!(whole["conversation"]["leaf_id"], json!(grant.conversation().leaf_id));
    let readable = &files["readable/旅行 Trip.md"];
    assert!(readable.contains("Second version") && !readable.contains("First version"), "{readable}");
    let gone: Value = serde_json::from_str(&files[&ids[2]]).unwrap();
    assert!(gone["deleted_at"].is_i64() && whole["deleted_at"].is_null());
    let all: String = files.into_values().collect();
    for secret in ["Foreign secret", "kim@example.org", "argon2", "ink_", "secret_hash", "password"] {
        assert!(!all.contains(secret), "{secret}");
    }
    kim.get(EXPORT).await.problem(404, "");
    kim.get(FILE).await.problem(404, "");
    kim.delete(EXPORT).await.problem(404, "");
    app.client().get(FILE).await.problem(401, "");
    let kinds = lin.get("/api/v1/admin/audit?kind=export_made").await.is(200).json();
    assert_eq!(kinds["items"].as_array().unwrap().len(), 1);
    lin.delete(EXPORT).await.is(204);
    lin.get(FILE).await.problem(404, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_export_at_a_time_is_asked_for_with_a_proof() {
    let (clock, hands) = Hands::new();
    let app = App::at(&[], clock).await;
    let lin = app.person("lin").await;
    let key = lin.post("/api/v1/me/keys", &json!({ "name": "x", "scope": "all" })).await.is(201).json();
    let key = app.client().bearer(key["key"].as_str().unwrap());
    lin.post(EXPORT, &json!({})).await.is(202);
    for body in [json!({}), json!([]), json!({ "$gt": "" }), json!({ "user_id": "x", "role": "admin" })] {
        lin.post(EXPORT, &body).await.problem(409, "");
    }
    let large = Body::from("x".repeat(1 << 20));
    lin.send(Method::POST, EXPORT, large, Some("application/json")).await.is(409);
    let page = lin.get("/settings/data").await.is(200).text();
    assert!(page.contains("data-under-way") && page.contains("/fn/remove-export"), "{page}");
    lin.get(FILE).await.problem(404, "");
    assert_eq!(key.get(EXPORT).await.is(200).json()["state"], "waiting");
    lin.delete(EXPORT).await.is(204);
    assert_eq!(key.post(EXPORT, &json!({})).await.problem(403, "").json()["code"], "proof_required");
    hands.turn(10 * 60 * 1000 + 1);
    assert_eq!(lin.post(EXPORT, &json!({})).await.problem(403, "").json()["code"], "proof_required");
    lin.post("/api/v1/me/proof", &json!({ "password": PASSWORD })).await.is(204);
    lin.post(EXPORT, &json!({})).await.is(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_ends_after_a_week() {
    let (clock, hands) = Hands::new();
    let app = App::at(&[], clock).await;
    let lin = app.person("lin").await;
    // There is no job, as when a server ends between the row and the job; the hourly look finds that out.
    let (id, now) = (app.state.ids.next(), app.state.clock.now());
    assert!(app.state.store.ask_export(&lin.id().await, &id, now, now + DAY).await.unwrap());
    app.state.exports.run();
    app.state.exports.tidy().await.unwrap();
    assert_eq!(made(&lin).await["state"], "ready");
    assert_eq!(files(&lin).await.len(), 2, "an empty account has what is told of it and of others alone");
    hands.turn(7 * DAY - 1);
    lin.get(FILE).await.is(200);
    hands.turn(1);
    lin.get(FILE).await.problem(404, "");
    lin.get(EXPORT).await.problem(404, "");
    app.state.exports.tidy().await.unwrap();
    assert_eq!(app.state.store.export(&lin.id().await).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_one_after_the_other_do_not_fill_the_disk() {
    let (clock, hands) = Hands::new();
    let app = App::at(&[], clock).await;
    app.state.exports.run();
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let id = lin.id().await;
    let store = &app.state.store;
    lin.post(EXPORT, &json!({})).await.is(202);
    made(&lin).await;
    for _ in 0..2 {
        lin.post(EXPORT, &json!({})).await.is(202);
        made(&lin).await;
        // What the export before left went when this one began.
        assert!(!store.sweep_exports(app.state.clock.now()).await.unwrap());
    }
    let refused = lin.post(EXPORT, &json!({})).await.problem(429, "");
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 86_000);
    assert!(refused.json()["detail"].as_str().unwrap().contains("24 hours"), "{}", refused.text());
    assert!(
        store.export_part(&id, &store.export(&id).await.unwrap().unwrap().id, 0).await.unwrap().is_some()
    );
    kim.post(EXPORT, &json!({})).await.is(202);
    hands.turn(DAY);
    lin.post("/api/v1/me/proof", &json!({ "password": PASSWORD })).await.is(204);
    lin.post(EXPORT, &json!({})).await.is(202);
}
