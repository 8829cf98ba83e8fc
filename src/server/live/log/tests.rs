//! What listeners build from the log, from any position, cut off anywhere, and in both formats.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{
    domain::{Status, Timings, event::ChatEvent as Event},
    server::markdown,
};

pub(super) fn started() -> ChatEvent {
    ChatEvent::Started {
        message_id: "a".into(),
        model: "m".into(),
        parent_id: None,
        question: None,
        left_out: 0,
        author_id: "ada".into(),
        talk: Default::default(),
    }
}

pub(super) fn done() -> ChatEvent {
    ChatEvent::Done {
        message_id: "a".into(),
        status: Status::Complete,
        usage: None,
        length_limited: false,
        timings: Timings::default(),
    }
}

fn texts(log: &Log, position: u64) -> Vec<String> {
    match log.read_text(position) {
        Read::Events(events, _) => events.iter().map(line).collect(),
        Read::Gone => vec!["gone".into()],
        Read::NotYet => vec!["not yet".into()],
    }
}

fn line(event: &Published) -> String {
    let mut line = Vec::new();
    event.write_line(&mut line);
    String::from_utf8(line).unwrap()
}

#[test]
fn a_listener_reads_from_any_position() {
    let log = Log::new(41);
    log.begin("a", 41);
    assert_eq!(log.append("a", "x", ""), 42);
    assert_eq!(log.append("a", "y", "hm"), 44);
    assert_eq!(log.append("a", "z", ""), 45);
    let delta = |seq: u64, text: &str| {
        format!("{{\"seq\":{seq},\"event\":\"delta\",\"message_id\":\"a\",\"text\":\"{text}\"}}\n")
    };
    assert_eq!(texts(&log, 41).len(), 3);
    assert_eq!(texts(&log, 43), [delta(45, "yz")]);
    assert_eq!(texts(&log, 44), [delta(45, "z")]);
    assert!(texts(&log, 45).is_empty());
    for gone in [0, 40, 46, u64::MAX] {
        assert_eq!(texts(&log, gone), ["gone"], "{gone}");
    }
    let running = log.running().remove(0);
    assert_eq!((running.content.as_str(), running.reasoning.as_str(), running.after), ("xyz", "hm", 41));
}

#[test]
fn a_text_that_turns_out_to_be_reasoning_is_sent_anew() {
    let log = Log::new(41);
    log.begin("a", 41);
    log.tell("a", started());
    log.append("a", "Before. ", "");
    log.append("a", "Let me think.\n", "hm ");
    let position = log.bounds().1;
    log.content_was_reasoning("a", "Before. ".len());
    log.append("a", "Hello", "");
    let running = log.running().remove(0);
    assert_eq!((&*running.content, &*running.reasoning), ("Before. Hello", "hm Let me think."));
    // A listener at the end of the log gets the whole text again, after a `started` event.
    let told = texts(&log, position);
    assert!(told[0].contains("\"started\"") && told.len() == 3, "{told:?}");
    assert!(told[1].contains("hm Let me think.") && told[2].contains("Before. Hello"), "{told:?}");
    // A listener whose position is before that event must begin again.
    assert_eq!(texts(&log, 43), ["gone"]);
    assert!(log.is_running());
}

#[test]
fn an_empty_log_takes_over_the_number_of_the_store_and_a_used_one_does_not() {
    let log = Log::new(0);
    log.at_least(7);
    assert_eq!(texts(&log, 3), ["gone"]);
    assert!(texts(&log, 7).is_empty());
    log.begin("a", 7);
    log.append("a", "x", "");
    log.at_least(100);
    assert_eq!(texts(&log, 7).len(), 1);
}

#[test]
fn a_waiting_listener_misses_nothing_in_a_jump_of_the_numbers_and_a_new_one_begins_again() {
    let waits = Log::new(0);
    waits.at_least(7);
    let comes = Log::new(0);
    for log in [&waits, &comes] {
        log.begin("a", 1_007);
        assert_eq!(log.append("a", "x", ""), 1_008);
        assert_eq!(texts(log, 1_007).len(), 1);
        assert_eq!(texts(log, 6), ["gone"]);
    }
    assert_eq!(texts(&waits, 7).len(), 1);
    assert_eq!(texts(&comes, 7), ["gone"]);
}

#[test]
fn numbers_go_on_over_answers_and_never_fall() {
    let log = Log::new(10);
    log.begin("a", 10);
    log.append("a", "x", "");
    log.end("a");
    log.begin("b", 5);
    // A late end of the earlier answer does not end this one.
    log.end("a");
    assert!(log.is_running());
    assert_eq!(log.append("b", "y", ""), 12);
    log.begin("c", 1_000);
    assert_eq!(log.append("c", "z", ""), 1_001);
}

#[test]
fn a_long_text_comes_in_pieces_that_bound_the_memory_of_a_listener() {
    let part = "x".repeat(1_000);
    let parts = [vec![part.clone(); 1_000], vec![part.repeat(1_000)]];
    for (parts, seq) in parts.iter().zip([1_000, 123]) {
        let log = Log::new(0);
        log.begin("a", 0);
        for part in parts {
            log.append("a", part, "");
        }
        let (mut position, mut bytes) = (0, 0);
        while bytes < 1_000_000 {
            let Read::Events(events, next) = log.read_text(position) else { panic!("gone") };
            let got: usize = events.iter().map(|event| event.event.text_len()).sum();
            assert!(got > 0 && got <= 2 * READ_BYTES, "{got}");
            bytes += got;
            position = next;
        }
        assert_eq!((position, bytes), (seq, 1_000_000));
    }
}

