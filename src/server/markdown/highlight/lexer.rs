//! [`Lexer`]: colours the languages of most chats without a grammar, because words, strings, comments and numbers are
//! enough. A line costs about a microsecond and no memory; a grammar's regular expressions take a hundred times as
//! long and, once compiled, up to 100 MB for a language.

use super::languages::{LANGUAGES, Quote, Syntax};

/// The class of a piece of code as listed in `highlight`, if any.
pub(super) type Class = Option<&'static str>;

/// The most bytes of a name or a regular expression, because each place of a line may begin one.
const LONGEST: usize = 256;

/// Reads the lines of one code block, given in order.
#[derive(Clone)]
pub(super) struct Lexer {
    language: &'static Syntax,
    state: LexerState,
    /// The open templates with code in them, and how many braces are open in each one's code.
    templates: Vec<(&'static Quote, usize)>,
}

#[derive(Clone, Copy)]
enum LexerState {
    Nothing,
    /// In a comment, with this many nested.
    Comment(usize),
    /// In a string, which this many `#` end.
    Text(&'static Quote, usize),
}

impl Lexer {
    /// A lexer for the language of this name, in lower case.
    pub(super) fn new(name: &str) -> Option<Lexer> {
        let language = LANGUAGES.iter().find(|language| has(language.names, name))?;
        Some(Lexer { language, state: LexerState::Nothing, templates: Vec::new() })
    }

    /// Reports the pieces of a line in order, each by its end.
    pub(super) fn line(&mut self, line: &str, mut tell: impl FnMut(usize, Class)) {
        let (mut at, mut before) = (0, b'\n');
        while at < line.len() {
            let rest = &line[at..];
            let (length, class) = match self.state {
                LexerState::Comment(depth) => (self.comment(rest, depth), Some("c")),
                LexerState::Text(quote, hashes) => self.text(rest, quote, hashes),
                LexerState::Nothing => self.code(line, at, before),
            };
            if let Some(&byte) =
                line.as_bytes()[at..at + length].iter().rfind(|byte| !byte.is_ascii_whitespace())
            {
                before = byte;
            }
            at += length;
            tell(at, class);
        }
        if let LexerState::Text(quote, _) = self.state
            && !quote.lines
            && !line.trim_end_matches('\n').ends_with('\\')
        {
            self.state = LexerState::Nothing;
        }
    }

    fn comment(&mut self, rest: &str, depth: usize) -> usize {
        let Some((open, close)) = self.language.block_comment else { return rest.len() };
        let end = rest.find(close);
        let nested = rest.find(open).filter(|&at| self.language.nested && end.is_none_or(|end| at < end));
        match (nested, end) {
            (Some(at), _) => {
                self.state = LexerState::Comment(depth + 1);
                at + open.len()
            }
            (None, Some(at)) => {
                self.state = if depth > 1 { LexerState::Comment(depth - 1) } else { LexerState::Nothing };
                at + close.len()
            }
            (None, None) => rest.len(),
        }
    }

    /// Reads to the end of a string, or to what is special in it.
    fn text(&mut self, rest: &str, quote: &'static Quote, hashes: usize) -> (usize, Class) {
        let special = |at: usize| {
            let here = &rest[at..];
            quote.escapes && here.starts_with('\\')
                || quote.template.is_some_and(|mark| here.starts_with(mark))
                || here.starts_with(quote.close)
        };
        let bytes = rest.as_bytes();
        let marks = |byte: u8| matches!(byte, b'\\' | b'$' | b'#') || byte == quote.close.as_bytes()[0];
        let Some(at) = (0..rest.len()).find(|&at| marks(bytes[at]) && special(at)) else {
            return (rest.len(), Some("s"));
        };
        let here = &rest[at..];
        if quote.escapes && here.starts_with('\\') {
            if at > 0 {
                return (at, Some("s"));
            }
            return (1 + here[1..].chars().next().map_or(0, char::len_utf8), Some("n"));
        }
        if quote.template.is_some_and(|mark| here.starts_with(mark)) {
            self.templates.push((quote, 0));
            self.state = LexerState::Nothing;
            return (at + 2, Some("s"));
        }
        let end = at + quote.close.len();
        if rest[end..].bytes().take_while(|&b| b == b'#').count() >= hashes {
            self.state = LexerState::Nothing;
            return (end + hashes, Some("s"));
        }
        (end, Some("s"))
    }

