//! [`mend`]: what is half-typed at the end of a running answer, shown as it will probably look.
//!
//! Text comes in pieces, so the last block often ends within `**bold`, `` `code `` or `[a link](https://…`. Shown as it
//! stands, its signs would flash and vanish. Here the end of the block is changed before it is rendered: signs at the very
//! end are left out, constructs that are open are closed, an address that is not complete is left out and its text stays.
//! Only the last line of text in the block can be half-typed, so the parser says where it begins, and which signs in it
//! found no partner. A closed block is rendered from what was written, so nothing of this is in a finished answer.
//!
//! What is typed may not be what it looks like: a single star, a price, a variable. So nothing is mended that stands
//! within a word or has been open for [`NEAR`] bytes.

use std::cell::Cell;
use std::ops::Range;

use pulldown_cmark::{BrokenLink, CowStr, Event, Options, Parser, Tag, TagEnd};

use super::bounds::{self, line_start};
use super::carried::{Definitions, fold};
use super::html::flanks;
use super::math::scan::prefix;
use super::pause::pause;
use super::tags::{self, Inline};

mod half;
#[cfg(test)]
mod tests;

use half::{is_half_address, is_half_tag, is_half_tex};

/// What has been open for more bytes is shown as it was written.
const NEAR: usize = 600;
/// An address or a tag of more bytes is shown as it was written.
const LONG: usize = 2_048;
/// The readings of one end: each may find one thing to change, and the last finds none.
const PASSES: usize = 6;
/// So many events are read between two pauses.
const EVENTS: usize = 1_000;
/// The signs without which nothing is half-typed.
const SIGNS: [char; 10] = ['*', '_', '`', '~', '[', '<', '$', '|', '\\', '!'];
const BRACKET: &str = "]()";

/// How the end of a block is mended: what is kept of it, in bytes, and what comes after that.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Mend {
    pub(super) length: usize,
    pub(super) closing: String,
}

/// How to mend the end of `text`, an open block whose formulas are masked; `None` if nothing is half-typed.
pub(super) fn mend(text: &str, known: &Definitions) -> Option<Mend> {
    let last = text.rfind("\n\n").map_or(0, |blank| blank + 2);
    if !text[last..].contains(SIGNS) {
        return None;
    }
    let mut mend = Mend { length: stripped(text), closing: String::new() };
    for _ in 0..PASSES {
        pause();
        let draft = format!("{}{}", &text[..mend.length], mend.closing);
        match read(&draft, mend.length, !mend.closing.is_empty(), known) {
            Step::Leave => return None,
            Step::Cut(at, closing) => {
                let at = if closing.is_empty() { stripped(&text[..at]) } else { at };
                mend = Mend { length: at, closing: closing.to_owned() };
            }
            Step::Close(closing) => {
                if mend.closing.is_empty() && !closing.starts_with('`') {
                    mend.length = trimmed(&text[..mend.length]);
                }
                mend.closing.push_str(&closing);
            }
            Step::Failed => {
                mend.closing.clear();
                break;
            }
            Step::Done => break,
        }
    }
    (mend.length < text.len() || !mend.closing.is_empty()).then_some(mend)
}

/// The length of the text without signs at its very end, which may begin or end something.
fn stripped(text: &str) -> usize {
    let mut rest = text;
    while let Some(last) = rest.chars().next_back() {
        let shorter = &rest[..rest.len() - last.len_utf8()];
        let before = shorter.chars().next_back();
        let strips = match last {
            '*' | '_' | '`' | '~' | '[' | '|' | '\\' | '<' => true,
            // Of a picture. Most exclamation marks end a sentence.
            '!' => before.is_none_or(char::is_whitespace) || text[rest.len()..].starts_with('['),
            '$' => !before.is_some_and(|c| c.is_ascii_alphanumeric()),
            _ => false,
        };
        if !strips {
            break;
        }
        rest = shorter;
    }
    rest.len()
}

/// The length of the text without white space and marks of containers at its end.
fn trimmed(text: &str) -> usize {
    let text = text.trim_end();
    let line = line_start(text, text.len());
    if line > 0 && prefix(&text[line..]) == text.len() - line { trimmed(&text[..line]) } else { text.len() }
}