#[test]
fn a_text_is_divided_between_characters() {
    let log = Log::new(0);
    log.begin("a", 0);
    let text = format!("x{}", "ö".repeat(READ_BYTES));
    assert_eq!(log.append("a", &text, "y"), 1 + 3);
    assert_eq!(events_of(&text, "y"), 1 + 3);
    let lines = texts(&log, 1).concat();
    assert!(lines.contains(&"ö".repeat(READ_BYTES / 2 - 1)) && !lines.contains('\u{fffd}'));
}

/// What a page builds from events: blocks by their index, and lines added to their blocks.
#[derive(Default)]
struct Page {
    position: u64,
    fresh: bool,
    blocks: BTreeMap<u32, String>,
    reasoning: String,
    ended: bool,
}

impl Page {
    fn at(position: u64) -> Self {
        Self { position, fresh: true, ..Self::default() }
    }

    /// Reads the log once. The connection breaks after `most` events, and the rest of the read is lost.
    async fn read(&mut self, log: &Log, renderer: &Renderer, most: usize) {
        let Ok(Read::Events(events, position)) =
            log.read_html(renderer, "p", self.position, self.fresh).await
        else {
            panic!("gone or broken");
        };
        let cut = most < events.len();
        for event in events.into_iter().take(most) {
            assert!(event.seq >= self.position, "positions never fall");
            self.position = event.seq;
            self.take(&event.event);
        }
        if !cut {
            self.position = position;
        }
        self.fresh = cut;
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Block { index, html, .. } => {
                self.blocks.insert(*index, html.clone());
            }
            Event::Lines { index, html, .. } => {
                let block = self.blocks.get_mut(index).expect("lines go into a block that is there");
                let at = block.rfind("</code>").expect("lines go into code");
                block.insert_str(at, html);
            }
            Event::Reasoning { text, .. } => self.reasoning.push_str(text),
            Event::Done { .. } => self.ended = true,
            _ => {}
        }
    }

    fn html(&self) -> String {
        self.blocks.values().map(String::as_str).collect()
    }
}

const PIECES: [&str; 14] = [
    "a",
    "word ",
    "\n",
    "\n\n",
    "```rust\nfn a() {}\n",
    "```\n",
    "let b = 1;\n",
    "- one\n",
    "| a | b |\n|-|-|\n",
    "**bold** ",
    "> quote\n",
    "# Title\n\n",
    "[^1] ",
    "é😀",
];

#[derive(Clone, Debug)]
enum Step {
    Text(usize),
    Reasoning(usize),
    /// A listener reads, and loses its connection after `most` events.
    Read {
        who: usize,
        most: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..PIECES.len()).prop_map(Step::Text),
        1 => (0..PIECES.len()).prop_map(Step::Reasoning),
        3 => (0..3_usize, prop_oneof![Just(usize::MAX), 0..4_usize]).prop_map(|(who, most)| Step::Read { who, most }),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn every_listener_ends_with_the_whole_answer_wherever_it_was_cut(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (log, renderer) = (Log::new(7), Renderer::new(1));
            log.begin("a", 7);
            log.tell("a", started());
            let (mut text, mut reasoning) = (String::new(), String::new());
            let mut pages = [Page::at(7), Page::at(7), Page::at(7)];
            for step in steps {
                match step {
                    Step::Text(piece) => {
                        text.push_str(PIECES[piece]);
                        log.append("a", PIECES[piece], "");
                    }
                    Step::Reasoning(piece) => {
                        reasoning.push_str(PIECES[piece]);
                        log.append("a", "", PIECES[piece]);
                    }
                    Step::Read { who, most } => pages[who].read(&log, &renderer, most).await,
                }
            }
            log.tell("a", done());
            let whole = markdown::render(&text).into_string();
            for page in &mut pages {
                page.read(&log, &renderer, usize::MAX).await;
                assert_eq!(page.html(), whole);
                assert_eq!(page.reasoning, reasoning);
                assert!(page.ended);
            }
        });
    }

    #[test]
    fn the_text_comes_exactly_once_whatever_positions_it_is_read_from(
        pieces in prop::collection::vec((0..PIECES.len(), any::<bool>()), 0..40),
        reads in prop::collection::vec(0..6_usize, 0..40),
    ) {
        let log = Log::new(0);
        log.begin("a", 0);
        log.tell("a", started());
        let (mut seen, mut position, mut whole) = (String::new(), 0, String::new());
        let mut reads = reads.into_iter();
        let mut read = |most: usize, position: &mut u64| {
            let Read::Events(events, end) = log.read_text(*position) else { panic!("gone") };
            let count = events.len();
            for event in events.into_iter().take(most) {
                *position = event.seq;
                if let Event::Delta { text, .. } = &*event.event {
                    seen.push_str(text);
                }
            }
            if most >= count {
                *position = end;
            }
        };
        for (piece, reasoning) in pieces {
            if reasoning {
                log.append("a", "", PIECES[piece]);
            } else {
                whole.push_str(PIECES[piece]);
                log.append("a", PIECES[piece], "");
            }
            if let Some(most) = reads.next() {
                read(most, &mut position);
            }
        }
        read(usize::MAX, &mut position);
        prop_assert_eq!(seen, whole);
    }
}

#[tokio::test]
async fn a_listener_from_before_the_first_answer_learns_whose_blocks_come() {
    let (log, renderer) = (Log::new(7), Renderer::new(1));
    let read = async |position| match log.read_html(&renderer, "p", position, false).await.unwrap() {
        Read::Events(events, _) => events.iter().map(line).collect::<String>(),
        Read::Gone | Read::NotYet => "gone".into(),
    };
    assert_eq!(read(7).await, "");
    log.begin("a", 7);
    log.tell("a", started());
    log.append("a", "Hello", "");
    let seen = read(7).await;
    assert!(seen.contains(r#""event":"block","message_id":"a","index":0"#), "{seen}");
}
