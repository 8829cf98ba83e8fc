//! A listener that was away for so long that the server has dropped the events: the server sends what changed, and no
//! more.

use axum::http::Method;
use serde_json::{Value, json};

use super::{
    app::{App, Client},
    client::Event,
};

/// Makes a conversation with a title and an answered question. Returns its id, the turn, and the position after all
/// events.
async fn begun(lin: &Client) -> (String, Value, u64) {
    let new = json!({ "title": "Set" });
    let id = lin.post("/api/v1/conversations", &new).await.is(201).id();
    let asked = lin.ask(&id, "one").await;
    let position = position(lin, &id).await;
    (id, asked, position)
}

/// The position after all events of the conversation.
async fn position(lin: &Client, id: &str) -> u64 {
    lin.get(&format!("/api/v1/conversations/{id}/messages")).await.is(200).json()["after"].as_u64().unwrap()
}

/// The events that a listener at the position `after` gets, up to the event after which it has missed nothing.
async fn missed(lin: &Client, id: &str, after: u64) -> Vec<Event> {
    let now = position(lin, id).await;
    let mut events = lin.events(&format!("/api/v1/conversations/{id}/events?after={after}")).await;
    let mut missed: Vec<Event> = Vec::new();
    while missed.last().is_none_or(|event| event.1.parse::<u64>().unwrap() < now) {
        missed.push(events.next().await.expect("more is missed"));
    }
    missed
}

/// The names of the events, with the question, the message or the title of an event that has one.
fn told(events: &[Event]) -> Vec<String> {
    let said = |(name, _, data): &Event| match &**name {
        "started" => format!("started for {}", data["question"]["content"].as_str().unwrap_or("nothing")),
        "deleted" => format!("deleted {}", data["message_id"].as_str().unwrap()),
        "title" => format!("title {}", data["title"].as_str().unwrap()),
        name => name.to_owned(),
    };
    events.iter().map(said).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_was_away_gets_exactly_what_changed() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let (id, first, after) = begun(&lin).await;
    lin.ask(&id, "two").await;
    lin.ask(&id, "three").await;
    lin.patch(&format!("/api/v1/conversations/{id}"), &json!({ "title": "New" })).await.is(200);
    let answer = first["assistant_message"]["id"].as_str().unwrap();
    lin.delete(&format!("/api/v1/messages/{answer}")).await.is(204);

    let deleted = format!("deleted {answer}");
    let all = missed(&lin, &id, after).await;
    let expected =
        [&*deleted, "title New", "started for two", "delta", "done", "started for three", "delta", "done"];
    assert_eq!(told(&all), expected);
    let numbers: Vec<u64> = all.iter().map(|event| event.1.parse().unwrap()).collect();
    assert!(numbers.is_sorted() && numbers[0] >= after, "{numbers:?}");
    // A listener that has all events gets none of them again.
    let now = position(&lin, &id).await;
    assert_eq!(*numbers.last().unwrap(), now);
    let form = format!("conversation_id={id}&after={now}&hidden=true");
    assert_eq!(lin.post_form("/fn/follow", &form).await.is(200).text().trim(), title_line(now));
}

/// The line with the title, which a page gets each time that it follows the conversation.
fn title_line(position: u64) -> String {
    format!("{{\"seq\":{position},\"event\":\"title\",\"title\":\"New\"}}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_is_cut_off_while_catching_up_goes_on_where_it_was() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let (id, _, after) = begun(&lin).await;
    for text in ["two", "three", "four"] {
        lin.ask(&id, text).await;
    }
    let all = missed(&lin, &id, after).await;
    for cut in 1..all.len() {
        let position: u64 = all[cut - 1].1.parse().unwrap();
        let rest = missed(&lin, &id, position).await;
        // From the start of the message that it was cut off in.
        let starts = |at: &usize| told(&all[*at..=*at])[0].starts_with("started");
        let begins = (0..=cut).rev().find(starts).unwrap_or(1);
        // The conversation itself changed with each answer, so its title is told each time.
        assert_eq!(told(&rest[..1]), ["title Set"]);
        assert_eq!(told(&rest[1..]), told(&all[begins..]), "after {cut}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_away_gets_html_and_the_change_of_a_branch_that_it_does_not_show() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let (id, first, after) = begun(&lin).await;
    let answer = first["assistant_message"]["id"].as_str().unwrap();
    let again = lin.post(&format!("/api/v1/messages/{answer}/regenerate"), &json!({})).await.is(202).json();
    lin.events(&format!("/api/v1/conversations/{id}/events?after={}", again["after"]))
        .await
        .until_end()
        .await;
    let form = format!("conversation_id={id}&after={after}&hidden=true");
    let lines = lin.post_form("/fn/follow", &form).await.is(200).text();
    let mut names: Vec<Value> = lines
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].clone())
        .collect();
    names.dedup();
    assert_eq!(names, ["title", "started", "block", "done"]);
    // The other answer is chosen again.
    let now = position(&lin, &id).await;
    lin.send(Method::POST, &format!("/api/v1/messages/{answer}/select"), axum::body::Body::empty(), None)
        .await
        .is(200);
    assert_eq!(told(&missed(&lin, &id, now).await), ["title Set", "changed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_missed_too_much_or_comes_from_nowhere_gets_the_newest_answer_alone() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let (id, _, after) = begun(&lin).await;
    for number in 0..26 {
        lin.ask(&id, &number.to_string()).await;
    }
    for position in [after, u64::MAX, 1_000_000_000_000] {
        let mut events = lin.events(&format!("/api/v1/conversations/{id}/events?after={position}")).await;
        let seen = events.until_end().await;
        assert_eq!(told(&seen), ["reset", "queue", "started for nothing", "delta", "done"], "{position}");
    }
}
