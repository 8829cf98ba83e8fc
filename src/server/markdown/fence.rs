//! A fenced code block at the top level, read line by line while it is written.

use std::borrow::Cow;

use super::highlight::{Highlighter, token};
use super::{html, sanitize};

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

/// The fences that are open in each other: the block's own, and those that stand in a text about markdown.
///
/// By CommonMark the first fence that is long enough ends a block. Models write markdown with code in it between
/// fences of one length, so in a block that says it is markdown, a fence that names a language opens one of its
/// own, and the next that names nothing ends that one.
struct Fences {
    own: Fence,
    /// The block's text is markdown.
    nests: bool,
    /// Those inside, and whether their text is markdown.
    inner: Vec<(Fence, bool)>,
}

/// Deeper fences are text.
const DEPTH: usize = 16;

fn is_markdown(info: &str) -> bool {
    token(info).is_some_and(|language| matches!(&*language, "markdown" | "md" | "mdx"))
}

impl Fences {
    /// From the line that opens the block, and its info string.
    fn open(line: &str) -> Option<(Fences, &str)> {
        let (own, info) = Fence::open(line)?;
        let is_code = own.marker == '`' && info.contains('`');
        (!is_code).then(|| (Fences { own, nests: is_markdown(info), inner: Vec::new() }, info))
    }

    /// Whether the line ends the block.
    fn are_closed_by(&mut self, line: &str) -> bool {
        let (fence, nests) =
            self.inner.last().map_or((&self.own, self.nests), |(fence, nests)| (fence, *nests));
        if self.inner.is_empty() && fence.is_closed_by(line) {
            return true;
        }
        // What stands in lists is indented.
        let text = line.trim_start_matches([' ', '\t']);
        if !self.inner.is_empty() && fence.is_closed_by(text) {
            self.inner.pop();
        } else if nests
            && self.inner.len() < DEPTH
            && let Some((Fences { own: found, nests, .. }, info)) = Fences::open(text)
            // A shorter one, or one of the other kind, is no fence for whoever reads the outer one.
            && found.marker == fence.marker
            && found.length >= fence.length
            && info.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '{' | '.'))
        {
            self.inner.push((found, nests));
        }
        false
    }
}

/// Where the first line ends that opens such a block, unless it stands in something else.
pub(super) fn nest_end(text: &str) -> Option<usize> {
    let mut at = 0;
    text.split_inclusive('\n').find_map(|line| {
        at += line.len();
        let opens = line.trim_start().starts_with(['`', '~'])
            && Fences::open(line).is_some_and(|(fences, _)| fences.nests);
        opens.then_some(at)
    })
}

/// An open code block: what it looks like so far, and what listeners know of it.
pub(super) struct OpenCode {
    fences: Fences,
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
    /// Begins with the line of the fence. Grammars may work `left` nanoseconds.
    pub(super) fn open(line: &str, left: usize) -> Option<OpenCode> {
        let (fences, info) = Fences::open(line)?;
        let highlighter = Highlighter::new(info, left);
        let (label, lines) = (html::label(info), String::new());
        Some(OpenCode { fences, label, highlighter, lines, told: None, count: 0, long: false })
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

    /// How long grammars have worked, in nanoseconds.
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

    /// The text of the first code block, and what comes after it.
    fn block(text: &str) -> (String, String) {
        let html = render(text).into_string();
        let (_, rest) = html.split_once("<pre><code>").expect("a block");
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
