//! [`Splitter`]: takes the thinking out of a text in which a server left it, `<think>…</think>` at the start of an
//! answer.
//!
//! Only tags at the start count, because a model may write about such tags. Where the model's template puts the
//! opening tag into the prompt, only the closing tag is in the answer: the text before it is shown as text first,
//! because nobody should look at an empty page for a tag that may never come, and is moved to the thinking in one
//! step when the tag comes ([`Delta::TextWasReasoning`]).

use std::collections::VecDeque;

use memchr::memchr3;

use super::Delta;
use super::dialects::{THINKING, Tags};

/// The most bytes of text in which a closing tag without an opening one is looked for; thinking is rarely longer, and
/// the text must be kept meanwhile.
const LOOK_BACK: usize = 256 << 10;

/// Splits a model's text, fed in pieces of any size, into deltas of text and of thinking.
#[derive(Debug)]
pub(super) struct Splitter {
    state: SplitState,
    /// Text that may turn out to be a tag, or blanks before one.
    held: String,
    /// The text so far, kept while a closing tag could still turn it into thinking.
    told: String,
    /// Thinking has come, in tags or beside the text.
    thought: bool,
    /// The thinking was in tags, so blanks between it and the text belong to neither.
    tagged: bool,
    /// The current thinking has visible text.
    begun: bool,
    /// The last character given out was a backtick.
    quoted: bool,
    /// Visible text has come.
    wrote: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SplitState {
    /// Only blanks so far, or since the last thinking ended.
    Start,
    /// After this opening tag.
    Thinking(&'static str),
    /// In text that a closing tag could still turn into thinking.
    Text,
    /// In text for good.
    Rest,
}

/// How a text begins, compared with the tags.
enum TagMatch {
    /// With a tag of this many bytes.
    Whole(&'static Tags, usize),
    /// With the start of a tag, perhaps.
    Part,
    No,
}

impl Splitter {
    pub(super) fn new() -> Self {
        Self {
            state: SplitState::Start,
            held: String::new(),
            told: String::new(),
            thought: false,
            tagged: false,
            begun: false,
            quoted: false,
            wrote: false,
        }
    }

    /// Whether the answer has visible text.
    pub(super) fn wrote(&self) -> bool {
        self.wrote
    }

    /// Whether thinking has come.
    pub(super) fn thought(&self) -> bool {
        self.thought
    }

    /// To be called when thinking came beside the text, so that the text itself holds none.
    pub(super) fn thought_beside(&mut self) {
        self.thought = true;
    }

    pub(super) fn feed(&mut self, text: &str, out: &mut VecDeque<Delta>) {
        if self.state == SplitState::Rest {
            return self.write(text, out);
        }
        self.held.push_str(text);
        while self.step(out) {}
    }

    /// To be called at the end: what is held is given out as what it looks like.
    pub(super) fn end(&mut self, out: &mut VecDeque<Delta>) {
        let held = std::mem::take(&mut self.held);
        match self.state {
            SplitState::Start if held.chars().all(is_blank) => {}
            SplitState::Thinking(_) => self.think(held.trim_end_matches(is_blank), out),
            SplitState::Start | SplitState::Text | SplitState::Rest => self.write(&held, out),
        }
    }

    /// Makes one step with the held text. False when it needs more text.
    fn step(&mut self, out: &mut VecDeque<Delta>) -> bool {
        match self.state {
            SplitState::Start => self.start(),
            SplitState::Thinking(open) => self.thinking(open, out),
            SplitState::Text => self.text(out),
            SplitState::Rest => {
                let held = std::mem::take(&mut self.held);
                self.write(&held, out);
                false
            }
        }
    }

    fn start(&mut self) -> bool {
        let text = self.held.trim_start_matches(is_blank);
        if text.is_empty() {
            return false;
        }
        let blanks = self.held.len() - text.len();
        match (fit(text, |tags| tags.open), fit(text, |tags| tags.close)) {
            (TagMatch::Whole(tags, len), _) => {
                self.held.drain(..blanks + len);
                self.state = SplitState::Thinking(tags.open);
                (self.begun, self.tagged) = (false, true);
            }
            // A closing tag that a server left when it took the thinking out itself.
            (_, TagMatch::Whole(_, len)) => {
                self.held.drain(..blanks + len);
                (self.thought, self.tagged) = (true, true);
            }
            (TagMatch::Part, _) | (_, TagMatch::Part) => return false,
            (TagMatch::No, TagMatch::No) if self.thought => {
                self.held.drain(..if self.tagged { blanks } else { 0 });
                self.state = SplitState::Rest;
            }
            (TagMatch::No, TagMatch::No) => self.state = SplitState::Text,
        }
        true
    }

    fn thinking(&mut self, open: &str, out: &mut VecDeque<Delta>) -> bool {
        let mut from = 0;
        let mut until = self.held.len();
        while let Some(at) = candidate(&self.held, from) {
            let rest = &self.held[at..];
            match fit(rest, |tags| if tags.open == open { tags.close } else { "" }) {
                TagMatch::Whole(_, len) => {
                    let ticked = if at == 0 { self.quoted } else { self.held[..at].ends_with('`') };
                    match rest[len..].bytes().next() {
                        // With a backtick before and after it, the model thinks about the tag.
                        None if ticked => {
                            until = at;
                            break;
                        }
                        Some(b'`') if ticked => from = at + 1,
                        _ => {
                            let thinking = self.held[..at].trim_end_matches(is_blank).to_owned();
                            self.held.drain(..at + len);
                            self.think(&thinking, out);
                            self.thought = true;
                            self.state = SplitState::Start;
                            return true;
                        }
                    }
                }
                TagMatch::Part => {
                    until = at;
                    break;
                }
                TagMatch::No => from = at + 1,
            }
        }
        // Blanks wait too, because those at the end of the thinking are left out.
        let until = self.held[..until].trim_end_matches(is_blank).len();
        let thinking: String = self.held.drain(..until).collect();
        self.think(&thinking, out);
        false
    }

    fn text(&mut self, out: &mut VecDeque<Delta>) -> bool {
        let mut from = 0;
        let mut until = self.held.len();
        while let Some(at) = candidate(&self.held, from) {
            match fit(&self.held[at..], |tags| tags.close) {
                TagMatch::Whole(tags, len) if self.ends_thinking(at, tags) => {
                    let thinking: String = self.held.drain(..at).collect();
                    self.held.drain(..len);
                    self.write(&thinking, out);
                    out.push_back(Delta::TextWasReasoning);
                    (self.thought, self.tagged) = (true, true);
                    (self.wrote, self.state) = (false, SplitState::Start);
                    self.told = String::new();
                    return true;
                }
                TagMatch::Part => {
                    until = at;
                    break;
                }
                _ => from = at + 1,
            }
        }
        let text: String = self.held.drain(..until).collect();
        self.told.push_str(&text);
        self.write(&text, out);
        if self.thought || self.told.len() > LOOK_BACK {
            self.state = SplitState::Rest;
            self.told = String::new();
            return true;
        }
        false
    }

    /// Whether the closing tag at offset `at` turns the text before it into thinking: nothing before opened it, and
    /// it does not stand in code.
    fn ends_thinking(&self, at: usize, tags: &Tags) -> bool {
        if self.thought {
            return false;
        }
        let before = format!("{}{}", self.told, &self.held[..at]);
        let lower = before.to_ascii_lowercase();
        let opened = THINKING.iter().any(|known| known.close == tags.close && lower.contains(known.open));
        !opened && !in_code(&before)
    }

    fn write(&mut self, text: &str, out: &mut VecDeque<Delta>) {
        self.wrote |= !text.chars().all(is_blank);
        push_text(text, out);
    }

    fn think(&mut self, text: &str, out: &mut VecDeque<Delta>) {
        let text = if self.begun { text } else { text.trim_start_matches(is_blank) };
        if text.is_empty() {
            return;
        }
        (self.begun, self.thought) = (true, true);
        self.quoted = text.ends_with('`');
        push_reasoning(text, out);
    }
}

/// The text of an answer without thinking, as the model is shown its earlier answers.
pub fn without_thinking(text: &str) -> String {
    let mut splitter = Splitter::new();
    let mut deltas = VecDeque::new();
    splitter.feed(text, &mut deltas);
    splitter.end(&mut deltas);
    let mut kept = String::new();
    for delta in deltas {
        match delta {
            Delta::Text(more) => kept.push_str(&more),
            Delta::TextWasReasoning => kept.clear(),
            _ => {}
        }
    }
    kept
}

pub(super) fn push_text(text: &str, out: &mut VecDeque<Delta>) {
    if text.is_empty() {
        return;
    }
    match out.back_mut() {
        Some(Delta::Text(open)) => open.push_str(text),
        _ => out.push_back(Delta::Text(text.to_owned())),
    }
}

pub(super) fn push_reasoning(text: &str, out: &mut VecDeque<Delta>) {
    if text.is_empty() {
        return;
    }
    match out.back_mut() {
        Some(Delta::Reasoning(open)) => open.push_str(text),
        _ => out.push_back(Delta::Reasoning(text.to_owned())),
    }
}

/// Whether a character is invisible.
pub(super) fn is_blank(c: char) -> bool {
    let directs =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    // A soft hyphen, two fillers of Hangul, and Braille without a dot.
    let empty = matches!(c, '\u{ad}' | '\u{115f}' | '\u{3164}' | '\u{2800}');
    c.is_whitespace() || c.is_control() || directs || empty
}

/// The offset at or after `from` where a tag could begin: a `<`, a `[`, or the first byte of `◁`.
fn candidate(text: &str, from: usize) -> Option<usize> {
    let found = memchr3(b'<', b'[', 0xe2, text.as_bytes().get(from..)?)?;
    Some(from + found)
}

/// Compares the start of `text` with one side of the tags; an empty side never matches.
fn fit(text: &str, side: impl Fn(&'static Tags) -> &'static str) -> TagMatch {
    let mut part = false;
    for tags in THINKING {
        let tag = side(tags).as_bytes();
        let common = tag.len().min(text.len());
        if common == 0 || !text.as_bytes()[..common].eq_ignore_ascii_case(&tag[..common]) {
            continue;
        }
        if common == tag.len() {
            return TagMatch::Whole(tags, common);
        }
        part = true;
    }
    if part { TagMatch::Part } else { TagMatch::No }
}

/// Whether text after `before` would stand in a code block or in inline code.
fn in_code(before: &str) -> bool {
    let mut fence: Option<&str> = None;
    let mut last = "";
    for line in before.split('\n') {
        let line = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| line.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            _ => {}
        }
        last = line;
    }
    fence.is_some() || last.matches('`').count() % 2 == 1
}

#[cfg(test)]
#[path = "think_tests.rs"]
mod tests;
