//! A log with several texts at once, and with changes that are not text.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{
    domain::{Message, Role, Status, Talk, Timings},
    server::markdown,
};

fn started(id: &str) -> ChatEvent {
    ChatEvent::Started {
        message_id: id.into(),
        model: "m".into(),
        parent_id: None,
        question: None,
        left_out: 0,
        author_id: "ada".into(),
        talk: Default::default(),
    }
}

fn done(id: &str) -> ChatEvent {
    ChatEvent::Done {
        message_id: id.into(),
        status: Status::Complete,
        usage: None,
        length_limited: false,
        timings: Timings::default(),
    }
}

fn title(title: &str) -> ChatEvent {
    ChatEvent::Title { title: title.into() }
}

fn names(log: &Log, position: u64) -> Vec<(u64, &'static str)> {
    match log.read_text(position) {
        Read::Events(events, _) => events.iter().map(|it| (it.seq, it.event.name())).collect(),
        Read::Gone => vec![(0, "gone")],
        Read::NotYet => vec![(0, "not yet")],
    }
}

#[test]
fn a_change_has_the_number_that_the_store_gave_it() {
    let log = Log::new(0);
    log.at_least(7);
    log.publish(title("a"), 8);
    assert_eq!(names(&log, 7), [(8, "title")]);
    // Something changed that this process has not heard of yet: the store has it.
    let mut changes = log.changes();
    changes.borrow_and_update();
    log.publish(title("b"), 11);
    assert!(changes.has_changed().unwrap() && names(&log, 8) == [(0, "gone")] && names(&log, 11).is_empty());
    // Here it comes, and is known already.
    log.publish_foreign(ChatEvent::Changed {}, 10);
    assert_eq!(log.bounds(), (11, 11));
    log.publish_foreign(title("c"), 12);
    assert_eq!(names(&log, 11), [(12, "title")]);
    log.publish_foreign(title("d"), 14);
    assert_eq!(log.bounds(), (14, 14));
    // Two changes that are published in another order than they were stored in: no number is made up.
    log.publish(title("e"), 13);
    assert_eq!((log.bounds(), log.rereads()), ((14, 14), 1));
}

#[test]
fn a_log_that_does_not_know_the_store_s_number_claims_nothing_of_what_was_before() {
    for publish in [|log: &Log| log.publish(title("t"), 21), |log: &Log| log.publish_foreign(title("t"), 21)]
    {
        let log = Log::new(0);
        publish(&log);
        log.at_least(21);
        assert_eq!(names(&log, 15), [(0, "gone")]);
        assert_eq!(names(&log, 20), [(21, "title")]);
    }
}

#[test]
fn a_listener_that_waits_is_woken_when_the_store_turns_out_to_be_further() {
    let log = Log::new(0);
    log.at_least(20);
    let mut changes = log.changes();
    changes.borrow_and_update();
    log.at_least(21);
    assert!(changes.has_changed().unwrap());
    assert_eq!(names(&log, 20), [(0, "gone")]);
}

#[test]
fn a_change_while_an_answer_is_written_is_numbered_by_its_writer() {
    let log = Log::new(0);
    assert_eq!(log.begin("a", 7).0, 7);
    log.tell("a", started("a"));
    log.append("a", "Hello", "");
    log.publish(title("mine"), 8);
    log.publish_foreign(title("theirs"), 9);
    assert_eq!(log.append("a", " there", ""), 12);
    let told = [(8, "started"), (9, "delta"), (10, "title"), (11, "title"), (12, "delta")];
    assert_eq!(names(&log, 7), told);
    // The end of the answer raises the store's number by one for each of the two changes, and the next change follows
    // without a gap.
    log.tell("a", done("a"));
    log.end("a");
    assert_eq!(log.bounds().1, 15);
    log.publish(title("next"), 16);
    assert_eq!(names(&log, 13), [(16, "title")]);
}

#[test]
fn a_reread_moves_no_position() {
    let log = Log::new(7);
    let mut changes = log.changes();
    changes.borrow_and_update();
    log.reread();
    assert!(changes.has_changed().unwrap());
    assert_eq!((log.rereads(), log.bounds()), (1, (7, 7)));
    assert!(names(&log, 7).is_empty());
}

#[test]
fn an_ended_answer_is_forgotten_when_the_next_begins_unless_one_from_before_it_runs() {
    let log = Log::new(0);
    log.begin("old", 0);
    log.tell("old", started("old"));
    log.begin("ended", 0);
    log.tell("ended", started("ended"));
    log.append("ended", "all of it", "");
    log.tell("ended", done("ended"));
    log.end("ended");
    log.begin("new", 0);
    assert_eq!(log.bounds(), (0, 4));
    assert_eq!(log.text("ended").unwrap().0, "all of it");
    assert_eq!(log.running_ids(), [("old".to_owned(), 0), ("new".to_owned(), 4)]);
    log.tell("old", done("old"));
    log.end("old");
    log.tell("new", done("new"));
    log.end("new");
    log.begin("newest", 0);
    assert_eq!((log.bounds(), log.text("ended")), ((6, 6), None));
    assert_eq!(names(&log, 5), [(0, "gone")]);
}

