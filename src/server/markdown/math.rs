//! Where formulas stand in a text: `$…$`, `$$…$$`, `\(…\)` and `\[…\]`.
//!
//! Formulas are found before markdown is read, for `_`, `*`, `|` and `\\` mean other things in them. Each is
//! *masked*: overwritten with as many characters that mean nothing, so that places stay what they were.
//! Where markdown turns out to be code, the mask is lifted again. What is a formula is decided by its own
//! lines alone, so it does not matter how a text is cut:
//!
//! - `$…$` and `\(…\)` stand on one line. Money stays text: a `$` opens before what is no space and not
//!   after a letter or digit, and the next `$` closes it only after what is no space and before no digit.
//! - `$$…$$` and `\[…\]` may take several lines, none of them blank or a code fence.

use std::borrow::Cow;
use std::ops::Range;

use super::bounds::line_start;

/// Longer formulas are text, in bytes.
const LIMIT: usize = 4 << 10;
/// So are those of more lines.
const LINES: usize = 64;
/// What masks a formula: its first byte and each further one. [`super::Stream`] lets neither in.
const FIRST: char = '\u{1}';
const MORE: char = '\u{2}';

/// A formula with its delimiters, in bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Formula {
    pub range: Range<usize>,
    pub display: bool,
}

/// A text, and the same with its formulas masked.
pub(super) struct Masked<'a> {
    pub source: &'a str,
    pub text: Cow<'a, str>,
    formulas: Vec<Formula>,
    /// Where a formula begins whose end may still come.
    pub open: Option<usize>,
}

/// A part of a masked text: whole lines, so no formula is cut.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub source: &'a str,
    pub text: &'a str,
    formulas: &'a [Formula],
    base: usize,
}

/// Masks the formulas of `source`, which has no `\r`. Unless it is `whole`, more text may follow.
pub(super) fn mask(source: &str, whole: bool) -> Masked<'_> {
    let mut masked = Masked { source, text: Cow::Borrowed(source), formulas: Vec::new(), open: None };
    if !source.contains('$') && !source.contains("\\(") && !source.contains("\\[") {
        return masked;
    }
    let mut at = 0;
    while at < source.len() {
        let inside = at > 0 && source.as_bytes()[at - 1] != b'\n';
        at = Scan { source, line: at, end: line_end(source, at), inside, whole }.read(&mut masked);
    }
    if !masked.formulas.is_empty() {
        let mut text = String::with_capacity(source.len());
        for Formula { range, .. } in &masked.formulas {
            text.push_str(&source[text.len()..range.start]);
            text.push(FIRST);
            text.extend(std::iter::repeat_n(MORE, range.len() - 1));
        }
        text.push_str(&source[text.len()..]);
        masked.text = Cow::Owned(text);
    }
    masked
}

impl Masked<'_> {
    pub(super) fn piece(&self, range: Range<usize>) -> Piece<'_> {
        let from = self.formulas.partition_point(|formula| formula.range.start < range.start);
        let to = self.formulas.partition_point(|formula| formula.range.start < range.end);
        Piece {
            source: &self.source[range.clone()],
            text: &self.text[range.clone()],
            formulas: &self.formulas[from..to],
            base: range.start,
        }
    }
}

impl<'a> Piece<'a> {
    /// The text of an event at `range` in parts: text, and formulas. What an event says for itself (a
    /// character by its name) is text without masks.
    pub(super) fn parts<'t>(
        &self,
        text: &'t str,
        range: Range<usize>,
        mut each: impl FnMut(&'t str, Option<&Formula>),
    ) {
        if !text.contains([FIRST, MORE]) || self.text.get(range.clone()) != Some(text) {
            return text.split([FIRST, MORE]).for_each(|part| each(part, None));
        }
        let (from, mut done) = (range.start + self.base, 0);
        let first = self.formulas.partition_point(|formula| formula.range.start < from);
        for formula in &self.formulas[first..] {
            if formula.range.start >= from + text.len() {
                break;
            }
            each(&text[done..formula.range.start - from], None);
            each("", Some(formula));
            done = (formula.range.end - from).min(text.len());
        }
        each(&text[done..], None);
    }

