//! The browsers of a person: listed, and signed out from afar.

use std::time::Duration;

use inglenook::{domain::SessionKind, server::ops::clock::Clock};
use serde_json::{Value, json};

use super::{
    app::{App, Client, PASSWORD},
    client::Events,
    tokens::claims_of,
};

const SESSIONS: &str = "/api/v1/me/sessions";
const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0";

/// One more browser of `lin`.
async fn browser(app: &App) -> Client {
    let form = json!({ "email": "lin@example.org", "password": PASSWORD });
    let browser = app.client().header("user-agent", FIREFOX).from("203.0.113.9:5".parse().unwrap());
    let answer = browser.post("/api/v1/auth/login", &form).await.is(200).json();
    browser.bearer(answer["token"].as_str().unwrap())
}

async fn listed(client: &Client) -> Vec<Value> {
    client.get(SESSIONS).await.is(200).json()["items"].as_array().unwrap().clone()
}

fn session_of(client: &Client) -> String {
    claims_of(client.token())["sid"].as_str().unwrap().to_owned()
}

/// An open stream of a client.
async fn stream(client: &Client) -> Events {
    client.events(&format!("/api/v1/conversations/{}/events", client.conversation().await)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_listed_with_where_they_are() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let firefox = browser(&app).await;
    let all = listed(&lin).await;
    assert_eq!(all.len(), 2);
    let of_firefox = all.iter().find(|device| device["id"] == session_of(&firefox)).unwrap();
    assert_eq!(of_firefox["name"], "Firefox, Windows");
    assert_eq!((&of_firefox["address"], &of_firefox["is_current"]), (&json!("203.0.113.9"), &json!(false)));
    let own = all.iter().find(|device| device["id"] == session_of(&lin)).unwrap();
    assert_eq!(own["is_current"], true);
    let kim = app.person("kim").await;
    assert_eq!(listed(&kim).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_is_signed_out_and_its_streams_end() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let other = browser(&app).await;
    let (mut ends, mut goes_on) = (stream(&other).await, stream(&lin).await);
    let path = format!("{SESSIONS}/{}", session_of(&other));
    app.person("kim").await.delete(&path).await.problem(404, "");
    lin.delete(&path).await.is(204);
    assert_eq!(ends.next().await, None);
    other.get("/api/v1/me").await.is(401);
    lin.delete(&path).await.problem(404, "");
    assert!(tokio::time::timeout(Duration::from_millis(200), goes_on.next()).await.is_err());
    let audit = lin.get("/api/v1/admin/audit?kind=session_ended").await.is(200).json();
    assert_eq!(audit["items"][0]["subject"], json!({ "id": session_of(&other), "name": "Firefox, Windows" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_others_are_signed_out_and_their_streams_end() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let others = [browser(&app).await, browser(&app).await];
    let mut streams = [stream(&others[0]).await, stream(&others[1]).await];
    lin.delete(SESSIONS).await.is(204);
    for (other, stream) in others.iter().zip(&mut streams) {
        assert_eq!(stream.next().await, None);
        other.get("/api/v1/me").await.is(401);
    }
    assert_eq!(listed(&lin).await.len(), 1);
    lin.delete(SESSIONS).await.is(204);
}

/// The other server finds out with its next look, which it takes twice a second.
#[tokio::test(flavor = "multi_thread")]
async fn streams_on_another_server_end_too() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    // Two servers share a MongoDB alone; on SQLite the other one is this one.
    let is_alone = app.state.store.is_alone();
    let beside = if is_alone { None } else { Some(app.beside(Clock::system()).await) };
    let there = beside.as_ref().unwrap_or(&app);
    let other = browser(there).await;
    let (mut ends, mut goes_on) = (stream(&other).await, stream(&there.client().bearer(lin.token())).await);
    lin.delete(&format!("{SESSIONS}/{}", session_of(&other))).await.is(204);
    there.state.relay.end_stale_sessions().await.unwrap();
    assert_eq!(ends.next().await, None);
    assert!(tokio::time::timeout(Duration::from_millis(200), goes_on.next()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_more_than_a_hundred_the_oldest_is_signed_out() {
    let app = App::with(&[("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "1000")]).await;
    let lin = app.person("lin").await;
    let (store, now) = (&app.state.store, app.state.clock.now());
    let (session, _) = store.session(&session_of(&lin)).await.unwrap().unwrap();
    for at in 0..120_i64 {
        let mut more = session.clone();
        more.id = app.state.ids.next();
        more.last_seen_at = now - 1000 - at;
        more.kind = if at < 100 { SessionKind::Browser } else { SessionKind::Key };
        assert!(store.create_session(&more, None).await.unwrap());
    }
    browser(&app).await;
    let all = listed(&lin).await;
    assert_eq!(all.len(), 100);
    // The two that were used longest ago are gone, and no key.
    let oldest = all.iter().map(|device| device["last_seen_at"].as_i64().unwrap()).min();
    assert_eq!(oldest, Some(now - 1000 - 97));
    assert_eq!(store.sessions_of(&lin.id().await, now).await.unwrap().len(), 120);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_signs_out_without_a_script() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let other = browser(&app).await;
    let page = app.client().cookie(&format!("inglenook={}", lin.token())).browser();
    let text = page.get("/settings/devices").await.is(200).text();
    for part in ["Firefox, Windows", "203.0.113.9", "This device", "/fn/end-device", "/fn/end-other-devices"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let ended = page.post_form("/fn/end-device", &format!("id={}", session_of(&other))).await.is(302);
    let location = ended.header("location").to_owned();
    assert!(location.starts_with("/settings/devices?"), "{location}");
    other.get("/api/v1/me").await.is(401);
    let text = page.get(&location).await.is(200).text();
    assert!(text.contains("signed out") && !text.contains("Firefox, Windows"), "{text}");
    page.post_form("/fn/end-device", "id=x").await.is(302);
    let third = browser(&app).await;
    page.post_form("/fn/end-other-devices", "").await.is(302);
    third.get("/api/v1/me").await.is(401);
    lin.get("/api/v1/me").await.is(200);
}