    /// Reads a piece of code at `at`, after the byte `before`.
    fn code(&mut self, line: &str, at: usize, before: u8) -> (usize, Class) {
        let (rest, language) = (&line[at..], self.language);
        let first = rest.chars().next().unwrap_or(' ');
        if first.is_whitespace() {
            return (rest.len() - rest.trim_start().len(), None);
        }
        let after_space = at == 0 || line.as_bytes()[at - 1].is_ascii_whitespace() || !language.shell;
        if after_space && language.line_comments.iter().any(|mark| rest.starts_with(mark)) {
            return (rest.len(), Some("c"));
        }
        if let Some((open, _)) = language.block_comment
            && rest.starts_with(open)
        {
            self.state = LexerState::Comment(1);
            return (open.len(), Some("c"));
        }
        if first == '\'' && language.lifetimes && !is_character(rest) {
            let name = rest[1..].find(|c: char| !is_word(c)).unwrap_or(rest.len() - 1);
            return (1 + name, Some("t"));
        }
        if let Some(quote) = language.quotes.iter().find(|quote| rest.starts_with(quote.open)) {
            if let Some(length) = field(rest, quote).filter(|_| language.fields) {
                return (length, Some("f"));
            }
            self.state = LexerState::Text(quote, 0);
            return (quote.open.len(), Some("s"));
        }
        if first.is_ascii_digit() {
            return (number(rest), Some("n"));
        }
        if let Some(length) = jsx_tag(line, at).filter(|_| language.regexes) {
            return (length, Some("k"));
        }
        if first == '/'
            && language.regexes
            && !rest.starts_with("/>")
            && !matches!(before, b')' | b']' | b'}' | b'_' | b'$')
            && !before.is_ascii_alphanumeric()
            && let Some(length) = regex(rest)
        {
            return (length, Some("s"));
        }
        if language.sheet
            && let Some(piece) = sheet(rest, before)
        {
            return piece;
        }
        if is_word(first) || matches!(first, '@' | '#' | '$') && rest[1..].starts_with(is_word) {
            return self.word(rest, before, at);
        }
        self.brace(first)
    }

    fn brace(&mut self, mark: char) -> (usize, Class) {
        if let Some((quote, open)) = self.templates.last_mut() {
            match mark {
                '{' => *open += 1,
                '}' if *open > 0 => *open -= 1,
                '}' => {
                    self.state = LexerState::Text(quote, 0);
                    self.templates.pop();
                    return (1, Some("s"));
                }
                _ => {}
            }
        }
        (mark.len_utf8(), None)
    }

