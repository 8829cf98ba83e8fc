//! Reading long conversations costs the server little memory, whether clients read the answer or not.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;

use crate::{
    http::Connection,
    site::{Person, Site},
};

const QUESTIONS: usize = 60;
const BYTES: usize = 260_000;
const AT_ONCE: usize = 24;
/// The most memory that all readings may add. Before windows were limited in bytes it was over a gigabyte; now it is
/// 76 to 107 MB, and how much exactly depends on what the allocator keeps.
const MOST: usize = 250 << 20;
const HTML: &str = "accept: text/html\r\n";

/// Asks and waits until the next question would be accepted.
async fn ask(lin: &Person, conversation: &str, text: &str) {
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let question = json!({ "content": text, "model": "acme/tokens-10-delay-0" });
    let begun = Instant::now();
    loop {
        let (status, said) = lin.call("POST", &path, Some(question.clone())).await;
        match status {
            202 => return,
            409 if begun.elapsed() < Duration::from_secs(20) => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            _ => panic!("{status}: {said}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_pages_of_long_messages_at_once_cost_little() {
    let site = Site::start(&[]).await;
    let (lin, bea) = (site.person("lin").await, site.person("bea").await);
    let conversation = lin.conversation().await;
    // Text that grows in HTML.
    let text = "<&> ".repeat(BYTES / 4);
    for _ in 0..QUESTIONS {
        ask(&lin, &conversation, &text).await;
    }
    lin.settled(&conversation).await;
    let page = format!("/c/{conversation}");
    let window = format!("/api/v1/conversations/{conversation}/messages?limit=100");
    for (path, lines) in [(&page, HTML), (&window, "")] {
        assert_eq!(lin.call_with("GET", path, None, lines).await.unwrap().0, 200);
    }
    let before = site.memory();
    let mut peak = before;
    for (path, lines) in [(&page, HTML), (&window, "")] {
        let read = join_all((0..AT_ONCE).map(|_| lin.call_with("GET", path, None, lines)));
        tokio::pin!(read);
        let answers = loop {
            tokio::select! {
                answers = &mut read => break answers,
                () = tokio::time::sleep(Duration::from_millis(5)) => peak = peak.max(site.memory()),
            }
        };
        // Readers that had to wait get their answer.
        assert!(answers.into_iter().all(|answer| answer.unwrap().0 == 200));
        peak = peak.max(site.memory());
        println!("{AT_ONCE} times {path}: the server grew by {} bytes", peak - before);
    }
    // Clients that ask and never read.
    let request = lin.request("GET", &window, "", "");
    let slow = join_all((0..AT_ONCE).map(|_| async {
        let mut connection = Connection::open_narrow(lin.address, 4096).await.unwrap();
        let head = connection.ask(request.as_bytes());
        let _ = tokio::time::timeout(Duration::from_secs(1), head).await;
        connection
    }))
    .await;
    peak = peak.max(site.memory());
    println!("at the most, with {} who never read: {} bytes", slow.len(), peak - before);
    assert!(peak - before < MOST, "the server grew by {} bytes", peak - before);
    // Others are served at once.
    let begun = Instant::now();
    assert_eq!(bea.call_with("GET", "/", None, HTML).await.unwrap().0, 200);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // Clients that are gone take no memory.
    drop(slow);
    assert_eq!(lin.call_with("GET", &page, None, HTML).await.unwrap().0, 200);
}
