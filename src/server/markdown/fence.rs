//! A fenced code block at the top level, read line by line while it is written.

use std::borrow::Cow;

use super::{highlight::Highlighter, html, sanitize};

/// The rules of <https://spec.commonmark.org/0.31.2/#fenced-code-blocks>.
#[derive(Debug, PartialEq, Eq)]
struct Fence {
    marker: char,
    length: usize,
    indent: usize,
}

impl Fence {
    /// The fence and its info string, from the opening line.
    fn open(line: &str) -> Option<(Fence, &str)> {
        let text = line.trim_start_matches(' ');
        let marker = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = text.trim_start_matches(marker);
        let length = text.len() - info.len();
        (length >= 3).then_some((Fence { marker, length, indent: line.len() - text.len() }, info.trim()))
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let text = line.trim_start_matches(' ');
        let rest = text.trim_start_matches(self.marker);
        line.len() - text.len() < 4
            && text.len() - rest.len() >= self.length
            && rest.trim_matches([' ', '\t', '\n']).is_empty()
    }

    /// The line without as much white space as stood before the fence.
    fn strip<'a>(&self, line: &'a str) -> Cow<'a, str> {
        let mut column = 0;
        for (at, c) in line.char_indices() {
            if column >= self.indent || !matches!(c, ' ' | '\t') {
                let spare = column.saturating_sub(self.indent);
                let rest = &line[at..];
                return if spare == 0 { rest.into() } else { format!("{}{rest}", " ".repeat(spare)).into() };
            }
            column += if c == '\t' { 4 - column % 4 } else { 1 };
        }
        "".into()
    }
}

/// An open code block: what it looks like so far, and what listeners know of it.
pub(super) struct OpenCode {
    fence: Fence,
    label: String,
    highlighter: Highlighter,
    /// Finished lines, sanitized.
    lines: String,
    /// How much of `lines` has been told; `None` before the block itself has been.
    told: Option<usize>,
    /// How many lines there are, and whether the block was told to be a long one.
    count: usize,
    long: bool,
}

/// What to tell of an open code block.
pub(super) enum News {
    Figure(String),
    Lines(String),
}

impl OpenCode {
    /// Begins with the line of the fence. Grammars may do `left` steps of work.
    pub(super) fn open(line: &str, left: usize) -> Option<OpenCode> {
        let (fence, info) = Fence::open(line)?;
        let highlighter = Highlighter::new(info, left);
        let (label, lines) = (html::label(info), String::new());
        Some(OpenCode { fence, label, highlighter, lines, told: None, count: 0, long: false })
    }

    /// Takes whole lines from `text` (all of it when `ending`) up to and with the closing fence.
    /// Says how many bytes it took, and whether the block is closed.
    pub(super) fn feed(&mut self, text: &str, ending: bool) -> (usize, bool) {
        let (mut taken, mut closed, mut raw) = (0, false, String::new());
        for line in text.split_inclusive('\n') {
            if !line.ends_with('\n') && !ending {
                break;
            }
            taken += line.len();
            if self.fence.is_closed_by(line) {
                closed = true;
                break;
            }
            let content = self.fence.strip(line);
            let content = if content.ends_with('\n') { content } else { format!("{content}\n").into() };
            self.highlighter.line(&content, &mut raw);
            self.count += 1;
        }
        self.lines.push_str(&sanitize::clean(raw));
        (taken, closed || ending)
    }

    /// How many steps of work grammars have done.
    pub(super) fn spent(&self) -> usize {
        self.highlighter.spent()
    }

    /// What is new since the last time.
    pub(super) fn news(&mut self) -> Option<News> {
        let was_long = std::mem::replace(&mut self.long, self.count > html::LONG);
        match self.told.replace(self.lines.len()).filter(|_| was_long == self.long) {
            None => Some(News::Figure(self.figure())),
            Some(told) if told < self.lines.len() => Some(News::Lines(self.lines[told..].to_owned())),
            Some(_) => None,
        }
    }

    /// The whole block as it is told so far.
    pub(super) fn figure(&self) -> String {
        html::figure(&self.label, &self.lines[..self.told.unwrap_or(0)], self.long)
    }
}

#[cfg(test)]
mod tests {
    use super::Fence;

    #[test]
    fn strips_as_much_as_the_fence_is_indented() {
        let (fence, info) = Fence::open("  ```` rust x\n").expect("a test");
        assert_eq!((fence.indent, fence.length, info), (2, 4, "rust x"));
        assert_eq!(fence.strip("   a\n"), " a\n");
        assert_eq!(fence.strip(" a\n"), "a\n");
        assert_eq!(fence.strip("\ta\n"), "  a\n");
        assert_eq!(fence.strip("\n"), "\n");
        assert!(
            fence.is_closed_by("   ````` \n")
                && !fence.is_closed_by("```\n")
                && !fence.is_closed_by("    ````\n")
        );
    }
}
