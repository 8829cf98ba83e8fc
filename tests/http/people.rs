//! Register, sign in, sign out, change oneself.

use inglenook::{domain::UserState, server::store::UserPatch};
use serde_json::json;

use crate::app::{App, PASSWORD};

const REGISTER: &str = "/api/v1/auth/register";
const LOGIN: &str = "/api/v1/auth/login";
const LOGOUT: &str = "/api/v1/auth/logout";
const ME: &str = "/api/v1/me";

#[tokio::test]
async fn the_first_is_the_administrator_and_the_next_are_not() {
    let app = App::start().await;
    let form = json!({ "email": " Lin@Example.org", "password": PASSWORD, "more": 1 });
    let first = app.client().post(REGISTER, &form).await.is(201);
    assert_eq!(first.json()["user"]["role"], "admin");
    assert_eq!(first.json()["user"]["email"], "lin@example.org");
    assert_eq!(first.json()["user"]["name"], "lin");
    assert!(first.json()["expires_at"].as_i64().unwrap() > app.state.clock.now());
    assert_eq!(first.header("cache-control"), "no-store");
    assert!(!first.text().contains("argon2"));
    let second = app.person("kim").await;
    assert_eq!(second.get(ME).await.is(200).json()["role"], "member");
    app.client().post(REGISTER, &form).await.problem(409, "");
}

#[tokio::test]
async fn closed_registration_lets_only_the_first_in() {
    let app = App::with(&[("INGLENOOK_AUTH_REGISTRATION", "closed")]).await;
    app.person("lin").await;
    let form = json!({ "email": "kim@example.org", "password": PASSWORD });
    app.client().post(REGISTER, &form).await.problem(403, "");
}

#[tokio::test]
async fn what_cannot_be_registered() {
    let app = App::start().await;
    let long = "x".repeat(2000);
    for (form, field) in [
        (json!({ "password": PASSWORD }), "email"),
        (json!({ "email": "lin@example.org" }), "password"),
        (json!({ "email": 7, "password": PASSWORD }), "email"),
        (json!({ "email": "lin", "password": PASSWORD }), "email"),
        (json!({ "email": "l\0n@example.org", "password": PASSWORD }), "email"),
        (json!({ "email": "lin@example.org", "password": "short" }), "password"),
        (json!({ "email": "lin@example.org", "password": long }), "password"),
        (json!({ "email": "lin@example.org", "password": PASSWORD, "name": "a\0b" }), "name"),
        (json!(["lin@example.org", PASSWORD, "lin"]), ""),
    ] {
        app.client().post(REGISTER, &form).await.problem(422, field);
    }
}

#[tokio::test]
async fn signing_in_and_out() {
    let app = App::start().await;
    app.person("lin").await;
    let form = json!({ "email": "LIN@example.org", "password": PASSWORD });
    let answer = app.client().post(LOGIN, &form).await.is(200);
    let by_cookie = app.client().cookie(&answer.cookie());
    let by_token = app.client().bearer(answer.json()["token"].as_str().unwrap());
    assert_eq!(by_cookie.get(ME).await.is(200).json(), by_token.get(ME).await.is(200).json());
    let out = by_token.post(LOGOUT, &json!({})).await.is(204);
    assert!(out.body.is_empty() && out.header("set-cookie").contains("Max-Age=0"), "{out:?}");
    for client in [by_cookie, by_token, app.client()] {
        let refused = client.get(ME).await.problem(401, "");
        assert_eq!(refused.header("www-authenticate"), "Bearer");
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_look_the_same() {
    let app = App::start().await;
    app.person("lin").await;
    let wrong =
        app.client().post(LOGIN, &json!({ "email": "lin@example.org", "password": "wrong horse" })).await;
    let unknown =
        app.client().post(LOGIN, &json!({ "email": "kim@example.org", "password": PASSWORD })).await;
    let (wrong, unknown) = (wrong.problem(401, ""), unknown.problem(401, ""));
    assert_eq!(wrong.without_request_id(), unknown.without_request_id());
    assert_eq!(wrong.without_request_id()["code"], "wrong_credentials");
    assert!(wrong.header("set-cookie").is_empty());
}

#[tokio::test]
async fn after_ten_failures_there_is_a_wait() {
    let app = App::start().await;
    app.person("lin").await;
    let wrong = json!({ "email": "lin@example.org", "password": "wrong horse" });
    for _ in 0..10 {
        app.client().post(LOGIN, &wrong).await.is(401);
    }
    let right = json!({ "email": "lin@example.org", "password": PASSWORD });
    let refused = app.client().post(LOGIN, &right).await.problem(429, "");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=301).contains(&seconds), "{seconds}");
    app.client().post(LOGIN, &json!({ "email": "kim@example.org", "password": PASSWORD })).await.is(401);
}

