//! Measures rooms: `cargo bench --no-default-features --features ssr --bench rooms`.
//!
//! A room of 10,000 people and 100,000 messages beside an empty one; a message to 500 listeners; 10,000 idle sockets; 5,000
//! that come back at once; and people who write and read until the server keeps up no more. INGLENOOK_BIN names the program
//! that is measured. Its clients run on the same machine, so they take part of its processor. Numbers compare only within a
//! machine.

#[path = "../asking/mod.rs"]
mod asking;
mod crowd;
mod data;
#[expect(dead_code, reason = "the tests of processes use more of it")]
#[path = "../../tests/support/http.rs"]
mod http;
#[expect(dead_code, reason = "the bench of streams uses more of it")]
#[path = "../streams/procfs.rs"]
mod procfs;
#[path = "../../tests/support/server.rs"]
mod server;
mod socket;

use std::{
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    asking::{Failure, ask, get, program, said, token},
    data::Data,
    http::Connection,
    server::Server,
    socket::Socket,
};

/// How many people sign in; the sockets are shared out among them.
const SIGNED_IN: usize = 100;
const TRIES: usize = 100;
const LISTENERS: usize = 500;
const POSTS: usize = 100;
const IDLE: usize = 10_000;
const BACK_AT_ONCE: usize = 5_000;

/// A server with its rooms and the tokens of people.
pub struct Site {
    pub server: Server,
    pub data: Data,
    pub tokens: Vec<Arc<str>>,
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    match runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(run())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failure> {
    more_files()?;
    let program = program()?;
    let folder = tempfile::tempdir()?;
    let data = Data::fill(folder.path()).await?;
    let settings = [
        ("INGLENOOK_LIMITS_LOGINS_PER_MINUTE", "100000"),
        ("INGLENOOK_LIMITS_STREAMS_PER_USER", "1000"),
        ("INGLENOOK_LIMITS_CONNECTIONS", "30000"),
    ];
    let server = Server::start(&program, folder.path(), &settings);
    println!("{}, ready after {:?}", program.display(), server.start_took);
    let mut tokens = Vec::new();
    for number in 0..SIGNED_IN {
        tokens.push(token(server.address, number).await?.into());
    }
    let site = Site { server, data, tokens };
    pages(&site).await?;
    fan_out(&site).await?;
    crowd::ramp(&site).await?;
    let idle = idle(&site).await?;
    come_back(&site, idle).await
}

/// More open files than a shell gives: each socket is one here and one in the server, which inherits the limit.
fn more_files() -> Result<(), Failure> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    Ok(())
}

/// The big room and the empty one by turns, so that both are measured under the same load.
async fn pages(site: &Site) -> Result<(), Failure> {
    let Site { server, data, tokens } = site;
    let mut connection = Connection::open(server.address).await?;
    for (title, path) in [
        ("page of the room", "/c/{}"),
        ("messages over REST", "/api/v1/conversations/{}/messages"),
        ("page of its members", "/rooms/{}/members"),
    ] {
        let (mut big, mut empty) = (Vec::new(), Vec::new());
        for _ in 0..TRIES {
            for (room, times) in [(&data.big, &mut big), (&data.empty, &mut empty)] {
                let path = path.replace("{}", room);
                let (status, _, took) = ask(&mut connection, &get(&path, &tokens[0])).await?;
                if status != 200 {
                    return Err(format!("{path} answers {status}").into());
                }
                times.push(took);
            }
        }
        said(&format!("{title}: 10,000 people, 100,000 messages"), big);
        said(&format!("{title}: one person, no message"), empty);
    }
    Ok(())
}

