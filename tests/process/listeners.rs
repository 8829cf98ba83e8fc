//! Listeners that are absent, slow or idle hold back neither the answer nor the others, and cost little memory.

use std::time::Duration;

use futures::future::join_all;

use crate::{
    events::{Events, Format, View},
    http::Connection,
    site::Site,
    tokens,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_listens_and_the_answer_is_written() {
    let site = Site::start(&[]).await;
    let lin = site.person("lin").await;
    let conversation = lin.conversation().await;
    lin.ask(&conversation, "tokens-300-delay-2").await;
    let answer = lin.settled(&conversation).await;
    assert_eq!((&answer["status"], &answer["content"]), (&"complete".into(), &tokens::text(300).into()));
    assert_eq!(answer["usage"]["completion_tokens"], 300);
}

/// A hundred listeners that do not read, to an answer of 3 MB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_readers_hold_nobody_back_and_cost_little() {
    const SLOW: usize = 100;
    // 256 KiB for each, and what one more such answer leaves behind.
    const MOST: usize = (SLOW << 18) + (16 << 20);
    let (count, size) = (3_000, 1_000);
    let whole: String = (0..count).map(|place| tokens::sized(place, size)).collect();
    let site = Site::start(&[]).await;
    let lin = site.person("lin").await;
    // The memory that the answer itself takes is spent before the measurement.
    let first = lin.conversation().await;
    lin.ask(&first, &format!("tokens-{count}-delay-0-size-{size}")).await;
    lin.settled(&first).await;
    let conversation = lin.conversation().await;
    let slow = join_all((0..SLOW).map(|_| async {
        // A small receive buffer, so that the bytes wait in the server.
        let connection = Connection::open_narrow(lin.address, 4096).await.unwrap();
        Events::open_on(connection, &lin, &conversation, None, Format::Text).await.unwrap()
    }))
    .await;
    let mut quick = lin.events(&conversation, None, Format::Text).await;
    let before = site.memory();
    lin.ask(&conversation, &format!("tokens-{count}-delay-0-size-{size}")).await;
    let mut view = View::default();
    assert!(quick.until_end(&mut view).await, "the quick one hears the end");
    assert!(view.text == whole, "{} of {} bytes came", view.text.len(), whole.len());
    assert_eq!(lin.settled(&conversation).await["status"], "complete");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let grown = site.memory().saturating_sub(before);
    println!("{SLOW} slow readers of {} bytes: the server grew by {grown} bytes", whole.len());
    assert!(grown < MOST, "the server grew by {grown} bytes");
    // Once they read they get everything, on this connection or after resuming.
    let mut resumed = 0;
    for mut events in slow.into_iter().take(10) {
        let mut view = View::default();
        while !events.until_end(&mut view).await {
            resumed += 1;
            events = lin.events(&conversation, view.place, Format::Text).await;
        }
        assert!(view.text == whole, "{} of {} bytes came", view.text.len(), whole.len());
    }
    println!("{resumed} of 10 had to come back");
}
