//! [`OpenCode`]: a fenced code block at the top level, read line by line as it is written.

use std::borrow::Cow;

use super::highlight::{Highlighter, token};
use super::{html, sanitize};

/// A fence by the rules of <https://spec.commonmark.org/0.31.2/#fenced-code-blocks>.
#[derive(Debug, PartialEq, Eq)]
struct Fence {
    marker: char,
    length: usize,
    indent: usize,
}

impl Fence {
    /// The fence that a line opens, and its info string.
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

    /// The line without the white space that the fence is indented by.
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

/// The fences open within each other: the block's own, and those within a text about markdown.
///
/// By CommonMark the first fence that is long enough ends a block. But models write markdown that contains code
/// between fences of equal length. So in a block that says it is markdown, a fence that names a language opens an
/// inner block, and the next fence without a name ends that one.
struct Fences {
    own: Fence,
    /// The block says that its text is markdown.
    nests: bool,
    /// The inner fences, and whether their text is markdown too.
    inner: Vec<(Fence, bool)>,
}

/// Fences nested deeper are text.
const DEPTH: usize = 16;

fn is_markdown(info: &str) -> bool {
    token(info).is_some_and(|language| matches!(&*language, "markdown" | "md" | "mdx"))
}

impl Fences {
    /// The fences after the line that opens the block, and its info string.
    fn open(line: &str) -> Option<(Fences, &str)> {
        let (own, info) = Fence::open(line)?;
        let is_code = own.marker == '`' && info.contains('`');
        (!is_code).then(|| (Fences { own, nests: is_markdown(info), inner: Vec::new() }, info))
    }

    /// Takes a line. Whether it ends the block.
    fn are_closed_by(&mut self, line: &str) -> bool {
        let (fence, nests) =
            self.inner.last().map_or((&self.own, self.nests), |(fence, nests)| (fence, *nests));
        if self.inner.is_empty() && fence.is_closed_by(line) {
            return true;
        }
        // Fences in lists are indented.
        let text = line.trim_start_matches([' ', '\t']);
        if !self.inner.is_empty() && fence.is_closed_by(text) {
            self.inner.pop();
        } else if nests
            && self.inner.len() < DEPTH
            && let Some((Fences { own: found, nests, .. }, info)) = Fences::open(text)
            // A fence that is shorter or of the other kind means nothing to a parser of the outer block.
            && found.marker == fence.marker
            && found.length >= fence.length
            && info.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '{' | '.'))
        {
            self.inner.push((found, nests));
        }
        false
    }
}

/// Where the first line ends that opens such a block, unless the line stands in another block.
pub(super) fn nest_end(text: &str) -> Option<usize> {
    let mut at = 0;
    text.split_inclusive('\n').find_map(|line| {
        at += line.len();
        let opens = line.trim_start().starts_with(['`', '~'])
            && Fences::open(line).is_some_and(|(fences, _)| fences.nests);
        opens.then_some(at)
    })
}

/// An open code block: its lines so far, and how many of them listeners have.
pub(super) struct OpenCode {
    fences: Fences,
    label: String,
    highlighter: Highlighter,
    /// Finished lines as sanitized HTML.
    lines: String,
    /// How much of `lines` listeners have; `None` before they have the block.
    told: Option<usize>,
    /// The number of lines, and whether listeners have the block as a long one.
    count: usize,
    long: bool,
}

/// A change of an open code block.
pub(super) enum News {
    Figure(String),
    Lines(String),
}

impl OpenCode {
    /// Begins a block with the line of its fence. Grammars may work `left` nanoseconds for it.
    pub(super) fn open(line: &str, left: usize) -> Option<OpenCode> {
        let (fences, info) = Fences::open(line)?;
        let highlighter = Highlighter::new(info, left);
        let (label, lines) = (html::label(info), String::new());
        Some(OpenCode { fences, label, highlighter, lines, told: None, count: 0, long: false })
    }

