//! [`Markup`]: colours HTML and its relatives: tags, attributes, comments, and the scripts and styles inside.

use super::lexer::{Class, Lexer};

/// The names that people use for these languages.
const NAMES: &[&str] = &["html", "htm", "xhtml", "xml", "svg", "xsd", "xsl", "rss", "plist", "vue", "svelte"];

/// Reads the lines of one code block, given in order.
#[derive(Clone)]
pub(super) struct Markup {
    state: MarkupState,
    /// Set while a tag is open whose element contains code.
    code: Option<Code>,
}

#[derive(Clone)]
enum MarkupState {
    Text,
    Comment,
    Tag,
    /// After the `=` of an attribute.
    Value,
    /// In a value, which this quote ends.
    Quoted(char),
    Code(Code, Lexer),
}

#[derive(Clone, Copy)]
enum Code {
    Script,
    Style,
}

impl Code {
    fn of(tag: &str) -> Option<Code> {
        match tag.to_ascii_lowercase().as_str() {
            "script" => Some(Code::Script),
            "style" => Some(Code::Style),
            _ => None,
        }
    }

    fn language(self) -> &'static str {
        match self {
            // The lexer for TypeScript also reads JavaScript.
            Code::Script => "ts",
            Code::Style => "css",
        }
    }

    fn end(self) -> &'static str {
        match self {
            Code::Script => "</script",
            Code::Style => "</style",
        }
    }
}

impl Markup {
    /// A reader for the language of this name, in lower case.
    pub(super) fn new(name: &str) -> Option<Markup> {
        NAMES.contains(&name).then_some(Markup { state: MarkupState::Text, code: None })
    }

    /// Reports the pieces of a line in order, each by its end.
    pub(super) fn line(&mut self, line: &str, mut tell: impl FnMut(usize, Class)) {
        let mut at = 0;
        while at < line.len() {
            let rest = &line[at..];
            at += match &mut self.state {
                MarkupState::Code(code, lexer) => {
                    let end = find_ignoring_case(rest, code.end());
                    let length = end.unwrap_or(rest.len());
                    lexer.line(&rest[..length], |piece, class| tell(at + piece, class));
                    if end.is_some() {
                        self.state = MarkupState::Text;
                    }
                    length
                }
                _ => {
                    let (length, class) = self.piece(rest);
                    tell(at + length, class);
                    length
                }
            };
        }
    }

    /// Reads the next piece, which is never empty.
    fn piece(&mut self, rest: &str) -> (usize, Class) {
        let (end, class) = match self.state {
            MarkupState::Text | MarkupState::Code(..) => return self.text(rest),
            MarkupState::Tag => return self.tag(rest),
            MarkupState::Value => return self.value(rest),
            MarkupState::Comment => (rest.find("-->").map(|end| end + 3), "c"),
            MarkupState::Quoted(quote) => (rest.find(quote).map(|end| end + 1), "s"),
        };
        if end.is_some() {
            self.state = if class == "c" { MarkupState::Text } else { MarkupState::Tag };
        }
        (end.unwrap_or(rest.len()), Some(class))
    }

    fn text(&mut self, rest: &str) -> (usize, Class) {
        if rest.starts_with("<!--") {
            self.state = MarkupState::Comment;
            return (4, Some("c"));
        }
        if let Some(tag) = rest.strip_prefix('<') {
            let mark = tag.len() - tag.trim_start_matches(['/', '!', '?']).len();
            let name = tag[mark..].find(|c: char| !is_name(c)).unwrap_or(tag.len() - mark);
            if name > 0 {
                self.state = MarkupState::Tag;
                self.code = Code::of(&tag[..name]).filter(|_| mark == 0);
                return (1 + mark + name, Some("k"));
            }
        }
        if rest.starts_with('&')
            && let Some(end) = rest.find(';').filter(|&end| end > 1 && end < 12)
            && rest[1..end].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#')
        {
            return (end + 1, Some("n"));
        }
        let first = rest.chars().next().map_or(0, char::len_utf8);
        (rest[first..].find(['<', '&']).map_or(rest.len(), |end| first + end), None)
    }

    fn tag(&mut self, rest: &str) -> (usize, Class) {
        let first = rest.chars().next().unwrap_or(' ');
        match first {
            '>' => {
                self.state = match self.code.take() {
                    Some(code) => Lexer::new(code.language())
                        .map_or(MarkupState::Text, |lexer| MarkupState::Code(code, lexer)),
                    None => MarkupState::Text,
                };
                (1, Some("k"))
            }
            '/' | '?' if rest[1..].starts_with('>') => {
                self.code = None;
                (1, Some("k"))
            }
            '=' => {
                self.state = MarkupState::Value;
                (1, None)
            }
            '"' | '\'' => {
                self.state = MarkupState::Quoted(first);
                (1, Some("s"))
            }
            _ if is_name(first) || matches!(first, '@' | '#' | '*') => {
                let end = rest.find(|c: char| c.is_whitespace() || "=>/\"'".contains(c));
                (end.unwrap_or(rest.len()), Some("f"))
            }
            _ => (first.len_utf8(), None),
        }
    }

    fn value(&mut self, rest: &str) -> (usize, Class) {
        let first = rest.chars().next().unwrap_or(' ');
        if first.is_whitespace() {
            return (first.len_utf8(), None);
        }
        self.state = MarkupState::Tag;
        match first {
            '"' | '\'' => {
                self.state = MarkupState::Quoted(first);
                (1, Some("s"))
            }
            '>' => self.tag(rest),
            _ => (rest.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(rest.len()), Some("s")),
        }
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '.')
}

/// The offset of `what`, which is lower-case ASCII, in any case.
fn find_ignoring_case(text: &str, what: &str) -> Option<usize> {
    let starts = |at: &usize| {
        text.as_bytes()[*at..].get(..what.len()).is_some_and(|it| it.eq_ignore_ascii_case(what.as_bytes()))
    };
    text.match_indices('<').map(|(at, _)| at).find(starts)
}
