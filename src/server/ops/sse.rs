//! Event streams by the WHATWG grammar: [`Decoder`] takes bytes as they arrive and gives events,
//! [`encode`] writes one event that no text in it can break out of.
//!
//! axum's `sse::Event` is not used for writing, because its bytes can only be had as one frame of a body for each event,
//! while a reader that has fallen behind is sent many events in one buffer.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::mem;

use memchr::{memchr, memchr2};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// `message` when the stream named none.
    pub name: &'a str,
    /// The `data` lines, joined by `\n`. Bytes that are not UTF-8 are replaced by U+FFFD, as the grammar says.
    pub data: &'a str,
    /// The last id in the stream, which may be an earlier event's; empty when there was none.
    pub id: &'a str,
}

/// A line or an event was longer than the decoder's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is too long")]
pub struct TooLong;

/// The bytes may be split anywhere between two calls of [`Decoder::feed`], also in the middle of CR LF or of a character.
/// An event without its closing empty line is only given by [`Decoder::finish`].
///
/// Two kinds of lines are read that the grammar ignores: a JSON object without `data:` is an event, and `error: …` is the
/// data of an event `error`. Some model servers write errors this way (llama.cpp, TGI).
#[derive(Debug)]
pub struct Decoder {
    /// The start of a line whose end has not arrived yet.
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    name: String,
    id: String,
    first_line: bool,
    /// The last byte was a CR that ended a line: an LF right after it belongs to it.
    skip_lf: bool,
    limit: usize,
}

impl Decoder {
    /// `limit`: the most bytes of one line or one event.
    pub fn new(limit: usize) -> Self {
        Self {
            line: Vec::new(),
            data: Vec::new(),
            has_data: false,
            name: String::new(),
            id: String::new(),
            first_line: true,
            skip_lf: false,
            limit,
        }
    }

    /// Calls `each` with every event that these bytes complete.
    pub fn feed(&mut self, mut bytes: &[u8], mut each: impl FnMut(Event<'_>)) -> Result<(), TooLong> {
        if self.skip_lf
            && let Some(first) = bytes.first()
        {
            self.skip_lf = false;
            bytes = &bytes[usize::from(*first == b'\n')..];
        }
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            let (head, tail) = bytes.split_at(end);
            self.check(head.len())?;
            if self.line.is_empty() {
                self.take_line(head, &mut each);
            } else {
                let mut line = mem::take(&mut self.line);
                line.extend_from_slice(head);
                self.take_line(&line, &mut each);
                line.clear();
                self.line = line;
            }
            self.skip_lf = tail == b"\r";
            bytes = &tail[if tail.starts_with(b"\r\n") { 2 } else { 1 }..];
        }
        self.check(bytes.len())?;
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    /// The stream has ended: an event that was begun is given as it is.
    pub fn finish(&mut self, mut each: impl FnMut(Event<'_>)) {
        let line = mem::take(&mut self.line);
        if !line.is_empty() {
            self.take_line(&line, &mut each);
        }
        self.dispatch(&mut each);
    }

    fn check(&self, more: usize) -> Result<(), TooLong> {
        if self.line.len() + self.data.len() + more > self.limit { Err(TooLong) } else { Ok(()) }
    }

    fn take_line(&mut self, line: &[u8], each: &mut impl FnMut(Event<'_>)) {
        let first = mem::replace(&mut self.first_line, false);
        let line = if first { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        if line.is_empty() {
            return self.dispatch(each);
        }
        if line.starts_with(b"{") {
            return each(Event { name: "message", data: &String::from_utf8_lossy(line), id: &self.id });
        }
        let (field, value) = match memchr(b':', line) {
            // A comment.
            Some(0) => return,
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &[][..]),
        };
        self.take_field(field, value.strip_prefix(b" ").unwrap_or(value));
    }

    fn take_field(&mut self, field: &[u8], value: &[u8]) {
        if field == b"error" {
            self.name = "error".into();
        }
        match field {
            b"data" | b"error" => {
                if mem::replace(&mut self.has_data, true) {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
            }
            b"event" => self.name = String::from_utf8_lossy(value).into_owned(),
            b"id" if !value.contains(&0) => self.id = String::from_utf8_lossy(value).into_owned(),
            // `retry` too, because no reader of streams in the server reconnects by itself.
            _ => {}
        }
    }

    fn dispatch(&mut self, each: &mut impl FnMut(Event<'_>)) {
        if mem::replace(&mut self.has_data, false) {
            let name = if self.name.is_empty() { "message" } else { &self.name };
            each(Event { name, data: &String::from_utf8_lossy(&self.data), id: &self.id });
        }
        self.name.clear();
        self.data.clear();
        // The memory of one huge event is not kept for the rest of the stream.
        self.data.shrink_to(64 * 1024);
    }
}

/// One event as text of a stream. Line ends in `data` become further `data:` lines, which a reader joins by `\n`. In `event`
/// and `id`, where the grammar has no way to write them, they are left out.
pub fn encode(event: &str, id: Option<&str>, data: &str) -> String {
    let mut out = String::with_capacity(data.len() + event.len() + 40);
    if !event.is_empty() {
        let _ = writeln!(out, "event: {}", one_line(event));
    }
    if let Some(id) = id {
        let _ = writeln!(out, "id: {}", one_line(id));
    }
    let mut rest = data;
    while let Some(end) = rest.find(['\n', '\r']) {
        let _ = writeln!(out, "data: {}", &rest[..end]);
        rest = &rest[end..];
        rest = &rest[if rest.starts_with("\r\n") { 2 } else { 1 }..];
    }
    let _ = write!(out, "data: {rest}\n\n");
    out
}

/// Without NUL too, because readers ignore an id that holds one.
fn one_line(text: &str) -> Cow<'_, str> {
    const FORBIDDEN: [char; 3] = ['\n', '\r', '\0'];
    if text.contains(FORBIDDEN) { text.replace(FORBIDDEN, "").into() } else { text.into() }
}

#[cfg(test)]
#[path = "sse_tests.rs"]
mod tests;