/// What one reading finds.
enum Step {
    /// The end is code or HTML, which is shown as it comes.
    Leave,
    /// Keep the text up to here, and put this after it.
    Cut(usize, &'static str),
    /// Put this after the text.
    Close(String),
    /// What was put after the text did not close anything.
    Failed,
    Done,
}

/// A sign that found no partner, and what would close it; empty if it stays what it is.
struct Opener {
    at: usize,
    inner: usize,
    closer: String,
}

/// The last line of text of a block, as far as it is read.
struct Leaf<'a> {
    draft: &'a str,
    /// The bytes of the draft that were written.
    length: usize,
    start: usize,
    /// Ends with the line.
    one_line: bool,
    is_code: bool,
    /// Only those within [`NEAR`] of the end, so they are few however long the text is.
    open: Vec<Opener>,
    /// How many signs were open when each of the elements around began.
    around: Vec<usize>,
    /// Everything after a run of backticks is code.
    code: Option<usize>,
    cut: Option<(usize, &'static str)>,
    failed: bool,
}

fn read(draft: &str, length: usize, closed: bool, known: &Definitions) -> Step {
    let expansion = Cell::new(known.budget);
    let lookup = |link: BrokenLink<'_>| {
        let (address, title) = known.known.get(&fold(&link.reference))?;
        expansion.set(expansion.get().checked_sub(address.len() + title.len())?);
        Some((CowStr::from(address.as_str()), CowStr::from(title.as_str())))
    };
    let options = bounds::OPTIONS.union(Options::ENABLE_OLD_FOOTNOTES);
    let swaps = flanks::swaps(draft);
    let swapped = (!swaps.is_empty())
        .then(|| flanks::swapped(draft, &swaps, Parser::new_ext(draft, options).into_offset_iter()));
    let swapped = swapped.flatten();
    let draft = swapped.as_deref().unwrap_or(draft);
    let parser = Parser::new_with_broken_link_callback(draft, options, Some(lookup));
    let mut leaf = Leaf::new(draft, length);
    for (number, (event, range)) in parser.into_offset_iter().enumerate() {
        if number % EVENTS == EVENTS - 1 {
            pause();
        }
        leaf.event(&event, range);
    }
    leaf.step(closed)
}

