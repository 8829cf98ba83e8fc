//! The log of a process that follows an answer against the log of the process that writes it: both have the same
//! numbers and the same text.

use proptest::prelude::*;

use super::*;
use crate::{
    domain::{Role, Status, Talk, Timings},
    server::live::log::{
        Read,
        tests::{done, started},
    },
};

const AFTER: u64 = 41;

fn answer(content: &str, reasoning: &str) -> Message {
    Message {
        id: "a".into(),
        conversation_id: "c".into(),
        author_id: "u".into(),
        parent_id: None,
        role: Role::Assistant,
        content: content.into(),
        reasoning: reasoning.into(),
        status: Status::Generating,
        model: None,
        usage: None,
        failure: None,
        length_limited: false,
        timings: Timings::default(),
        left_out: 0,
        continued: false,
        talk: Talk::default(),
        created_at: 0,
        revision: 0,
    }
}

/// The text, the reasoning and the names of other events after a position; `None` if the log no longer has the
/// position.
fn after(log: &Log, position: u64) -> Option<(String, String, Vec<&'static str>)> {
    let (mut position, mut text, mut thoughts, mut others) =
        (position, String::new(), String::new(), Vec::new());
    loop {
        let (events, next) = match log.read_text(position) {
            Read::Events(events, next) => (events, next),
            Read::NotYet => (Vec::new(), position),
            Read::Gone => return None,
        };
        for event in &events {
            match &*event.event {
                ChatEvent::Delta { text: more, .. } => text.push_str(more),
                ChatEvent::Reasoning { text: more, .. } => thoughts.push_str(more),
                other => others.push(other.name()),
            }
        }
        if next == position {
            return Some((text, thoughts, others));
        }
        position = next;
    }
}

/// What the writing process does: it adds text or reasoning, publishes an event that is in no chunk, or stores a chunk.
#[derive(Clone, Debug)]
enum Step {
    Grow(String, String),
    Other,
    Store,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => ("[a-zö ]{0,6}", "[a-zö]{0,3}").prop_map(|(text, thought)| Step::Grow(text, thought)),
        // Text that takes several events.
        1 => (7_000..20_000usize, "[aö]").prop_map(|(count, text)| Step::Grow(text.repeat(count), "hm".repeat(count))),
        1 => Just(Step::Other),
        2 => Just(Step::Store),
    ];
    proptest::collection::vec(step, 0..40)
}

struct Written {
    here: Log,
    chunks: Vec<Chunk>,
    marks: Vec<Mark>,
    message: Message,
    seq: u64,
}

/// The log of the writing process, and the chunks and marks that it stores.
fn written(base: &str, steps: &[Step]) -> Written {
    let here = Log::new(AFTER);
    here.begin("a", AFTER);
    here.tell("a", started());
    here.append("a", base, "");
    let (mut text, mut thoughts) = (base.to_owned(), String::new());
    let next = |text: &str, thoughts: &str| Chunk {
        message_id: "a".into(),
        text_at: text.len() as u64,
        reasoning_at: thoughts.len() as u64,
        ..Chunk::default()
    };
    let (mut chunks, mut chunk) = (Vec::new(), next(&text, &thoughts));
    for step in steps {
        match step {
            Step::Grow(more, thought) if !more.is_empty() || !thought.is_empty() => {
                let seq = here.append("a", more, thought);
                text.push_str(more);
                thoughts.push_str(thought);
                chunk.text.push_str(more);
                chunk.reasoning.push_str(thought);
                chunk.seq = seq;
                let (text_end, reasoning_end) = (text.len() as u64, thoughts.len() as u64);
                chunk.marks.push(Mark { seq, text_end, reasoning_end });
            }
            Step::Grow(..) => {}
            Step::Other => {
                here.publish(ChatEvent::Changed {}, 0);
            }
            Step::Store if !chunk.marks.is_empty() => {
                chunks.push(std::mem::replace(&mut chunk, next(&text, &thoughts)));
            }
            Step::Store => {}
        }
    }
    let seq = here.tell("a", done());
    let marks = chunks.last().into_iter().flat_map(|last| last.marks.clone()).chain(chunk.marks).collect();
    Written { here, chunks, marks, message: answer(&text, &thoughts), seq }
}

fn relayed(base: &str) -> Log {
    let there = Log::new(0);
    assert!(there.begin_mirror(started(), &answer(base, ""), AFTER));
    there
}

