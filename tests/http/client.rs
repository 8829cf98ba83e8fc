//! Clients of a test's server, and the replies they get.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::{Body, BodyDataStream, Bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request, header, request::Builder},
};
use futures::StreamExt;
use http_body_util::BodyExt;
use inglenook::server::ops::sse;
use serde_json::{Value, json};
use tower::ServiceExt;

#[derive(Clone)]
pub struct Client {
    router: Router,
    token: Option<String>,
    cookie: Option<String>,
    headers: HeaderMap,
}

impl Client {
    /// A client that is not signed in.
    pub fn of(router: Router) -> Self {
        Self { router, token: None, cookie: None, headers: HeaderMap::new() }
    }

    pub fn bearer(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// Sends this cookie (`name=value`) with each request.
    pub fn cookie(mut self, cookie: &str) -> Self {
        self.cookie = Some(cookie.to_owned());
        self
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    /// Sends one more line of a header.
    pub fn also(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(name, value.parse().unwrap());
        self
    }

    /// Sends the headers of a browser that opens a page or posts its form.
    pub fn browser(self) -> Self {
        self.header("accept", "text/html,application/xhtml+xml").header("sec-fetch-site", "same-origin")
    }

    /// Whether it sends a token or a key.
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Body::empty(), None).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, Body::empty(), None).await
    }

    pub async fn post(&self, path: &str, json: &Value) -> Answer {
        self.send(Method::POST, path, json.to_string().into(), Some("application/json")).await
    }

    /// Posts like `post`, for concurrent calls: the future borrows nothing.
    pub async fn post_owned(self, path: &str, json: Value) -> Answer {
        self.post(path, &json).await
    }

    pub async fn patch(&self, path: &str, json: &Value) -> Answer {
        self.send(Method::PATCH, path, json.to_string().into(), Some("application/json")).await
    }

    pub async fn send_json(&self, method: &str, path: &str, json: &Value) -> Answer {
        self.send(method.parse().unwrap(), path, json.to_string().into(), Some("application/json")).await
    }

    pub async fn post_form(&self, path: &str, form: &str) -> Answer {
        self.send(Method::POST, path, form.to_owned().into(), Some("application/x-www-form-urlencoded")).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Body, kind: Option<&str>) -> Answer {
        let response = self.open(method, path, body, kind).await;
        let (head, body) = response.into_parts();
        let bytes =
            tokio::time::timeout(Duration::from_secs(10), body.collect()).await.expect("the body ends");
        let asked = format!("{} {path}", head.status);
        Answer { asked, status: head.status.as_u16(), headers: head.headers, body: bytes.unwrap().to_bytes() }
    }

    /// Sends like `send`, for a reply that streams: only the first piece of its body is read, if one comes soon.
    pub async fn send_head_first(
        &self,
        method: Method,
        path: &str,
        body: Body,
        kind: Option<&str>,
    ) -> Answer {
        let response = self.open(method, path, body, kind).await;
        let asked = format!("{} {path}", response.status());
        let (head, mut body) = response.into_parts();
        let mut bytes = Vec::new();
        while let Ok(Some(Ok(frame))) = tokio::time::timeout(Duration::from_millis(300), body.frame()).await {
            bytes.extend(frame.into_data().unwrap_or_default());
        }
        Answer { asked, status: head.status.as_u16(), headers: head.headers, body: bytes.into() }
    }

    pub async fn open(
        &self,
        method: Method,
        path: &str,
        body: Body,
        kind: Option<&str>,
    ) -> axum::response::Response {
        let mut request: Builder = Request::builder().method(method).uri(path);
        if !self.headers.contains_key(header::HOST) {
            request = request.header(header::HOST, "inglenook.test");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        for (name, value) in [
            (header::AUTHORIZATION, self.token.as_ref().map(|token| format!("Bearer {token}"))),
            (header::COOKIE, self.cookie.clone()),
            (header::CONTENT_TYPE, kind.map(str::to_owned)),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap()
    }

    /// The status and the headers of a reply, without waiting for its body.
    pub async fn head(&self, method: Method, path: &str, form: &str) -> (u16, HeaderMap) {
        let kind = (!form.is_empty()).then_some("application/x-www-form-urlencoded");
        let response = self.open(method, path, form.to_owned().into(), kind).await;
        (response.status().as_u16(), response.headers().clone())
    }

    /// Sends from this address, as the server's socket would report it.
    pub fn from(mut self, peer: SocketAddr) -> Self {
        self.router = self.router.layer(axum::Extension(ConnectInfo(peer)));
        self
    }

    pub async fn events(&self, path: &str) -> Events {
        let response = self.open(Method::GET, path, Body::empty(), None).await;
        assert_eq!(response.status(), 200);
        let headers = response.headers().clone();
        Events {
            headers,
            body: response.into_body().into_data_stream(),
            decoder: sse::Decoder::new(16 << 20),
            seen: Vec::new(),
        }
    }

    /// Makes a conversation and returns its id.
    /// The id of the person.
    pub async fn id(&self) -> String {
        self.get("/api/v1/me").await.is(200).id()
    }

    pub async fn conversation(&self) -> String {
        self.post("/api/v1/conversations", &json!({})).await.is(201).id()
    }

    /// Asks, waits for the end of the answer, and returns the reply to the question.
    pub async fn ask(&self, conversation: &str, content: &str) -> Value {
        let path = format!("/api/v1/conversations/{conversation}");
        let begun =
            self.post(&format!("{path}/messages"), &json!({ "content": content })).await.is(202).json();
        self.events(&format!("{path}/events?after={}", begun["after"])).await.until_end().await;
        begun
    }
}

#[derive(Debug)]
pub struct Answer {
    asked: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text());
        self
    }

    /// Expects a problem of this status, about this field.
    #[track_caller]
    pub fn problem(self, status: u16, field: &str) -> Self {
        let answer = self.is(status);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.asked);
        let problem = answer.json();
        assert_eq!(problem["field"].as_str().unwrap_or_default(), field, "{}: {problem}", answer.asked);
        assert_eq!(problem["status"], status);
        assert!(problem["request_id"] == answer.header("x-request-id"), "{problem}");
        answer
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.asked, self.text()))
    }

    /// The problem without the request's id, so that two problems can be compared.
    pub fn without_request_id(&self) -> Value {
        let mut problem = self.json();
        problem.as_object_mut().unwrap().remove("request_id");
        problem
    }

    #[track_caller]
    pub fn id(&self) -> String {
        self.json()["id"].as_str().unwrap().to_owned()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// All cookies that the reply sets or removes.
    pub fn cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect()
    }

    /// The cookie of the reply, as a browser sends it back.
    #[track_caller]
    pub fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }
}

