//! The splitter is given answers with thinking in them, cut in every way.

use std::collections::VecDeque;

use super::{Splitter, without_thinking};
use crate::server::llm::Delta;

/// The text and the thinking of an answer that comes in these parts.
fn split<'a>(parts: impl IntoIterator<Item = &'a str>) -> (String, String) {
    let (mut splitter, mut out) = (Splitter::new(), VecDeque::new());
    for part in parts {
        splitter.feed(part, &mut out);
    }
    splitter.end(&mut out);
    let (mut text, mut thinking) = (String::new(), String::new());
    for delta in out {
        match delta {
            Delta::Text(more) => text += &more,
            Delta::Reasoning(more) => thinking += &more,
            Delta::TextWasReasoning => thinking += std::mem::take(&mut text).trim_end(),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(splitter.wrote(), !text.trim().is_empty(), "{text:?}");
    (text, thinking)
}

/// Expects the same result however the answer is cut: in two at every character, and character by character.
#[track_caller]
fn check(answer: &str, text: &str, thinking: &str) {
    let expected = (text.to_owned(), thinking.to_owned());
    for (at, _) in answer.char_indices() {
        assert_eq!(split([&answer[..at], &answer[at..]]), expected, "{answer:?} cut at {at}");
    }
    let single: Vec<String> = answer.chars().map(String::from).collect();
    assert_eq!(split(single.iter().map(String::as_str)), expected, "{answer:?} in single characters");
    assert_eq!(split([answer]), expected, "{answer:?}");
}

#[test]
fn thinking_at_the_start_in_every_form() {
    check("<think>\nSECRET\n</think>\n\nHello", "Hello", "SECRET");
    check("\n  <think>SECRET</think>Hello", "Hello", "SECRET");
    check("<THINK>a</Think>b", "b", "a");
    check("<thinking>\na\n\nb</thinking> c", "c", "a\n\nb");
    check("<thought>a</thought>\nb", "b", "a");
    check("<reasoning>a</reasoning>\nb", "b", "a");
    check("<seed:think>a</seed:think>b", "b", "a");
    check("[THINK]a[/THINK]b", "b", "a");
    check("◁think▷日本◁/think▷語", "語", "日本");
    check("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b", "b", "a");
    check("<|channel|>final<|message|>b", "b", "");
    check("<think>\n\n</think>\n\nHello", "Hello", "");
    check("<think>a</think>\n<think>b</think>\nc", "c", "ab");
    // Another tag within the thinking is a part of it, and so is a tag in backticks.
    check("<think>a <b>c</b> </thinking> d</think>e", "e", "a <b>c</b> </thinking> d");
    check(
        "<think>I write `</think>` when I am done.</think>Done",
        "Done",
        "I write `</think>` when I am done.",
    );
}

#[test]
fn thinking_without_an_answer() {
    check("<think>a and", "", "a and");
    check("<think>a</th", "", "a</th");
    check("<think>a</think>", "", "a");
    check("<think>a</think>\n \n", "", "a");
    check("<think>", "", "");
    check(" \n\u{200b}\u{feff} ", "", "");
}

#[test]
fn without_an_opening_tag_all_before_the_closing_one_was_thinking() {
    check("SECRET\n</think>\n\nHello", "Hello", "SECRET");
    check("The product is 391.</think>391", "391", "The product is 391.");
    check("日本◁/think▷語", "語", "日本");
    check("a `b` c\n```\nd\n```\n</think>e", "e", "a `b` c\n```\nd\n```");
    // The model thought nothing, or the server took the thinking out itself.
    check("</think>\n\nHello", "Hello", "");
    check("\n</think>Hello </think>", "Hello </think>", "");
}

#[test]
fn what_only_looks_like_it_stays_text() {
    for text in [
        "<",
        "<thin",
        "<thin air>",
        "<b>bold</b>",
        "[THINKING] aloud",
        "Use <think>a</think> to think.",
        "`</think>` closes it.",
        "Write `a</think>`.",
        "```xml\n<think>a</think>\n```\nThat is all.",
        "Like this:\n```\na</think>\n```\n",
        "~~~\n```\n</think>\n~~~\n",
        "  indented",
        "a < b and c > d, “quoted” — [x](y)",
        "`<think>` begins it, `</think>` ends it.",
    ] {
        check(text, text, "");
    }
}

#[test]
fn what_came_beside_the_text_is_all_the_thinking() {
    let (mut splitter, mut out) = (Splitter::new(), VecDeque::new());
    splitter.thought_beside();
    splitter.feed("The tag </think> ends it.", &mut out);
    splitter.end(&mut out);
    assert_eq!(out, [Delta::Text("The tag </think> ends it.".into())]);
}

#[test]
fn a_model_is_not_shown_its_thinking() {
    assert_eq!(without_thinking("<think>\nSECRET\n</think>\n\nHello"), "Hello");
    assert_eq!(without_thinking("SECRET</think>\nHello"), "Hello");
    assert_eq!(without_thinking("Hello `</think>`"), "Hello `</think>`");
    assert_eq!(without_thinking("<think>SECRET"), "");
}
