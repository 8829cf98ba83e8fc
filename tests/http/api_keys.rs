//! API keys: made and ended, what each scope may, and where a key is nothing.

use axum::{body::Body, http::Method};
use serde_json::{Value, json};

use super::{
    app::{App, Client, PASSWORD},
    time::Hands,
};

const KEYS: &str = "/api/v1/me/keys";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Makes a key, and returns what is told of it.
async fn make(person: &Client, scope: &str) -> Value {
    person.post(KEYS, &json!({ "name": " Bot 🤖 ", "scope": scope })).await.is(201).json()
}

/// A client that sends a new key of this scope.
async fn with_key(app: &App, person: &Client, scope: &str) -> Client {
    app.client().bearer(make(person, scope).await["key"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_told_once_and_stored_as_a_hash() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let made = make(&lin, "read").await;
    let text = made["key"].as_str().unwrap();
    let secret = text.rsplit_once(made["id"].as_str().unwrap()).unwrap().1.strip_prefix('_').unwrap();
    assert!(text.starts_with("ink_") && secret.len() == 43, "{text}");
    assert_eq!((&made["name"], &made["scope"]), (&json!("Bot 🤖"), &json!("read")));
    assert!(made["used_at"].is_null() && made["expires_at"].is_null(), "{made}");
    let listed = lin.get(KEYS).await.is(200);
    assert!(!listed.text().contains(secret) && !listed.text().contains("hash"), "{}", listed.text());
    assert_eq!(listed.json()["items"][0]["id"], made["id"]);
    let (session, _) = app.state.store.session(made["id"].as_str().unwrap()).await.unwrap().unwrap();
    assert!(!format!("{session:?}").contains(secret));
    let audit = lin.get("/api/v1/admin/audit?kind=key_made").await.is(200);
    assert_eq!(audit.json()["items"][0]["subject"]["name"], "Bot 🤖");
    assert!(!audit.text().contains(secret));
    // It is no device.
    assert_eq!(lin.get("/api/v1/me/sessions").await.is(200).json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_a_new_key_is_checked() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    for (body, field) in [
        (json!({ "scope": "read" }), "name"),
        (json!({ "name": " ", "scope": "read" }), "name"),
        (json!({ "name": "x".repeat(61), "scope": "read" }), "name"),
        (json!({ "name": "a\0b", "scope": "read" }), "name"),
        (json!({ "name": { "$gt": "" }, "scope": "read" }), "name"),
        (json!({ "name": "x" }), "scope"),
        (json!({ "name": "x", "scope": "admin" }), "scope"),
        (json!({ "name": "x", "scope": "read", "days": 0 }), "days"),
        (json!({ "name": "x", "scope": "read", "days": 3651 }), "days"),
        (json!({ "name": "x", "scope": "read", "days": -1 }), "days"),
    ] {
        lin.post(KEYS, &body).await.problem(422, field);
    }
    assert!(lin.get(KEYS).await.is(200).json()["items"].as_array().unwrap().is_empty());
    app.client().post(KEYS, &json!({ "name": "x", "scope": "read" })).await.problem(401, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_scope_may_what_it_says() {
    let app = App::start().await;
    app.person("lin").await;
    let kim = app.person("kim").await;
    let conversation = kim.conversation().await;
    let asked = kim.ask(&conversation, "Hello").await;
    let answer = asked["assistant_message"]["id"].as_str().unwrap();
    let path = format!("/api/v1/conversations/{conversation}");
    let [read, chat, all] = [
        with_key(&app, &kim, "read").await,
        with_key(&app, &kim, "chat").await,
        with_key(&app, &kim, "all").await,
    ];
    // A call and how far a key must reach for it: 1 is read, 2 chat, 3 all.
    let calls = [
        (1, "GET", "/api/v1/me".to_owned(), ""),
        (1, "GET", "/api/v1/models".to_owned(), ""),
        (1, "GET", "/api/v1/conversations".to_owned(), ""),
        (1, "GET", path.clone(), ""),
        (1, "GET", format!("{path}/messages"), ""),
        (1, "GET", format!("{path}/queue"), ""),
        (1, "GET", "/api/v1/bin".to_owned(), ""),
        (2, "POST", "/api/v1/conversations".to_owned(), "{}"),
        (2, "PATCH", path.clone(), r#"{"title":"New"}"#),
        (2, "POST", format!("{path}/messages"), r#"{"content":"Hi"}"#),
        (2, "POST", format!("/api/v1/messages/{answer}/select"), "{}"),
        (3, "PATCH", "/api/v1/me".to_owned(), r#"{"name":"Kim"}"#),
        (3, "GET", "/api/v1/me/sessions".to_owned(), ""),
        (3, "GET", KEYS.to_owned(), ""),
    ];
    for (needed, method, path, body) in &calls {
        for (reach, client) in [(1, &read), (2, &chat), (3, &all)] {
            let kind = (!body.is_empty()).then_some("application/json");
            let sent = client.send_head_first(method.parse().unwrap(), path, (*body).into(), kind).await;
            if reach >= *needed {
                assert!(![401, 403].contains(&sent.status), "{method} {path} {reach}: {}", sent.text());
                continue;
            }
            let refused = sent.problem(403, "").json();
            assert_eq!(refused["code"], "scope_too_small", "{method} {path} {reach}");
            let word = ["", "read", "chat", "all"][*needed as usize];
            assert!(refused["detail"].as_str().unwrap().contains(&format!("“{word}”")), "{refused}");
        }
    }
    read.events(&format!("{path}/events")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_does_nothing_that_needs_a_proof_and_administers_for_administrators_alone() {
    let app = App::start().await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    for person in [&lin, &kim] {
        let key = with_key(&app, person, "all").await;
        key.post(KEYS, &json!({ "name": "More", "scope": "all" })).await.problem(403, "");
        let change = json!({ "password": PASSWORD, "new_password": "another horse" });
        key.patch("/api/v1/me", &change).await.problem(403, "");
        key.post("/api/v1/auth/logout", &json!({})).await.problem(403, "");
        assert_eq!(person.get(KEYS).await.json()["items"].as_array().unwrap().len(), 1);
    }
    with_key(&app, &kim, "all").await.get("/api/v1/admin/audit").await.problem(404, "");
    with_key(&app, &lin, "all").await.get("/api/v1/admin/audit").await.is(200);
    for scope in ["read", "chat"] {
        with_key(&app, &lin, scope).await.get("/api/v1/admin/audit").await.problem(403, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_nothing_outside_of_the_api_and_in_no_other_place() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let key = with_key(&app, &lin, "all").await;
    let text = key.token().to_owned();
    for path in ["/", "/settings", "/history", "/admin/audit"] {
        let page = key.clone().browser().get(path).await;
        assert!(page.header("location").starts_with("/login"), "{path}: {}", page.status);
    }
    key.post_form("/fn/history", "").await.is(401);
    key.post_form("/fn/end-other-devices", "").await.is(401);
    for cookie in [format!("inglenook={text}"), lin_cookie_name(&app, &text)] {
        app.client().cookie(&cookie).get("/api/v1/me").await.is(401);
    }
    app.client().get(&format!("/api/v1/me?key={text}&access_token={text}&token={text}")).await.is(401);
    let basic = app.client().header("authorization", &format!("Basic {text}"));
    basic.get("/api/v1/me").await.is(401);
    app.client().header("x-api-key", &text).get("/api/v1/me").await.is(401);
}

fn lin_cookie_name(app: &App, text: &str) -> String {
    format!("{}={text}", app.state.site.cookie_name)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_key_is_nothing() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let made = make(&lin, "all").await;
    let (text, id) = (made["key"].as_str().unwrap(), made["id"].as_str().unwrap());
    let other = make(&lin, "all").await["key"].as_str().unwrap().to_owned();
    let session = super::tokens::claims_of(lin.token())["sid"].as_str().unwrap().to_owned();
    let secret = &text[text.len() - 43..];
    for forged in [
        format!("ink_{id}_{}", "A".repeat(43)),
        format!("ink_{id}_"),
        format!("ink_{id}_{}", &other[other.len() - 43..]),
        format!("ink_{}_{secret}", "0".repeat(26)),
        // A browser's row has no secret.
        format!("ink_{session}_{}", "A".repeat(43)),
        text[..text.len() - 1].to_owned(),
        format!("{text}A"),
        text.to_lowercase(),
        id.to_owned(),
        format!("ink_{}", "x".repeat(5000)),
    ] {
        app.client().bearer(&forged).get("/api/v1/me").await.is(401);
    }
    app.client().bearer(text).get("/api/v1/me").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_ends_and_its_streams_end_with_it() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let kim = app.person("kim").await;
    for how in ["ended", "disabled"] {
        let made = make(&kim, "chat").await;
        let key = app.client().bearer(made["key"].as_str().unwrap());
        let path = format!("/api/v1/conversations/{}/events", key.conversation().await);
        let mut stream = key.events(&path).await;
        match how {
            "ended" => {
                let path = format!("{KEYS}/{}", made["id"].as_str().unwrap());
                lin.delete(&path).await.problem(404, "");
                kim.delete(&path).await.is(204);
                kim.delete(&path).await.problem(404, "");
                // A browser is ended elsewhere.
                let own = super::tokens::claims_of(kim.token())["sid"].as_str().unwrap().to_owned();
                kim.delete(&format!("{KEYS}/{own}")).await.problem(404, "");
            }
            _ => {
                app.database.disable(&kim.id().await).await;
                app.state.relay.end_stale_sessions().await.unwrap();
            }
        }
        assert_eq!(stream.next().await, None, "{how}");
        key.get("/api/v1/me").await.is(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_outlives_a_new_password_and_the_other_devices() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let key = with_key(&app, &lin, "read").await;
    let change = json!({ "password": PASSWORD, "new_password": "another horse" });
    lin.patch("/api/v1/me", &change).await.is(200);
    lin.delete("/api/v1/me/sessions").await.is(204);
    key.get("/api/v1/me").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_its_time_and_tells_when_it_was_used() {
    let (clock, hands) = Hands::new();
    let app = App::at(&[], clock).await;
    let lin = app.person("lin").await;
    let new = json!({ "name": "Bot", "scope": "read", "days": 1 });
    let made = lin.post(KEYS, &new).await.is(201).json();
    let begun = app.state.clock.now();
    assert_eq!(made["expires_at"], begun + DAY_MS);
    let key = app.client().bearer(made["key"].as_str().unwrap()).from("203.0.113.9:5".parse().unwrap());
    let used = async || {
        let item = lin.get(KEYS).await.is(200).json()["items"][0].clone();
        (item["used_at"].as_i64(), item["used_from"].as_str().map(str::to_owned))
    };
    assert_eq!(used().await, (None, None));
    key.get("/api/v1/me").await.is(200);
    let place = Some("203.0.113.9".to_owned());
    let first = begun + 1;
    assert_eq!(used().await, (Some(first), place.clone()));
    hands.turn(9 * 60 * 1000);
    key.get("/api/v1/me").await.is(200);
    assert_eq!(used().await, (Some(first), place.clone()), "not noted again so soon");
    hands.turn(2 * 60 * 1000);
    key.get("/api/v1/me").await.is(200);
    assert_eq!(used().await, (Some(begun + 11 * 60 * 1000), place));
    hands.turn(DAY_MS - 11 * 60 * 1000 - 1);
    key.get("/api/v1/me").await.is(200);
    hands.turn(1);
    key.get("/api/v1/me").await.is(401);
    assert!(lin.get(KEYS).await.is(200).json()["items"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_more_than_fifty_is_refused() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let first = with_key(&app, &lin, "read").await;
    for _ in 0..49 {
        make(&lin, "read").await;
    }
    lin.post(KEYS, &json!({ "name": "One more", "scope": "read" })).await.problem(409, "");
    assert_eq!(lin.get(KEYS).await.is(200).json()["items"].as_array().unwrap().len(), 50);
    first.get("/api/v1/me").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_makes_a_key_and_shows_it_once() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let page = app.client().cookie(&format!("inglenook={}", lin.token())).browser();
    let form = Some("application/x-www-form-urlencoded");
    let post = async |body: &str| {
        page.send(Method::POST, "/settings/devices", Body::from(body.to_owned()), form).await
    };
    let made = post("name=Bot+%3Cb%3E&scope=read&days=30").await.is(200);
    assert_eq!(made.header("cache-control"), "no-store");
    let text = made.text();
    let key = &text[text.find("ink_").unwrap()..][..74];
    app.client().bearer(key).get("/api/v1/me").await.is(200);
    assert!(text.contains("Bot &lt;b&gt;"), "{text}");
    let later = page.get("/settings/devices").await.is(200).text();
    assert!(later.contains("Bot &lt;b&gt;") && !later.contains(&key[30..]), "{later}");
    let refused = post("name=&scope=chat&days=").await.is(422).text();
    assert!(refused.contains("field-error") && refused.contains("60"), "{refused}");
    post("name=x&scope=everything").await.is(422);
    assert_eq!(lin.get(KEYS).await.json()["items"].as_array().unwrap().len(), 1);
    let id = &key[4..30];
    page.post_form("/fn/end-key", &format!("id={id}")).await.is(302);
    app.client().bearer(key).get("/api/v1/me").await.is(401);
    let elsewhere = app.client().cookie(&format!("inglenook={}", lin.token()));
    let elsewhere = elsewhere.header("accept", "text/html").header("sec-fetch-site", "cross-site");
    let foreign = elsewhere.send(Method::POST, "/settings/devices", "name=x&scope=all".into(), form).await;
    assert_eq!(foreign.status, 403);
}
