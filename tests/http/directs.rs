//! Direct messages: two people have one conversation, and nobody else has a part in it.

use serde_json::{Value, json};

use super::app::{App, Client};

/// Opens the conversation with a person; answers its id.
async fn open(who: &Client, other: &str) -> String {
    who.post(&format!("/api/v1/people/{other}/direct"), &json!({})).await.is(200).id()
}

fn messages(id: &str) -> String {
    format!("/api/v1/conversations/{id}/messages")
}

async fn names(who: &Client) -> Vec<String> {
    let page = who.get("/api/v1/direct").await.is(200).json();
    page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

fn browser(app: &App, client: &Client) -> Client {
    app.client().cookie(&format!("inglenook={}", client.token())).browser()
}

async fn block(who: &Client, other: &str) {
    who.send_json("PUT", &format!("/api/v1/people/{other}/block"), &json!({})).await.is(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_write_to_each_other_and_nobody_else_has_a_part_in_it() {
    let app = App::start().await;
    let (lin, kim, eve) = (app.person("lin").await, app.person("kim").await, app.person("eve").await);
    let (lin_id, kim_id, eve_id) = (lin.id().await, kim.id().await, eve.id().await);
    // Both press at once.
    let (first, second) = tokio::join!(open(&lin, &kim_id), open(&kim, &lin_id));
    assert_eq!(first, second);
    let id = first;
    let said = json!({ "content": "Hello @model" });
    let posted = lin.post(&messages(&id), &said).await.is(201).json();
    assert_eq!(posted["message"]["content"], "Hello @model");
    // The model answers, and both read it.
    let read = loop {
        let read = kim.get(&messages(&id)).await.is(200).json();
        if read["items"][1]["status"] == "complete" {
            break read;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    let roles: Vec<&Value> = read["items"].as_array().unwrap().iter().map(|one| &one["role"]).collect();
    assert_eq!(roles, ["user", "assistant"], "{read}");
    assert_eq!((names(&lin).await, names(&kim).await), (vec!["kim".to_owned()], vec!["lin".to_owned()]));
    let seen = kim.get(&format!("/api/v1/direct/{id}")).await.is(200).json();
    assert_eq!(seen["person"], json!({ "id": lin_id, "name": "lin", "state": "open" }));
    assert_eq!(kim.get(&format!("/api/v1/conversations/{id}")).await.is(200).json()["title"], "lin");
    // It is no room, for nobody.
    let room = format!("/api/v1/rooms/{id}");
    for who in [&lin, &kim, &eve] {
        who.get(&room).await.problem(404, "");
        who.patch(&room, &json!({ "name": "x" })).await.problem(404, "");
        who.delete(&room).await.problem(404, "");
        for end in ["join", "leave", "codes"] {
            who.post(&format!("{room}/{end}"), &json!({})).await.problem(404, "");
        }
        who.get(&format!("{room}/members")).await.problem(404, "");
        who.delete(&format!("{room}/members/{kim_id}")).await.problem(404, "");
        who.post(&format!("{room}/members/{eve_id}/hand-over"), &json!({})).await.problem(404, "");
        assert_eq!(who.get("/api/v1/rooms").await.is(200).json()["items"], json!([]));
        assert_eq!(who.get("/api/v1/rooms/listed").await.is(200).json()["items"], json!([]));
    }
    for who in [&lin, &kim] {
        who.delete(&format!("/api/v1/conversations/{id}")).await.problem(403, "");
        who.patch(&format!("/api/v1/conversations/{id}"), &json!({ "title": "x" })).await.problem(403, "");
    }
    for path in [messages(&id), format!("/api/v1/direct/{id}"), format!("/api/v1/conversations/{id}/events")]
    {
        eve.get(&path).await.problem(404, "");
    }
    eve.post(&messages(&id), &said).await.problem(404, "");
    // Nobody writes to themselves, or to somebody who is not there.
    lin.post(&format!("/api/v1/people/{lin_id}/direct"), &json!({})).await.problem(404, "");
    lin.post("/api/v1/people/01ARZ3NDEKTSV4RRFFQ69G5FAV/direct", &json!({})).await.problem(404, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_put_away_is_back_with_the_next_message() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let id = open(&lin, &kim.id().await).await;
    assert_eq!((names(&lin).await.len(), names(&kim).await.len()), (1, 0));
    lin.post(&messages(&id), &json!({ "content": "Hello" })).await.is(201);
    assert_eq!(names(&kim).await, ["lin"]);
    let sees = browser(&app, &kim);
    let page = sees.get("/").await.is(200).text();
    assert!(page.contains("Direct messages") && page.contains("1 new message"), "{page}");
    let away = sees.post_form("/fn/put-direct-away", &format!("id={id}")).await.is(302);
    assert!(sees.get(away.header("location")).await.is(200).text().contains("The conversation is put away."));
    assert_eq!(names(&kim).await, Vec::<String>::new());
    lin.post(&messages(&id), &json!({ "content": "Are you there?" })).await.is(201);
    assert_eq!(names(&kim).await, ["lin"]);
    let thread = sees.get(&format!("/c/{id}")).await.is(200).text();
    assert!(thread.contains("<h1>lin</h1>") && thread.contains("Are you there?"), "{thread}");
    assert!(!sees.get("/").await.is(200).text().contains("1 new message"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_blocked_is_told_no_more_than_that_they_cannot_write() {
    let app = App::start().await;
    let (lin, kim, eve) = (app.person("lin").await, app.person("kim").await, app.person("eve").await);
    let (lin_id, kim_id) = (lin.id().await, kim.id().await);
    let id = open(&lin, &kim_id).await;
    let said = json!({ "content": "Hello" });
    lin.post(&messages(&id), &said).await.is(201);
    let room = lin.post("/api/v1/rooms", &json!({ "name": "Garden", "listed": true })).await.is(201).id();
    kim.post(&format!("/api/v1/rooms/{room}/join"), &json!({})).await.is(200);
    block(&kim, &lin_id).await;
    let told = lin.post(&messages(&id), &said).await;
    assert!(told.text().contains("You cannot write to kim at the moment."), "{}", told.text());
    told.problem(403, "");
    let told = kim.post(&messages(&id), &said).await;
    assert!(told.text().contains("You have blocked lin."), "{}", told.text());
    told.problem(403, "");
    let page = browser(&app, &lin).get(&format!("/c/{id}")).await.is(200).text();
    assert!(page.contains("You cannot write to kim at the moment.") && page.contains("Hello"), "{page}");
    let page = browser(&app, &kim).get(&format!("/c/{id}")).await.is(200).text();
    assert!(page.contains("You have blocked lin."), "{page}");
    // In a shared room both write, and a mention does not count.
    let mention = json!({ "content": "@kim hello", "mentions": [kim_id] });
    lin.post(&messages(&room), &mention).await.is(201);
    let rooms = kim.get("/api/v1/rooms").await.is(200).json();
    assert_eq!((&rooms["items"][0]["unread"], &rooms["items"][0]["mentions"]), (&json!(1), &json!(0)));
    // A conversation that is not there is not begun, from neither side.
    block(&eve, &lin_id).await;
    lin.post(&format!("/api/v1/people/{}/direct", eve.id().await), &json!({})).await.problem(403, "");
    eve.post(&format!("/api/v1/people/{lin_id}/direct"), &json!({})).await.problem(403, "");
    kim.delete(&format!("/api/v1/people/{lin_id}/block")).await.is(204);
    lin.post(&messages(&id), &said).await.is(201);
    assert_eq!(kim.get("/api/v1/rooms").await.is(200).json()["items"][0]["mentions"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_one_account_is_closed_the_other_reads_on() {
    let app = App::start().await;
    let (_admin, lin, kim) = (app.person("ada").await, app.person("lin").await, app.person("kim").await);
    let (lin_id, kim_id) = (lin.id().await, kim.id().await);
    let id = open(&lin, &kim_id).await;
    lin.post(&messages(&id), &json!({ "content": "Goodbye" })).await.is(201);
    app.state.store.close_account(&lin_id, Some(0)).await.unwrap().done().unwrap();
    while app.state.store.erase(&lin_id).await.unwrap() {}
    assert_eq!(names(&kim).await, ["lin"]);
    let told = kim.post(&messages(&id), &json!({ "content": "Hello?" })).await;
    assert!(told.text().contains("The account of lin was closed."), "{}", told.text());
    told.problem(403, "");
    let page = browser(&app, &kim).get(&format!("/c/{id}")).await.is(200).text();
    assert!(page.contains("Goodbye") && page.contains("The account of lin was closed."), "{page}");
    assert!(page.contains("<strong dir=\"auto\">lin</strong>"), "{page}");
    kim.get(&format!("/api/v1/people/{lin_id}")).await.problem(404, "");
    kim.post(&format!("/api/v1/people/{lin_id}/direct"), &json!({})).await.is(200);
}
