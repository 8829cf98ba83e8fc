//! `/ws`: what people hear and say through one WebSocket, and what becomes of those who abuse it.

use std::time::{Duration, Instant};

use futures::SinkExt;
use rustix::process::Signal;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    site::{PATIENCE, Site},
    socket_client::{Socket, room},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_write_to_each_other_and_a_resend_is_the_same_message() {
    let site = Site::start(&[]).await;
    let (lin, bea) = (site.person("lin").await, site.person("bea").await);
    let room = room(&lin, &[&bea]).await;
    let (mut one, mut other) = (Socket::open(&lin).await, Socket::open(&bea).await);
    one.listen(&room, None).await;
    other.listen(&room, None).await;
    one.post(&room, "first", "Hello *Bea*").await;
    let posted = one.until("posted").await;
    assert_eq!((&posted["key"], &posted["conversation_id"]), (&json!("first"), &json!(room)));
    let heard = other.until_event("message").await;
    assert_eq!((&heard["id"], &heard["content"]), (&posted["message_id"], &json!("Hello *Bea*")));
    assert_eq!(heard["conversation_id"], json!(room));
    one.post(&room, "first", "Hello *Bea*").await;
    assert_eq!(one.until("posted").await["message_id"], posted["message_id"]);
    // The same key with other words is refused, and nothing is stored.
    one.post(&room, "first", "Hello Tom").await;
    assert_eq!(one.until("refused").await["problem"]["code"], "idempotency_key_reused");
    // Whoever comes back with a place is told what came since, once and in order.
    for at in 0..5 {
        other.post(&room, &format!("more {at}"), &format!("Number {at}")).await;
        other.until("posted").await;
    }
    let mut back = Socket::open(&lin).await;
    back.listen(&room, heard["seq"].as_u64()).await;
    for at in 0..5 {
        assert_eq!(back.until_event("message").await["content"], json!(format!("Number {at}")));
    }
    assert_eq!(lin.messages(&room, "markdown").await.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_streams_to_everybody_who_listens() {
    let site = Site::start(&[]).await;
    let (lin, bea) = (site.person("lin").await, site.person("bea").await);
    let room = room(&lin, &[&bea]).await;
    let (mut one, mut other) = (Socket::open(&lin).await, Socket::open(&bea).await);
    one.listen(&room, None).await;
    other.listen(&room, None).await;
    let post = json!({
        "type": "post", "conversation_id": room, "key": "k", "content": "@model count, please",
        "model": "acme/tokens-50-delay-1",
    });
    one.send(post).await;
    one.until("posted").await;
    for socket in [&mut one, &mut other] {
        let mut text = String::new();
        loop {
            let event = socket.until("event").await;
            match event["event"].as_str().unwrap() {
                "delta" => text.push_str(event["text"].as_str().unwrap()),
                "done" => break,
                "failed" => panic!("{event}"),
                _ => {}
            }
        }
        assert_eq!(text, crate::tokens::text(50));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_hears_or_says_anything_where_they_have_no_business() {
    let site = Site::start(&[]).await;
    let (lin, bea, tom) = (site.person("lin").await, site.person("bea").await, site.person("tom").await);
    let room = room(&lin, &[&bea]).await;
    let private = lin.conversation().await;
    assert_eq!(Socket::try_open(&site.stranger(), &[]).await.err(), Some(401));
    let (status, _) = lin.call("GET", "/ws", None).await;
    assert!(matches!(status, 400 | 422 | 426), "{status}");
    let (_, first) = lin
        .call("POST", &format!("/api/v1/conversations/{room}/messages"), Some(json!({ "content": "Mine" })))
        .await;
    let first = first["message"]["id"].as_str().unwrap().to_owned();
    let mut socket = Socket::open(&tom).await;
    for id in [&*room, &*private, "01JD3Z7K8M0000000000000000", "", "../../etc", "\u{0}"] {
        for message in [
            json!({ "type": "listen", "conversation_id": id }),
            json!({ "type": "post", "conversation_id": id, "key": "k", "content": "Let me in" }),
            json!({ "type": "read", "conversation_id": id, "message_id": first }),
        ] {
            socket.send(message.clone()).await;
            let refused = socket.until("refused").await;
            assert_eq!(refused["problem"]["status"], 404, "{message} {refused}");
        }
        socket.send(json!({ "type": "leave", "conversation_id": id })).await;
    }
    // What is said there meanwhile does not reach him: the next thing that he hears is an answer to himself.
    let mut talks = Socket::open(&bea).await;
    talks.post(&room, "k", "Secret").await;
    talks.until("posted").await;
    socket.send(json!({ "type": "nothing" })).await;
    assert_eq!(socket.next().await.unwrap()["type"], "refused");
    assert_eq!(lin.messages(&room, "markdown").await.len(), 2);
    // A private conversation is heard by its owner, and is no room.
    let mut own = Socket::open(&lin).await;
    own.listen(&private, None).await;
    own.post(&private, "k", "Hello").await;
    let refused = own.until("refused").await;
    assert!(refused["problem"]["status"].as_u64().is_some_and(|status| status >= 400), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_removed_or_signs_out_hears_nothing_more() {
    let site = Site::start(&[]).await;
    let (lin, bea) = (site.person("lin").await, site.person("bea").await);
    let room = room(&lin, &[&bea]).await;
    let (_, me) = bea.call("GET", "/api/v1/me", None).await;
    let mut removed = Socket::open(&bea).await;
    removed.listen(&room, None).await;
    let begun = Instant::now();
    let path = format!("/api/v1/rooms/{room}/members/{}", me["id"].as_str().unwrap());
    let (status, said) = lin.call("DELETE", &path, None).await;
    assert!(matches!(status, 200 | 204), "{status} {said}");
    assert_eq!(removed.until("ended").await["conversation_id"], json!(room));
    println!("a removed member heard nothing more after {:?}", begun.elapsed());
    removed.send(json!({ "type": "listen", "conversation_id": room })).await;
    assert_eq!(removed.until("refused").await["problem"]["status"], 404);
    // Signing out closes the socket.
    let (status, _) = bea.call("POST", "/api/v1/auth/logout", None).await;
    assert_eq!(status, 204);
    assert_eq!(removed.closed().await, 1008);
    assert_eq!(Socket::try_open(&bea, &[]).await.err(), Some(401));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_message_is_refused_and_what_is_no_client_is_cut_off() {
    let site = Site::start(&[]).await;
    let lin = site.person("lin").await;
    let room = room(&lin, &[]).await;
    let mut socket = Socket::open(&lin).await;
    for text in ["", "{", "null", "[]", "\"listen\"", "{}", r#"{"type":1}"#, r#"{"type":"listen"}"#] {
        socket.0.send(Message::text(text)).await.unwrap();
        assert_eq!(socket.until("refused").await["problem"]["status"], 422, "{text}");
    }
    // It goes on as before.
    socket.listen(&room, None).await;
    // A text of the longest length is taken, whatever JSON makes of it.
    let lines = format!("x{}x", "\"\n".repeat(120 << 10));
    socket.post(&room, "lines", &lines).await;
    socket.until("posted").await;
    let mut binary = Socket::open(&lin).await;
    binary.0.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(binary.closed().await, 1003);
    let mut large = Socket::open(&lin).await;
    // The server may close before it has taken all.
    let _ = large.0.send(Message::text("x".repeat(1 << 20))).await;
    assert_eq!(large.closed().await, 1009);
    let mut flood = Socket::open(&lin).await;
    for _ in 0..1_000 {
        if flood.0.feed(Message::text("{}")).await.is_err() {
            break;
        }
    }
    let _ = flood.0.flush().await;
    assert_eq!(flood.closed().await, 1008);
    // None of it harmed the one that behaves.
    socket.post(&room, "k", "Still here").await;
    socket.until("posted").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_site_gets_no_socket() {
    let site = Site::start(&[]).await;
    let lin = site.person("lin").await;
    let elsewhere = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    assert_eq!(Socket::try_open(&lin, &elsewhere).await.err(), Some(403));
    assert_eq!(Socket::try_open(&lin, &[("origin", "https://evil.example")]).await.err(), Some(403));
    let own = [("origin", "http://inglenook.test"), ("sec-fetch-site", "same-origin")];
    assert!(Socket::try_open(&lin, &own).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_closes_sockets_and_people_go_on_after_it() {
    let mut site = Site::start(&[]).await;
    let lin = site.person("lin").await;
    let room = room(&lin, &[]).await;
    let mut socket = Socket::open(&lin).await;
    socket.listen(&room, None).await;
    socket.post(&room, "k", "Before").await;
    let seq = socket.until_event("message").await["seq"].as_u64().unwrap();
    site.server.signal(Signal::TERM);
    assert_eq!(socket.closed().await, 1012);
    assert!(site.server.ended_within(PATIENCE).is_some(), "the server ends");
    site.start_again();
    let lin = lin.at(&site);
    let mut socket = Socket::open(&lin).await;
    socket.post(&room, "after", "After").await;
    socket.until("posted").await;
    socket.listen(&room, Some(seq)).await;
    assert_eq!(socket.until_event("message").await["content"], "After");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_too_slowly_is_cut_off_and_comes_back() {
    const MESSAGES: usize = 18;
    let site = Site::start(&[("INGLENOOK_TIMEOUTS_STALL_SECONDS", "1")]).await;
    let (lin, bea) = (site.person("lin").await, site.person("bea").await);
    let room = room(&lin, &[&bea]).await;
    let mut slow = Socket::narrow(&bea).await;
    slow.listen(&room, None).await;
    let mut talks = Socket::open(&lin).await;
    let text = |at: usize| format!("{at} {}", "x".repeat(100_000));
    for at in 0..MESSAGES {
        talks.post(&room, &format!("k{at}"), &text(at)).await;
        talks.until("posted").await;
    }
    // It reads nothing for longer than the server waits.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let (mut heard, mut seq) = (Vec::new(), None);
    while let Ok(event) = slow.next().await {
        if event["event"] == "message" {
            heard.push(event["content"].as_str().unwrap().to_owned());
            seq = event["seq"].as_u64();
        }
    }
    assert!(heard.len() < MESSAGES, "it was not cut off");
    let mut back = Socket::open(&bea).await;
    back.listen(&room, seq.or(Some(0))).await;
    while heard.len() < MESSAGES {
        heard.push(back.until_event("message").await["content"].as_str().unwrap().to_owned());
    }
    assert_eq!(heard, (0..MESSAGES).map(text).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_see_who_is_writing_and_nobody_stores_it() {
    let site = Site::start(&[]).await;
    let (lin, bea) = (site.person("lin").await, site.person("bea").await);
    let room = room(&lin, &[&bea]).await;
    let (_, me) = lin.call("GET", "/api/v1/me", None).await;
    let (mut one, mut other) = (Socket::open(&lin).await, Socket::open(&bea).await);
    one.listen(&room, None).await;
    other.listen(&room, None).await;
    one.post(&room, "a", "First").await;
    let seq = other.until_event("message").await["seq"].clone();
    one.until_event("message").await;
    let typing = json!({ "type": "typing", "conversation_id": room });
    one.send(typing.clone()).await;
    let hint = other.until_event("typing").await;
    assert_eq!((&hint["user_id"], &hint["seq"]), (&me["id"], &seq));
    // Whoever comes back misses nothing because of it, and does not hear it from the store.
    one.post(&room, "b", "Second").await;
    assert_eq!(other.until_event("message").await["content"], "Second");
    let mut back = Socket::open(&bea).await;
    back.listen(&room, seq.as_u64()).await;
    assert_eq!(back.until_event("message").await["content"], "Second");
    // One hears nothing of oneself, and may not say it all the time.
    for _ in 0..20 {
        one.send(typing.clone()).await;
    }
    let refused = one.until("refused").await;
    assert_eq!(refused["problem"]["status"], 429, "{refused}");
    one.post(&room, "c", "Third").await;
    loop {
        let event = one.until("event").await;
        assert_ne!(event["event"], "typing", "{event}");
        if event["content"] == "Third" {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_members_of_a_room_see_who_is_here() {
    let site = Site::start(&[]).await;
    let (lin, bea) = (site.person("lin").await, site.person("bea").await);
    let room = room(&lin, &[&bea]).await;
    let path = format!("/api/v1/rooms/{room}/members");
    let (_, me) = bea.call("GET", "/api/v1/me", None).await;
    let presence = async || {
        let (status, listed) = lin.call("GET", &path, None).await;
        assert_eq!(status, 200, "{listed}");
        let items = listed["items"].as_array().unwrap().clone();
        items.into_iter().find(|member| member["user_id"] == me["id"]).unwrap()
    };
    let until = async |state: &str| {
        let begun = Instant::now();
        loop {
            let member = presence().await;
            if member["presence"] == state {
                return member;
            }
            assert!(begun.elapsed() < PATIENCE, "{member} and not {state}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert_eq!(until("offline").await["last_seen_at"], json!(null));
    let mut socket = Socket::open(&bea).await;
    socket.send(json!({ "type": "presence", "active": false })).await;
    until("away").await;
    socket.send(json!({ "type": "presence", "active": true })).await;
    assert!(until("online").await["last_seen_at"].is_i64());
    let setting = "/api/v1/me/presence";
    assert_eq!(bea.call("GET", setting, None).await, (200, json!({ "shown": true })));
    assert_eq!(bea.call("PUT", setting, Some(json!({ "shown": false }))).await.0, 200);
    assert_eq!(until("offline").await["last_seen_at"], json!(null));
    socket.send(json!({ "type": "presence", "active": false })).await;
    socket.send(json!({ "type": "presence", "active": true })).await;
    socket.listen(&room, None).await;
    assert_eq!(presence().await["presence"], "offline");
    assert_eq!(bea.call("GET", setting, None).await, (200, json!({ "shown": false })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_of_one_person_are_limited_and_idle_ones_are_cheap() {
    const MANY: usize = 400;
    const EACH: usize = 50_000;
    let site = Site::start(&[("INGLENOOK_LIMITS_STREAMS_PER_USER", "501")]).await;
    let lin = site.person("lin").await;
    let room = room(&lin, &[]).await;
    let idle = async |count: usize| {
        let mut open = Vec::new();
        for _ in 0..count {
            let mut socket = Socket::open(&lin).await;
            socket.listen(&room, None).await;
            open.push(socket);
        }
        open
    };
    // The first ones pay for whatever is made once.
    let mut first = idle(101).await;
    let before = site.memory();
    let open = idle(MANY).await;
    let each = site.memory().saturating_sub(before) / MANY;
    println!("{each} bytes for each of {MANY} idle sockets");
    // 10,000 take less than 500 MB.
    assert!(each < EACH, "{each} bytes for each");
    assert_eq!(Socket::try_open(&lin, &[]).await.err(), Some(429));
    drop((first.pop(), open));
    let begun = Instant::now();
    while Socket::try_open(&lin, &[]).await.is_err() {
        assert!(begun.elapsed() < PATIENCE, "a socket that is closed counts no more");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
