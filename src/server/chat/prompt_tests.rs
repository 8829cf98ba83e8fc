//! What is sent of a conversation, and what is left out.

use super::*;
use crate::domain::{Status, Talk};

fn message(role: Role, content: &str) -> Message {
    Message {
        id: String::new(),
        conversation_id: String::new(),
        author_id: String::new(),
        parent_id: None,
        role,
        content: content.into(),
        reasoning: String::new(),
        status: Status::Complete,
        model: None,
        usage: None,
        failure: None,
        timings: crate::domain::Timings::default(),
        length_limited: false,
        left_out: 0,
        continued: false,
        talk: Talk::default(),
        created_at: 0,
        revision: 0,
    }
}

fn texts(prompt: &[PromptMessage]) -> Vec<&str> {
    prompt.iter().map(|m| m.content.as_str()).collect()
}

fn branch() -> Vec<Message> {
    vec![
        message(Role::User, "third"),
        message(Role::Assistant, ""),
        message(Role::User, "second"),
        message(Role::Assistant, "answer"),
        message(Role::User, "first"),
    ]
}

#[test]
fn a_prompt_has_the_newest_messages_that_fit_and_begins_with_a_question() {
    let all = fitting(branch(), 1000, 0);
    assert_eq!(texts(&all.messages), ["third", "second", "answer", "first"]);
    assert_eq!(all.left_out, 0);
    // The first question and its answer.
    let two: u32 = all.messages[..2].iter().map(cost).sum();
    let three: u32 = all.messages[..3].iter().map(cost).sum();
    for room in [two, two + 1, three, three + 1] {
        let some = fitting(branch(), room, 0);
        assert_eq!((texts(&some.messages), some.left_out), (vec!["third", "second"], 2), "{room}");
    }
    assert_eq!(fitting(branch(), two - 1, 0).left_out, 3);
    assert_eq!(fitting(branch(), 0, 0), Prompt { left_out: 4, ..Prompt::default() });
    let joined = joined(all.messages);
    assert_eq!(texts(&joined), ["second\n\nthird", "answer", "first"]);
    assert_eq!(joined[0].role, Role::User);
}

#[test]
fn of_a_conversation_the_newest_turns_are_sent() {
    let texts = |turns, beyond| {
        let (messages, beyond) = newest_turns(branch(), turns, beyond);
        (messages.into_iter().map(|message| message.content).collect::<Vec<_>>(), beyond)
    };
    assert_eq!(texts(0, 9), (vec![], 0));
    assert_eq!(texts(1, 9), (vec!["third".to_owned()], 0));
    assert_eq!(texts(2, 9).0, ["third", "", "second"]);
    assert_eq!(texts(3, 9).0.len(), 5);
    // Of the messages that were not read, only those of the turns that are missing count.
    assert_eq!([texts(3, 9).1, texts(4, 9).1, texts(5, 9).1, texts(50, 9).1], [0, 2, 4, 9]);
}

#[test]
fn the_person_s_instructions_come_before_the_conversation_s() {
    let some = |text: &str| Some(text.to_owned());
    let of = |one, two| instructions([&one, &two]).map(|message| message.content);
    assert_eq!(of(some("Mine."), some("Here.")).as_deref(), Some("Mine.\n\nHere."));
    assert_eq!(of(None, some("Here.")).as_deref(), Some("Here."));
    assert_eq!(of(some("Mine."), some(" ")).as_deref(), Some("Mine."));
    assert_eq!(of(None, None), None);
}

#[test]
fn a_short_message_is_left_out_if_a_newer_one_does_not_fit() {
    let long = "word ".repeat(400);
    let branch = vec![message(Role::User, "new"), message(Role::User, &long), message(Role::User, "old")];
    let some = fitting(branch, 100, 7);
    assert_eq!((texts(&some.messages), some.left_out), (vec!["new"], 9));
}

#[test]
fn what_is_older_than_what_does_not_fit_is_not_read() {
    // The thinking of an answer that is only counted is not looked for.
    let some = [message(Role::User, &"word ".repeat(400)), message(Role::Assistant, "<think>only")];
    assert_eq!(fitting(some.to_vec(), 100, 0).left_out, 2);
}

#[test]
fn an_answer_without_its_question_does_not_count_as_left_out() {
    let branch = || vec![message(Role::User, "second"), message(Role::Assistant, "answer")];
    assert_eq!(fitting(branch(), 1000, 0).left_out, 0);
    assert_eq!(fitting(branch(), 1000, 5).left_out, 6);
}

#[test]
fn a_model_is_not_shown_its_thinking() {
    let branch = vec![
        message(Role::User, "second <think>mine</think>"),
        message(Role::Assistant, "<think>SECRET"),
        message(Role::User, "second"),
        message(Role::Assistant, "<think>\nSECRET\n</think>\n\nHello"),
        message(Role::User, "first"),
    ];
    let prompt = fitting(branch, 1000, 0);
    assert_eq!(texts(&prompt.messages), ["second <think>mine</think>", "second", "Hello", "first"]);
}

#[test]
fn the_end_of_a_long_answer_is_sent_in_whole_characters() {
    assert_eq!(end_of("short", 100), "short");
    let long = "日".repeat(10_000);
    let end = end_of(&long, 1000);
    assert!(end.chars().all(|c| c == '日'));
    assert!((900..=1001).contains(&estimate(end)), "{}", estimate(end));
    assert_eq!(end_of(&long, 0), "");
}

#[test]
fn a_part_of_the_context_is_left_for_the_answer() {
    assert_eq!((room(256), room(8192), room(DEFAULT_CONTEXT)), (192, 6144, 24_576));
    assert_eq!(room(200_000), 200_000 - MOST_FOR_ANSWER);
    assert!(!surely_exceeds(12_288, 8192) && surely_exceeds(12_289, 8192));
    assert!(surely_exceeds(u32::MAX, 10_000_000));
}
