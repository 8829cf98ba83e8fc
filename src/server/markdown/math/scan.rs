//! One line after the other, and the formulas that begin on it.

use super::*;

/// After the line that `at` is in.
pub(super) fn line_end(text: &str, at: usize) -> usize {
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

pub(super) fn quotes(prefix: &str) -> usize {
    prefix.bytes().filter(|&b| b == b'>').count()
}

/// The line without up to `quotes` marks of quotes before it.
pub(super) fn unquoted(line: &str, quotes: usize) -> &str {
    let mut rest = line.trim_start_matches([' ', '\t']);
    for _ in 0..quotes {
        rest = rest.strip_prefix('>').map_or(rest, |rest| rest.trim_start_matches([' ', '\t']));
    }
    rest
}

/// One line of a text, its line end included; or what is `inside` of it after a formula of several lines.
pub(super) struct Scan<'a> {
    pub(super) source: &'a str,
    pub(super) line: usize,
    pub(super) end: usize,
    pub(super) inside: bool,
    pub(super) whole: bool,
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
    pub(super) fn read(&self, masked: &mut Masked<'_>) -> usize {
        let (bytes, mut at) = (self.source.as_bytes(), self.line);
        let text = &self.source[self.line..self.end];
        let own = self.line + prefix(text);
        if !text.contains(['$', '\\'])
            || is_definition(&self.source[own..self.end])
            || is_fence(&self.source[own..self.end])
        {
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
        let is_heading = self.source[own..].starts_with('#');
        let (end, settled) = if !self.inside && !is_heading && (first || alone) {
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

fn is_fence(line: &str) -> bool {
    line.starts_with("~~~") || line.starts_with("```") && !line.trim_start_matches('`').contains('`')
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
