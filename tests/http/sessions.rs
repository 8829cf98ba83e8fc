//! Closed registration, and the streams that end with a session.

use std::time::Duration;

use futures::future::join_all;
use inglenook::server::store::Visit;
use serde_json::json;

use super::{
    app::{App, PASSWORD},
    tokens::claims_of,
};

const REGISTER: &str = "/api/v1/auth/register";
const LOGIN: &str = "/api/v1/auth/login";

#[tokio::test(flavor = "multi_thread")]
async fn closed_registration_lets_in_one_of_fifty_who_come_at_once() {
    let app = App::with(&[
        ("INGLENOOK_AUTH_REGISTRATION", "closed"),
        ("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "1000"),
    ])
    .await;
    let client = app.client();
    let all = join_all((0..50).map(|at| {
        let form = json!({ "email": format!("u{at}@example.org"), "password": PASSWORD });
        let client = client.clone();
        async move { client.post(REGISTER, &form).await }
    }))
    .await;
    let statuses: Vec<u16> = all.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 403, 429, 503].contains(status)), "{statuses:?}");
    assert_eq!(app.database.users().await, 1);
}

/// Fifty at once with this code. Gives the statuses of their answers and the roles of those who were let in.
async fn fifty(app: &App, code: &str) -> (Vec<u16>, Vec<String>) {
    let client = app.client();
    let all = join_all((0..50).map(|at| {
        let form = json!({ "email": format!("u{at}@example.org"), "password": PASSWORD, "code": code });
        let client = client.clone();
        async move { client.post(REGISTER, &form).await }
    }))
    .await;
    let made = all.iter().filter(|answer| answer.status == 201);
    let roles = made.map(|answer| answer.json()["user"]["role"].as_str().unwrap().to_owned()).collect();
    (all.iter().map(|answer| answer.status).collect(), roles)
}