#[tokio::test]
async fn the_cookie_follows_the_address_of_the_site() {
    let plain = App::start().await;
    let form = json!({ "email": "lin@example.org", "password": PASSWORD });
    let answer = plain.client().post(REGISTER, &form).await.is(201);
    let cookie = answer.header("set-cookie");
    for part in ["inglenook_", "; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age="] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert!(!cookie.contains("Secure") && !cookie.starts_with("__Host-"), "{cookie}");
    let https = App::with(&[("INGLENOOK_PUBLIC_URL", "https://chat.example.org")]).await;
    let browser = https.client().header("host", "chat.example.org");
    let answer = browser.post(REGISTER, &form).await.is(201);
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-inglenook_") && cookie.ends_with("; Secure"), "{cookie}");
    assert!(cookie.contains("; Path=/") && !cookie.contains("Domain"), "{cookie}");
    browser.clone().cookie(&answer.cookie()).get(ME).await.is(200);
    let bare = answer.cookie().replace("__Host-", "");
    browser.cookie(&bare).get(ME).await.is(401);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let app = App::start().await;
    let here = app.person("lin").await;
    let form = json!({ "email": "lin@example.org", "password": PASSWORD });
    let there = app.client().post(LOGIN, &form).await.is(200);
    let there = app.client().bearer(there.json()["token"].as_str().unwrap());
    here.patch(ME, &json!({ "new_password": "battery staple" })).await.problem(422, "password");
    here.patch(ME, &json!({ "password": PASSWORD })).await.problem(422, "new_password");
    here.patch(ME, &json!({ "password": "wrong", "new_password": "battery staple" }))
        .await
        .problem(422, "password");
    here.patch(ME, &json!({ "password": PASSWORD, "new_password": "short" }))
        .await
        .problem(422, "new_password");
    there.get(ME).await.is(200);
    here.patch(ME, &json!({ "password": PASSWORD, "new_password": "battery staple" })).await.is(200);
    there.get(ME).await.is(401);
    here.get(ME).await.is(200);
    app.client().post(LOGIN, &form).await.is(401);
    app.client()
        .post(LOGIN, &json!({ "email": "lin@example.org", "password": "battery staple" }))
        .await
        .is(200);
}

#[tokio::test]
async fn a_name_can_be_changed() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    assert_eq!(lin.patch(ME, &json!({ "name": " 林 😀 " })).await.is(200).json()["name"], "林 😀");
    assert_eq!(lin.get(ME).await.json()["name"], "林 😀");
    lin.patch(ME, &json!({ "name": "x".repeat(101) })).await.problem(422, "name");
    assert_eq!(lin.patch(ME, &json!({})).await.is(200).json()["name"], "林 😀");
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let id = lin.get(ME).await.id();
    let patch = UserPatch { state: Some(UserState::Disabled), ..Default::default() };
    app.state.store.update_user(&id, &patch).await.unwrap().unwrap();
    lin.get(ME).await.is(401);
    let form = json!({ "email": "lin@example.org", "password": PASSWORD });
    assert_eq!(app.client().post(LOGIN, &form).await.is(401).json()["code"], "wrong_credentials");
}

#[tokio::test]
async fn models_are_for_those_who_are_signed_in() {
    let app = App::start().await;
    app.client().get("/api/v1/models").await.problem(401, "");
    let models = app.person("lin").await.get("/api/v1/models").await.is(200).json();
    assert_eq!(models["items"], json!([{ "id": "demo/demo", "name": "demo", "provider": "demo" }]));
}
