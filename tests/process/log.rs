//! The log's pipe is stuck, nobody reads what the process prints, or a provider tries to forge lines.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    http::Connection,
    server::command,
    site::{PATIENCE, Site},
    tokens,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_inglenook");

/// Killed when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The status of an answer; `None` if none comes in time.
fn status(address: SocketAddr, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.get(9..12)?.parse().ok()
}

#[test]
fn a_log_that_nobody_reads_does_not_stop_the_site() {
    let folder = tempfile::tempdir().unwrap();
    let spawned =
        command(Path::new(PROGRAM), folder.path(), &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut running = Running(spawned.unwrap());
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address: SocketAddr = line.trim().rsplit("http://").next().unwrap().parse().unwrap();
    // A pipe holds 64 KiB; each of these requests logs more than one.
    let path = format!("/api/{}", "x".repeat(1024));
    for request in 0..400 {
        assert_eq!(status(address, &path), Some(404), "after {request} requests");
    }
    assert_eq!(status(address, "/readyz"), Some(200));
    // The process ends although its last lines cannot be written.
    let pid = rustix::process::Pid::from_raw(i32::try_from(running.0.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let begun = Instant::now();
    while running.0.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < PATIENCE, "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn nobody_has_to_read_what_the_process_prints() {
    let folder = tempfile::tempdir().unwrap();
    // Free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let listen = address.to_string();
    let mut command = command(Path::new(PROGRAM), folder.path(), &[("INGLENOOK_LISTEN", &listen)]);
    let mut running = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    drop(running.0.stdout.take());
    let begun = Instant::now();
    while status(address, "/readyz") != Some(200) {
        assert_eq!(running.0.try_wait().unwrap(), None, "it ended");
        assert!(begun.elapsed() < PATIENCE, "it does not answer");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(running.0.try_wait().unwrap(), None, "it ended");
}

/// A model server whose errors contain line breaks and clear the screen.
fn forger() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let message = "no\r\n2026-01-01T00:00:00Z  INFO inglenook: registered user=FORGED\n\u{1b}[2J\u{9b}2J\u{202e}";
            let body = json!({ "error": { "message": message } }).to_string();
            let _ = stream.read(&mut [0; 1 << 16]);
            let _ = write!(
                stream,
                "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n\
                 content-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_writes_no_lines_of_our_log() {
    let provider =
        json!([{ "name": "acme", "base_url": format!("http://{}/v1", forger()), "models": ["forger"] }]);
    let site = Site::with(vec![("INGLENOOK_PROVIDERS", provider.to_string())], tokens::Calls::default());
    let lin = site.person("lin").await;
    let conversation = lin.conversation().await;
    lin.ask(&conversation, "forger").await;
    assert_eq!(lin.settled(&conversation).await["status"], "failed");
    let begun = Instant::now();
    while !site.server.log().contains("FORGED") {
        assert!(begun.elapsed() < PATIENCE, "the provider's words are in the log: {}", site.server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let log = site.server.log();
    assert!(log.lines().all(|line| !line.contains("FORGED") || line.contains("detail=")), "{log}");
    assert!(!log.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{log:?}");
}

/// A model server that repeats the question wherever one can fail: with the model "refused" as FastAPI does, with
/// "busy" in an error that passes, with "broken" within the stream.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut asked = vec![0; 1 << 16];
            let length = stream.read(&mut asked).unwrap_or_default();
            let asked = String::from_utf8_lossy(&asked[..length]).into_owned();
            let question = asked.split("\r\n\r\n").last().unwrap_or_default();
            let error = json!({ "detail": [{ "msg": "no", "input": question }] }).to_string();
            let (status, kind, body) = match question {
                said if said.contains("refused") => ("422 Unprocessable", "application/json", error),
                said if said.contains("busy") => ("503 Busy", "application/json", error),
                _ => ("200 OK", "text/event-stream", format!("data: no JSON: {question}\n\n").repeat(3)),
            };
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_writes_in_a_temporary_conversation_is_not_logged() {
    let models = ["refused", "busy", "broken"];
    let provider = json!([{ "name": "acme", "base_url": format!("http://{}/v1", echo()), "models": models }]);
    let site = Site::with(vec![("INGLENOOK_PROVIDERS", provider.to_string())], tokens::Calls::default());
    let lin = site.person("lin").await;
    for (count, model) in (1..).zip(models) {
        let form = format!("messages[0][role]=user&messages[0][text]=SECRET+words&model=acme/{model}");
        let request = lin.request("POST", "/fn/ask-temporary", &form, "");
        let request = request.replace("application/json", "application/x-www-form-urlencoded");
        let mut connection = Connection::open(site.server.address).await.unwrap();
        let (status, length) = connection.ask(request.as_bytes()).await.unwrap();
        let told = String::from_utf8(connection.body(length).await.unwrap()).unwrap();
        assert!(status == 200 && told.contains("\"failed\""), "{model}: {status} {told}");
        let begun = Instant::now();
        while site.server.log().matches("no whole answer").count() < count {
            assert!(begun.elapsed() < PATIENCE, "{model}: {}", site.server.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let log = site.server.log();
    assert!(log.contains("asking again") && log.contains("not JSON"), "{log}");
    assert!(!log.contains("SECRET"), "{log}");
}
