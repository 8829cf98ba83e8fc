//! The API's document describes the replies and the events, and its page lists the calls.

use std::collections::BTreeSet;

use axum::http::Method;
use inglenook::domain::{
    Binned, ChatEvent, Conversation, ConversationKind, Failure, FailureCode, Message, Model, Params,
    Preferences, Price, QuestionQueue, Queued, Reason, Role, Status, Talk, Timings, Traits, Usage, User,
    UserRole, UserState, params::ReasoningEffort,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    app::{App, PASSWORD},
    client::Answer,
};

/// The document, changed so that no object may have a field that it does not describe.
pub struct Document(pub Value);

impl Document {
    pub async fn of(app: &App) -> Self {
        let mut document = app.client().get("/api/openapi.json").await.is(200).json();
        let schemas = document["components"]["schemas"].clone();
        close(&mut document, &schemas);
        Self(document)
    }

    /// Each call with its method and path.
    pub fn calls(&self) -> impl Iterator<Item = (Method, &str, &Value)> {
        let paths = self.0["paths"].as_object().unwrap().iter();
        paths.flat_map(|(path, item)| {
            let calls = item.as_object().unwrap().iter();
            calls.map(move |(method, call)| (method.to_uppercase().parse().unwrap(), path.as_str(), call))
        })
    }