impl<'a> Leaf<'a> {
    fn new(draft: &'a str, length: usize) -> Leaf<'a> {
        Leaf {
            draft,
            length,
            start: 0,
            one_line: false,
            is_code: false,
            open: Vec::new(),
            around: Vec::new(),
            code: None,
            cut: None,
            failed: false,
        }
    }

    fn event(&mut self, event: &Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(
                Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. },
            ) => self.around.push(self.open.len()),
            Event::End(
                TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image,
            ) => self.open.truncate(self.around.pop().unwrap_or(0)),
            // The cells that a row lacks.
            Event::Start(Tag::TableCell) if range.is_empty() || range.start >= self.length => {}
            Event::Start(tag) => {
                *self = Leaf { start: range.start, ..Leaf::new(self.draft, self.length) };
                self.is_code = matches!(tag, Tag::CodeBlock(_) | Tag::HtmlBlock);
                self.one_line = matches!(tag, Tag::Heading { .. } | Tag::TableCell | Tag::TableRow);
            }
            _ if self.is_code || self.code.is_some() => {}
            Event::Text(_) if range.start >= self.length => {
                // The closing signs are text, so they closed nothing.
                self.failed |= self.draft[range].contains(SIGNS);
            }
            Event::Text(_) if range.end <= self.length => self.text(range),
            Event::InlineHtml(html) if self.is_near(range.start) => match tags::inline(html) {
                Some(Inline::Start(_, closer)) => self.opens(range.start, range.end, closer),
                Some(Inline::End(closer)) => {
                    if let Some(place) = self.open.iter().rposition(|opener| opener.closer == closer) {
                        self.open.remove(place);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn opens(&mut self, at: usize, inner: usize, closer: impl Into<String>) {
        self.open.push(Opener { at, inner, closer: closer.into() });
    }

    /// Whether what begins here may still be open at the end.
    fn is_near(&self, at: usize) -> bool {
        self.length.saturating_sub(at) <= NEAR
    }

    /// Whether a backslash takes the sign its meaning. Each sign has backslashes of its own, so all are counted once.
    fn is_escaped(&self, at: usize) -> bool {
        self.draft[..at].bytes().rev().take_while(|&b| b == b'\\').count() % 2 == 1
    }

    /// A piece of text: a sign without a partner is a piece of its own.
    fn text(&mut self, range: Range<usize>) {
        let Range { start, end } = range;
        let slice = &self.draft[start..end];
        if !self.is_near(start) {
            return self.plain(slice, start);
        }
        let begins = || !is_in_word(&self.draft[..start]) && !self.is_escaped(start);
        match slice {
            "[" | "![" => self.opens(start, end, if begins() { BRACKET } else { "" }),
            "]" if !self.is_escaped(start) => self.ends_bracket(start),
            _ if slice.bytes().all(|b| b == b'`') && begins() => self.code = Some(start),
            "*" | "_" | "~" if !self.is_escaped(start) => self.emphasis(slice, start),
            _ => self.plain(slice, start),
        }
    }

    /// A sign of emphasis without a partner. Each of a run comes alone.
    fn emphasis(&mut self, sign: &str, at: usize) {
        let run = |bytes: &mut dyn Iterator<Item = u8>| {
            bytes.take(NEAR).take_while(|b| [*b] == *sign.as_bytes()).count()
        };
        let written = &self.draft[..self.length];
        let first = at - run(&mut written[..at].bytes().rev());
        let after = &written[at + run(&mut written[at..].bytes())..];
        if after.is_empty() || after.starts_with(char::is_whitespace) || is_in_word(&written[..first]) {
            return;
        }
        match self.open.last_mut() {
            Some(last) if last.inner == at && last.closer.starts_with(sign) => {
                last.inner += 1;
                last.closer.push_str(sign);
            }
            _ => self.opens(at, at + 1, sign),
        }
    }

    /// Text in which a tag or a formula may begin.
    fn plain(&mut self, slice: &str, start: usize) {
        if let Some(at) = slice.rfind('<').map(|at| start + at)
            && is_half_tag(&self.draft[at + 1..self.length])
        {
            self.cut_at(at, "");
        }
        for (at, _) in slice.match_indices('$') {
            let at = start + at;
            let before = &self.draft[..at];
            if !is_in_word(before) && !before.ends_with('\\') && is_half_tex(&self.draft[at + 1..self.length])
            {
                self.cut_at(at, "");
            }
        }
    }

    /// The first cut counts.
    fn cut_at(&mut self, at: usize, closing: &'static str) {
        self.cut.get_or_insert((at, closing));
    }

    /// A closing bracket that ended no link: perhaps its address is still to come.
    fn ends_bracket(&mut self, at: usize) {
        let is_bracket = |opener: &Opener| self.draft[opener.at..opener.inner].ends_with('[');
        let Some(place) = self.open.iter().rposition(is_bracket) else { return };
        let opener = self.open.remove(place);
        let rest = &self.draft[at + 1..self.length];
        if opener.closer.is_empty() || !(rest.is_empty() || is_half_address(rest)) {
            return;
        }
        match self.kind(&opener, at) {
            Bracket::Mark => self.cut_at(opener.at, ""),
            // Most numbers in brackets are names of sources.
            Bracket::Number if rest.is_empty() => {}
            Bracket::Number | Bracket::Text => self.cut_at(at + 1, "()"),
        }
    }

    fn kind(&self, opener: &Opener, end: usize) -> Bracket {
        let inner = &self.draft[opener.inner..end];
        let line = || line_start(self.draft, opener.at);
        let is_first = |line: usize| prefix(&self.draft[line..]) == opener.at - line;
        if matches!(inner, "" | " " | "x" | "X") && is_first(line())
            || inner.starts_with('^')
            || inner.starts_with('!') && !inner.starts_with("![")
        {
            Bracket::Mark
        } else if inner.bytes().all(|b| b.is_ascii_digit() || matches!(b, b',' | b' ' | b'-')) {
            Bracket::Number
        } else {
            Bracket::Text
        }
    }

    /// Where the head of a table begins whose second row has not come.
    fn half_table(&self) -> Option<usize> {
        let text = &self.draft[self.start..self.length];
        let (mut end, mut rows) = (text.strip_suffix('\n').unwrap_or(text).len(), Vec::new());
        while rows.len() < 3 {
            let at = line_start(text, end);
            let own = at + prefix(&text[at..end]);
            if !text[own..end].starts_with('|') {
                break;
            }
            rows.push((own, &text[own..end]));
            let Some(before) = at.checked_sub(1) else { break };
            end = before;
        }
        let is_rule = |row: &str| row.bytes().all(|b| matches!(b, b'|' | b'-' | b':' | b' ' | b'\t'));
        match *rows {
            [(head, _)] => Some(self.start + head),
            [(_, second), (head, _)] if is_rule(second) && !text.ends_with('\n') => Some(self.start + head),
            _ => None,
        }
    }

    fn step(mut self, closed: bool) -> Step {
        if self.is_code {
            return Step::Leave;
        }
        let written = &self.draft[self.start.min(self.length)..self.length];
        if self.one_line && written.trim_start().contains('\n') {
            return Step::Done;
        }
        if let Some(at) = self.code {
            let run = self.draft[at..].bytes().take_while(|&b| b == b'`').count();
            // A closing sign was put there already.
            return if closed { Step::Failed } else { Step::Close("`".repeat(run)) };
        }
        if !self.one_line
            && let Some(at) = self.half_table()
        {
            self.cut_at(at, "");
        }
        let marks = self.open.iter().find(|opener| {
            opener.closer == BRACKET && !matches!(self.kind(opener, self.length), Bracket::Text)
        });
        if let Some(at) = marks.map(|opener| opener.at) {
            self.cut_at(at, "");
        }
        if let Some((at, closing)) = self.cut {
            return Step::Cut(at, closing);
        }
        // A single tilde means "about".
        let closers = self.open.iter().rev().map(|opener| opener.closer.as_str());
        let closing: String = closers.filter(|closer| *closer != "~").collect();
        match closing.is_empty() {
            false if closed && self.failed => Step::Failed,
            false => Step::Close(closing),
            true if self.failed => Step::Failed,
            true => Step::Done,
        }
    }
}

/// Whether what follows this text stands within a word.
fn is_in_word(before: &str) -> bool {
    before.ends_with(|c: char| c.is_ascii_alphanumeric())
}

/// What stands in brackets.
enum Bracket {
    /// A box of a task, the mark of a footnote or an alert.
    Mark,
    Number,
    Text,
}