    /// The text of an event as it was written: for code.
    pub(super) fn lifted<'t>(&self, text: &'t str, range: Range<usize>) -> Cow<'t, str> {
        if !text.contains([FIRST, MORE]) {
            return Cow::Borrowed(text);
        }
        // What the container put before each line.
        let indent = range.start - line_start(self.source, range.start);
        let mut out = String::new();
        self.parts(text, range, |part, formula| {
            out.push_str(part);
            for (number, line) in formula.map_or("", |formula| self.written(formula)).split('\n').enumerate()
            {
                if number > 0 {
                    out.push('\n');
                }
                let strip = if number > 0 { indent } else { 0 };
                let spare = line.bytes().take(strip).take_while(|b| matches!(b, b' ' | b'\t' | b'>')).count();
                out.push_str(&line[spare..]);
            }
        });
        out.into()
    }

    /// A code span as it was written.
    pub(super) fn lifted_span<'t>(&self, text: &'t str, range: Range<usize>) -> Cow<'t, str> {
        if !text.contains([FIRST, MORE]) {
            return Cow::Borrowed(text);
        }
        let span = self.source.get(range).unwrap_or("").trim_matches('`');
        let padded = span.strip_prefix(' ').and_then(|span| span.strip_suffix(' '));
        padded.unwrap_or(span).replace('\n', " ").into()
    }

    /// A formula with its delimiters, as it was written.
    pub(super) fn written(&self, formula: &Formula) -> &'a str {
        &self.source[formula.range.start - self.base..formula.range.end - self.base]
    }

    /// The TeX of a formula, without delimiters and without what containers put before its lines.
    pub(super) fn tex(&self, formula: &Formula) -> String {
        let written = self.written(formula);
        let width = if written.starts_with('$') && !formula.display { 1 } else { 2 };
        let start = formula.range.start - self.base;
        let quotes = quotes(&self.source[line_start(self.source, start)..start]);
        let lines = written[width..written.len() - width].split('\n').enumerate();
        let lines = lines.map(|(number, line)| if number == 0 { line } else { unquoted(line, quotes) });
        lines.map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned()
    }
}

/// What must not stay in a text whose place is not known.
pub(super) fn without_masks(text: &str) -> Cow<'_, str> {
    if text.contains([FIRST, MORE]) { text.replace([FIRST, MORE], "").into() } else { text.into() }
}

/// Where a rendered formula goes in HTML that is still to be sanitized.
pub(super) fn marker(number: usize) -> String {
    format!("{FIRST}{number}{MORE}")
}

/// Puts rendered formulas in their places.
pub(super) fn fill(html: String, formulas: &[String]) -> String {
    if formulas.is_empty() {
        return html;
    }
    let mut out = String::with_capacity(html.len() + formulas.iter().map(String::len).sum::<usize>());
    for (number, part) in html.split(FIRST).enumerate() {
        let (formula, rest) =
            if number == 0 { ("", part) } else { part.split_once(MORE).unwrap_or(("", "")) };
        let formula = formula.parse().ok().and_then(|number: usize| formulas.get(number));
        out.push_str(formula.map_or("", String::as_str));
        out.push_str(rest);
    }
    out
}

/// After the line that `at` is in.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

/// How long the marks of containers (quotes, lists) and white space before a line's own text are.
fn prefix(line: &str) -> usize {
    let mut rest = line;
    loop {
        let text = rest.trim_start_matches([' ', '\t']);
        let marker = match text.bytes().next() {
            Some(b'>') => 1,
            Some(b'-' | b'+' | b'*') => 1,
            Some(b'0'..=b'9') => {
                let digits = text.bytes().take_while(u8::is_ascii_digit).count();
                if text[digits..].starts_with(['.', ')']) { digits + 1 } else { 0 }
            }
            _ => 0,
        };
        let is_quote = text.starts_with('>');
        if marker == 0 || !(is_quote || text[marker..].starts_with([' ', '\t'])) {
            return line.len() - text.len();
        }
        rest = &text[marker..];
    }
}

