//! Where formulas stand in a text: `$…$`, `$$…$$`, `\(…\)`, `\[…\]` and `\begin{…}…\end{…}`.
//!
//! Formulas are found before markdown is read, because `_`, `*`, `|` and `\\` mean other things in them. Each formula
//! is *masked*: overwritten by as many bytes that mean nothing, so that offsets stay. If markdown turns out to be
//! code, the mask is lifted again. Only the lines of a formula decide what is one, so it does not matter how a text
//! is cut:
//!
//! - `$…$` and `\(…\)` stand on one line. To leave money alone, a `$` opens a formula only before a character other
//!   than a space and not after a letter or digit, and the next `$` closes it only after a character other than a space
//!   and not before a digit. With spaces inside both dollars it is a formula if it looks like TeX: `$ x^2 $`, but not
//!   `$ 5 to $ 10`.
//! - `$$…$$`, `\[…\]` and an environment of formulas, which needs no delimiters, may take several lines, none of them
//!   blank or a code fence.

mod masks;
pub(super) mod scan;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use super::bounds::line_start;

use scan::{Scan, quotes, unquoted};

/// Formulas of more bytes are text.
const LIMIT: usize = 4 << 10;
/// Formulas of more lines are text.
const LINES: usize = 64;
/// The mask of a formula: its first byte, and each further one. [`super::Stream`] lets neither into a text.
const FIRST: char = '\u{1}';
pub(super) const MORE: char = '\u{2}';

/// A formula with its delimiters, in bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Formula {
    pub range: Range<usize>,
    pub display: bool,
}

/// A text, and the same text with its formulas masked.
pub(super) struct Masked<'a> {
    pub source: &'a str,
    pub text: Cow<'a, str>,
    formulas: Vec<Formula>,
    /// Where a formula begins that further text may close.
    pub open: Option<usize>,
}

/// Whole lines of a masked text, so that no formula is cut.
#[derive(Clone, Copy)]
pub(super) struct MaskedPiece<'a> {
    pub source: &'a str,
    pub text: &'a str,
    formulas: &'a [Formula],
    base: usize,
}

/// Masks the formulas of `source`, which holds no `\r`. Unless it is `whole`, more text may follow.
pub(super) fn mask(source: &str, whole: bool) -> Masked<'_> {
    let mut masked = Masked { source, text: Cow::Borrowed(source), formulas: Vec::new(), open: None };
    mask_formulas(&mut masked, whole);
    if let Some(text) = masks::masked(source, &masked.text) {
        masked.text = Cow::Owned(text);
    }
    masked
}

fn mask_formulas(masked: &mut Masked<'_>, whole: bool) {
    let source = masked.source;
    if !source.contains('$') && !["\\(", "\\[", scan::BEGIN].iter().any(|mark| source.contains(mark)) {
        return;
    }
    let mut at = 0;
    while at < source.len() {
        at = Scan::new(source, at, whole).read(masked);
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
}

impl Masked<'_> {
    pub(super) fn piece(&self, range: Range<usize>) -> MaskedPiece<'_> {
        MaskedPiece { source: self.source, text: &self.text, formulas: &self.formulas, base: 0 }.part(range)
    }
}

impl<'a> MaskedPiece<'a> {
    /// The lines in `range`, which must be whole.
    pub(super) fn part(&self, range: Range<usize>) -> MaskedPiece<'a> {
        let place = |at: usize| self.formulas.partition_point(|formula| formula.range.start < at + self.base);
        MaskedPiece {
            source: &self.source[range.clone()],
            text: &self.text[range.clone()],
            formulas: &self.formulas[place(range.start)..place(range.end)],
            base: self.base + range.start,
        }
    }

    /// Reads the first `length` bytes, which cut no formula in two, with `closing` after them.
    pub(super) fn ended<T>(
        &self,
        length: usize,
        closing: &str,
        read: impl FnOnce(MaskedPiece<'_>) -> T,
    ) -> T {
        let [source, text] = [self.source, self.text].map(|text| format!("{}{closing}", &text[..length]));
        let whole = self.formulas.partition_point(|formula| formula.range.end <= self.base + length);
        read(MaskedPiece { source: &source, text: &text, formulas: &self.formulas[..whole], base: self.base })
    }

    /// The text of a parser's event at `range`, in parts of text and formulas. Text that the event made up itself
    /// (for a character reference) holds no masks.
    pub(super) fn parts(
        &self,
        text: &str,
        range: Range<usize>,
        mut each: impl FnMut(&str, Option<&Formula>),
    ) {
        if self.text.get(range.clone()) != Some(text) {
            return text.split([FIRST, MORE]).for_each(|part| each(part, None));
        }
        let written = &self.source[range.clone()];
        let (from, mut done) = (range.start + self.base, 0);
        let first = self.formulas.partition_point(|formula| formula.range.start < from);
        for formula in &self.formulas[first..] {
            if formula.range.start >= from + text.len() {
                break;
            }
            each(&written[done..formula.range.start - from], None);
            each("", Some(formula));
            done = (formula.range.end - from).min(text.len());
        }
        each(&written[done..], None);
    }

    /// The text of an event as it was written, for code.
    pub(super) fn lifted<'t>(&self, text: &'t str, range: Range<usize>) -> Cow<'t, str> {
        if !text.contains([FIRST, MORE]) {
            return Cow::Borrowed(text);
        }
        // The marks of the container before each line.
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

    /// A formula with its delimiters as it was written.
    pub(super) fn written(&self, formula: &Formula) -> &'a str {
        &self.source[formula.range.start - self.base..formula.range.end - self.base]
    }

    /// The TeX of a formula without its delimiters (`\begin` and `\end` are part of the TeX) and without the marks of
    /// containers before its lines.
    pub(super) fn tex(&self, formula: &Formula) -> String {
        let written = self.written(formula);
        let width = match written {
            _ if written.starts_with(scan::BEGIN) => 0,
            _ if written.starts_with('$') && !formula.display => 1,
            _ => 2,
        };
        let start = formula.range.start - self.base;
        let quotes = quotes(&self.source[line_start(self.source, start)..start]);
        let lines = written[width..written.len() - width].split('\n').enumerate();
        let lines = lines.map(|(number, line)| if number == 0 { line } else { unquoted(line, quotes) });
        lines.map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned()
    }
}

/// The text without masks, for text whose offset is not known.
pub(super) fn without_masks(text: &str) -> Cow<'_, str> {
    if text.contains([FIRST, MORE]) { text.replace([FIRST, MORE], "").into() } else { text.into() }
}

/// The marker that stands for a rendered formula in HTML that is still to be sanitized.
pub(super) fn marker(number: usize) -> String {
    format!("{FIRST}{number}{MORE}")
}

/// Replaces the markers by rendered formulas.
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