#[test]
fn an_ended_answer_stays_whole_while_one_that_began_in_the_middle_of_it_runs() {
    let log = Log::new(0);
    log.begin("early", 0);
    log.tell("early", started("early"));
    log.append("early", "one ", "");
    log.begin("late", 0);
    log.append("early", "two", "");
    log.tell("early", done("early"));
    log.end("early");
    log.begin("later", 0);
    assert_eq!(log.bounds().0, 0);
    let Read::Events(events, _) = log.read_text(2) else { panic!("gone") };
    assert!(matches!(&*events[0].event, ChatEvent::Delta { text, .. } if text == "two"), "{events:?}");
    log.end("late");
    log.begin("last", 0);
    assert_eq!(log.text("early"), None);
}

#[test]
fn a_log_that_nobody_writes_in_does_not_grow_for_ever() {
    let log = Log::new(0);
    log.at_least(7);
    for number in 8..10_000 {
        log.publish(title("t"), number);
    }
    let (since, end) = log.bounds();
    assert!(end == 9_999 && end - since <= 256, "{since}");
    assert_eq!(names(&log, 7), [(0, "gone")]);
    assert_eq!(names(&log, 9_998), [(9_999, "title")]);
}

#[test]
fn one_of_several_answers_is_stopped() {
    let log = Log::new(0);
    let (_, one) = log.begin("one", 0);
    let (_, two) = log.begin("two", 0);
    assert!(log.stop(Some("one"), StopReason::Person) && !log.stop(Some("none"), StopReason::Person));
    assert_eq!((*one.borrow(), *two.borrow()), (Some(StopReason::Person), None));
    assert!(log.stop(None, StopReason::Shutdown));
    assert_eq!(*two.borrow(), Some(StopReason::Shutdown));
}

#[test]
fn reasoning_that_looked_like_an_answer_begins_every_running_text_anew() {
    let log = Log::new(0);
    for id in ["a", "b"] {
        log.begin(id, 0);
        log.tell(id, started(id));
        log.append(id, &format!("Text of {id}."), "");
    }
    let position = log.bounds().1;
    log.content_was_reasoning("a", 0);
    let Read::Events(events, _) = log.read_text(position) else { panic!("gone") };
    let told: Vec<String> = events
        .iter()
        .map(|it| match &*it.event {
            ChatEvent::Delta { message_id, text } => format!("{message_id}: {text}"),
            ChatEvent::Reasoning { message_id, text } => format!("{message_id} thinks: {text}"),
            other => other.name().to_owned(),
        })
        .collect();
    assert_eq!(told, ["started", "a thinks: Text of a.", "started", "b: Text of b."]);
    assert!(log.is_running() && log.runs("a") && log.runs("b"));
}

/// The answers that a page builds from events: blocks by their index, the reasoning, and whether the answer has ended.
#[derive(Default)]
struct Page {
    position: u64,
    fresh: bool,
    answers: BTreeMap<String, (BTreeMap<u32, String>, String, bool)>,
    titles: Vec<String>,
}

impl Page {
    async fn read(&mut self, log: &Log, renderer: &Renderer, most: usize) {
        let read = log.read_html(renderer, "p", self.position, self.fresh).await.unwrap();
        let Read::Events(events, position) = read else { panic!("gone") };
        let is_cut = most < events.len();
        for event in events.into_iter().take(most) {
            assert!(event.seq >= self.position, "positions never fall");
            self.position = event.seq;
            self.take(&event.event);
        }
        if !is_cut {
            self.position = position;
        }
        self.fresh = is_cut;
    }

    fn take(&mut self, event: &ChatEvent) {
        match event {
            ChatEvent::Started { message_id, .. } => {
                self.answers.insert(message_id.clone(), Default::default());
            }
            ChatEvent::Block { message_id, index, html } => {
                let answer = self.answers.get_mut(message_id).expect("blocks of an answer that began");
                answer.0.insert(*index, html.clone());
            }
            ChatEvent::Lines { message_id, index, html } => {
                let answer = self.answers.get_mut(message_id).expect("lines of an answer that began");
                let block = answer.0.get_mut(index).expect("lines go into a block that is there");
                let at = block.rfind("</code>").expect("lines go into code");
                block.insert_str(at, html);
            }
            ChatEvent::Reasoning { message_id, text } => {
                self.answers.get_mut(message_id).unwrap().1.push_str(text);
            }
            ChatEvent::Done { message_id, .. } => self.answers.get_mut(message_id).unwrap().2 = true,
            ChatEvent::Title { title } => self.titles.push(title.clone()),
            other => panic!("{other:?}"),
        }
    }
}