    /// Checks a value against the schema at `pointer`.
    fn check(&self, value: &Value, pointer: &str, at: &str) {
        let found = self.0.pointer(pointer);
        let mut schema = found.unwrap_or_else(|| panic!("{at}: {pointer} is not described")).clone();
        schema["components"] = self.0["components"].clone();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let errors: Vec<_> = validator.iter_errors(value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{at} is {value}: {errors:?}");
    }

    fn check_schema(&self, value: &impl Serialize, name: &str) {
        self.check(&serde_json::to_value(value).unwrap(), &format!("/components/schemas/{name}"), name);
    }

    /// Checks a reply with its media type. Returns its body.
    pub fn check_answer(&self, method: &str, path: &str, answer: &Answer) -> Value {
        let kind = answer.header("content-type").replace('/', "~1");
        let path_in_pointer = path.replace('/', "~1");
        let pointer =
            format!("/paths/{path_in_pointer}/{method}/responses/{}/content/{kind}/schema", answer.status);
        let body = answer.json();
        self.check(&body, &pointer, &format!("{method} {path}"));
        body
    }
}

/// Puts an open copy in place of a part of an object, and of the parts that it has itself; what is in its fields is
/// closed.
fn open_part(part: &mut Value, schemas: &Value) {
    if let Some(name) = part["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        *part = schemas[name].clone();
    }
    for parts in ["allOf", "oneOf"] {
        if let Some(parts) = part.get_mut(parts).and_then(Value::as_array_mut) {
            return parts.iter_mut().for_each(|part| open_part(part, schemas));
        }
    }
    part["properties"].as_object_mut().unwrap().values_mut().for_each(|value| close(value, schemas));
}

/// Forbids fields that are not described, in each object as a whole. `schemas` has the named schemas before this
/// change.
fn close(schema: &mut Value, schemas: &Value) {
    match schema {
        Value::Object(fields) => {
            let is_object = fields.get("properties").is_some_and(Value::is_object);
            if is_object || fields.contains_key("allOf") {
                fields.insert("unevaluatedProperties".into(), false.into());
            }
            // Each part of an object is replaced with an open copy, because a part does not know the fields of the
            // others.
            for part in fields.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
                open_part(part, schemas);
            }
            fields.iter_mut().filter(|(key, _)| *key != "allOf").for_each(|(_, value)| close(value, schemas));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| close(item, schemas)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_as_described() {
    let app = App::start().await;
    let document = Document::of(&app).await;
    let check = |method: &str, path: &str, answer: Answer| document.check_answer(method, path, &answer);
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
    let proof = lin.post("/api/v1/me/proof", &json!({ "password": "wrong" })).await;
    check("post", "/me/proof", proof.is(422));
    let factor = "/api/v1/me/second-factor";
    check("get", "/me/second-factor", lin.get(factor).await.is(200));
    check("post", "/me/second-factor", lin.post(factor, &json!({})).await.is(201));
    let code = json!({ "code": "x" });
    let confirmed = lin.post(&format!("{factor}/confirm"), &code).await;
    check("post", "/me/second-factor/confirm", confirmed.is(422));
    let codes = lin.post(&format!("{factor}/recovery-codes"), &code).await;
    check("post", "/me/second-factor/recovery-codes", codes.is(409));
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
    for format in ["text", "html"] {
        let events = lin.events(&format!("{path}/events?format={format}")).await.until_end().await;
        events.iter().for_each(|(_, _, data)| document.check_schema(data, "ChatEvent"));
    }
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
    check("post", "/auth/logout", app.client().post("/api/v1/auth/logout", &json!({})).await.is(401));
    lin.post("/api/v1/auth/logout", &json!({})).await.is(204);
}

/// The demo model never fails, thinks, or stops at a length limit, so this test uses the fake model server.
#[tokio::test(flavor = "multi_thread")]
async fn answers_of_every_kind_are_as_described() {
    let app = App::with_upstream().await;
    let (document, lin) = (Document::of(&app).await, app.person("lin").await);
    for model in ["401", "think-only", "think-tags", "length"] {
        let new = json!({ "model": format!("acme/{model}"), "title": "Set" });
        let path =
            format!("/api/v1/conversations/{}", lin.post("/api/v1/conversations", &new).await.is(201).id());
        lin.post(&format!("{path}/messages"), &json!({ "content": "Hi" })).await.is(202);
        let events = lin.events(&format!("{path}/events")).await.until_end().await;
        events.iter().for_each(|(_, _, data)| document.check_schema(data, "ChatEvent"));
        let window = lin.get(&format!("{path}/messages")).await.is(200);
        let window = document.check_answer("get", "/conversations/{id}/messages", &window);
        let answer = &window["items"][1];
        let shown = ["failure", "reasoning", "length_limited"].map(|name| answer.get(name).is_some());
        let expected = match model {
            "401" => [true, false, false],
            "think-only" => [true, true, false],
            "think-tags" => [false, true, false],
            _ => [false, false, true],
        };
        assert_eq!(shown, expected, "{model}: {answer}");
    }
}

/// Records and events are checked with all optional fields, and without them.
#[tokio::test(flavor = "multi_thread")]
async fn every_event_and_every_record_is_as_described() {
    let app = App::start().await;
    let document = Document::of(&app).await;
    let (id, text) = (|| "a".to_owned(), || Some("x".to_owned()));
    let question = message(Role::User);
    let timings = Timings { first_token_ms: Some(1), duration_ms: Some(2), reasoning_ms: Some(3) };
    let usage = Some(Usage { prompt_tokens: 1, completion_tokens: 2 });
    let full = Message {
        parent_id: text(),
        model: text(),
        usage,
        length_limited: true,
        timings,
        left_out: 3,
        ..question.clone()
    };
    let wait = Reason::new("duration-seconds").with("count", 20);
    let reason = Reason::new("late").with("seconds", 3).with("wait", wait);
    let failed = Failure { code: FailureCode::Timeout, reason, retryable: true };
    let events = [
        ChatEvent::started(&question, None),
        ChatEvent::started(&full, Some(&question)),
        ChatEvent::Delta { message_id: id(), text: id() },
        ChatEvent::Reasoning { message_id: id(), text: id() },
        ChatEvent::Block { message_id: id(), index: 0, html: id() },
        ChatEvent::Lines { message_id: id(), index: 0, html: id() },
        ChatEvent::Title { title: id() },
        ChatEvent::ended(&question),
        ChatEvent::ended(&full),
        ChatEvent::failed(id(), failed, timings),
        ChatEvent::Message((&question).into()),
        ChatEvent::Deleted { message_id: id() },
        ChatEvent::Reset { message_id: id() },
        ChatEvent::Changed {},
        ChatEvent::Queue {},
        ChatEvent::members(Vec::new()),
        ChatEvent::Members { gone: vec![id()], title: Some(id()), reread: true },
        ChatEvent::Typing { user_id: id(), name: id() },
        ChatEvent::Reactions { message_id: id(), reactions: question.talk.reactions.clone() },
    ];
    events.iter().for_each(|event| document.check_schema(event, "ChatEvent"));
    let forms = document.0["components"]["schemas"]["ChatEvent"]["oneOf"].as_array().unwrap();
    // An event that is made of several parts has its name in one of them.
    let named = |form: &Value| {
        let parts = form["allOf"].as_array().into_iter().flatten().chain([form]);
        let mut words = parts.filter_map(|part| part["properties"]["event"]["enum"][0].as_str());
        words.next().unwrap_or_else(|| panic!("{form} has no name")).to_owned()
    };
    let described: BTreeSet<_> = forms.iter().map(named).collect();
    assert_eq!(described, events.iter().map(|event| event.name().to_owned()).collect());
    let price = Price { input: 0.5, output: 2.0, currency: "USD".into() };
    let all = Some(true);
    let known = Traits { context: Some(8_192), vision: all, reasoning: all, tools: all, price: Some(price) };
    for traits in [Traits::default(), known] {
        document.check_schema(&Model { traits, ..Model::new("acme", "one") }, "Model");
    }
    for set in [None, text()] {
        let (id, model, system_prompt, leaf_id) = (id(), set.clone(), set.clone(), set.clone());
        let params = set.as_ref().map(|_| Params {
            temperature: Some(0.5),
            top_p: Some(0.5),
            max_tokens: Some(1),
            reasoning_effort: Some(ReasoningEffort::Low),
            turns: Some(1),
        });
        let params = params.unwrap_or_default();
        let conversation = Conversation {
            id,
            kind: ConversationKind::Private,
            title: String::new(),
            model,
            system_prompt,
            params: params.clone(),
            pinned: true,
            archived: false,
            unread: false,
            running: false,
            leaf_id,
            created_at: 1,
            updated_at: 2,
        };
        document.check_schema(&conversation, "Conversation");
        let binned = Binned { conversation: conversation.clone(), deleted_at: 3 };
        document.check_schema(&binned, "Binned");
        let queued = Queued {
            id: "a".into(),
            author_id: "p".into(),
            text: "x".into(),
            message_id: set.clone(),
            model: set.clone(),
            position: 0,
            refused: set.as_ref().map(|_| Reason::new("late")),
            refused_message: set.clone(),
            waits_until: set.as_ref().map(|_| 1),
            waits_message: set.clone(),
            created_at: 1,
        };
        document.check_schema(&QuestionQueue { items: vec![queued], waits: true }, "QuestionQueue");
        let some_time = set.as_ref().map(|_| 1);
        let user = User {
            id: conversation.id,
            login: "lin".into(),
            email: set.clone(),
            email_verified: set.is_some(),
            name: "Lin".into(),
            role: UserRole::Member,
            state: UserState::Active,
            tier: set.clone(),
            tier_until: some_time,
            language: set.clone(),
            preferences: Preferences {
                last_model: set.clone(),
                system_prompt: set,
                params,
                ..Preferences::default()
            },
            created_at: 1,
            seen_at: some_time,
            deletes_at: some_time,
        };
        document.check_schema(&user, "User");
    }
}

fn message(role: Role) -> Message {
    Message {
        id: "a".into(),
        conversation_id: "c".into(),
        author_id: "p".into(),
        parent_id: None,
        role,
        content: "text".into(),
        reasoning: String::new(),
        status: Status::Complete,
        model: None,
        usage: None,
        failure: None,
        length_limited: false,
        timings: Timings::default(),
        left_out: 0,
        continued: false,
        talk: Talk::default(),
        created_at: 1,
        revision: 7,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_states_what_it_needs_and_every_part_of_the_document_is_used() {
    let app = App::start().await;
    let document = Document::of(&app).await;
    let mut ids = BTreeSet::new();
    for (method, path, call) in document.calls() {
        let name = format!("{method} {path}");
        assert!(call["summary"].is_string() && ids.insert(call["operationId"].as_str().unwrap()), "{name}");
        let answers = |status: &str| call["responses"][status].is_object();
        let needs = [
            (call["security"] != json!([{}]), vec!["401"]),
            (path.contains("{id}"), vec!["404"]),
            (call["requestBody"].is_object(), vec!["413", "415", "422"]),
        ];
        for status in needs.into_iter().filter(|(needed, _)| *needed).flat_map(|(_, statuses)| statuses) {
            assert!(answers(status), "{name} {status}");
        }
        for (status, answer) in call["responses"].as_object().unwrap() {
            assert!(answer["description"].as_str().is_some_and(|text| !text.is_empty()), "{name} {status}");
            let problem = answer["content"]["application/problem+json"]["schema"]["$ref"].as_str();
            let expected = status.starts_with('4') || status.starts_with('5');
            assert_eq!(problem == Some("#/components/schemas/Problem"), expected, "{name} {status}");
        }
    }
    let text = document.0.to_string();
    for name in document.0["components"]["schemas"].as_object().unwrap().keys() {
        assert!(text.contains(&format!("\"#/components/schemas/{name}\"")), "{name} is not used");
    }
    for reference in text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(document.0.pointer(reference).is_some(), "{reference}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_lists_every_call_and_links_within_itself() {
    let app = App::start().await;
    let document = app.client().get("/api/openapi.json").await.is(200);
    assert_eq!(document.header("content-type"), "application/json");
    let document = document.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let page = app.client().browser().get("/api/docs").await.is(200).text();
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(page.contains(path.as_str()), "{path}");
    }
    for event in ["started", "changed"] {
        assert!(page.contains(&format!("string {event}<")), "{event}");
    }
    assert!(!page.contains("<script") && !page.contains("[object"), "{page}");
    let ids: BTreeSet<&str> =
        page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let links: BTreeSet<&str> =
        page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let paths = document["paths"].as_object().unwrap().values();
    let calls: usize = paths.map(|path| path.as_object().unwrap().len()).sum();
    assert!(links.len() == calls && links.is_subset(&ids), "{links:?} {ids:?}");
}