/// The name, the number and the data of an event.
pub type Event = (String, String, Value);

pub struct Events {
    pub headers: HeaderMap,
    body: BodyDataStream,
    decoder: sse::Decoder,
    seen: Vec<Event>,
}

impl Events {
    /// The next event; `None` when the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        while self.seen.is_empty() {
            let bytes = tokio::time::timeout(Duration::from_secs(10), self.body.next())
                .await
                .expect("an event comes");
            let seen = &mut self.seen;
            let each = |event: sse::Event<'_>| {
                let data = serde_json::from_str(event.data).unwrap();
                seen.push((event.name.to_owned(), event.id.to_owned(), data));
            };
            self.decoder.feed(&bytes?.unwrap(), each).unwrap();
        }
        Some(self.seen.remove(0))
    }

    /// The events up to `done` or `failed`.
    pub async fn until_end(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            let end = matches!(&*event.0, "done" | "failed");
            events.push(event);
            if end {
                return events;
            }
        }
        panic!("the stream ended after {events:?}");
    }
}

/// The text that the `delta` events add up to.
pub fn text_of(events: &[Event]) -> String {
    events
        .iter()
        .filter(|(name, ..)| name == "delta")
        .map(|(_, _, data)| data["text"].as_str().unwrap())
        .collect()
}
