//! [`Scripted`]: a server that answers each request with the bytes of a test and remembers the requests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use inglenook::server::llm::{OpenAi, ProviderTimeouts};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::upstream::provider;

/// One step of an answer; after the last one the server closes the connection.
#[derive(Clone, Debug)]
pub enum Step {
    Send(Vec<u8>),
    Pause(u64),
    /// Sends this text every so many milliseconds until the caller closes the connection.
    Repeat(&'static str, u64),
    /// Sends nothing more and keeps the connection open.
    Hang,
}

/// The running server, which ends when this is dropped.
pub struct Scripted {
    pub base_url: String,
    seen: Arc<Mutex<Vec<Value>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Scripted {
    /// `script` makes the steps from a request's body and the number of earlier requests.
    pub async fn start(script: impl Fn(&Value, usize) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (script, requests) = (Arc::new(script), seen.clone());
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (script, requests) = (script.clone(), requests.clone());
                tokio::spawn(async move {
                    let Some(body) = read_request(&mut stream).await else { return };
                    let steps = {
                        let mut requests = requests.lock().unwrap();
                        requests.push(body.clone());
                        script(&body, requests.len() - 1)
                    };
                    play(&mut stream, steps).await;
                });
            }
        });
        Self { base_url, seen, task }
    }

    /// A server that answers every request with the same steps.
    pub async fn with(steps: Vec<Step>) -> Self {
        Self::start(move |_, _| steps.clone()).await
    }

    pub fn provider(&self, timeouts: ProviderTimeouts) -> Arc<OpenAi> {
        provider(&self.base_url, timeouts)
    }

    /// The bodies of the requests so far.
    pub fn seen(&self) -> Vec<Value> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Value> {
    let mut read = Vec::new();
    loop {
        if let Some(head) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let headers = String::from_utf8_lossy(&read[..head]).to_lowercase();
            let length = headers.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
            if read.len() >= head + 4 + length {
                return Some(serde_json::from_slice(&read[head + 4..]).unwrap_or_default());
            }
        }
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => read.extend_from_slice(&part[..count]),
        }
    }
}

async fn play(stream: &mut TcpStream, steps: Vec<Step>) {
    for step in steps {
        match step {
            Step::Send(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Step::Pause(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
            Step::Repeat(text, millis) => {
                while stream.write_all(text.as_bytes()).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(millis)).await;
                }
            }
            Step::Hang => {
                let mut byte = [0];
                let _ = stream.read(&mut byte).await;
            }
        }
    }
    let _ = stream.shutdown().await;
}

/// An answer with headers whose body, sent in one piece, ends with the connection.
pub fn answer(status: u16, content_type: &str, body: &str) -> Vec<Step> {
    let kind =
        if content_type.is_empty() { String::new() } else { format!("content-type: {content_type}\r\n") };
    vec![Step::Send(format!("HTTP/1.1 {status} x\r\n{kind}connection: close\r\n\r\n{body}").into_bytes())]
}

pub fn sse(body: &str) -> Vec<Step> {
    answer(200, "text/event-stream", body)
}

/// An answer with a `Content-Length`.
pub fn sized(body: &str, length: usize) -> Vec<Step> {
    let head =
        format!("HTTP/1.1 200 x\r\ncontent-type: text/event-stream\r\ncontent-length: {length}\r\n\r\n");
    vec![Step::Send((head + body).into_bytes())]
}

/// An answer in chunks; `whole` adds the last, empty chunk.
pub fn chunked(body: &str, whole: bool) -> Vec<Step> {
    let head = "HTTP/1.1 200 x\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let end = if whole { "0\r\n\r\n" } else { "" };
    vec![Step::Send(format!("{head}{:x}\r\n{body}\r\n{end}", body.len()).into_bytes())]
}

/// An event with a delta, and with a finish reason if there is one.
pub fn delta(delta: Value, finish_reason: Option<&str>) -> String {
    event(&json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": finish_reason }] }))
}

pub fn text(content: &str) -> String {
    delta(json!({ "content": content }), None)
}

pub fn end(finish_reason: &str) -> String {
    delta(json!({}), Some(finish_reason))
}

pub fn event(value: &Value) -> String {
    format!("data: {value}\n\n")
}

pub const DONE: &str = "data: [DONE]\n\n";