    /// Takes whole lines from `text` (all of it when `ending`) up to and including the closing fence. Gives how many
    /// bytes it took, and whether the block is closed.
    pub(super) fn feed(&mut self, text: &str, ending: bool) -> (usize, bool) {
        let (mut taken, mut closed, mut raw) = (0, false, String::new());
        for line in text.split_inclusive('\n') {
            if !line.ends_with('\n') && !ending {
                break;
            }
            taken += line.len();
            if self.fences.are_closed_by(line) {
                closed = true;
                break;
            }
            let content = self.fences.own.strip(line);
            let content = if content.ends_with('\n') { content } else { format!("{content}\n").into() };
            self.highlighter.line(&content, &mut raw);
            self.count += 1;
        }
        self.lines.push_str(&sanitize::clean(raw));
        (taken, closed || ending)
    }

    /// How many nanoseconds grammars have worked.
    pub(super) fn spent(&self) -> usize {
        self.highlighter.spent()
    }

    /// The change since the last call.
    pub(super) fn news(&mut self) -> Option<News> {
        let was_long = std::mem::replace(&mut self.long, self.count > html::LONG);
        match self.told.replace(self.lines.len()).filter(|_| was_long == self.long) {
            None => Some(News::Figure(self.figure())),
            Some(told) if told < self.lines.len() => Some(News::Lines(self.lines[told..].to_owned())),
            Some(_) => None,
        }
    }

    /// The whole block as listeners have it.
    pub(super) fn figure(&self) -> String {
        html::figure(&self.label, &self.lines[..self.told.unwrap_or(0)], self.long)
    }
}

#[cfg(test)]
mod tests {
    use super::super::render;
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

    /// The text of the first code block, and what follows it.
    fn block(text: &str) -> (String, String) {
        let html = render(text).into_string();
        let (_, rest) = html.split_once("<code>").expect("a block");
        let (code, rest) = rest.split_once("</code></pre></figure>").expect("an end");
        let mut plain = String::new();
        let mut inside = false;
        for c in code.chars() {
            inside |= c == '<';
            plain.extend((!inside).then_some(c));
            inside &= c != '>';
        }
        (plain, rest.to_owned())
    }

    #[test]
    fn markdown_with_code_in_it_is_one_block() {
        for (outer, inner) in [
            ("```markdown", "# A\n\n```python\nx = 1\n```\n\nand\n\n```js\ny\n```\n"),
            ("```md", "```python\nx\n```\n"),
            ("~~~mdx", "~~~ts\nx\n~~~\nend\n"),
            ("```Markdown title=a", "- a\n  ```sh\n  x\n  ```\n- b\n    ```sh\n    y\n    ```\n"),
            ("```markdown", "a\n```md\nb\n```python\nc\n```\nd\n```\ne\n"),
            ("```md", "````python\n```\n````\n"),
            ("```md", "~~~python\n~~~\n"),
            ("````md", "```python\nx\n```\n```\ny\n```\n"),
            ("```md", "```python\n```js\n```\n"),
        ] {
            let close = outer.trim_end_matches(|c: char| c != '`' && c != '~');
            let close: String = close.chars().take_while(|c| matches!(c, '`' | '~')).collect();
            let (code, rest) = block(&format!("{outer}\n{inner}{close}\n\n**after**"));
            assert_eq!(code, inner, "{outer}");
            assert_eq!(rest, "<p><strong>after</strong></p>", "{outer} {inner}");
        }
    }

    #[test]
    fn other_blocks_end_where_commonmark_says() {
        for (text, code, rest) in [
            ("```\n```python\nx\n```\na", "```python\nx\n", "<p>a</p>"),
            ("```text\n```python\nx\n```\na", "```python\nx\n", "<p>a</p>"),
            ("```md\nx\n```\na", "x\n", "<p>a</p>"),
            ("```md\n```\na", "", "<p>a</p>"),
            ("```md\n    ``` x\n```\na", "    ``` x\n```\na\n", ""),
            ("```md\n``` `x`\n```\na", "``` `x`\n", "<p>a</p>"),
        ] {
            assert_eq!(block(text), (code.into(), rest.into()), "{text}");
        }
    }
}
