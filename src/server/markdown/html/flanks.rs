//! Emphasis beside Chinese, Japanese and Korean.
//!
//! CommonMark asks for a space or punctuation after a run of `*` that follows punctuation, and there is none
//! where a script has no spaces: `**测试。**后文` would show its stars. Here such neighbours count as they are
//! meant, as in <https://github.com/tats-u/markdown-cjk-friendly>: marks of these scripts do not count as
//! punctuation, and a letter of theirs beside a run is as good as a space where its other side is
//! punctuation.
//!
//! The parser is not ours to change, so what it reads is. A neighbour that misleads it is swapped for a
//! character of as many bytes that does not, in text alone: the parser says first what is text, and what it
//! makes of swapped text is taken from the original by its place.

use std::collections::BTreeMap;
use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Tag, TagEnd};

use super::super::scripts::{is_cjk, is_mark};

/// What stands beside a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Space,
    /// Punctuation that counts as such.
    Mark(char),
    Cjk,
    CjkMark,
    Letter,
}

/// Places of characters to swap, and what for.
pub(super) type Swaps = BTreeMap<usize, &'static str>;

/// The neighbours of runs of `*` and `~~` in `text` that mislead the parser.
pub(super) fn swaps(text: &str) -> Swaps {
    let mut swaps = Swaps::new();
    if text.is_ascii() {
        return swaps;
    }
    let bytes = text.as_bytes();
    let (mut at, mut from, mut count) = (0, 0, 0);
    while let Some(found) = bytes[at..].iter().position(|b| matches!(b, b'*' | b'~' | b'\\')) {
        let start = at + found;
        let mark = bytes[start];
        if mark == b'\\' {
            at = start + 1 + bytes.get(start + 1).map_or(0, |b| usize::from(b.is_ascii()));
            continue;
        }
        at = start + bytes[start..].iter().take_while(|&&b| b == mark).count();
        if mark == b'*' || at - start == 2 {
            if text[from..start].contains("\n\n") {
                count = 0;
            }
            around(text, start..at, count % 2 == 1, &mut swaps);
            (from, count) = (at, count + 1);
        }
    }
    swaps
}

/// `odd`: as many runs stand before it in its paragraph, so it is likely to close.
fn around(text: &str, run: Range<usize>, odd: bool, swaps: &mut Swaps) {
    use Beside::{Cjk, CjkMark, Letter, Mark};
    let (mut left, mut right) = (text[..run.start].chars().rev(), text[run.end..].chars());
    let (before, after) = (left.next(), right.next());
    let (second_left, second_right) = (left.next(), right.next());
    let (prev, next) = (beside(before, second_left), beside(after, second_right));
    // Whether it could close or open emphasis in no case, but for what stands on its other side.
    let closes = match (prev, next) {
        (CjkMark, Cjk | Letter) => true,
        (Mark(mark), Cjk) => !"([{<“‘«‹".contains(mark),
        _ => false,
    };
    let opens = match (prev, next) {
        (Cjk | Letter, CjkMark) => true,
        (Cjk, Mark(mark)) => !")]}>”’»›".contains(mark),
        _ => false,
    };
    // As punctuation it would be a boundary for `_` and `~`, too, and for a run of its other side.
    let stays = |beyond: Option<char>, likely: bool| match beyond {
        Some('*') => !likely,
        _ => matches!(beyond, Some('_' | '~')),
    };
    let (before, after) = (before.unwrap_or(' '), after.unwrap_or(' '));
    let (place_before, place_after) = (run.start.saturating_sub(before.len_utf8()), run.end);
    if closes && prev == CjkMark {
        swaps.insert(place_before, letter(before));
    } else if closes && !stays(second_right, odd) {
        swaps.insert(place_after, mark(after));
    }
    if opens && next == CjkMark {
        swaps.insert(place_after, letter(after));
    } else if opens && !stays(second_left, !odd) {
        swaps.insert(place_before, mark(before));
    }
}

/// What `c` is, beyond which stands `beyond`.
fn beside(c: Option<char>, beyond: Option<char>) -> Beside {
    let Some(c) = c.filter(|c| !c.is_whitespace()) else { return Beside::Space };
    // Chinese shares these with scripts that have spaces.
    let shared = matches!(c, '“' | '”' | '‘' | '’' | '…' | '—');
    match c {
        _ if is_cjk(c) && c.is_alphanumeric() => Beside::Cjk,
        _ if is_cjk(c) || shared && beyond.is_some_and(|c| is_cjk(c) || c == '…' || c == '—') => {
            Beside::CjkMark
        }
        _ if is_mark(c) => Beside::Mark(c),
        _ => Beside::Letter,
    }
}

/// A letter of as many bytes.
fn letter(c: char) -> &'static str {
    if c.len_utf8() == 4 { "\u{20000}" } else { "\u{4e00}" }
}

/// Punctuation of as many bytes.
fn mark(c: char) -> &'static str {
    if c.len_utf8() == 4 { "\u{1bc9f}" } else { "\u{3001}" }
}

/// `text` with those characters swapped that are text, as `events` say, which a parser made of it.
pub(super) fn swapped<'t>(
    text: &str,
    swaps: &Swaps,
    events: impl Iterator<Item = (Event<'t>, Range<usize>)>,
) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    // Where code ends, or the text of a reference, which is its label as well.
    let mut code = false;
    let mut label = 0;
    let mut upcoming = swaps.iter().peekable();
    for (event, range) in events {
        match event {
            Event::Start(Tag::CodeBlock(_)) => code = true,
            Event::End(TagEnd::CodeBlock) => code = false,
            Event::Start(Tag::Link { link_type, .. } | Tag::Image { link_type, .. })
                if !matches!(link_type, LinkType::Inline | LinkType::Reference) =>
            {
                label = range.end.max(label);
            }
            Event::Text(written)
                if !code && range.start >= label && text.get(range.clone()) == Some(&*written) =>
            {
                while upcoming.next_if(|(at, _)| **at < range.start).is_some() {}
                while let Some((&at, with)) = upcoming.next_if(|(at, _)| **at < range.end) {
                    out.push_str(&text[out.len()..at]);
                    out.push_str(with);
                }
            }
            _ => {}
        }
    }
    if out.is_empty() {
        return None;
    }
    out.push_str(&text[out.len()..]);
    Some(out)
}
