//! What people wrote in a room and changed: everybody sees that it was changed, and moderators see what it said.

use serde_json::json;

use super::app::App;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_changed_and_moderators_see_what_it_said() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let room = lin.post("/api/v1/rooms", &json!({ "name": "Garden", "listed": true })).await.is(201).id();
    kim.post(&format!("/api/v1/rooms/{room}/join"), &json!({})).await.is(200);
    let path = format!("/api/v1/conversations/{room}/messages");
    let said = kim.post(&path, &json!({ "content": "The <b>beans" })).await.is(201).json();
    let id = said["message"]["id"].as_str().unwrap().to_owned();
    let (message, versions) = (format!("/api/v1/messages/{id}"), format!("/api/v1/messages/{id}/versions"));
    assert_eq!(lin.get(&versions).await.is(200).json()["items"], json!([]));

    let changed = kim.patch(&message, &json!({ "content": "The peas" })).await.is(200).json();
    assert_eq!(changed["content"], "The peas");
    assert!(changed["edited_at"].is_i64(), "{changed}");
    // Nobody changes what another said, whoever they are; and it has to say something.
    lin.patch(&message, &json!({ "content": "Mine" })).await.problem(403, "");
    kim.patch(&message, &json!({ "content": " \n" })).await.is(422);
    kim.patch(&message, &json!({ "content": "x", "mentions": ["nobody"] })).await.is(422);
    app.person("tom").await.patch(&message, &json!({ "content": "Mine" })).await.problem(404, "");
    kim.delete(&message).await.is(204);
    kim.patch(&message, &json!({ "content": "Back" })).await.problem(404, "");

    let told = lin.get(&versions).await.is(200).json();
    assert!(told["next_cursor"].is_null());
    let told: Vec<_> = told["items"].as_array().unwrap().iter().map(|version| &version["content"]).collect();
    assert_eq!(told, ["The peas", "The <b>beans"]);
    kim.get(&versions).await.problem(403, "");
    lin.get(&format!("{versions}?cursor=x")).await.problem(422, "cursor");

    let browser =
        |client: &super::app::Client| app.client().cookie(&format!("inglenook={}", client.token())).browser();
    let address = format!("/messages/{id}/versions");
    let page = browser(&lin).get(&address).await.is(200).text();
    assert!(
        page.contains("The &lt;b&gt;beans") && page.contains("The peas") && page.contains("kim"),
        "{page}"
    );
    browser(&kim).get(&address).await.is(403);
    // The way there is on the message, for those who may go it.
    assert!(browser(&lin).get(&format!("/c/{room}")).await.is(200).text().contains(&address));
    assert!(!browser(&kim).get(&format!("/c/{room}")).await.is(200).text().contains(&address));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_question_is_not_changed_in_its_place() {
    let app = App::with_upstream().await;
    let lin = app.person("lin").await;
    let conversation = lin.conversation().await;
    let asked = lin.ask(&conversation, "Why?").await;
    let id = asked["user_message"]["id"].as_str().unwrap();
    lin.patch(&format!("/api/v1/messages/{id}"), &json!({ "content": "How?" })).await.problem(409, "");
    assert_eq!(lin.get(&format!("/api/v1/messages/{id}/versions")).await.is(200).json()["items"], json!([]));
}
