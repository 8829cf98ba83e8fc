//! The server refuses what the API's document forbids, and takes what it allows up to its limits.

use std::collections::BTreeSet;

use axum::{body::Body, http::Method};
use serde_json::json;

use super::{
    app::{App, PASSWORD},
    client::{Answer, Client},
    openapi::Document,
};

const BASE: &str = "/api/v1";

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_the_document_forbids_is_refused_and_one_that_it_allows_is_taken() {
    let app = App::start().await;
    let (document, lin) = (Document::of(&app).await, app.person("lin").await);
    let conversation = lin.conversation().await;
    let question = lin.ask(&conversation, "Hi").await["user_message"]["id"].as_str().unwrap().to_owned();
    let room = lin.post("/api/v1/rooms", &json!({ "name": "x" })).await.is(201).id();
    let person = app.person("kim").await.id().await;
    let private = lin.conversation().await;
    let anna = json!({ "email": "anna@example.org", "password": PASSWORD, "name": "Anna" });
    let bodies = [
        ("POST", "/auth/register", "", anna),
        ("PATCH", "/me", "", json!({ "password": PASSWORD, "new_password": PASSWORD, "name": "Lin" })),
        ("POST", "/me/keys", "", json!({ "name": "x", "scope": "read" })),
        ("POST", "/conversations", "", json!({ "title": "x" })),
        ("PATCH", "/conversations/{id}", &*conversation, json!({ "title": "x" })),
        ("POST", "/conversations/{id}/messages", &*conversation, json!({ "content": "x" })),
        ("POST", "/conversations/{id}/queue", &*conversation, json!({ "content": "x" })),
        ("POST", "/messages/{id}/edit", &*question, json!({ "content": "x" })),
        ("POST", "/rooms", "", json!({ "name": "x" })),
        ("PATCH", "/rooms/{id}", &*room, json!({})),
        ("POST", "/conversations/{id}/room", &*private, json!({ "name": "x" })),
        ("PATCH", "/admin/board", "", json!({ "name": "x" })),
        ("POST", "/rooms/{id}/codes", &*room, json!({})),
        ("POST", "/people/{id}/wall", &*person, json!({ "text": "x" })),
        ("POST", "/admin/codes", "", json!({ "registers": true })),
    ];
    let mut checked = BTreeSet::new();
    for (method, path, call) in document.calls() {
        let Some(body) = call.pointer("/requestBody/content/application~1json/schema/$ref") else { continue };
        let schema = document.0.pointer(&body.as_str().unwrap()[1..]).unwrap();
        let fields = schema["properties"].as_object().unwrap().iter();
        for (field, bound, out) in fields.flat_map(|(name, field)| {
            let number = |key: &str| field[key].as_u64().and_then(|number| usize::try_from(number).ok());
            let most = number("maxLength").map(|most| (name, most, most + 1));
            most.into_iter().chain(number("minLength").map(|least| (name, least, least - 1)))
        }) {
            let (.., id, valid) =
                bodies.iter().find(|one| (one.0, one.1) == (method.as_str(), path)).unwrap();
            let path = format!("{BASE}{}", path.replace("{id}", id));
            let with = |length: usize| {
                let mut body = valid.clone();
                if body["email"].is_string() {
                    body["email"] = format!("anna-{field}-{length}@example.org").into();
                }
                body[field] = "Maß-für-".chars().cycle().take(length).collect::<String>().into();
                body.to_string()
            };
            send(&lin, &method, &path, with(out)).await.problem(422, field);
            // No code of this length would count.
            if field == "code" {
                continue;
            }
            let taken = send(&lin, &method, &path, with(bound)).await;
            assert!((200..300).contains(&taken.status), "{method} {path} {field}: {}", taken.text());
            if field == "new_password" {
                let back = json!({ "password": &taken_of(with(bound)), "new_password": PASSWORD });
                lin.patch("/api/v1/me", &back).await.is(200);
            }
            checked.insert((method.to_string(), path, field.clone()));
        }
    }
    assert_eq!(checked.len(), 19, "{checked:?}");
}

/// The new password of a body.
fn taken_of(body: String) -> String {
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    body["new_password"].as_str().unwrap().to_owned()
}

async fn send(client: &Client, method: &Method, path: &str, body: String) -> Answer {
    client.send(method.clone(), path, body.into(), Some("application/json")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_is_not_as_described_is_refused_by_its_name() {
    let app = App::start().await;
    let (document, lin) = (Document::of(&app).await, app.person("lin").await);
    let (conversation, own) = (lin.conversation().await, lin.id().await);
    let room = lin.post("/api/v1/rooms", &json!({ "name": "x" })).await.is(201).id();
    let mut checked = Vec::new();
    for (method, path, call) in document.calls() {
        for parameter in call["parameters"].as_array().into_iter().flatten() {
            let (name, schema) = (parameter["name"].as_str().unwrap(), &parameter["schema"]);
            let mut wrong = Vec::new();
            if schema["type"] != "string" || schema["enum"].is_array() {
                wrong.push("x".to_owned());
            }
            wrong.extend(schema["minimum"].as_i64().map(|least| (least - 1).to_string()));
            wrong.extend(schema["maximum"].as_i64().map(|most| (most + 1).to_string()));
            wrong.extend(
                schema["maxLength"].as_u64().map(|most| "x".repeat(usize::try_from(most).unwrap() + 1)),
            );
            let id = match path.split('/').nth(1) {
                Some("admin" | "people") => &own,
                Some("rooms") => &room,
                _ => &conversation,
            };
            let address = format!("{BASE}{}", path.replace("{id}", id));
            for value in wrong {
                let answer = if parameter["in"] == "query" {
                    lin.send(method.clone(), &format!("{address}?{name}={value}"), Body::empty(), None).await
                } else if path.starts_with("/conversations") {
                    let name: &'static str =
                        if name == "Last-Event-ID" { "last-event-id" } else { "idempotency-key" };
                    let body = if method == Method::POST {
                        json!({ "content": "x", "name": "x" }).to_string()
                    } else {
                        String::new()
                    };
                    send(&lin.clone().also(name, &value), &method, &address, body).await
                } else {
                    continue;
                };
                answer.problem(422, name);
                checked.push(format!("{name}={value:.4}"));
            }
        }
    }
    let count = |name: &str| checked.iter().filter(|one| one.starts_with(name)).count();
    assert_eq!(
        ["limit", "archived", "format", "after", "Last-Event-ID", "Idempotency-Key"].map(count),
        [27, 1, 2, 2, 2, 3],
        "{checked:?}"
    );
}
