//! What a screen reader is told of an answer: that it is being written, and that it is complete. The thread itself is
//! silent, because a reader would speak each of its pieces. The region that speaks is always there, because one that comes with
//! its text often is not read.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::{blocks, elements::found, phrases::say, phrases::say_with, state::PageState};

pub(super) fn answering(state: PageState) {
    state.spoken.set(say("answering"));
}

/// The attribute of an answer of which it is to be said that it has ended.
const ENDED: &str = "data-ended";

/// An answer has ended; what the server says of its end may be on its way.
pub(super) fn ended(answer: &Element) {
    let _ = answer.set_attribute(ENDED, "");
}

/// Says of the answer that has ended how it did: that it is complete, and how long it is, or else what stands below it.
pub(super) fn say_end(state: PageState) {
    let Some(answer) = found("[data-ended]:not([aria-busy])") else { return };
    let _ = answer.remove_attribute(ENDED);
    if let Some(why) = answer.query_selector(":scope > .answer-end span").ok().flatten() {
        return state.spoken.set(why.text_content().unwrap_or_default());
    }
    let copy = answer.query_selector(".prose").ok().flatten();
    let copy = copy.and_then(|prose| prose.clone_node_with_deep(true).ok());
    let text = copy.map(JsCast::unchecked_into).and_then(|copy| {
        blocks::remove_bars(&copy);
        copy.text_content()
    });
    let text = text.unwrap_or_default();
    state.spoken.set(say_with("answer-complete", Some(words(&text) as u32), &[]));
}

/// How many words a text has. In Chinese and Japanese, where no blanks stand between words, each character counts.
fn words(text: &str) -> usize {
    let is_wide =
        |c: char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}');
    text.split_whitespace()
        .map(|word| {
            let wide = word.chars().filter(|c| is_wide(*c)).count();
            let others = word.split(is_wide).filter(|part| part.chars().any(char::is_alphanumeric)).count();
            wide + others
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_counted_in_every_language() {
        for (text, count) in [
            ("", 0),
            ("  \n", 0),
            ("One word, two words – 3.", 5),
            ("你好，世界", 4),
            ("用 Rust 写的", 4),
            ("用Rust写的", 4),
        ] {
            assert_eq!(words(text), count, "{text}");
        }
    }
}