const IDS: [&str; 3] = ["a", "b", "c"];
const PIECES: [&str; 8] =
    ["word ", "\n\n", "```rust\nfn a() {}\n", "```\n", "let b = 1;\n", "- one\n", "**bold** ", "é😀"];

#[derive(Clone, Debug)]
enum Act {
    Begin(usize),
    Content(usize, usize),
    Reasoning(usize, usize),
    End(usize),
    Title,
    Read { reader: usize, most: usize },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let id = 0..IDS.len();
    let act = prop_oneof![
        2 => id.clone().prop_map(Act::Begin),
        5 => (id.clone(), 0..PIECES.len()).prop_map(|(id, piece)| Act::Content(id, piece)),
        1 => (id.clone(), 0..PIECES.len()).prop_map(|(id, piece)| Act::Reasoning(id, piece)),
        1 => id.prop_map(Act::End),
        1 => Just(Act::Title),
        4 => (0..2_usize, prop_oneof![Just(usize::MAX), 0..5_usize])
            .prop_map(|(reader, most)| Act::Read { reader, most }),
    ];
    prop::collection::vec(act, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn every_listener_ends_with_all_texts_whatever_else_happens_and_wherever_it_is_cut(acts in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (log, renderer) = (Log::new(7), Renderer::new(1));
            // One answer runs all the time, so that the log drops nothing.
            log.begin("first", 7);
            log.tell("first", started("first"));
            let mut written: BTreeMap<&str, (String, String, bool)> = BTreeMap::new();
            let mut titles = Vec::new();
            let mut pages = [Page { position: 7, fresh: true, ..Page::default() }, Page { position: 7, fresh: true, ..Page::default() }];
            for act in acts {
                match act {
                    Act::Begin(id) if !written.contains_key(IDS[id]) => {
                        log.begin(IDS[id], 7);
                        log.tell(IDS[id], started(IDS[id]));
                        written.insert(IDS[id], Default::default());
                    }
                    Act::Content(id, piece) => {
                        if let Some((content, _, false)) = written.get_mut(IDS[id]) {
                            content.push_str(PIECES[piece]);
                            log.append(IDS[id], PIECES[piece], "");
                        }
                    }
                    Act::Reasoning(id, piece) => {
                        if let Some((_, reasoning, false)) = written.get_mut(IDS[id]) {
                            reasoning.push_str(PIECES[piece]);
                            log.append(IDS[id], "", PIECES[piece]);
                        }
                    }
                    Act::End(id) => {
                        if let Some((_, _, ended @ false)) = written.get_mut(IDS[id]) {
                            *ended = true;
                            log.tell(IDS[id], done(IDS[id]));
                            log.end(IDS[id]);
                        }
                    }
                    Act::Title => {
                        let new = titles.len().to_string();
                        log.publish(title(&new), 0);
                        titles.push(new);
                    }
                    Act::Read { reader, most } => pages[reader].read(&log, &renderer, most).await,
                    Act::Begin(_) => {}
                }
            }
            for (id, (_, _, ended)) in &mut written {
                if !std::mem::replace(ended, true) {
                    log.tell(id, done(id));
                    log.end(id);
                }
            }
            for page in &mut pages {
                page.read(&log, &renderer, usize::MAX).await;
                assert_eq!(page.titles, titles);
                for (id, (content, reasoning, _)) in &written {
                    let (blocks, thoughts, ended) = &page.answers[*id];
                    assert_eq!(blocks.values().map(String::as_str).collect::<String>(), markdown::render(content).into_string());
                    assert_eq!((thoughts, *ended), (reasoning, true));
                }
            }
        });
    }
}

#[test]
fn a_mirrored_answer_follows_the_known_events_and_comes_once() {
    let log = Log::new(0);
    log.at_least(3);
    log.publish(title("t"), 4);
    let answer = Message {
        id: "a".into(),
        conversation_id: "c".into(),
        author_id: "u".into(),
        revision: 0,
        parent_id: None,
        role: Role::Assistant,
        content: "Hel".into(),
        reasoning: String::new(),
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
    };
    assert!(log.begin_mirror(started("a"), &answer, 4) && !log.begin_mirror(started("a"), &answer, 4));
    assert_eq!(names(&log, 4), [(5, "started"), (6, "delta")]);
    assert_eq!(log.mirror(), Some(("a".to_owned(), 6)));
    log.end_mirror(
        &Message { content: "Hello".into(), status: Status::Complete, ..answer },
        &[],
        done("a"),
        9,
    );
    assert_eq!(names(&log, 6), [(8, "delta"), (9, "done")]);
    assert!(log.has_ended("a", 4) && log.mirror().is_none() && log.running().is_empty());
}
