//! One stream: asks, listens to the end, and measures what a person would see.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use inglenook::server::ops::sse::Decoder;
use serde::Deserialize;

use crate::http::Connection;

/// The longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Html,
}

/// The measurements of one stream.
#[derive(Debug)]
pub struct Seen {
    /// From just before the question to the first text.
    pub first: Duration,
    /// From just before the question to the end.
    pub total: Duration,
    /// The times between two arrivals of text.
    pub gaps: Vec<Duration>,
    /// The bytes that came over the socket.
    pub bytes: u64,
}

/// What is recorded while a stream runs.
struct Watch<'a> {
    begun: Instant,
    first: Option<Instant>,
    last: Instant,
    gaps: Vec<Duration>,
    expected: &'a str,
    text: usize,
    ended: bool,
    wrong: Option<String>,
}

impl<'a> Watch<'a> {
    fn new(begun: Instant, expected: &'a str) -> Self {
        let gaps = Vec::new();
        Self { begun, first: None, last: begun, gaps, expected, text: 0, ended: false, wrong: None }
    }

    /// Records that something visible came, with its text.
    fn saw(&mut self, text: Option<&str>) {
        let now = Instant::now();
        match self.first {
            None => self.first = Some(now),
            Some(_) => self.gaps.push(now - self.last),
        }
        self.last = now;
        let Some(text) = text else { return };
        if self.expected.as_bytes()[self.text..].starts_with(text.as_bytes()) {
            self.text += text.len();
        } else {
            self.wrong.get_or_insert_with(|| format!("after {} bytes came {text:?}", self.text));
        }
    }

    fn end(self, bytes: u64, whole: bool) -> Result<Seen, String> {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        if whole && self.text != self.expected.len() {
            return Err(format!("{} of {} bytes came", self.text, self.expected.len()));
        }
        let total = self.begun.elapsed();
        let first = self.first.map_or(total, |first| first - self.begun);
        Ok(Seen { first, total, gaps: self.gaps, bytes })
    }
}

/// Ends with an error if the work takes longer than [`PATIENCE`].
pub async fn patiently<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(format!("nothing in {PATIENCE:?}")))
}

fn io(error: io::Error) -> String {
    format!("the connection: {error}")
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    delta: Content<'a>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow, default)]
    content: Option<std::borrow::Cow<'a, str>>,
}

/// The baseline: asks the upstream directly, without the server.
pub async fn from_upstream(connection: &mut Connection, model: &str, expected: &str) -> Result<Seen, String> {
    let body = format!(
        r#"{{"model":"{model}","stream":true,"messages":[{{"role":"user","content":"Write me a long answer."}}]}}"#
    );
    let request = post("/v1/chat/completions", "", &body);
    let before = connection.received;
    let mut watch = Watch::new(Instant::now(), expected);
    let (status, _) = connection.ask(&request).await.map_err(io)?;
    if status != 200 {
        return Err(format!("the upstream answered {status}"));
    }
    let mut decoder = Decoder::new(1 << 20);
    let mut more = true;
    while more {
        let fed = |bytes: &[u8]| {
            let _ = decoder.feed(bytes, |event| match serde_json::from_str::<Chunk<'_>>(event.data) {
                Ok(chunk) => {
                    if let Some(text) =
                        chunk.choices.first().and_then(|choice| choice.delta.content.as_deref())
                    {
                        watch.saw(Some(text));
                    }
                }
                Err(_) => watch.ended = event.data == "[DONE]",
            });
        };
        more = connection.pieces(fed).await.map_err(io)?;
    }
    let bytes = connection.received - before;
    if watch.ended { watch.end(bytes, true) } else { Err("it ended without [DONE]".into()) }
}

/// A conversation of a person who is signed in.
#[derive(Clone, Debug)]
pub struct Place {
    pub address: SocketAddr,
    pub token: String,
    pub conversation: String,
    pub model: String,
}

impl Place {
    fn path(&self) -> String {
        format!("/api/v1/conversations/{}", self.conversation)
    }

    /// Asks a question. Gives the number of the last event before its answer.
    async fn ask(&self, connection: &mut Connection) -> Result<u64, String> {
        #[derive(Deserialize)]
        struct Begun {
            after: u64,
        }
        let body = format!(r#"{{"content":"Write me a long answer.","model":"{}"}}"#, self.model);
        let request = post(&format!("{}/messages", self.path()), &self.token, &body);
        let (status, length) = connection.ask(&request).await.map_err(io)?;
        let body = connection.body(length).await.map_err(io)?;
        if status != 202 {
            return Err(format!("the question was answered {status}: {}", String::from_utf8_lossy(&body)));
        }
        serde_json::from_slice::<Begun>(&body).map(|begun| begun.after).map_err(|error| error.to_string())
    }

    async fn open(
        &self,
        connection: &mut Connection,
        after: Option<u64>,
        format: Format,
    ) -> Result<(), String> {
        let format = if format == Format::Html { "html" } else { "text" };
        let after = after.map(|after| format!("&after={after}")).unwrap_or_default();
        let request = get(&format!("{}/events?format={format}{after}", self.path()), &self.token);
        match connection.ask(&request).await.map_err(io)?.0 {
            200 => Ok(()),
            status => Err(format!("the events were answered {status}")),
        }
    }
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    text: std::borrow::Cow<'a, str>,
}

/// Asks and then listens, on one connection.
pub async fn from_server(
    connection: &mut Connection,
    place: &Place,
    format: Format,
    expected: &str,
) -> Result<Seen, String> {
    let before = connection.received;
    let begun = Instant::now();
    let after = place.ask(connection).await?;
    place.open(connection, Some(after), format).await?;
    hear(connection, begun, before, format, expected).await
}

/// Listens first and then asks on a second connection, as an open page does.
pub async fn from_server_listening(
    connection: &mut Connection,
    second: &mut Connection,
    place: &Place,
    expected: &str,
) -> Result<Seen, String> {
    place.open(connection, None, Format::Text).await?;
    let before = connection.received;
    let begun = Instant::now();
    let asked = place.ask(second);
    let heard = hear(connection, begun, before, Format::Text, expected);
    let (asked, heard) = tokio::join!(asked, heard);
    asked?;
    heard
}

async fn hear(
    connection: &mut Connection,
    begun: Instant,
    before: u64,
    format: Format,
    expected: &str,
) -> Result<Seen, String> {
    let mut watch = Watch::new(begun, expected);
    let mut decoder = Decoder::new(64 << 20);
    while !watch.ended && watch.wrong.is_none() {
        let fed = |bytes: &[u8]| {
            let _ = decoder.feed(bytes, |event| match event.name {
                "delta" => match serde_json::from_str::<Delta<'_>>(event.data) {
                    Ok(delta) => watch.saw(Some(&delta.text)),
                    Err(error) => watch.wrong = Some(error.to_string()),
                },
                "block" | "lines" => watch.saw(None),
                "done" if event.data.contains(r#""status":"complete""#) => watch.ended = true,
                "done" | "failed" | "reset" => watch.wrong = Some(event.data.to_owned()),
                _ => {}
            });
        };
        if !connection.pieces(fed).await.map_err(io)? && !watch.ended {
            return Err("the events ended before the answer did".into());
        }
    }
    let bytes = connection.received - before;
    watch.end(bytes, format == Format::Text)
}

pub fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: inglenook.test\r\nauthorization: Bearer {token}\r\n\r\n")
        .into_bytes()
}

pub fn post(path: &str, token: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let signed = if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
    format!(
        "POST {path} HTTP/1.1\r\nhost: inglenook.test\r\n{signed}content-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
