//! Sessions, keys, flashes and limits, which are valid for a time. The tests set the clock.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use inglenook::server::ops::clock::Clock;
use serde_json::json;

use super::app::{App, PASSWORD};

const ME: &str = "/api/v1/me";
const LOGIN: &str = "/api/v1/auth/login";
const REGISTER: &str = "/api/v1/auth/register";
const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// Sets the time of a clock.
#[derive(Clone)]
pub struct Hands(Arc<AtomicI64>);

impl Hands {
    /// Makes a clock that stands still, and its hands.
    pub fn new() -> (Clock, Self) {
        let hands = Self(Arc::new(AtomicI64::new(4_000_000_000_000)));
        let shown = hands.clone();
        (Clock::from_fn(move || shown.0.load(Ordering::Relaxed)), hands)
    }

    /// Moves the clock by this many milliseconds, forwards or back.
    pub fn turn(&self, by: i64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }
}

async fn with(settings: &[(&str, &str)]) -> (App, Hands) {
    let (clock, hands) = Hands::new();
    (App::at(settings, clock).await, hands)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_a_set_number_of_days_after_it_was_prolonged() {
    let (app, hands) = with(&[("INGLENOOK_AUTH_SESSION_DAYS", "2")]).await;
    let lin = app.person("lin").await;
    let cookie = format!("inglenook={}", lin.token());
    let cookie = app.client().cookie(&cookie).browser().get("/").await.is(200).cookie();
    let browser = app.client().cookie(&cookie);
    // The server prolongs the session once a day, and not earlier.
    hands.turn(DAY);
    assert!(browser.get(ME).await.is(200).cookies().is_empty());
    hands.turn(1);
    let prolonged = browser.get(ME).await.is(200);
    assert!(prolonged.cookies()[0].contains("Max-Age=172800"), "{:?}", prolonged.cookies());
    hands.turn(SECOND);
    assert!(browser.get(ME).await.is(200).cookies().is_empty());
    // A visit within a day after that does not prolong the session, and a later visit within two days does.
    hands.turn(DAY - SECOND);
    lin.get(ME).await.is(200);
    hands.turn(DAY - 1);
    lin.get(ME).await.is(200);
    hands.turn(2 * DAY - 1);
    lin.get(ME).await.is(200);
    hands.turn(2 * DAY);
    lin.get(ME).await.is(401);
    browser.get(ME).await.is(401);
    let led = browser.browser().get("/").await.is(303);
    assert!(led.header("location").starts_with("/login"), "{}", led.header("location"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_session_when_that_runs_out() {
    let (app, hands) = with(&[("INGLENOOK_AUTH_SESSION_DAYS", "2")]).await;
    let (lin, kim) = (app.person("lin").await, app.person("kim").await);
    let path = |id: String| format!("/api/v1/conversations/{id}/events");
    let mut ends = lin.events(&path(lin.conversation().await)).await;
    let mut stays = kim.events(&path(kim.conversation().await)).await;
    hands.turn(DAY + HOUR);
    kim.get(ME).await.is(200);
    app.state.relay.end_stale_sessions().await.unwrap();
    for events in [&mut ends, &mut stays] {
        tokio::time::timeout(std::time::Duration::from_millis(100), events.next()).await.unwrap_err();
    }
    hands.turn(DAY);
    app.state.relay.end_stale_sessions().await.unwrap();
    assert_eq!(ends.next().await, None);
    tokio::time::timeout(std::time::Duration::from_millis(100), stays.next()).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_counts_for_a_day() {
    let (app, hands) = with(&[]).await;
    let lin = app.person("lin").await;
    let path = format!("/api/v1/conversations/{}/messages", lin.conversation().await);
    let keyed = lin.clone().header("idempotency-key", "k");
    let ask = async |content: &str| keyed.post(&path, &json!({ "content": content })).await;
    let answer =
        |asked: super::client::Answer| asked.json()["assistant_message"]["id"].as_str().unwrap().to_owned();
    let first = answer(ask("Why?").await.is(202));
    lin.events(&path.replace("messages", "events")).await.until_end().await;
    hands.turn(DAY - 1);
    assert_eq!(answer(ask("Why?").await.is(202)), first);
    ask("Why not?").await.problem(422, "Idempotency-Key");
    hands.turn(2);
    let second = answer(ask("Why?").await.is(202));
    assert_ne!(first, second);
    // The server removes old rows, but not valid ones.
    assert_eq!(app.state.store.forget_keys(app.state.clock.now()).await.unwrap(), 0);
    lin.events(&path.replace("messages", "events")).await.until_end().await;
    assert_eq!(answer(ask("Why?").await.is(202)), second);
    hands.turn(DAY + 1);
    assert_eq!(app.state.store.forget_keys(app.state.clock.now()).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flash_counts_for_five_minutes() {
    let (app, hands) = with(&[]).await;
    app.person("lin").await;
    let form = "email=lin%40example.org&password=wrong+horse";
    let led = app.client().browser().post_form("/fn/login", form).await.is(302).header("location").to_owned();
    let says = async || app.client().browser().get(&led).await.is(200).text().contains("role=\"alert\"");
    assert!(says().await, "{led}");
    hands.turn(5 * MINUTE);
    assert!(says().await);
    hands.turn(1);
    assert!(!says().await);
    // A flash from the future does not count either.
    hands.turn(-5 * MINUTE - 2);
    assert!(!says().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_failed_too_often_may_try_again_at_the_stated_time() {
    let (app, hands) = with(&[]).await;
    let lin = app.person("lin").await;
    let form = |password: &str| json!({ "email": "lin@example.org", "password": password });
    for round in 0..2 {
        for _ in 0..10 {
            app.client().post(LOGIN, &form("wrong horse")).await.is(401);
            hands.turn(SECOND);
        }
        let refused = app.client().post(LOGIN, &form(PASSWORD)).await.problem(429, "");
        let seconds: i64 = refused.header("retry-after").parse().unwrap();
        assert_eq!(seconds, 50, "{round}");
        hands.turn((seconds - 1) * SECOND);
        app.client().post(LOGIN, &form(PASSWORD)).await.problem(429, "");
        hands.turn(SECOND);
    }
    app.client().post(LOGIN, &form(PASSWORD)).await.is(200);
    let change = |password: &str| json!({ "password": password, "new_password": "battery staple" });
    for _ in 0..10 {
        lin.patch(ME, &change("wrong horse")).await.problem(422, "password");
    }
    lin.patch(ME, &change(PASSWORD)).await.problem(429, "");
    hands.turn(MINUTE);
    lin.patch(ME, &change(PASSWORD)).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_registers_again_after_an_hour() {
    let (app, hands) = with(&[("INGLENOOK_LIMITS_REGISTRATIONS_PER_HOUR", "2")]).await;
    let form = |name: &str| json!({ "email": format!("{name}@example.org"), "password": PASSWORD });
    app.client().post(REGISTER, &form("ada")).await.is(201);
    app.client().post(REGISTER, &form("bea")).await.is(201);
    hands.turn(HOUR - SECOND);
    app.client().post(REGISTER, &form("cid")).await.problem(429, "");
    hands.turn(SECOND);
    app.client().post(REGISTER, &form("cid")).await.is(201);
}