fn quotes(prefix: &str) -> usize {
    prefix.bytes().filter(|&b| b == b'>').count()
}

/// The line without up to `quotes` marks of quotes before it.
fn unquoted(line: &str, quotes: usize) -> &str {
    let mut rest = line.trim_start_matches([' ', '\t']);
    for _ in 0..quotes {
        rest = rest.strip_prefix('>').map_or(rest, |rest| rest.trim_start_matches([' ', '\t']));
    }
    rest
}

/// One line of a text, its line end included; or what is `inside` of it after a formula of several lines.
struct Scan<'a> {
    source: &'a str,
    line: usize,
    end: usize,
    inside: bool,
    whole: bool,
}

/// Whether a formula that begins here ends, and where.
enum Found {
    At(usize),
    Never,
    /// More text must tell.
    Open,
}

impl Scan<'_> {
    /// Notes the formulas that begin on the line. Gives the place to go on at, which is after the line.
    fn read(&self, masked: &mut Masked<'_>) -> usize {
        let (bytes, mut at) = (self.source.as_bytes(), self.line);
        let text = &self.source[self.line..self.end];
        let own = self.line + prefix(text);
        if !text.contains(['$', '\\']) || is_definition(&self.source[own..self.end]) {
            return self.end;
        }
        let end = self.end;
        while at < end {
            let display = match bytes[at] {
                b'\\' if bytes.get(at + 1) == Some(&b'(') => false,
                b'\\' if bytes.get(at + 1) == Some(&b'[') => true,
                b'$' => bytes.get(at + 1) == Some(&b'$'),
                _ => {
                    at = self.skip(at, end);
                    continue;
                }
            };
            let found = match (bytes[at], display) {
                (b'$', false) => self.dollar(at),
                (_, false) => self.inline(at),
                (b'$', true) => self.display(at, own, "$$"),
                (_, true) => self.display(at, own, "\\]"),
            };
            match found {
                Found::At(close) => {
                    masked.formulas.push(Formula { range: at..close, display });
                    at = close;
                }
                Found::Open => {
                    masked.open = masked.open.or(Some(at));
                    return self.source.len();
                }
                Found::Never => {
                    let run = bytes[at..end].iter().take_while(|&&b| b == b'$').count();
                    at += run.max(1);
                    // An escape, that is, no formula.
                    at += usize::from(bytes[at - 1] == b'\\');
                }
            }
        }
        at
    }

    /// After what stands at `at` and holds no formula: a code span, an address, an escape, a character.
    fn skip(&self, at: usize, end: usize) -> usize {
        let rest = &self.source[at..end];
        match rest.as_bytes()[0] {
            b'\\' => at + 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            b'`' => {
                let run = rest.len() - rest.trim_start_matches('`').len();
                at + run + code_end(&rest[run..], run).unwrap_or(0)
            }
            b'<' if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!')) => {
                at + rest.find('>').map_or(1, |close| close + 1)
            }
            b']' if rest.starts_with("](") => at + rest.find([')', ' ', '\n']).map_or(1, |close| close + 1),
            b'h' if rest.starts_with("http://") || rest.starts_with("https://") => {
                at + rest.find(char::is_whitespace).unwrap_or(rest.len())
            }
            _ => {
                let next =
                    rest.bytes().skip(1).position(|b| matches!(b, b'\\' | b'$' | b'`' | b'<' | b']' | b'h'));
                at + next.map_or(rest.len(), |next| next + 1)
            }
        }
    }

    /// The end of a formula whose opener, two bytes long, is at `at`: open when none is before `end`.
    fn closer(&self, at: usize, end: usize, closer: &str) -> Found {
        let bytes = self.source.as_bytes();
        let mut here = at + 2;
        while here < end.min(at + LIMIT) {
            if bytes[here..end].starts_with(closer.as_bytes()) {
                let is_tex = is_tex(&self.source[at + 2..here]);
                return if is_tex { Found::At(here + 2) } else { Found::Never };
            }
            here += if bytes[here] == b'\\' { 2 } else { 1 };
        }
        Found::Open
    }

    /// `\(…\)` on one line.
    fn inline(&self, at: usize) -> Found {
        match self.closer(at, self.end, "\\)") {
            Found::Open if self.is_final(at, self.end) => Found::Never,
            found => found,
        }
    }

    /// Whether no text that may follow can be part of what began at `at` and reaches to `end`.
    fn is_final(&self, at: usize, end: usize) -> bool {
        self.whole || end - at >= LIMIT || self.source[..end].ends_with('\n')
    }

    /// A formula that may take several lines.
    fn display(&self, at: usize, own: usize, closer: &str) -> Found {
        let near = &self.source[at + 2..self.source.floor_char_boundary(at + LIMIT)];
        if !near.contains(closer) && (self.whole || at + LIMIT <= self.source.len()) {
            return Found::Never;
        }
        let (first, alone) = (at == own, self.source[at + 2..self.end].trim().is_empty());
        let found = self.closer(at, self.end, closer);
        if !matches!(found, Found::Open) {
            return found;
        }
        let (end, settled) = if !self.inside && (first || alone) {
            self.reach(at, first, quotes(&self.source[self.line..own]))
        } else {
            (self.end, self.is_final(at, self.end))
        };
        match self.closer(at, end, closer) {
            Found::Open if settled => Found::Never,
            found => found,
        }
    }

    /// How far a formula may reach: to a blank line, a fence, the end of its container or so many lines.
    /// And whether more text could not bring it further.
    fn reach(&self, at: usize, first: bool, quotes: usize) -> (usize, bool) {
        let mut end = self.end;
        for _ in 0..LINES {
            let next = line_end(self.source, end);
            let line = &self.source[end..next];
            let text = unquoted(line, quotes);
            let leaves = quotes > 0 && !line.trim_start_matches([' ', '\t']).starts_with('>');
            let is_block = prefix(text) > 0 || text.starts_with('#');
            let stops = text.trim().is_empty()
                || text.starts_with("```")
                || text.starts_with("~~~")
                || leaves
                || !first && is_block;
            if end == self.source.len() || !line.ends_with('\n') && !self.whole && next - at < LIMIT {
                return (next, self.whole);
            }
            if stops || next - at >= LIMIT {
                return (end, true);
            }
            end = next;
        }
        (end, true)
    }

    /// `$…$` on one line.
    fn dollar(&self, at: usize) -> Found {
        let text = &self.source[at + 1..self.end];
        let before = self.source[self.line..at].chars().next_back();
        if before.is_some_and(|c| c.is_ascii_alphanumeric()) || text.starts_with(char::is_whitespace) {
            return Found::Never;
        }
        let mut escaped = false;
        let close = text.bytes().position(|b| {
            let found = b == b'$' && !escaped;
            escaped = b == b'\\' && !escaped;
            found
        });
        let Some(close) = close else { return Found::Never };
        let (tex, after) = (&text[..close], &text[close + 1..]);
        if tex.is_empty() || tex.ends_with([' ', '\t']) || tex.len() > LIMIT || is_money(tex) {
            return Found::Never;
        }
        let word = after.bytes().take_while(u8::is_ascii_alphanumeric).count();
        // The $n$th and all the $x$s.
        let ends = matches!(&after[..word], "" | "s" | "th" | "st" | "nd" | "rd") && !after.starts_with('$');
        if after.is_empty() && !self.whole {
            Found::Open
        } else if ends {
            Found::At(at + 1 + close + 1)
        } else {
            Found::Never
        }
    }
}

