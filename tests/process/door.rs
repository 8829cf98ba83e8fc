//! Connections that send nothing or half a request, or that read nothing, are closed; those in use are not.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures::future::join_all;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::{
    events::{Format, View},
    site::{PATIENCE, Site},
};

const QUICK: [(&str, &str); 3] = [
    ("INGLENOOK_TIMEOUTS_HEAD_SECONDS", "1"),
    ("INGLENOOK_TIMEOUTS_KEEP_ALIVE_SECONDS", "2"),
    ("INGLENOOK_TIMEOUTS_STALL_SECONDS", "2"),
];

/// For each kind of client its name, what it sends at once, and what it then sends byte by byte.
const KINDS: [(&str, &str, &str); 5] = [
    ("silent", "", ""),
    ("a slow head", "GET / HTTP/1.1\r\nhost: inglenook.test\r\nx: ", "x"),
    (
        "a slow body",
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: inglenook.test\r\ncontent-type: application/json\r\n\
         content-length: 1000\r\n\r\n{",
        " ",
    ),
    (
        "slow chunks",
        "POST /fn/login HTTP/1.1\r\nhost: inglenook.test\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         transfer-encoding: chunked\r\n\r\n",
        "1\r\nx\r\n",
    ),
    ("one request", "GET /healthz HTTP/1.1\r\nhost: inglenook.test\r\n\r\n", ""),
];

/// Sends until the server closes the connection. Gives how long that took.
async fn until_closed(address: SocketAddr, first: &str, more: &str) -> Duration {
    let begun = Instant::now();
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    to.write_all(first.as_bytes()).await.unwrap();
    let sending = async {
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            if !more.is_empty() && to.write_all(more.as_bytes()).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let reading = async {
        let mut bytes = [0; 4096];
        while from.read(&mut bytes).await.is_ok_and(|n| n > 0) {}
    };
    tokio::select! {
        () = reading => begun.elapsed(),
        () = sending => unreachable!("it never ends"),
        () = tokio::time::sleep(PATIENCE) => Duration::MAX,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_holds_a_connection_without_using_it_loses_it() {
    let site = Site::start(&QUICK).await;
    let lin = site.person("lin").await;
    let conversation = lin.conversation().await;
    // A listener, which sends nothing either, is not closed.
    let mut events = lin.events(&conversation, None, Format::Text).await;
    let address = lin.address;
    let held = KINDS
        .iter()
        .flat_map(|kind| std::iter::repeat_n(kind, 15))
        .map(|(name, first, more)| async move { (*name, until_closed(address, first, more).await) });
    for (name, after) in join_all(held).await {
        assert!(after < Duration::from_secs(10), "{name} was closed after {after:?}");
        assert!(after > Duration::from_millis(900), "{name} was closed after {after:?}");
    }
    lin.ask(&conversation, "tokens-10-delay-0").await;
    assert!(events.until_end(&mut View::default()).await, "the listener hears the answer");
}

/// Asks for some megabytes, with a receive buffer of a few kilobytes.
async fn ask_for_much(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(64 << 10)?;
    let mut stream = socket.connect(address).await?;
    let request = "GET /api/openapi.json HTTP/1.1\r\nhost: inglenook.test\r\n\r\n";
    stream.write_all(request.repeat(500).as_bytes()).await?;
    Ok(stream)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_nothing_of_an_answer_is_cut_and_who_is_slow_is_not() {
    let site = Site::start(&QUICK).await;
    let address = site.server.address;
    let before = site.open_files();
    let idle = join_all((0..20).map(|_| ask_for_much(address))).await;
    let idle: Vec<TcpStream> = idle.into_iter().map(Result::unwrap).collect();
    let mut slow = ask_for_much(address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(site.open_files() >= before + 21, "they are all being answered");
    let begun = Instant::now();
    let mut bytes = vec![0; 64 << 10];
    // Three times the limit for connections that read nothing.
    while begun.elapsed() < Duration::from_secs(6) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let taken = tokio::time::timeout(PATIENCE, slow.read(&mut bytes)).await.expect("more comes").unwrap();
        assert!(taken > 0, "the slow one was cut");
    }
    assert!(site.open_files() < before + 10, "{} files are open, {before} were", site.open_files());
    drop(idle);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_beyond_the_limit_are_told_so_and_the_others_served() {
    let site = Site::start(&[("INGLENOOK_LIMITS_CONNECTIONS", "8")]).await;
    let lin = site.person("lin").await;
    let first = lin.request("GET", "/healthz", "", "");
    let told = async || {
        let mut stream = TcpStream::connect(lin.address).await.unwrap();
        stream.write_all(first.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4096];
        let read =
            tokio::time::timeout(PATIENCE, stream.read(&mut answer)).await.expect("an answer comes").unwrap();
        (String::from_utf8_lossy(&answer[..read]).into_owned(), stream)
    };
    let mut held = Vec::new();
    let begun = Instant::now();
    let refused = loop {
        let (answer, stream) = told().await;
        if !answer.starts_with("HTTP/1.1 200") {
            break answer;
        }
        held.push(stream);
        assert!(held.len() <= 8 && begun.elapsed() < PATIENCE);
    };
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after: 5"), "{refused}");
    assert!((7..=8).contains(&held.len()), "{}", held.len());
    let begun = Instant::now();
    while !site.server.log().contains("limits.connections") {
        assert!(begun.elapsed() < PATIENCE, "the log says it: {}", site.server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // A connection that is open is served.
    held[0].write_all(first.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    held[0].read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    held.clear();
    let begun = Instant::now();
    while !told().await.0.starts_with("HTTP/1.1 200") {
        assert!(begun.elapsed() < PATIENCE, "places become free again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_comes_too_slowly_is_told_so() {
    let site = Site::start(&QUICK).await;
    let mut stream = TcpStream::connect(site.server.address).await.unwrap();
    stream.write_all(KINDS[2].1.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("it is closed").unwrap();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"too_slow\""), "{answer}");
    // A client that is slow but sends enough is not closed.
    let mut stream = TcpStream::connect(site.server.address).await.unwrap();
    let body = json!({ "email": "x".repeat(20_000), "password": "correct horse" }).to_string();
    let head = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: inglenook.test\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for piece in body.as_bytes().chunks(1500) {
        tokio::time::sleep(Duration::from_millis(200)).await;
        stream.write_all(piece).await.unwrap();
    }
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("it answers").unwrap();
    assert!(answer.starts_with("HTTP/1.1 4") && !answer.starts_with("HTTP/1.1 408"), "{answer}");
}
