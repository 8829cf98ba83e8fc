//! [`Frames`]: cuts the body of an answer into events, whether it is an event stream, JSON values one after the
//! other, or a single JSON value. The first byte decides, because the `Content-Type` header is often wrong.

use crate::server::ops::sse::{Decoder, TooLong};

/// The most bytes of the body that are kept for the log.
const START_BYTES: usize = 400;

#[derive(Debug)]
pub(super) struct Frames {
    framing: Option<Framing>,
    limit: usize,
    /// The first bytes of the body.
    start: Vec<u8>,
}

#[derive(Debug)]
enum Framing {
    Events(Decoder),
    Json(Values),
    /// HTML or XML, which is not read.
    Page,
}

impl Frames {
    /// `limit` is the most bytes that one event may have.
    pub(super) fn new(limit: usize) -> Self {
        Self { framing: None, limit, start: Vec::new() }
    }

    /// Calls `each` with the name and the data of every event that these bytes complete.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut each: impl FnMut(&str, &str)) -> Result<(), TooLong> {
        let room = START_BYTES.saturating_sub(self.start.len()).min(bytes.len());
        self.start.extend_from_slice(&bytes[..room]);
        let framing = match &mut self.framing {
            Some(framing) => framing,
            none => {
                // Spaces and the bytes of U+FEFF, a byte order mark.
                let blank = |byte: &u8| byte.is_ascii_whitespace() || [0xef, 0xbb, 0xbf].contains(byte);
                let Some(at) = bytes.iter().position(|byte| !blank(byte)) else { return Ok(()) };
                bytes = &bytes[at..];
                none.insert(match bytes[0] {
                    b'{' | b'[' => Framing::Json(Values::default()),
                    b'<' => Framing::Page,
                    _ => Framing::Events(Decoder::new(self.limit)),
                })
            }
        };
        match framing {
            Framing::Events(decoder) => decoder.feed(bytes, |event| each(event.name, event.data)),
            Framing::Json(values) => values.feed(bytes, self.limit, |value| each("message", value)),
            Framing::Page => Ok(()),
        }
    }

    /// To be called when the body ended in order. Gives `each` the event that is still open.
    pub(super) fn finish(&mut self, mut each: impl FnMut(&str, &str)) {
        match &mut self.framing {
            Some(Framing::Events(decoder)) => decoder.finish(|event| each(event.name, event.data)),
            Some(Framing::Json(values)) if !values.open.is_empty() => {
                each("message", &String::from_utf8_lossy(&values.open));
            }
            _ => {}
        }
    }

    pub(super) fn is_page(&self) -> bool {
        matches!(self.framing, Some(Framing::Page))
    }

    /// Whether nothing but comments has come.
    pub(super) fn is_silent(&self) -> bool {
        self.framing.is_none() || self.start.trim_ascii_start().starts_with(b":")
    }

    /// The start of the body, for the log.
    pub(super) fn start(&self) -> String {
        String::from_utf8_lossy(&self.start).into_owned()
    }
}

/// Finds the ends of JSON values by their brackets; anything between two values is skipped.
#[derive(Debug, Default)]
struct Values {
    /// The bytes of the value that is still open.
    open: Vec<u8>,
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl Values {
    fn feed(&mut self, bytes: &[u8], limit: usize, mut each: impl FnMut(&str)) -> Result<(), TooLong> {
        let mut from = 0;
        for (at, byte) in bytes.iter().enumerate() {
            if self.in_text {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'{' | b'[' => {
                    if self.depth == 0 {
                        from = at;
                    }
                    self.depth += 1;
                }
                b'"' if self.depth > 0 => self.in_text = true,
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.open.extend_from_slice(&bytes[from..=at]);
                        each(&String::from_utf8_lossy(&self.open));
                        self.open.clear();
                    }
                }
                _ => {}
            }
        }
        if self.depth > 0 {
            self.open.extend_from_slice(&bytes[from..]);
        }
        if self.open.len() > limit { Err(TooLong) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Frames, TooLong};

    fn cut(parts: &[&[u8]]) -> Vec<String> {
        let (mut frames, mut seen) = (Frames::new(1 << 10), Vec::new());
        for part in parts {
            frames.feed(part, |name, data| seen.push(format!("{name} {data}"))).unwrap();
        }
        frames.finish(|name, data| seen.push(format!("{name} {data}")));
        seen
    }

    #[track_caller]
    fn check(body: &str, expected: &[&str]) {
        let bytes = body.as_bytes();
        for at in 0..=bytes.len() {
            assert_eq!(cut(&[&bytes[..at], &bytes[at..]]), expected, "{body:?} cut at {at}");
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(cut(&single), expected, "{body:?} byte by byte");
    }

    #[test]
    fn what_comes_decides() {
        check("data: a\n\ndata: b\n\n", &["message a", "message b"]);
        check("\u{feff}\r\n: hello\n\nevent: error\ndata: a\n\n", &["error a"]);
        check("{\"a\":\"}\\\"{\"}", &["message {\"a\":\"}\\\"{\"}"]);
        check("\n [ {\"a\": [1]} ]\n", &["message [ {\"a\": [1]} ]"]);
        check("{\"a\":1}\n{\"b\":2}\n", &["message {\"a\":1}", "message {\"b\":2}"]);
        check(
            "{\n  \"a\": 1\n}\n\ndata: {\"b\":2}\n\ndata: [DONE]\n\n",
            &["message {\n  \"a\": 1\n}", "message {\"b\":2}", "message [DONE]"],
        );
        check("{\"é\":", &["message {\"é\":"]);
        check("<!doctype html><p>{\"a\":1}", &[]);
        check("", &[]);
        check(" \n", &[]);
    }

    #[test]
    fn a_value_has_a_limit() {
        let mut frames = Frames::new(100);
        assert_eq!(frames.feed(b"[", |_, _| ()), Ok(()));
        assert_eq!(frames.feed(&[b'1'; 100], |_, _| ()), Err(TooLong));
    }

    #[test]
    fn what_is_known_of_the_body() {
        let mut frames = Frames::new(100);
        assert!(frames.is_silent() && !frames.is_page());
        frames.feed(b"<html>", |_, _| ()).unwrap();
        assert!(frames.is_page() && !frames.is_silent());
        assert_eq!(frames.start(), "<html>");
        let mut frames = Frames::new(100);
        frames.feed(b"\n: PROCESSING\n\n", |_, _| ()).unwrap();
        assert!(frames.is_silent());
    }
}
