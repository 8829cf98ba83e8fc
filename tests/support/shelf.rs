//! [`Shelf`]: a model server whose answers are a function of method and path.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    response::Response,
};

/// Status, content type and body.
pub type Reply = (u16, &'static str, String);

/// A running server, which ends when this is dropped.
pub struct Shelf {
    pub address: SocketAddr,
    /// The requests, such as `GET /v1/models`, in order of arrival, those that wait for their reply too.
    asked: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Shelf {
    pub async fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0)), reply).await
    }

    pub async fn at(address: SocketAddr, reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, reply) = (asked.clone(), Arc::new(reply));
        let router = Router::new().fallback(move |request: Request| {
            let line = format!("{} {}", request.method(), request.uri().path());
            let reply = reply.clone();
            seen.lock().unwrap().push(line.clone());
            async move {
                // On a thread of its own, because a reply may wait for the test: on a thread of the
                // runtime it would keep the tasks that are next there, the test's own among them.
                let (status, kind, body) = tokio::task::spawn_blocking(move || reply(&line)).await.unwrap();
                let answer = Response::builder().status(StatusCode::from_u16(status).unwrap());
                answer.header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap()
            }
        });
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, asked, task }
    }

    /// The requests since the last call.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub fn json(body: impl Into<String>) -> Reply {
    (200, "application/json", body.into())
}

/// A list of models with these names.
pub fn list(names: &[&str]) -> Reply {
    let data: Vec<_> = names.iter().map(|name| serde_json::json!({ "id": name })).collect();
    json(serde_json::json!({ "data": data }).to_string())
}

/// A streamed answer with this text.
pub fn said(text: &str) -> Reply {
    let chunk = serde_json::json!({ "choices": [{ "delta": { "content": text }, "finish_reason": "stop" }] });
    (200, "text/event-stream", format!("data: {chunk}\n\ndata: [DONE]\n\n"))
}

pub fn missing() -> Reply {
    (404, "text/plain", "404 page not found".to_owned())
}
