//! A question in a queue whose author used up what a day allows: it waits for the next day, and says so.

use serde_json::{Value, json};

use super::queue::{Talk, texts};

const DAY: i64 = 24 * 60 * 60 * 1000;

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_waits_for_the_next_day_says_so() {
    let talk = Talk::held().await;
    let limit = async |most: Value| {
        let limit = json!({ "name": "", "messages_per_day": most });
        talk.lin.send_json("PUT", "/api/v1/admin/tiers/default", &limit).await.is(200);
    };
    limit(json!(1)).await;
    let waiting = talk.add("Two").await;
    assert_eq!(waiting["items"][0]["waits_until"], Value::Null, "nobody knows yet");
    let mut events = talk.lin.events(&talk.path("/events")).await;
    while events.next().await.unwrap().0 != "started" {}
    talk.let_end();
    // Whoever listens is told of the question that was added, and then that it waits.
    let queue = loop {
        while events.next().await.unwrap().0 != "queue" {}
        let queue = talk.queue().await;
        if !queue["items"][0]["waits_until"].is_null() {
            break queue;
        }
    };
    let first = &queue["items"][0];
    let until = first["waits_until"].as_i64().unwrap();
    assert_eq!((until % DAY, &first["refused"], &queue["waits"]), (0, &Value::Null, &json!(false)));
    assert_eq!(first["waits_message"], "Waits for tomorrow’s allowance, at 00:00 UTC.");
    // A page says it by the reader's clock, as it opens and when its script reads the queue.
    let cookie = format!("inglenook={}; tz=480", talk.lin.token());
    let browser = talk.app.client().cookie(&cookie).browser();
    let said = "Waits for tomorrow’s allowance, at 16:00.";
    let page = browser.get(&format!("/c/{}", talk.id)).await.is(200).text();
    assert!(page.contains(&format!("<small>{said}</small>")), "{page}");
    let script = browser.header("accept", "application/json");
    let read = script.post_form("/fn/queue", &format!("conversation_id={}", talk.id)).await;
    assert!(read.text().contains(said), "{}", read.text());
    // The queues are looked at each minute, and nothing new is told.
    let before = talk.lin.get(&talk.path("/messages")).await.is(200).json()["after"].clone();
    talk.app.state.chat.look_at_queues().await;
    let after = talk.lin.get(&talk.path("/messages")).await.is(200).json()["after"].clone();
    assert_eq!((talk.shown().await.len(), before), (2, after));
    // Where it may be asked earlier, it is.
    limit(Value::Null).await;
    talk.app.state.chat.look_at_queues().await;
    talk.until(4, "generating").await;
    assert_eq!(texts(&talk.queue().await), Vec::<&str>::new());
    talk.let_end();
    talk.until(4, "complete").await;
}