    fn word(&mut self, rest: &str, before: u8, at: usize) -> (usize, Class) {
        let language = self.language;
        let mark = usize::from(rest.starts_with(['@', '#', '$']));
        let length = mark + rest[mark..].find(|c: char| !is_word(c)).unwrap_or(rest.len() - mark);
        let (word, after) = rest.split_at(length);
        // `r"…"`, `b'…'`, `f"…"` and `r#"…"#`.
        if language.prefixes.contains(&word) {
            let hashes =
                if language.lifetimes { after.bytes().take_while(|&b| b == b'#').count() } else { 0 };
            if let Some(quote) = language.quotes.iter().find(|quote| after[hashes..].starts_with(quote.open))
            {
                let raw = word.contains(['r', 'R']);
                let quote = if raw { language.raw.unwrap_or(quote) } else { quote };
                self.state = LexerState::Text(quote, hashes);
                return (length + hashes + quote.open.len(), Some("s"));
            }
        }
        let lower;
        let known = if language.any_case {
            lower = word.to_ascii_lowercase();
            &lower
        } else {
            word
        };
        let called = after.starts_with('(')
            || after.starts_with("!(")
            || after.starts_with("![")
            || after.starts_with("::<");
        let class = match rest.as_bytes()[0] {
            b'@' => Some("t"),
            b'#' if at == 0 => Some("k"),
            b'#' | b'$' => None,
            _ if before == b'.' && !has(language.types, known) => called.then_some("f"),
            _ if has(language.keywords, known) => Some("k"),
            _ if has(language.constants, known) => Some("n"),
            _ if has(language.types, known) => Some("t"),
            _ if called => Some("f"),
            _ if language.capitals && is_type(word) => Some("t"),
            _ => None,
        };
        let macro_mark = usize::from(class == Some("f") && after.starts_with('!'));
        (length + macro_mark, class)
    }
}

/// The pieces that only style sheets have.
fn sheet(rest: &str, before: u8) -> Option<(usize, Class)> {
    let mark = usize::from(rest.starts_with(['.', '#', '@', '$']));
    let near = &rest[mark..rest.floor_char_boundary(mark + LONGEST)];
    let name = near.find(|c: char| !is_word(c) && c != '-').unwrap_or(near.len());
    let (word, after) = rest.split_at(mark + name);
    if name == 0
        || name == near.len() && !after.is_empty()
        || word.starts_with(['-', '.']) && word[1..].starts_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    let value = before == b':' || before == b',';
    let class = match rest.as_bytes()[0] {
        b'#' if matches!(name, 3 | 4 | 6 | 8) && word[1..].bytes().all(|b| b.is_ascii_hexdigit()) => "n",
        b'.' | b'#' => "t",
        b'@' => "k",
        _ if after.starts_with('(') => "f",
        _ if !value && after.starts_with(':') && !after[1..].starts_with(|c: char| c.is_alphabetic()) => "f",
        _ => return None,
    };
    Some((word.len(), Some(class)))
}

/// Whether a list of words, separated by spaces, contains this word.
fn has(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|each| each == word)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a name is a type's, in languages where those are capitalized.
fn is_type(word: &str) -> bool {
    word.starts_with(char::is_uppercase) && (word.len() == 1 || word.contains(char::is_lowercase))
}

/// Whether a character begins here: `'a'` and `'\n'`, but not `'a`.
fn is_character(rest: &str) -> bool {
    let mut chars = rest.chars().skip(1);
    matches!((chars.next(), chars.next()), (Some('\\'), _) | (Some(_), Some('\'')))
}

/// The length of the string at the beginning if a colon follows, because then it is the name of a field.
fn field(rest: &str, quote: &Quote) -> Option<usize> {
    let end = quote.open.len() + rest[quote.open.len()..].find(quote.close)? + quote.close.len();
    rest[end..].trim_start().starts_with(':').then_some(end)
}

fn number(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        let goes_on = match bytes[at] {
            b'.' => bytes.get(at + 1).is_some_and(u8::is_ascii_digit),
            b'+' | b'-' => matches!(bytes[at - 1], b'e' | b'E') && !rest.starts_with("0x"),
            byte => byte.is_ascii_alphanumeric() || byte == b'_',
        };
        if !goes_on {
            break;
        }
        at += 1;
    }
    at
}

/// The length of the beginning of a tag at `at` (`<a`, `<a>` and `</a>`), if no operand stands before it.
fn jsx_tag(line: &str, at: usize) -> Option<usize> {
    let tag = line[at..].strip_prefix('<')?;
    let slash = usize::from(tag.starts_with('/'));
    let name = &tag[slash..];
    let operand = slash == 0 && line[..at].ends_with(|c: char| is_word(c) || matches!(c, ')' | ']' | '$'));
    let length = name.find(|c: char| !is_word(c) && c != '.').unwrap_or(name.len());
    let end = usize::from(name[length..].starts_with('>'));
    (!operand && name.starts_with(char::is_alphabetic)).then_some(1 + slash + length + end)
}

/// The length of a regular expression that begins with `/`, if it ends on the line.
fn regex(rest: &str) -> Option<usize> {
    let (mut escaped, mut class) = (false, false);
    let end = rest.bytes().enumerate().take(LONGEST).skip(1).find(|&(_, byte)| {
        let ends = byte == b'/' && !escaped && !class;
        match byte {
            b'[' if !escaped => class = true,
            b']' if !escaped => class = false,
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
        ends
    });
    let (end, _) = end.filter(|&(end, _)| end > 1)?;
    let flags = rest[end + 1..].bytes().take_while(u8::is_ascii_lowercase).count();
    Some(end + 1 + flags)
}
