//! [`Highlighter`]: colours code line by line with a handful of one-letter classes: [`Lexer`] for the languages of
//! most chats, syntect's grammars for more than 150 others.
//!
//! `k` is a keyword and written as `<b>`; the others are classes of `<i>`: `s` string, `c` comment, `n` number or
//! constant, `t` type, `f` function, `h` heading, `i` inserted, `d` deleted. Code without a class has no element.

mod grammar;
mod languages;
mod lexer;
mod markup;

use super::pause::pause;
use grammar::Grammar;
use lexer::{Class, Lexer};
use markup::Markup;

pub(super) use grammar::WORK;

/// Lines of more bytes are not coloured.
const LINE: usize = 4 << 10;
/// The most bytes of one block that are coloured.
const BLOCK: usize = 256 << 10;

/// The language that an info string names, in lower case.
pub(super) fn token(info: &str) -> Option<String> {
    let token = info.split([' ', '\t', ',', '{', ':', ';']).next().unwrap_or("").trim_start_matches('.');
    (!token.is_empty() && token.len() <= 40).then(|| token.to_ascii_lowercase())
}

/// Colours the lines of one code block, given in order.
#[derive(Clone)]
pub(super) struct Highlighter {
    by: By,
    bytes: usize,
    /// The nanoseconds that a grammar worked before it was dropped.
    spent: usize,
}

#[derive(Clone)]
enum By {
    /// No colours.
    Nothing,
    Lexer(Lexer),
    Markup(Markup),
    Grammar(Box<Grammar>),
}

impl Highlighter {
    /// A highlighter for the language that an info string names. Grammars may work `left` nanoseconds for it.
    pub(super) fn new(info: &str, left: usize) -> Highlighter {
        let grammar = |token: &str| Grammar::new(token, left).map(|grammar| By::Grammar(Box::new(grammar)));
        let own =
            |token: &str| Lexer::new(token).map(By::Lexer).or_else(|| Markup::new(token).map(By::Markup));
        let by = token(info).and_then(|token| own(&token).or_else(|| grammar(&token)));
        Highlighter { by: by.unwrap_or(By::Nothing), bytes: 0, spent: 0 }
    }

    /// How many nanoseconds grammars have worked.
    pub(super) fn spent(&self) -> usize {
        self.spent + if let By::Grammar(grammar) = &self.by { grammar.spent } else { 0 }
    }

    /// Writes one line, which ends with `\n`, as HTML. After a line that is too long, or that a grammar gives up on,
    /// the block has no more colours, because the state after it is unknown.
    pub(super) fn line(&mut self, line: &str, out: &mut String) {
        #[cfg(test)]
        LINES.with(|lines| lines.set(lines.get() + 1));
        pause();
        self.bytes += line.len();
        if line.len() > LINE || self.bytes > BLOCK {
            self.spent = self.spent();
            self.by = By::Nothing;
        }
        match &mut self.by {
            By::Nothing => escape(line, out),
            By::Lexer(lexer) => by_pieces(line, out, |tell| lexer.line(line, tell)),
            By::Markup(markup) => by_pieces(line, out, |tell| markup.line(line, tell)),
            By::Grammar(grammar) => {
                if !grammar.line(line, out) {
                    self.spent = grammar.spent;
                    self.by = By::Nothing;
                    escape(line, out);
                }
            }
        }
    }
}

/// Writes the pieces of a line that `read` reports, each by its end and class.
fn by_pieces(line: &str, out: &mut String, read: impl FnOnce(&mut dyn FnMut(usize, Class))) {
    let (mut run, mut at) = (ClassRun { line, start: 0, class: None }, 0);
    read(&mut |end, class| {
        run.take(at..end, class, out);
        at = end;
    });
    run.end(line.len(), out);
}

/// Neighbouring pieces of a line with the same class.
struct ClassRun<'a> {
    line: &'a str,
    start: usize,
    class: Class,
}

impl ClassRun<'_> {
    fn take(&mut self, piece: std::ops::Range<usize>, class: Class, out: &mut String) {
        let text = self.line.get(piece.clone()).unwrap_or("");
        // White space looks the same in every class, so it joins the piece before it.
        if text.is_empty() || class == self.class || text.trim().is_empty() {
            return;
        }
        self.end(piece.start, out);
        *self = ClassRun { line: self.line, start: piece.start, class };
    }

    fn end(&self, at: usize, out: &mut String) {
        let text = self.line.get(self.start..at).unwrap_or("");
        let (text, space) = text.split_at(text.trim_end().len());
        match self.class.filter(|_| !text.is_empty()) {
            // Keywords are the most frequent, so they have the shortest tag.
            Some("k") => {
                out.push_str("<b>");
                escape(text, out);
                out.push_str("</b>");
            }
            Some(class) => {
                out.extend(["<i class=\"", class, "\">"]);
                escape(text, out);
                out.push_str("</i>");
            }
            None => escape(text, out),
        }
        out.push_str(space);
    }
}

/// Escapes text between tags.
pub(super) fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            _ => "&gt;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

#[cfg(test)]
thread_local! {
    /// The number of lines that this thread coloured.
    pub(super) static LINES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
mod tests;