proptest! {
    #[test]
    fn every_position_means_the_same_in_both(
        base in "[a-z]{0,4}", steps in steps(), order in proptest::collection::vec(any::<proptest::sample::Index>(), 0..30)
    ) {
        let Written { here, chunks, marks, message, seq } = written(&base, &steps);
        let there = relayed(&base);
        // Chunks arrive in any order and any number of times. The store fills a gap.
        for index in order.iter().filter(|_| !chunks.is_empty()) {
            if !there.add_chunk(&chunks[index.index(chunks.len())]) {
                let (_, known) = there.mirror().unwrap();
                for chunk in chunks.iter().filter(|chunk| chunk.seq > known) {
                    prop_assert!(there.add_chunk(chunk));
                }
            }
            let (_, known) = there.mirror().unwrap();
            for position in AFTER..=known {
                let (rest, _, _) = after(&here, position).unwrap();
                let (seen, _, _) = after(&there, position).unwrap();
                prop_assert!(rest.starts_with(&seen), "{position}: {seen:?} of {rest:?}");
            }
        }
        // The last chunk may not have arrived when the end of the answer is seen.
        if let Some((last, known)) = chunks.split_last() {
            for chunk in known {
                prop_assert!(there.add_chunk(chunk));
            }
            prop_assert!(last.seq <= seq);
        }
        there.end_mirror(&message, &marks, done(), seq);
        prop_assert_eq!(here.bounds(), there.bounds());
        for position in AFTER..=seq {
            let (mine, theirs) = (after(&here, position).unwrap(), after(&there, position).unwrap());
            prop_assert_eq!((mine.0, mine.1), (theirs.0, theirs.1), "{}", position);
        }
    }
}

#[test]
fn a_listener_that_is_ahead_waits_and_learns_when_nothing_comes() {
    let there = relayed("");
    let chunk = Chunk {
        message_id: "a".into(),
        seq: 44,
        text: "abc".into(),
        marks: vec![
            Mark { seq: 43, text_end: 1, reasoning_end: 0 },
            Mark { seq: 44, text_end: 3, reasoning_end: 0 },
        ],
        ..Chunk::default()
    };
    assert_eq!(after(&there, 43), Some(Default::default()));
    assert!(there.add_chunk(&chunk) && there.add_chunk(&chunk));
    assert_eq!(after(&there, 43).unwrap().0, "bc");
    assert_eq!(after(&there, 50), Some(Default::default()));
    // The writer died, and the store has less than the listener has seen.
    there.end_mirror(&answer("abcd", ""), &[], done(), 0);
    assert_eq!(after(&there, 50), None);
    assert_eq!(after(&there, 44), Some(("d".into(), String::new(), vec!["done"])));
    assert!(there.has_ended("a", AFTER) && there.mirror().is_none());
}

#[test]
fn events_published_meanwhile_take_the_numbers_that_the_writer_left_free() {
    let there = relayed("");
    there.publish(ChatEvent::Changed {}, 0);
    there.publish(ChatEvent::Title { title: "t".into() }, 0);
    assert_eq!(after(&there, AFTER).unwrap().2, ["started"]);
    let mark = Mark { seq: 44, text_end: 1, reasoning_end: 0 };
    assert!(there.add_chunk(&Chunk {
        message_id: "a".into(),
        seq: 44,
        text: "x".into(),
        marks: vec![mark],
        ..Chunk::default()
    }));
    assert_eq!(after(&there, AFTER).unwrap().2, ["started", "changed"]);
    there.end_mirror(&answer("x", ""), &[], done(), 45);
    assert_eq!(after(&there, 44).unwrap().2, ["done", "title"]);
}

#[test]
fn a_mirror_begins_once_and_not_while_this_process_writes() {
    let there = relayed("");
    assert!(!there.begin_mirror(started(), &answer("", ""), AFTER));
    assert!(!there.is_running() && there.runs("a"));
    assert!(!there.stop(None, crate::server::live::log::StopReason::Person));
    there.end_mirror(&answer("x", ""), &[], done(), 43);
    assert!(!there.begin_mirror(started(), &answer("", ""), 10), "an older one");
    // Between two answers some numbers are left out. Nobody has missed an event with such a number.
    let (_, end) = there.bounds();
    there.begin("b", end + 1000);
    assert_eq!(after(&there, end), Some(Default::default()));
    assert_eq!(after(&there, end - 1), None);
    assert!(!there.begin_mirror(started(), &answer("", ""), 5000), "this process writes");
}

#[test]
fn content_that_turns_out_to_be_reasoning_is_sent_anew() {
    let log = Log::new(AFTER);
    assert!(log.begin_mirror(started(), &answer("", ""), AFTER));
    let marks = vec![Mark { seq: 43, text_end: 9, reasoning_end: 0 }];
    let chunk =
        Chunk { message_id: "a".into(), text: "Thinking.".into(), seq: 43, marks, ..Chunk::default() };
    assert!(log.add_chunk(&chunk));
    assert_eq!(after(&log, AFTER), Some(("Thinking.".into(), String::new(), vec!["started"])));
    let position = log.bounds().1;
    log.end_mirror(&answer("Hi", "Thinking."), &[], done(), 50);
    let told = after(&log, position);
    assert_eq!(told, Some(("Hi".into(), "Thinking.".into(), vec!["started", "done"])));
}
