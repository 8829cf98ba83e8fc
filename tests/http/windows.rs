//! Windows of long messages have a limit in bytes, and paging back misses nothing.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};

use super::app::{App, Client};

/// The most text that a window holds, in bytes.
const MIB: usize = 1024 * 1024;

/// All windows, from the newest to the oldest. Each window has its oldest message first.
async fn walk(lin: &Client, path: &str, query: &str) -> Vec<Vec<Value>> {
    let (mut windows, mut before) = (Vec::new(), String::new());
    loop {
        let window = lin.get(&format!("{path}/messages?{query}&before={before}")).await.is(200).json();
        windows.push(window["items"].as_array().unwrap().clone());
        match window["previous_cursor"].as_str() {
            Some(cursor) => cursor.clone_into(&mut before),
            None => return windows,
        }
    }
}

fn ids(windows: &[Vec<Value>]) -> Vec<String> {
    windows.iter().rev().flatten().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn long_messages_make_short_windows_and_none_is_missed() {
    let app = App::start().await;
    let lin = app.person("lin").await;
    let conversation = lin.conversation().await;
    let path = format!("/api/v1/conversations/{conversation}");
    let mut written = Vec::new();
    for number in 0..12 {
        // Some messages are short, and some have characters of several bytes.
        let text =
            if number % 4 == 3 { "short".to_owned() } else { format!("{number} ") + &"日".repeat(85_000) };
        let begun = lin.ask(&conversation, &text).await;
        for message in ["user_message", "assistant_message"] {
            written.push(begun[message]["id"].as_str().unwrap().to_owned());
        }
    }
    for query in ["", "limit=100", "limit=3", "limit=1", "format=html"] {
        let windows = walk(&lin, &path, query).await;
        assert_eq!(ids(&windows), written, "{query}");
        if query != "format=html" {
            let bytes = |window: &Vec<Value>| -> usize {
                window.iter().map(|item| item["content"].as_str().unwrap().len()).sum()
            };
            assert!(windows.iter().all(|window| bytes(window) <= MIB), "{query}");
        }
    }
    // Nine questions have 255,002 bytes each, so no window has a fifth long message.
    assert_eq!(walk(&lin, &path, "").await.len(), 3);

    // The links of the page lead back in the same steps.
    let browser = app.client().browser().cookie(&format!("inglenook={}", lin.token()));
    let (mut shown, mut address) = (Vec::new(), format!("/c/{conversation}"));
    loop {
        let html = browser.get(&address).await.is(200).text();
        assert!(html.len() < 3 * MIB, "{} bytes", html.len());
        let here: Vec<String> =
            written.iter().filter(|id| html.contains(&format!("id=\"{id}\""))).cloned().collect();
        shown.splice(0..0, here);
        let Some(older) = html.split(&format!("href=\"/c/{conversation}?before=")).nth(1) else { break };
        address = format!("/c/{conversation}?before={}", older.split('"').next().unwrap());
    }
    assert_eq!(shown, written);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_longer_than_a_window_is_a_window() {
    let limits = [("INGLENOOK_LIMITS_MESSAGE_BYTES", "4000000"), ("INGLENOOK_LIMITS_BODY_BYTES", "8000000")];
    let app = App::with(&limits).await;
    let lin = app.person("lin").await;
    let conversation = lin.conversation().await;
    lin.ask(&conversation, "First").await;
    let long = "x".repeat(3 * MIB);
    let path = format!("/api/v1/conversations/{conversation}");
    // The test asks without reading events, because the first event is longer than its reader takes.
    lin.post(&format!("{path}/messages"), &json!({ "content": long })).await.is(202);
    while lin.get(&format!("{path}/messages?limit=1")).await.json()["items"][0]["status"] != "complete" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    lin.ask(&conversation, "Last").await;
    let windows = walk(&lin, &path, "").await;
    assert_eq!(windows.iter().map(Vec::len).collect::<Vec<_>>(), [3, 1, 2]);
    assert_eq!(windows[1][0]["content"], long);
    // Everybody gets the long message in time, however many ask at once.
    let path = format!(
        "/api/v1/conversations/{conversation}/messages?before={}",
        windows[0][0]["id"].as_str().unwrap()
    );
    for answer in join_all((0..24).map(|_| lin.get(&path))).await {
        assert_eq!(answer.is(200).json()["items"][0]["content"], long);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_before_a_message_of_another_conversation_is_refused() {
    let app = App::start().await;
    let [lin, bea] = [app.person("lin").await, app.person("bea").await];
    let conversation = lin.conversation().await;
    let elsewhere = lin.ask(&lin.conversation().await, "Elsewhere").await;
    let hers = bea.ask(&bea.conversation().await, "Hers").await;
    lin.ask(&conversation, "Here").await;
    for begun in [&elsewhere, &hers] {
        for message in ["user_message", "assistant_message"] {
            let id = begun[message]["id"].as_str().unwrap();
            let path = format!("/api/v1/conversations/{conversation}/messages?before={id}");
            lin.get(&path).await.problem(422, "before");
        }
    }
    let first = json!("Here");
    let items = walk(&lin, &format!("/api/v1/conversations/{conversation}"), "").await.concat();
    assert_eq!(items[0]["content"], first);
    let path =
        format!("/api/v1/conversations/{conversation}/messages?before={}", items[0]["id"].as_str().unwrap());
    let window = lin.get(&path).await.is(200).json();
    assert_eq!((&window["items"], &window["previous_cursor"]), (&json!([]), &Value::Null));
}
