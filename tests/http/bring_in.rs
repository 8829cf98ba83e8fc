//! A private conversation is copied into a room, and stays private.

use serde_json::{Value, json};

use super::app::{App, Client};

fn room_of(conversation: &str) -> String {
    format!("/api/v1/conversations/{conversation}/room")
}

async fn texts(person: &Client, conversation: &str) -> Vec<String> {
    let page = person.get(&format!("/api/v1/conversations/{conversation}/messages")).await.is(200).json();
    let items = page["items"].as_array().unwrap().iter();
    items.map(|it| it["content"].as_str().unwrap().to_owned()).collect()
}

/// What a person's browser shows of a page.
async fn page(app: &App, person: &Client, path: &str) -> String {
    app.client().cookie(&format!("inglenook={}", person.token())).browser().get(path).await.is(200).text()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_becomes_a_room_and_the_conversation_stays_private() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let private = lin.conversation().await;
    let secret = json!({ "title": "Tea", "system_prompt": "Mine alone" });
    lin.patch(&format!("/api/v1/conversations/{private}"), &secret).await.is(200);
    lin.ask(&private, "How long?").await;
    let before = texts(&lin, &private).await;
    let wanted = json!({ "name": " Tea together ", "answers": "always" });
    let keyed = lin.clone().header("idempotency-key", "k");
    let made = keyed.post(&room_of(&private), &wanted).await.is(201);
    let (location, made) = (made.header("location").to_owned(), made.json());
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(location, format!("/api/v1/rooms/{id}"));
    assert_eq!(
        (&made["name"], &made["answers"], &made["kind"], &made["system_prompt"]),
        (&json!("Tea together"), &json!("always"), &json!("room"), &Value::Null)
    );
    assert_eq!(made["copied_by"], json!(lin.id().await));
    assert!(made["copied_at"].is_i64());
    // The same again makes nothing.
    assert_eq!(keyed.post(&room_of(&private), &wanted).await.is(201).id(), id);
    let other = json!({ "name": "Other" });
    keyed.post(&room_of(&private), &other).await.problem(422, "Idempotency-Key");
    assert_eq!(texts(&lin, &id).await, before);
    // Whoever joins sees the copy and where it came from; what is written in the conversation later, nobody.
    lin.ask(&private, "Between us: with milk?").await;
    let code = lin.post(&format!("/api/v1/rooms/{id}/codes"), &json!({})).await.is(201).json();
    let joined = kim.post("/api/v1/rooms/join", &json!({ "code": code["secret"] })).await.is(200).json();
    assert_eq!(joined["copied_at"], made["copied_at"]);
    assert_eq!(texts(&kim, &id).await, before);
    let shown = page(&app, &kim, &format!("/c/{id}")).await;
    assert!(shown.contains("Copied from a private conversation by lin on"), "{shown}");
    assert!(shown.contains("How long?") && !shown.contains("with milk?"));
    kim.get(&format!("/api/v1/conversations/{private}")).await.problem(404, "");
    kim.post(&room_of(&private), &other).await.problem(404, "");
    assert!(!page(&app, &lin, &format!("/c/{private}")).await.contains("Copied from"));
    // An answer names its question, so it can be asked again in the room; the room is one line.
    let line = kim.get(&format!("/api/v1/conversations/{id}/messages")).await.is(200).json();
    assert_eq!(line["items"][1]["reply_to"], line["items"][0]["id"]);
    // A room is no private conversation.
    lin.post(&room_of(&id), &other).await.problem(409, "");
    lin.post(&room_of(&private), &json!({ "name": " " })).await.problem(422, "name");
    lin.post(&room_of(&private), &json!({ "name": "x", "answers": "never" })).await.problem(422, "answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_makes_the_copy_as_far_as_the_tier_allows() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let private = kim.conversation().await;
    kim.ask(&private, "Why?").await;
    let browser = app.client().cookie(&format!("inglenook={}", kim.token())).browser();
    let about = format!("/c/{private}/room");
    assert!(page(&app, &kim, &format!("/c/{private}")).await.contains(&about));
    assert!(page(&app, &kim, &about).await.contains("Nobody sees what is written in it later."));
    let form = format!("conversation_id={private}&name=Why&answers=asked&key=k");
    let made = browser.post_form("/fn/bring-in", &form).await.is(302);
    let id = made.header("location").strip_prefix("/c/").unwrap().to_owned();
    assert_eq!(kim.get(&format!("/api/v1/rooms/{id}")).await.is(200).json()["answers"], json!("asked"));
    let at_room = app.client().cookie(&format!("inglenook={}", kim.token())).browser();
    at_room.get(&format!("/c/{id}/room")).await.is(303);
    let tier = lin.post("/api/v1/admin/tiers", &json!({ "name": "One", "rooms": 1 })).await.is(201).id();
    let given = format!("/api/v1/admin/people/{}/tier", kim.id().await);
    lin.send_json("PUT", &given, &json!({ "tier": tier })).await.is(200);
    kim.post(&room_of(&private), &json!({ "name": "Two" })).await.problem(403, "");
    assert!(!page(&app, &kim, &about).await.contains("/fn/bring-in"));
}
