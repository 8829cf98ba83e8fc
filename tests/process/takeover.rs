//! Two server processes on one MongoDB: one that is killed, frozen or stopped is noticed by the other, and no text is lost.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::{
    events::{Format, View},
    instances::{Pair, seen},
    site::{PATIENCE, Person},
    tokens,
};

/// The limit for the other server to notice: 10 s, and more because the machine may be busy.
const NOTICED: Duration = Duration::from_secs(15);

/// Waits until the newest message is interrupted. Gives how long that took, and the message.
async fn interrupted(person: &Person, conversation: &str) -> (Duration, Value) {
    let begun = Instant::now();
    loop {
        let last = person.messages(conversation, "markdown").await.pop().unwrap();
        if last["status"] != "generating" {
            assert_eq!(last["status"], "interrupted");
            return (begun.elapsed(), last);
        }
        assert!(begun.elapsed() < NOTICED, "nobody notices that the server is gone");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_is_noticed_and_loses_nothing_when_it_comes_back() {
    let mut pair = Pair::start().await;
    let [at_a, at_b] = pair.person("ada").await;
    let (conversation, own) = (at_a.conversation().await, at_b.conversation().await);
    let delay = 5;
    let model = format!("tokens-3000-delay-{delay}");
    let begun = at_a.ask(&conversation, &model).await;
    let other = at_b.ask(&own, "tokens-1500-delay-10").await;
    let mut here = at_a.events(&conversation, Some(begun.after), Format::Text).await;
    let mut there = at_b.events(&conversation, Some(begun.after), Format::Text).await;
    let (mut saw_here, mut saw_there) = (View::after(begun.after), View::after(begun.after));
    let watch_here = async {
        while let Ok(Some(event)) = here.next().await {
            saw_here.take(&event);
        }
    };
    let kill = async {
        tokio::time::sleep(Duration::from_millis(2500)).await;
        pair.a.server.kill();
    };
    futures::join!(watch_here, kill);
    let (noticed, stored) = interrupted(&at_b, &conversation).await;
    let stored = stored["content"].as_str().unwrap();
    assert!(there.until_end(&mut saw_there).await);
    assert_eq!((saw_there.text.as_str(), saw_there.end.as_deref()), (stored, Some("interrupted")));
    assert!(saw_here.text.starts_with(stored) || stored.starts_with(&saw_here.text));
    assert!(tokens::text(3000).starts_with(&saw_here.text) && tokens::text(3000).starts_with(stored));
    // The text of 200 ms, and more because the machine may be busy.
    let most = tokens::text(1000 / delay).len();
    let behind = saw_here.text.len().saturating_sub(stored.len());
    println!(
        "noticed after {noticed:?}; {} bytes seen, {behind} of them not stored yet",
        saw_here.text.len()
    );
    assert!(behind <= most, "{behind} of {} bytes, at most {most}", saw_here.text.len());
    assert!(saw_here.text.len() > 1000);
    let answer = at_b.messages(&own, "markdown").await.pop().unwrap();
    assert_eq!(
        (answer["id"].as_str(), answer["status"].as_str()),
        (Some(&*other.answer), Some("generating"))
    );

    // The journal of the killed server has the rest, and listeners are told to look again.
    pair.a.start_again();
    let again = at_b.messages(&conversation, "markdown").await.pop().unwrap();
    let whole = again["content"].as_str().unwrap();
    assert!(whole.starts_with(&saw_here.text) && whole.starts_with(stored), "what was seen is lost");
    if whole.len() > stored.len() {
        while there.next().await.unwrap().expect("it goes on").name != "changed" {}
    }
    assert_eq!(at_b.settled(&own).await["status"], "complete");
    for log in [pair.a.server.log(), pair.b.server.log()] {
        assert_eq!(log.matches("panic").count(), 0, "{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_only_slow_completes_what_it_wrote() {
    let pair = Pair::start().await;
    let [at_a, at_b] = pair.person("ada").await;
    let conversation = at_a.conversation().await;
    at_a.ask(&conversation, "tokens-200-delay-10").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    pair.a.server.signal(Signal::STOP);
    let (_, stored) = interrupted(&at_b, &conversation).await;
    pair.a.server.signal(Signal::CONT);
    let begun = Instant::now();
    loop {
        let now = at_b.messages(&conversation, "markdown").await.pop().unwrap();
        let content = now["content"].as_str().unwrap();
        assert!(content.starts_with(stored["content"].as_str().unwrap()));
        if content == tokens::text(200) {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{now}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The server takes part again.
    let begun = at_a.ask(&conversation, "tokens-20-delay-0").await;
    let events = at_b.events(&conversation, Some(begun.after), Format::Text).await;
    assert_eq!(seen(events, Some(begun.after)).await.text, tokens::text(20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_stopped_leaves_at_once() {
    let mut pair = Pair::start().await;
    let [at_a, at_b] = pair.person("ada").await;
    let conversation = at_a.conversation().await;
    let begun = at_a.ask(&conversation, "tokens-100-delay-10").await;
    let events = at_b.events(&conversation, Some(begun.after), Format::Text).await;
    pair.a.server.signal(Signal::TERM);
    assert_eq!(seen(events, Some(begun.after)).await.text, tokens::text(100), "it finishes what it writes");
    assert!(pair.a.server.ended_within(PATIENCE).is_some_and(|status| status.success()));
    assert!(!pair.b.server.log().contains("is lost"), "{}", pair.b.server.log());
}
