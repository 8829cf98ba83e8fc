//! Tests of the event-stream decoder and encoder, most of them from `tests/data/event-streams.json`.

use serde_json::Value;

use super::{Decoder, TooLong, encode};

type Events = Vec<(String, String, String)>;

/// Feeds `parts` one after the other; the events as (name, data, id).
fn decode(parts: &[&[u8]]) -> Events {
    let mut decoder = Decoder::new(1 << 20);
    let mut events = Vec::new();
    for part in parts {
        decoder
            .feed(part, |event| events.push((event.name.into(), event.data.into(), event.id.into())))
            .unwrap();
    }
    events
}

/// The events of `bytes`, checked to be the same however they are cut.
fn decode_every_way(bytes: &[u8]) -> Events {
    let whole = decode(&[bytes]);
    for at in 0..=bytes.len() {
        assert_eq!(decode(&[&bytes[..at], &bytes[at..]]), whole, "cut at byte {at}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(decode(&single), whole, "byte by byte");
    whole
}

#[test]
fn the_listed_cases_cut_at_every_byte() {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/event-streams.json"));
    let cases: Vec<Value> = serde_json::from_str(text).unwrap();
    assert_eq!(cases.len(), 17);
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        if let Some(input) = case["in"].as_str() {
            let events = decode_every_way(input.as_bytes());
            let expected: Events = serde_json::from_value(case["out"].clone()).unwrap();
            assert_eq!(events, expected, "{name}");
        } else {
            let model_text = case["encode"].as_str().unwrap();
            let events = decode_every_way(encode("delta", Some("7"), model_text).as_bytes());
            let data = model_text.replace("\r\n", "\n").replace('\r', "\n");
            assert_eq!(events, [("delta".into(), data, "7".into())], "{name}");
        }
    }
}

#[test]
fn text_cannot_forge_events() {
    for hostile in
        ["", "\n", "\r", "\r\n", "\n\n", " leading", "a\n\nevent: end\ndata: x", "\u{feff}x", "\0", "x\r\n"]
    {
        let normal = hostile.replace("\r\n", "\n").replace('\r', "\n");
        let name = hostile.replace(['\r', '\n', '\0'], "");
        let events = decode_every_way(encode(hostile, Some(hostile), hostile).as_bytes());
        // The reader strips one space after the colon; the encoder writes it, so a leading one stays.
        let shown = if name.is_empty() { "message".to_owned() } else { name.clone() };
        assert_eq!(events, [(shown, normal, name)], "{hostile:?}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_replaced() {
    let events = decode_every_way(b"data: a\xff\xfeb\n\n");
    assert_eq!(events[0].1, "a\u{fffd}\u{fffd}b");
}

#[test]
fn lines_of_model_servers_that_the_grammar_ignores() {
    let events = decode_every_way(b"data: a\n\n{\"b\":1}\nerror: {\"c\":2}\n\nfoo: bar\n\n");
    let events: Vec<_> = events.iter().map(|(name, data, _)| (name.as_str(), data.as_str())).collect();
    assert_eq!(events, [("message", "a"), ("message", r#"{"b":1}"#), ("error", r#"{"c":2}"#)]);
}

#[test]
fn what_was_begun_is_given_at_the_end() {
    for (bytes, expected) in [
        ("data: a\n\ndata: b", vec!["a", "b"]),
        ("data: a\n", vec!["a"]),
        ("data: a\n\n", vec!["a"]),
        (": c", vec![]),
    ] {
        let (mut decoder, mut seen) = (Decoder::new(100), Vec::new());
        decoder.feed(bytes.as_bytes(), |event| seen.push(event.data.to_owned())).unwrap();
        decoder.finish(|event| seen.push(event.data.to_owned()));
        assert_eq!(seen, expected, "{bytes:?}");
    }
}

#[test]
fn lines_and_events_have_a_limit() {
    let mut decoder = Decoder::new(100);
    assert_eq!(decoder.feed(&[b'x'; 101], |_| ()), Err(TooLong));

    let mut decoder = Decoder::new(100);
    assert_eq!(decoder.feed(&[b'x'; 60], |_| ()), Ok(()));
    assert_eq!(decoder.feed(&[b'x'; 60], |_| ()), Err(TooLong));

    let mut decoder = Decoder::new(100);
    let lines = "data: 1234567890\n".repeat(20);
    assert_eq!(decoder.feed(lines.as_bytes(), |_| ()), Err(TooLong));
}
