//! The API's description: that the answers are as it says, and its page.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::app::{App, PASSWORD};

struct Document(Value);

impl Document {
    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let Some(reference) = schema["$ref"].as_str() else { return schema };
        self.0.pointer(&reference[1..]).unwrap()
    }

    /// The schema of an answer.
    fn answer(&self, method: &str, path: &str, status: u16) -> &Value {
        let answer = self.resolved(&self.0["paths"][path][method]["responses"][status.to_string()]);
        let schema = answer["content"].as_object().and_then(|content| content.values().next());
        &schema.unwrap_or_else(|| panic!("{method} {path} {status} is not described"))["schema"]
    }

    /// Types, required fields, words to choose from; and no field that is not described.
    fn check(&self, value: &Value, schema: &Value, at: &str) {
        let schema = self.resolved(schema);
        let kinds: Vec<&str> = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            kind => kind.as_str().into_iter().collect(),
        };
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        assert!(kinds.contains(&kind), "{at} is {value}, described as {kinds:?}");
        if let Some(words) = schema["enum"].as_array() {
            assert!(words.contains(value), "{at} is {value}");
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.check(item, &schema["items"], &format!("{at}[{index}]"));
        }
        if let Some(fields) = value.as_object() {
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                assert!(fields.contains_key(name), "{at} has no {name}");
            }
            for (name, field) in fields {
                let described = &schema["properties"][name];
                assert!(!described.is_null(), "{at}.{name} is not described");
                self.check(field, described, &format!("{at}.{name}"));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_as_described() {
    let app = App::start().await;
    let document = Document(app.client().get("/api/openapi.json").await.is(200).json());
    let check = |method: &str, path: &str, answer: super::client::Answer| {
        let schema = document.answer(method, path, answer.status);
        document.check(&answer.json(), schema, &format!("{method} {path}"));
        answer.json()
    };
    let form = json!({ "email": "lin@example.org", "password": PASSWORD });
    let signed_in =
        check("post", "/auth/register", app.client().post("/api/v1/auth/register", &form).await.is(201));
    check("post", "/auth/register", app.client().post("/api/v1/auth/register", &form).await.is(409));
    check("post", "/auth/login", app.client().post("/api/v1/auth/login", &form).await.is(200));
    check("post", "/auth/login", app.client().post("/api/v1/auth/login", &json!({})).await.is(422));
    check("get", "/me", app.client().get("/api/v1/me").await.is(401));
    let lin = app.client().bearer(signed_in["token"].as_str().unwrap());
    check("get", "/me", lin.get("/api/v1/me").await.is(200));
    check("patch", "/me", lin.patch("/api/v1/me", &json!({ "name": "Lin" })).await.is(200));
    check("get", "/models", lin.get("/api/v1/models").await.is(200));
    let all = "/api/v1/conversations";
    let made = check("post", "/conversations", lin.post(all, &json!({ "model": "demo/demo" })).await.is(201));
    check("get", "/conversations", lin.get(all).await.is(200));
    let id = made["id"].as_str().unwrap();
    let path = format!("{all}/{id}");
    check("get", "/conversations/{id}", lin.get(&path).await.is(200));
    check("get", "/conversations/{id}", lin.get(&format!("{all}/x")).await.is(404));
    check("patch", "/conversations/{id}", lin.patch(&path, &json!({ "title": "x" })).await.is(200));
    let begun = lin.post(&format!("{path}/messages"), &json!({ "content": "Hello" })).await.is(202);
    let begun = check("post", "/conversations/{id}/messages", begun);
    let events = lin.events(&format!("{path}/events")).await.until_end().await;
    let schema = document.answer("get", "/conversations/{id}/events", 200);
    events.iter().for_each(|(name, _, data)| document.check(data, schema, name));
    for format in ["markdown", "html"] {
        let window = lin.get(&format!("{path}/messages?format={format}")).await.is(200);
        check("get", "/conversations/{id}/messages", window);
    }
    let answer = format!("/api/v1/messages/{}", begun["assistant_message"]["id"].as_str().unwrap());
    check("post", "/messages/{id}/stop", lin.post(&format!("{answer}/stop"), &json!({})).await.is(200));
    check(
        "post",
        "/messages/{id}/regenerate",
        lin.post(&format!("{answer}/regenerate"), &json!({})).await.is(202),
    );
    lin.events(&format!("{path}/events")).await.until_end().await;
    check("get", "/conversations/{id}/messages", lin.get(&format!("{path}/messages")).await.is(200));
    check("post", "/messages/{id}/select", lin.post(&format!("{answer}/select"), &json!({})).await.is(200));
    check(
        "post",
        "/messages/{id}/continue",
        lin.post(&format!("{answer}/continue"), &json!({})).await.is(409),
    );
    let question = format!("/api/v1/messages/{}", begun["user_message"]["id"].as_str().unwrap());
    let edit = json!({ "content": "Better" });
    check("post", "/messages/{id}/edit", lin.post(&format!("{question}/edit"), &edit).await.is(202));
    lin.events(&format!("{path}/events")).await.until_end().await;
    lin.delete(&question).await.is(204);
    check("delete", "/messages/{id}", lin.delete(&question).await.is(404));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_lists_every_call_and_links_within_itself() {
    let app = App::start().await;
    let document = app.client().get("/api/openapi.json").await.is(200);
    assert_eq!(document.header("content-type"), "application/json");
    let document = document.json();
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let page = app.client().browser().get("/api/docs").await.is(200).text();
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(page.contains(path.as_str()), "{path}");
    }
    assert!(!page.contains("<script") && !page.contains("[object"), "{page}");
    let ids: BTreeSet<&str> =
        page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let links: BTreeSet<&str> =
        page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(links.len() == 20 && links.is_subset(&ids), "{links:?} {ids:?}");
}
