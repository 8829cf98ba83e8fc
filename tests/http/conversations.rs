//! Conversations can be listed, made, opened, changed and deleted, and nobody sees another person's.

use axum::{body::Body, http::Method};
use serde_json::{Value, json};

use super::app::{App, Client};

const ALL: &str = "/api/v1/conversations";

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_lives_from_its_beginning_to_its_end() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let created = lin
        .post(ALL, &json!({ "title": " A plan ", "system_prompt": "Be brief.", "unknown": 1 }))
        .await
        .is(201);
    let path = format!("{ALL}/{}", created.id());
    assert_eq!(created.header("location"), path);
    assert_eq!(created.json()["title"], "A plan");
    assert_eq!(lin.get(&path).await.is(200).json(), created.json());
    let change = json!({ "title": "שלום 😀", "model": "demo/demo", "pinned": true, "archived": true });
    let changed = lin.patch(&path, &change).await.is(200).json();
    for (field, value) in change.as_object().unwrap() {
        assert_eq!(&changed[field], value);
    }
    assert_eq!(changed["system_prompt"], "Be brief.");
    let cleared = lin.patch(&path, &json!({ "model": null, "system_prompt": null })).await.is(200).json();
    assert!(cleared["model"].is_null() && cleared["system_prompt"].is_null() && cleared["pinned"] == true);
    assert_eq!(lin.get(ALL).await.json()["items"], json!([]));
    assert_eq!(lin.get(&format!("{ALL}?archived=true")).await.json()["items"], json!([cleared]));
    assert!(lin.delete(&path).await.is(204).body.is_empty());
    lin.get(&path).await.problem(404, "");
    lin.delete(&path).await.problem(404, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_read_page_by_page_without_gaps() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let mut made = Vec::new();
    for number in 0..7 {
        made.insert(0, lin.post(ALL, &json!({ "title": format!("Plan {number}") })).await.is(201).id());
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = lin.get(&format!("{ALL}?limit=3&cursor={cursor}")).await.is(200).json();
        let ids =
            page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned());
        seen.extend(ids);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, made);
    let found = lin.get(&format!("{ALL}?q=PLAN%205")).await.json();
    assert_eq!(found["items"][0]["id"], made[1]);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert_eq!(lin.get(&format!("{ALL}?q=%25%00%27")).await.is(200).json()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_refuses_bad_parameters() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let path = format!("{ALL}/{}", lin.conversation().await);
    for (call, field) in [
        (format!("{ALL}?limit=abc"), "limit"),
        (format!("{ALL}?limit=0"), "limit"),
        (format!("{ALL}?limit=101"), "limit"),
        (format!("{ALL}?limit=-1"), "limit"),
        (format!("{ALL}?limit=99999999999999999999"), "limit"),
        (format!("{ALL}?archived=maybe"), "archived"),
        (format!("{ALL}?cursor=x"), "cursor"),
        (format!("{ALL}?cursor=x_y"), "cursor"),
        (format!("{path}/messages?format=xml"), "format"),
        (format!("{path}/messages?limit=abc"), "limit"),
        (format!("{path}/messages?before=nothing"), "before"),
        (format!("{path}/events?format=markdown"), "format"),
        (format!("{path}/events?after=x"), "after"),
        (format!("{path}/events?after=-1"), "after"),
    ] {
        lin.get(&call).await.problem(422, field);
    }
    lin.clone()
        .header("last-event-id", "x")
        .get(&format!("{path}/events"))
        .await
        .problem(422, "Last-Event-ID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_refuses_bad_fields() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let path = format!("{ALL}/{}", lin.conversation().await);
    let long = "x".repeat(40_000);
    for (body, field) in [
        (json!({ "title": "x".repeat(201) }), "title"),
        (json!({ "title": "a\nb" }), "title"),
        (json!({ "title": "a\0b" }), "title"),
        (json!({ "title": 7 }), "title"),
        (json!({ "pinned": "yes" }), "pinned"),
        (json!({ "model": "nobody/x" }), "model"),
        (json!({ "model": ["demo"] }), "model"),
        (json!({ "system_prompt": long }), "system_prompt"),
    ] {
        lin.post(ALL, &body).await.problem(422, field);
        lin.patch(&path, &body).await.problem(422, field);
    }
    lin.patch(&path, &json!({ "title": " " })).await.problem(422, "title");
    for text in ["", "{", "nonsense", "{} {}", "\u{0}"] {
        lin.send(Method::POST, ALL, text.to_owned().into(), Some("application/json")).await.problem(422, "");
    }
    for kind in
        [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("multipart/form-data")]
    {
        lin.send(Method::POST, ALL, "{}".into(), kind).await.problem(415, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_too_large_whether_or_not_it_says_so() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let path = format!("{ALL}/{}/messages", lin.conversation().await);
    let body = json!({ "content": "x".repeat(1 << 20) }).to_string();
    let length = body.len().to_string();
    let saying = lin.clone().header("content-length", &length);
    saying.send(Method::POST, &path, body.clone().into(), Some("application/json")).await.problem(413, "");
    let pieces: Vec<Result<_, std::io::Error>> =
        body.as_bytes().chunks(10_000).map(|piece| Ok(piece.to_vec())).collect();
    let chunked = Body::from_stream(futures::stream::iter(pieces));
    lin.send(Method::POST, &path, chunked, Some("application/json")).await.problem(413, "");
    // The body is within its limit, but the message is over the limit of a message.
    lin.post(&path, &json!({ "content": "x".repeat(300_000) })).await.problem(413, "");
}

/// Every call that names an object, with a body that the server would take.
fn calls(conversation: &str, message: &str) -> Vec<(Method, String, Option<Value>)> {
    let path = format!("{ALL}/{conversation}");
    vec![
        (Method::GET, path.clone(), None),
        (Method::PATCH, path.clone(), Some(json!({ "title": "Mine" }))),
        (Method::DELETE, path.clone(), None),
        (Method::GET, format!("{path}/messages"), None),
        (Method::POST, format!("{path}/messages"), Some(json!({ "content": "Hello" }))),
        (Method::GET, format!("{path}/events"), None),
        (Method::POST, format!("/api/v1/messages/{message}/stop"), None),
        (Method::POST, format!("/api/v1/messages/{message}/regenerate"), None),
    ]
}

async fn refusals(client: &Client, conversation: &str, message: &str) -> Vec<Value> {
    let mut bodies = Vec::new();
    for (method, path, body) in calls(conversation, message) {
        let kind = body.is_some().then_some("application/json");
        let body = body.map_or_else(Body::empty, |json| json.to_string().into());
        bodies.push(client.send(method, &path, body, kind).await.problem(404, "").without_request_id());
    }
    bodies
}

#[tokio::test(flavor = "multi_thread")]
async fn another_persons_object_looks_missing() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let conversation = lin.conversation().await;
    let asked = lin.ask(&conversation, "Mine alone").await;
    let message = asked["assistant_message"]["id"].as_str().unwrap();
    let foreign = refusals(&kim, &conversation, message).await;
    let nothing = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    assert_eq!(foreign, refusals(&kim, nothing, nothing).await);
    // The administrator (lin) sees only their own objects, too. An id of any shape counts as missing.
    for id in [
        "x",
        "%00",
        "%ff",
        "..%2f..",
        "%27%20or%201=1",
        "😀",
        "%F0%9F%98%80",
        &"9".repeat(5000),
        "{$ne:1}",
        "%7B%7D",
    ] {
        let id = id.replace('😀', "%F0%9F%98%80").replace(['{', '}'], "");
        assert_eq!(foreign, refusals(&lin, &id, &id).await, "{id}");
    }
    // A question cannot follow another person's message, nor a message of another conversation.
    let path = format!("{ALL}/{}/messages", kim.conversation().await);
    for parent in [message, nothing, "\0"] {
        kim.post(&path, &json!({ "content": "Hi", "parent_id": parent })).await.problem(422, "parent_id");
    }
    let answers = refusals_signed_out(&app, &conversation, message).await;
    assert!(answers.iter().all(|status| *status == 401), "{answers:?}");
    assert_eq!(
        lin.get(&format!("{ALL}/{conversation}/messages")).await.json()["items"].as_array().unwrap().len(),
        2
    );
}

async fn refusals_signed_out(app: &App, conversation: &str, message: &str) -> Vec<u16> {
    let mut answers = Vec::new();
    for (method, path, body) in calls(conversation, message) {
        let kind = body.is_some().then_some("application/json");
        let body = body.map_or_else(Body::empty, |json| json.to_string().into());
        answers.push(app.client().send(method, &path, body, kind).await.status);
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_conversation_is_restored_with_its_messages() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    // With a title, so that none is given after the answer.
    let id = lin.post(ALL, &json!({ "title": "Set" })).await.is(201).id();
    let path = format!("{ALL}/{id}");
    lin.ask(&id, "Keep this").await;
    let messages = lin.get(&format!("{path}/messages")).await.is(200).json();
    assert_eq!(lin.get(ALL).await.json()["items"][0]["unread"], true);
    lin.post(&format!("{path}/seen"), &json!({})).await.is(204);
    let before = lin.get(&path).await.is(200).json();
    assert_eq!((&before["unread"], &before["running"]), (&json!(false), &json!(false)));
    lin.delete(&path).await.is(204);
    lin.get(&format!("{path}/messages")).await.problem(404, "");
    lin.post(&format!("{path}/messages"), &json!({ "content": "x" })).await.problem(404, "");
    assert_eq!(lin.get(ALL).await.json()["items"], json!([]));
    assert_eq!(lin.get("/api/v1/bin").await.is(200).json()["items"][0]["id"], json!(id));
    assert_eq!(kim.get("/api/v1/bin").await.is(200).json()["items"], json!([]));
    kim.post(&format!("{path}/restore"), &json!({})).await.problem(404, "");
    assert_eq!(lin.post(&format!("{path}/restore"), &json!({})).await.is(200).json(), before);
    assert_eq!(lin.get(&format!("{path}/messages")).await.is(200).json(), messages);
    lin.ask(&id, "And now?").await;
    assert_eq!(lin.get(&path).await.is(200).json()["unread"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_newest_answer_is_seen_when_it_is_opened() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let id = lin.post(ALL, &json!({ "title": "Set" })).await.is(201).id();
    let first = lin.ask(&id, "First").await;
    let first = first["assistant_message"]["id"].as_str().unwrap();
    lin.ask(&id, "Second").await;
    let unread = async || lin.get(&format!("{ALL}/{id}")).await.is(200).json()["unread"].clone();
    let browser = app.client().cookie(&format!("inglenook={}", lin.token())).browser();
    browser.get(&format!("/c/{id}?before={first}")).await.is(200);
    browser.get(&format!("/c/{id}/settings")).await.is(200);
    assert_eq!(unread().await, true, "the newest answer is not on these pages");
    app.person("kim").await.browser().get(&format!("/c/{id}")).await;
    assert_eq!(unread().await, true);
    let page = browser.get(&format!("/c/{id}")).await.is(200).text();
    assert!(!page.contains("class=\"unread\""), "{page}");
    assert_eq!(unread().await, false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_copied_up_to_a_message() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let new = json!({ "title": "A plan", "system_prompt": "Be brief." });
    let id = lin.post(ALL, &new).await.is(201).id();
    let first = lin.ask(&id, "First").await;
    lin.ask(&id, "Second").await;
    let answer = first["assistant_message"]["id"].as_str().unwrap();
    let copy = lin.post(&format!("/api/v1/messages/{answer}/fork"), &json!({})).await.is(201);
    let path = format!("{ALL}/{}", copy.id());
    assert_eq!(copy.header("location"), path);
    assert_eq!(lin.get(&path).await.is(200).json(), copy.json());
    assert_eq!(
        (&copy.json()["title"], &copy.json()["system_prompt"]),
        (&json!("A plan (copy)"), &json!("Be brief."))
    );
    let shown = async |of: &str| lin.get(&format!("{of}/messages")).await.is(200).json()["items"].clone();
    let (old, new) = (shown(&format!("{ALL}/{id}")).await, shown(&path).await);
    assert_eq!((old.as_array().unwrap().len(), new.as_array().unwrap().len()), (4, 2));
    for (old, new) in old.as_array().unwrap().iter().zip(new.as_array().unwrap()) {
        for field in ["role", "content", "status", "model", "created_at", "usage"] {
            assert_eq!(old[field], new[field], "{field}");
        }
        assert_ne!(old["id"], new["id"]);
    }
    lin.ask(&copy.id(), "Another way").await;
    assert_eq!(shown(&format!("{ALL}/{id}")).await.as_array().unwrap().len(), 4, "the old one stays");
    let form = format!("message_id={answer}");
    let chinese = lin.clone().header("accept-language", "zh-CN");
    let at = chinese.post_form("/fn/fork", &form).await.is(200).json();
    let at = at.as_str().unwrap().trim_start_matches("/c/").to_owned();
    assert_eq!(lin.get(&format!("{ALL}/{at}")).await.is(200).json()["title"], "A plan（副本）");
}