/// One writes, and many listen: how long it takes from the sending to each of them.
async fn fan_out(site: &Site) -> Result<(), Failure> {
    let room = &site.data.big;
    let mut listeners = JoinSet::new();
    let begun = Instant::now();
    let (ready, mut is_ready) = tokio::sync::mpsc::channel(LISTENERS);
    for number in 0..LISTENERS {
        let mut socket = Socket::open(site, number).await?;
        let (room, ready) = (room.clone(), ready.clone());
        listeners.spawn(async move {
            socket.listen(&room, None).await?;
            let _ = ready.send(()).await;
            let mut times = Vec::with_capacity(POSTS);
            while times.len() < POSTS {
                let event = socket.until("message").await?;
                let sent = event["content"].as_str().and_then(|text| text.parse::<u64>().ok());
                let sent = Duration::from_micros(sent.ok_or("a message of somebody else")?);
                times.push(begun.elapsed().saturating_sub(sent));
            }
            Ok::<_, Failure>(times)
        });
    }
    for _ in 0..LISTENERS {
        is_ready.recv().await;
    }
    // Each person may post twenty messages in ten seconds.
    let mut writers = Vec::new();
    for number in 0..20 {
        writers.push(Socket::open(site, number).await?);
    }
    for number in 0..POSTS {
        let content = begun.elapsed().as_micros().to_string();
        let key = format!("fan-{number}");
        let post = json!({ "type": "post", "conversation_id": room, "key": key, "content": content });
        let writers_count = writers.len();
        let writer = &mut writers[number % writers_count];
        writer.send(&post).await?;
        writer.answer("posted").await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let mut times = Vec::new();
    while let Some(done) = listeners.join_next().await {
        times.extend(done??);
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "one message to {LISTENERS}: p50 {:.2?}, p95 {:.2?}, p99 {:.2?}, slowest {:.2?}",
        at(0.5),
        at(0.95),
        at(0.99),
        at(1.0)
    );
    Ok(())
}

/// Sockets that listen to a room in which nothing happens, and what each costs the server.
async fn idle(site: &Site) -> Result<Vec<Socket>, Failure> {
    let (before, _) = procfs::memory(site.server.pid());
    let mut sockets = Vec::with_capacity(IDLE);
    for number in 0..IDLE {
        let mut socket = Socket::open(site, number).await?;
        socket.listen(&site.data.quiet, None).await?;
        sockets.push(socket);
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (after, _) = procfs::memory(site.server.pid());
    println!(
        "{IDLE} idle sockets: {} MB more than the {} MB before, {:.1} KiB each",
        after.saturating_sub(before) >> 20,
        before >> 20,
        after.saturating_sub(before) as f64 / 1024.0 / IDLE as f64
    );
    Ok(sockets)
}

/// Many lose their connection, something is said, and all come back at once.
async fn come_back(site: &Site, idle: Vec<Socket>) -> Result<(), Failure> {
    drop(idle);
    let room = &site.data.quiet;
    let mut writer = Socket::open(site, 0).await?;
    writer.listen(room, None).await?;
    let mut after = None;
    for (key, content) in [("before", "See you"), ("away", "While you were away")] {
        let post = json!({ "type": "post", "conversation_id": room, "key": key, "content": content });
        writer.send(&post).await?;
        let event = writer.until("message").await?;
        after = after.or(event["seq"].as_u64());
    }
    let mut back = JoinSet::new();
    let begun = Instant::now();
    for number in 0..BACK_AT_ONCE {
        let (address, token, room) =
            (site.server.address, site.tokens[number % SIGNED_IN].clone(), room.clone());
        back.spawn(async move {
            let mut socket = Socket::connect(address, &token).await?;
            socket.listen(&room, after).await?;
            socket.until("message").await?;
            Ok::<_, Failure>((begun.elapsed(), socket))
        });
    }
    let (mut times, mut sockets, mut failed) = (Vec::new(), Vec::new(), 0);
    while let Some(done) = back.join_next().await {
        match done? {
            Ok((took, socket)) => {
                times.push(took);
                sockets.push(socket);
            }
            Err(_) => failed += 1,
        }
    }
    println!("{BACK_AT_ONCE} come back at once: {} are told what they missed, {failed} fail", times.len());
    if !times.is_empty() {
        said("until one is told what they missed", times);
    }
    Ok(())
}
