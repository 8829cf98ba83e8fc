//! [`swaps`] and [`swapped`]: emphasis beside Chinese, Japanese and Korean.
//!
//! After a run of `*` that follows punctuation, CommonMark asks for a space or punctuation, which scripts without
//! spaces do not have: `**测试。**后文` would show its stars. Here, as in
//! <https://github.com/tats-u/markdown-cjk-friendly>, marks of these scripts do not count as punctuation, and a
//! letter of theirs counts as a space if the other side of the run is punctuation.
//!
//! The parser cannot be changed, so its input is. A neighbour that misleads it is swapped for a character of as many
//! bytes that does not, and only in text: a first run of the parser tells what is text. The output takes the original
//! characters by their offsets.

use std::collections::BTreeMap;
use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Tag, TagEnd};

use super::super::scripts::{is_cjk, is_mark};

/// The kind of a run's neighbour.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Space,
    /// Punctuation that counts as punctuation.
    Mark(char),
    Cjk,
    CjkMark,
    Letter,
}

/// The offsets of characters to swap, and what to swap them for.
pub(in super::super) type Swaps = BTreeMap<usize, &'static str>;

/// The neighbours of runs of `*` and `~~` in `text` that mislead the parser.
pub(in super::super) fn swaps(text: &str) -> Swaps {
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

/// Swaps the neighbours of one run. `odd`: an odd number of runs stands before it in its paragraph, so it is likely
/// to close.
fn around(text: &str, run: Range<usize>, odd: bool, swaps: &mut Swaps) {
    use Beside::{Cjk, CjkMark, Letter, Mark};
    let (mut left, mut right) = (text[..run.start].chars().rev(), text[run.end..].chars());
    let (before, after) = (left.next(), right.next());
    let (second_left, second_right) = (left.next(), right.next());
    let (prev, next) = (beside(before, second_left), beside(after, second_right));
    // The run could neither open nor close emphasis because of this neighbour alone.
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
    // Punctuation would also be a boundary for `_` and `~`, and for a run on its other side.
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

/// The kind of `c`, a neighbour with `beyond` on its far side.
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

/// A letter of as many bytes as `c`.
fn letter(c: char) -> &'static str {
    if c.len_utf8() == 4 { "\u{20000}" } else { "\u{4e00}" }
}

/// Punctuation of as many bytes as `c`.
fn mark(c: char) -> &'static str {
    if c.len_utf8() == 4 { "\u{1bc9f}" } else { "\u{3001}" }
}

/// `text` with the characters swapped that are text by `events`, a parser's reading of it.
pub(in super::super) fn swapped<'t>(
    text: &str,
    swaps: &Swaps,
    events: impl Iterator<Item = (Event<'t>, Range<usize>)>,
) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    // In code, or in the text of a reference, which is its label too.
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
