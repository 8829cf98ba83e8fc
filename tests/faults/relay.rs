//! Two servers on one MongoDB: a listener at one hears what the other writes, also after a panic of the relay, and
//! however far their clocks are apart.

use std::time::Duration;

use fail::FailScenario;
use inglenook::server::ops::clock::Clock;
use serde_json::json;

use crate::mongodb::app::{App, Client, text_of};

const HOUR: i64 = 60 * 60 * 1000;

async fn two(offset: i64) -> (App, App) {
    let here = App::start().await;
    let system = Clock::system();
    let there = here.beside(Clock::from_fn(move || system.now() + offset)).await;
    for server in [&here, &there] {
        server.state.cluster.run();
    }
    (here, there)
}

/// Asks through one server and listens at the other.
async fn is_heard(asks: &Client, listens: &Client, conversation: &str) {
    let path = format!("/api/v1/conversations/{conversation}");
    let mut events = listens.events(&format!("{path}/events")).await;
    let question = json!({ "content": "Why?" });
    let begun = asks.post(&format!("{path}/messages"), &question).await.is(202).json();
    // The answer before this one may come first.
    let id = &begun["assistant_message"]["id"];
    let mut heard = events.until_end().await;
    while heard.last().unwrap().2["message_id"] != *id {
        heard = events.until_end().await;
    }
    assert_eq!(heard.last().unwrap().0, "done");
    // After a reset the text comes again from the beginning.
    let anew = heard.iter().rposition(|(name, ..)| name == "reset").unwrap_or(0);
    for server in [asks, listens] {
        let window = server.get(&format!("{path}/messages")).await.is(200).json();
        let last = window["items"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["id"], &last["status"]), (id, &json!("complete")));
        assert_eq!(last["content"], text_of(&heard[anew..]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_listens_at_another_server_hears_the_end_after_the_relay_panicked() {
    let scenario = FailScenario::setup();
    let (here, there) = two(0).await;
    let lin = here.person("lin").await;
    // Before the first event and in the middle of the answer.
    fail::cfg("relay", "1*panic->1*off->1*panic->off").unwrap();
    is_heard(&lin, &there.client().bearer(lin.token()), &lin.conversation().await).await;
    scenario.teardown();
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_whose_clocks_are_an_hour_apart_serve_the_same_people() {
    let scenario = FailScenario::setup();
    for offset in [HOUR, -HOUR] {
        let (here, there) = two(offset).await;
        let (lin, kim) = (here.person("lin").await, there.person("kim").await);
        let lin_there = there.client().bearer(lin.token());
        let kim_here = here.client().bearer(kim.token());
        for person in [&lin, &kim, &lin_there, &kim_here] {
            person.get("/api/v1/me").await.is(200);
        }
        // Longer than it takes a silent server to count as lost.
        tokio::time::sleep(Duration::from_secs(8)).await;
        let id = lin.conversation().await;
        is_heard(&lin, &lin_there, &id).await;
        is_heard(&lin_there, &lin, &id).await;
        is_heard(&lin, &lin_there, &id).await;
        // Each question follows the answer before it.
        let window = lin.get(&format!("/api/v1/conversations/{id}/messages")).await.is(200).json();
        let items = window["items"].as_array().unwrap();
        assert_eq!(items.len(), 6);
        for pair in items.windows(2) {
            assert_eq!(pair[1]["parent_id"], pair[0]["id"]);
        }
        kim_here.post("/api/v1/auth/logout", &json!({})).await.is(204);
        kim.get("/api/v1/me").await.is(401);
    }
    scenario.teardown();
}
