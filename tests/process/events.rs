//! [`Events`] and [`View`]: the events of a conversation over a socket, and what a listener shows after them.

use std::{collections::VecDeque, io};

use inglenook::server::ops::sse::Decoder;
use serde_json::Value;

use crate::{
    http::Connection,
    site::{PATIENCE, Person},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Html,
}

#[derive(Clone, Debug)]
pub struct Event {
    pub name: String,
    /// The number to resume from.
    pub id: u64,
    pub data: Value,
}

impl Event {
    pub fn is_end(&self) -> bool {
        matches!(&*self.name, "done" | "failed")
    }
}

pub struct Events {
    connection: Connection,
    decoder: Decoder,
    seen: VecDeque<Event>,
}

impl Events {
    pub async fn open(
        person: &Person,
        conversation: &str,
        after: Option<u64>,
        format: Format,
    ) -> io::Result<Self> {
        let connection = Connection::open(person.address).await?;
        Self::open_on(connection, person, conversation, after, format).await
    }

    pub async fn open_on(
        mut connection: Connection,
        person: &Person,
        conversation: &str,
        after: Option<u64>,
        format: Format,
    ) -> io::Result<Self> {
        let format = if format == Format::Html { "html" } else { "text" };
        let path = format!("/api/v1/conversations/{conversation}/events?format={format}");
        let place = after.map(|after| format!("last-event-id: {after}\r\n")).unwrap_or_default();
        let request = person.request("GET", &path, "", &place);
        let (status, length) = connection.ask(request.as_bytes()).await?;
        if status != 200 {
            let body = connection.body(length).await?;
            return Err(io::Error::other(format!("{status}: {}", String::from_utf8_lossy(&body))));
        }
        Ok(Self { connection, decoder: Decoder::new(64 << 20), seen: VecDeque::new() })
    }

    /// The next event; `None` when the stream has ended, an error when it broke off.
    pub async fn next(&mut self) -> io::Result<Option<Event>> {
        // Comments are skipped.
        let next = tokio::time::timeout(PATIENCE, self.wait());
        next.await.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no event comes")))
    }

    async fn wait(&mut self) -> io::Result<Option<Event>> {
        loop {
            if let Some(event) = self.seen.pop_front() {
                return Ok(Some(event));
            }
            let (decoder, seen) = (&mut self.decoder, &mut self.seen);
            let pieces = self.connection.pieces(|bytes| {
                decoder
                    .feed(bytes, |event| {
                        seen.push_back(Event {
                            name: event.name.to_owned(),
                            id: event.id.parse().unwrap(),
                            data: serde_json::from_str(event.data).unwrap(),
                        });
                    })
                    .unwrap();
            });
            if !pieces.await? && self.seen.is_empty() {
                return Ok(None);
            }
        }
    }

    /// Applies the events up to the answer's end; false if the stream ended before.
    pub async fn until_end(&mut self, view: &mut View) -> bool {
        while let Ok(Some(event)) = self.next().await {
            view.take(&event);
            if event.is_end() {
                return true;
            }
        }
        false
    }
}

/// What a listener shows that applies the events in order.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The number of the last event.
    pub place: Option<u64>,
    pub message_id: String,
    pub text: String,
    pub reasoning: String,
    pub blocks: Vec<String>,
    /// The status in `done`, or `failed`.
    pub end: Option<String>,
    pub resets: usize,
}

impl View {
    pub fn after(place: u64) -> Self {
        Self { place: Some(place), ..Self::default() }
    }

    pub fn take(&mut self, event: &Event) {
        let before = self.place.replace(event.id);
        // Events after a reset begin at lower numbers, so that a listener that is cut off among them gets a reset
        // again.
        let falls = event.name != "reset" && before.is_some_and(|before| before > event.id);
        assert!(!falls, "places fall: {before:?}, {event:?}");
        let text = |field: &str| event.data[field].as_str().unwrap_or_else(|| panic!("{event:?}"));
        match &*event.name {
            "started" | "reset" => {
                let (resets, again) = (self.resets, event.name == "reset");
                *self =
                    Self { place: self.place, message_id: text("message_id").to_owned(), ..Self::default() };
                self.resets = resets + usize::from(again);
            }
            "delta" => self.text += text("text"),
            "reasoning" => self.reasoning += text("text"),
            "block" => {
                let index = event.data["index"].as_u64().unwrap() as usize;
                if self.blocks.len() <= index {
                    self.blocks.resize(index + 1, String::new());
                }
                self.blocks[index] = text("html").to_owned();
            }
            "lines" => {
                let index = event.data["index"].as_u64().unwrap() as usize;
                let block =
                    self.blocks.get_mut(index).unwrap_or_else(|| panic!("lines of no block: {event:?}"));
                let end = block.rfind("</code>").expect("lines are appended to code");
                block.insert_str(end, text("html"));
            }
            "done" => self.end = Some(text("status").to_owned()),
            "failed" => self.end = Some("failed".into()),
            _ => {}
        }
    }
}
