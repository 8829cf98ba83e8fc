//! A thousand failures of the model server, of every kind: each is reported, nothing leaks, no key is shown.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures::future::join_all;
use serde_json::json;

use crate::{
    events::{Format, View},
    site::{KEY, PATIENCE, Person, Site},
    tokens,
    upstream::Upstream,
};

const FAILURES: usize = 1000;
const AT_ONCE: usize = 40;
const CODES: [&str; 5] = ["unreachable", "refused", "overloaded", "timeout", "broken"];
const QUICK: [&str; 18] = [
    "401",
    "echo-key",
    "404",
    "context",
    "429",
    "redirect",
    "html",
    "garbage",
    "deep",
    "cut",
    "cut-rst",
    "cut-mid-json",
    "cut-at-once",
    "error-in-stream",
    "nothing-said",
    "filtered",
    "gone/x",
    "tls/x",
];
/// These last until a limit, or send megabytes.
const SLOW: [&str; 4] = ["500", "hang", "hang-first", "huge"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_failures_leave_nothing_behind() {
    let upstream = Upstream::start();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let models = [&QUICK[..], &SLOW, &["x"]].concat();
    let provider = |name: &str, url: &str| json!({ "name": name, "base_url": url, "api_key_env": "ACME_KEY", "models": models });
    let providers = json!([
        provider("acme", &upstream.base_url),
        provider("gone", &format!("http://{closed}/v1")),
        provider("tls", &upstream.base_url.replace("http:", "https:")),
    ]);
    let settings = vec![
        ("INGLENOOK_PROVIDERS", providers.to_string()),
        ("INGLENOOK_TIMEOUTS_CONNECT_SECONDS", "1".into()),
        ("INGLENOOK_TIMEOUTS_FIRST_TOKEN_SECONDS", "2".into()),
        ("INGLENOOK_TIMEOUTS_IDLE_SECONDS", "1".into()),
        ("INGLENOOK_LOG_LEVEL", "debug".into()),
    ];
    let site = Site::with(settings, tokens::Calls::default());
    let lin = site.person("lin").await;
    // As many at once as later, so that the connections that are kept are open.
    fail(&lin, AT_ONCE * 2).await;
    let before = settled_files(&site, usize::MAX).await;
    let begun = Instant::now();
    fail(&lin, FAILURES).await;
    let after = settled_files(&site, before + 10).await;
    println!("{FAILURES} failures in {:?}; open files before {before}, after {after}", begun.elapsed());
    assert!(after <= before + 10, "{before} open files before, {after} after");
    let log = site.server.log();
    assert!(!log.contains(KEY) && !log.contains("sk-test"), "the log holds the key");
    assert!(!log.contains("panic"), "{log}");
}

/// Waits until at most `most` files are open, or their number no longer changes.
async fn settled_files(site: &Site, most: usize) -> usize {
    let begun = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let open = site.open_files();
        if open <= most || begun.elapsed() > Duration::from_secs(10) {
            return open;
        }
    }
}

/// Causes `count` failures, some of them at the same time.
async fn fail(person: &Person, count: usize) {
    let next = &AtomicUsize::new(0);
    let workers = (0..AT_ONCE).map(|_| async move {
        let conversation = person.conversation().await;
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                break;
            }
            let model = if at % 25 == 24 { SLOW[at / 25 % SLOW.len()] } else { QUICK[at % QUICK.len()] };
            one(person, &conversation, model).await;
        }
    });
    join_all(workers).await;
}

async fn one(person: &Person, conversation: &str, model: &str) {
    let (provider, name) = model.split_once('/').unwrap_or(("acme", model));
    let begun = Instant::now();
    let (status, asked) = loop {
        let (status, asked) = person.try_ask(conversation, provider, name, "").await.unwrap();
        // The end of the last answer was sent, but its conversation may be busy for a moment.
        if status != 409 || begun.elapsed() > PATIENCE {
            break (status, asked);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(status, 202, "{model}: {asked}");
    let after = asked["after"].as_u64().unwrap();
    let mut events = person.events(conversation, Some(after), Format::Text).await;
    let mut view = View::after(after);
    let end = loop {
        let event = events.next().await.unwrap().unwrap_or_else(|| panic!("{model}: the stream ended"));
        view.take(&event);
        if event.is_end() {
            break event;
        }
    };
    let shown = end.data.to_string();
    assert_eq!(end.name, "failed", "{model}: {shown}");
    assert!(CODES.contains(&end.data["code"].as_str().unwrap()), "{model}: {shown}");
    assert!(!shown.contains("sk-test"), "{model}: {shown}");
    let stored = person.messages(conversation, "markdown").await.pop().unwrap();
    assert_eq!(
        (&stored["status"], &stored["failure"]["code"]),
        (&"failed".into(), &end.data["code"]),
        "{model}"
    );
    assert_eq!(stored["content"].as_str().unwrap(), view.text, "{model}: what came is kept");
    assert!(!stored.to_string().contains("sk-test"), "{model}");
}