/// `[label]: address`, where nothing is a formula.
fn is_definition(line: &str) -> bool {
    line.starts_with('[') && line.contains("]:")
}

/// Where the code ends that began with a run of so many backticks.
fn code_end(text: &str, length: usize) -> Option<usize> {
    let mut at = 0;
    // Not far: a line may be long, and hold nothing but backticks.
    let near = &text[..text.floor_char_boundary(LIMIT)];
    while let Some(open) = near[at..].find('`') {
        let run = near[at + open..].bytes().take_while(|&b| b == b'`').count();
        at += open + run;
        if run == length {
            return Some(at);
        }
    }
    None
}

/// Whether what stands in brackets that may only be escaped is a formula: words alone are not.
fn is_tex(text: &str) -> bool {
    let text = text.trim();
    let words = text
        .chars()
        .all(|c| c.is_alphabetic() || c.is_whitespace() || matches!(c, ',' | '.' | '\'' | '-' | '?' | '!'));
    let longer = |length| text.split_whitespace().filter(|word| word.chars().count() > length).count();
    text.contains(char::is_alphanumeric) && !(words && (longer(3) > 0 || longer(1) > 1))
}

/// Whether `$` and `$` were meant each for itself: a number with words after it.
fn is_money(text: &str) -> bool {
    let words = || text.split(|c: char| !c.is_alphabetic()).any(|word| word.len() > 1);
    text.starts_with(|c: char| c.is_ascii_digit())
        && !text.contains(['\\', '^', '_', '=', '{'])
        && text.contains(' ')
        && words()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let masked = mask(text, true);
        assert_eq!(masked.text.len(), text.len());
        let piece = masked.piece(0..text.len());
        masked
            .formulas
            .iter()
            .map(|f| format!("{}{}", if f.display { "D " } else { "" }, piece.tex(f)))
            .collect()
    }

    #[test]
    fn finds_formulas() {
        for (text, formulas) in [
            (
                "a $x$, $y_1 + z$; the $n$th \\(a*b*c\\) and \\[ x \\]",
                &["x", "y_1 + z", "n", "a*b*c", "D x"][..],
            ),
            ("$$\na\n+ b\n$$ and\n\\[\nx\n\\]", &["D a\n+ b", "D x"]),
            ("> $$\n> a\n> > 0\n> $$ $b$\n$c$", &["D a\n> 0", "b", "c"]),
            ("- $$a$$\n  1. \\[\n     b \\\\ c\n     \\]\n", &["D a", "D b \\\\ c"]),
            ("| $|x|$ | `$y$` |", &["|x|"]),
            ("$$a$$$b$", &["D a", "b"]),
            ("税は$x$円", &["x"]),
        ] {
            assert_eq!(found(text), formulas, "{text:?}");
        }
    }

    #[test]
    fn leaves_text_alone() {
        for text in [
            "$5 and $10",
            "$5-$10, US$5/A$6, $20k–$30k",
            "$100 per user and 20$",
            "echo $HOME/$USER and $a->$b $a, $b",
            "`$x$` ``a ` $x$`` \\$x$ [a](http://b/$c$d) <a b=$c$> https://x.example/?a=$b$",
            "\\\\(a\\\\) \\[foo bar\\] \\[\\] \\(citation\\)",
            "$$ a\n\nb $$",
            "- a $$\n- b $$",
            "$$ a\n```\n$$\n```",
            "[a]: /$x$",
            "$ x$ $x $ $$ $",
        ] {
            assert_eq!(found(text), [""; 0], "{text:?}");
        }
    }

    #[test]
    fn says_when_more_must_come() {
        for (text, open) in [
            ("a\n$$\nb\n", Some(2)),
            ("a \\[", Some(2)),
            ("a $x$", Some(2)),
            ("a $x$ b", None),
            ("$$\na\n\n", None),
            ("$5", None),
            ("\\(a\n", None),
        ] {
            assert_eq!(mask(text, false).open, open, "{text:?}");
        }
        assert_eq!(mask(&format!("$$\n{}", "a + b\n".repeat(1_000)), false).open, None);
    }
}
