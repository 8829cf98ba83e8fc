//! Any text, cut anyhow: the streaming renderer agrees with itself, and nothing dangerous comes out.
//!
//! The input's first byte says how long pieces are, the rest is the text.
#![no_main]
#![allow(dead_code, reason = "only the renderer's files are here, not who uses all of it")]

#[path = "../../src/server/markdown/tests/judge.rs"]
mod judge;
#[path = "../../src/server/markdown/tests/listener.rs"]
mod listener;
#[path = "../../src/server/markdown/mod.rs"]
mod markdown;

use libfuzzer_sys::{Corpus, fuzz_target};

use judge::forbidden;
use listener::Listener;
use markdown::{BlockChange, Stream, render};

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((&first, text)) = data.split_first() else { return Corpus::Reject };
    let text = String::from_utf8_lossy(text);
    let whole = render(&text).into_string();
    assert_eq!(forbidden(&whole), [""; 0], "{whole}");

    let (mut stream, mut listener) = (Stream::new(), Listener::default());
    let mut rest = &*text;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.ceil_char_boundary(1 + usize::from(first) % 48));
        stream.push(now);
        listener.hear(stream.flush());
        rest = later;
        // What is shown of a text that goes on: its last block is what may be wrong.
        if let Some(open) = listener.blocks.last() {
            assert_eq!(forbidden(open), [""; 0], "{open}");
        }
    }
    listener.hear(stream.finish());
    let blocks: Vec<String> = stream.blocks().into_iter().map(|block| block.into_string()).collect();
    assert_eq!(listener.blocks, blocks);
    assert_eq!(blocks.concat(), whole);
    Corpus::Keep
});