#[tokio::test(flavor = "multi_thread")]
async fn where_others_reach_the_site_only_the_link_makes_the_administrator() {
    let app = App::with(&[
        ("INGLENOOK_LISTEN", "0.0.0.0:3000"),
        ("INGLENOOK_LIMITS_REGISTRATIONS_PER_HOUR", "1000"),
        ("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "1000"),
    ])
    .await;
    let code = app.state.accounts.new_first_code().await.unwrap().unwrap();
    let newest = app.state.accounts.new_first_code().await.unwrap().unwrap();
    let form = |code: &str| json!({ "email": "lin@example.org", "password": PASSWORD, "code": code });
    for wrong in ["", &*code, "0123456789ABCDEFGHJKMNPQRS", "密码", &"0".repeat(64)] {
        app.client().post(REGISTER, &form(wrong)).await.problem(403, "");
    }
    for long in ["0".repeat(65), "密".repeat(65), "0".repeat(100_000)] {
        app.client().post(REGISTER, &form(&long)).await.problem(422, "code");
    }
    let (statuses, roles) = fifty(&app, "").await;
    assert!(roles.is_empty() && statuses.iter().all(|status| [403, 503].contains(status)), "{statuses:?}");
    assert_eq!(app.database.users().await, 0);
    let (statuses, roles) = fifty(&app, &newest).await;
    assert_eq!(roles, ["admin"], "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 403, 422, 429, 503].contains(status)), "{statuses:?}");
    assert_eq!(app.database.users().await, 1);
    // It is worth nothing afterwards, and others need none.
    assert_eq!(app.state.accounts.new_first_code().await.unwrap(), None);
    let form = json!({ "email": "kim@example.org", "password": PASSWORD, "code": newest });
    app.client().post(REGISTER, &form).await.problem(422, "code");
    let kim = app.person("kim").await.get("/api/v1/me").await.is(200).json();
    assert_eq!(kim["role"], "member");
}

#[tokio::test(flavor = "multi_thread")]
async fn by_invitation_nobody_registers_without_one() {
    let app = App::with(&[("INGLENOOK_AUTH_REGISTRATION", "invite")]).await;
    app.person("lin").await;
    let form = json!({ "email": "kim@example.org", "password": PASSWORD });
    let refused = app.client().post(REGISTER, &form).await.problem(403, "");
    assert!(refused.text().contains("invitation"), "{}", refused.text());
    let page = app.client().get("/register").await.is(200).text();
    assert!(page.contains("invitation") && !page.contains("/fn/register"), "{page}");
    assert!(!app.client().get("/login").await.is(200).text().contains("/register"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_link_hands_the_code_on_and_keeps_it_when_the_form_is_refused() {
    let app = App::with(&[("INGLENOOK_LISTEN", "0.0.0.0:3000")]).await;
    let code = app.state.accounts.new_first_code().await.unwrap().unwrap();
    let browser = app.client().browser();
    let without = browser.get("/register").await.is(200).text();
    assert!(without.contains("terminal or the log") && !without.contains("/fn/register"), "{without}");
    let page = browser.get(&format!("/register?first={code}")).await.is(200);
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "same-origin"));
    assert!(page.text().contains(&format!("name=\"code\" value=\"{code}\"")), "{}", page.text());
    let form = format!("email=lin@example.org&password=short&code={code}");
    // A browser without JavaScript names the page, or nothing.
    let named = browser.clone().header("referer", &format!("http://localhost:3000/register?first={code}"));
    for browser in [named, browser.clone()] {
        let refused = browser.post_form("/fn/register", &form).await.is(302);
        let back = refused.header("location").to_owned();
        assert!(back.starts_with(&format!("/register?first={code}&flash=")), "{back}");
        let again = browser.get(&back).await.is(200).text();
        assert!(again.contains("at least 8 characters") && again.contains(&code), "{again}");
    }
    let form = format!("email=lin@example.org&password=correct+horse&code={code}");
    let done = browser.post_form("/fn/register", &form).await.is(302);
    assert_eq!(done.header("location"), "/");
    let used = browser.get(&format!("/register?first={code}")).await.is(200).text();
    assert!(!used.contains(&code), "{used}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_the_streams_of_the_other_sessions_only() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let form = json!({ "email": "lin@example.org", "password": PASSWORD });
    let other = app.client().post(LOGIN, &form).await.is(200).json();
    let other = app.client().bearer(other["token"].as_str().unwrap());
    let path = format!("/api/v1/conversations/{}/events", lin.conversation().await);
    let (mut own, mut ends) = (lin.events(&path).await, other.events(&path).await);
    let change = json!({ "password": PASSWORD, "new_password": "another horse" });
    lin.patch("/api/v1/me", &change).await.is(200);
    assert_eq!(ends.next().await, None);
    other.get("/api/v1/me").await.is(401);
    lin.get("/api/v1/me").await.is(200);
    let still = tokio::time::timeout(Duration::from_millis(300), own.next()).await;
    assert!(still.is_err(), "the own stream goes on: {still:?}");
}

/// Very many sessions end at once. The streams of other sessions must go on, and no end may be lost.
#[tokio::test(flavor = "multi_thread")]
async fn many_sessions_that_end_at_once_end_no_other() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let path = format!("/api/v1/conversations/{}/events", lin.conversation().await);
    let mut events = lin.events(&path).await;
    for at in 0..200 {
        app.state.live.end_sessions(&[format!("session {at}")]);
    }
    let still = tokio::time::timeout(Duration::from_millis(300), events.next()).await;
    assert!(still.is_err(), "the stream goes on: {still:?}");
    lin.post("/api/v1/auth/logout", &json!({})).await.is(204);
    assert_eq!(events.next().await, None);
}

/// A session expires, or another process ends it in the database.
#[tokio::test(flavor = "multi_thread")]
async fn streams_of_sessions_that_are_gone_or_disabled_end_with_the_next_look() {
    let app = App::start().await;
    for how in ["gone", "expired", "disabled"] {
        let name = format!("lin-{how}");
        let person = app.person(&name).await;
        let stays = app.person(&format!("{name}-stays")).await;
        let path = |id: String| format!("/api/v1/conversations/{id}/events");
        let mut ends = person.events(&path(person.conversation().await)).await;
        let mut goes_on = stays.events(&path(stays.conversation().await)).await;
        let claims = claims_of(person.token());
        let (user, session) = (claims["sub"].as_str().unwrap(), claims["sid"].as_str().unwrap());
        let past = Visit { at: 1, expires_at: 1, address: "" };
        match how {
            "gone" => assert!(app.state.store.delete_session(session).await.unwrap()),
            "expired" => assert!(app.state.store.touch_session(session, past).await.unwrap()),
            _ => app.database.disable(user).await,
        }
        app.state.relay.end_stale_sessions().await.unwrap();
        assert_eq!(ends.next().await, None, "{how}");
        let still = tokio::time::timeout(Duration::from_millis(200), goes_on.next()).await;
        assert!(still.is_err(), "{how}: {still:?}");
    }
}
