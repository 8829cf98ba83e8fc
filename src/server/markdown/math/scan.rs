//! [`Scan`]: finds the formulas that begin on one line.

use std::cell::Cell;

use super::*;

pub(super) const BEGIN: &str = "\\begin{";
/// The environments that are formulas without delimiters, also with a star.
const ENVIRONMENTS: &[&str] = &[
    "align",
    "alignat",
    "aligned",
    "alignedat",
    "array",
    "Bmatrix",
    "bmatrix",
    "cases",
    "dcases",
    "eqnarray",
    "equation",
    "flalign",
    "gather",
    "gathered",
    "matrix",
    "multline",
    "pmatrix",
    "rcases",
    "smallmatrix",
    "split",
    "Vmatrix",
    "vmatrix",
];

/// The offset after the line that contains `at`.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

/// The length of the marks of containers (quotes, lists) and white space before a line's own text.
pub(in super::super) fn prefix(line: &str) -> usize {
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

/// The line without up to `quotes` quote marks before it.
pub(super) fn unquoted(line: &str, quotes: usize) -> &str {
    let mut rest = line.trim_start_matches([' ', '\t']);
    for _ in 0..quotes {
        rest = rest.strip_prefix('>').map_or(rest, |rest| rest.trim_start_matches([' ', '\t']));
    }
    rest
}

/// One line of a text with its line end, or the rest of it (`inside`) after a formula of several lines.
pub(super) struct Scan<'a> {
    pub(super) source: &'a str,
    pub(super) line: usize,
    pub(super) end: usize,
    pub(super) inside: bool,
    pub(super) whole: bool,
    /// The bytes that may still be searched for ends of formulas, because a line may consist of beginnings.
    budget: Cell<usize>,
}

/// Whether a formula that begins here ends, and where.
enum FormulaEnd {
    At(usize),
    Never,
    /// Further text decides.
    Open,
}

impl<'a> Scan<'a> {
    pub(super) fn new(source: &'a str, line: usize, whole: bool) -> Scan<'a> {
        let end = line_end(source, line);
        let inside = line > 0 && source.as_bytes()[line - 1] != b'\n';
        Scan { source, line, end, inside, whole, budget: Cell::new(16 * LIMIT + 8 * (end - line)) }
    }

    /// Adds the formulas that begin on the line. Gives the offset to continue at.
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
                b'\\' if environment(&self.source[at..end]).is_some() => true,
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
                (_, true) => match environment(&self.source[at..end]) {
                    Some(name) => self.display(at, own, &format!("\\end{{{name}}}")),
                    None => self.display(at, own, "\\]"),
                },
            };
            match found {
                FormulaEnd::At(close) => {
                    masked.formulas.push(Formula { range: at..close, display });
                    at = close;
                }
                FormulaEnd::Open => {
                    masked.open = masked.open.or(Some(at));
                    return self.source.len();
                }
                FormulaEnd::Never => {
                    let run = bytes[at..end].iter().take_while(|&&b| b == b'$').count();
                    at += run.max(1);
                    // An escaped backslash or dollar begins no formula.
                    at += usize::from(bytes[at - 1] == b'\\');
                }
            }
        }
        at
    }

    /// The offset after what stands at `at` and is no formula: a code span, an address, an escape, a character.
    fn skip(&self, at: usize, end: usize) -> usize {
        let rest = &self.source[at..end];
        match rest.as_bytes()[0] {
            b'\\' => at + 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            b'`' => {
                let run = rest.len() - rest.trim_start_matches('`').len();
                at + run + code_end(&rest[run..], run).unwrap_or(0)
            }
            b'<' if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!')) => {
                at + near(rest).find('>').map_or(1, |close| close + 1)
            }
            b']' if rest.starts_with("](") => {
                at + near(rest).find([')', ' ', '\n']).map_or(1, |close| close + 1)
            }
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

    /// Finds the end of a formula whose opener is at `at`; open if there is none before `end`.
    fn closer(&self, at: usize, end: usize, closer: &str) -> FormulaEnd {
        let bytes = self.source.as_bytes();
        // The end of a nested environment of the same name does not close the outer one.
        let name = closer.strip_prefix("\\end{");
        let again = name.map(|name| format!("{BEGIN}{name}"));
        if self.budget.get() == 0 {
            return FormulaEnd::Never;
        }
        let (mut here, mut inside) = (at + again.as_ref().map_or(2, String::len), 0);
        while here < end.min(at + LIMIT) {
            if bytes[here..end].starts_with(closer.as_bytes()) {
                if inside == 0 {
                    if again.is_some() || is_tex(&self.source[at + 2..here]) {
                        return FormulaEnd::At(here + closer.len());
                    }
                    self.look_at(here - at);
                    return FormulaEnd::Never;
                }
                inside -= 1;
            } else if again.as_ref().is_some_and(|again| bytes[here..end].starts_with(again.as_bytes())) {
                inside += 1;
            }
            here += if bytes[here] == b'\\' { 2 } else { 1 };
        }
        self.look_at(here - at);
        FormulaEnd::Open
    }

    fn look_at(&self, bytes: usize) {
        self.budget.set(self.budget.get().saturating_sub(bytes));
    }

    /// `\(…\)` on one line.
    fn inline(&self, at: usize) -> FormulaEnd {
        match self.closer(at, self.end, "\\)") {
            FormulaEnd::Open if self.is_final(at, self.end) => FormulaEnd::Never,
            found => found,
        }
    }

    /// Whether further text can no longer be part of what begins at `at` and reaches to `end`.
    fn is_final(&self, at: usize, end: usize) -> bool {
        self.whole || end - at >= LIMIT || self.source[..end].ends_with('\n')
    }

    /// A formula that may take several lines.
    fn display(&self, at: usize, own: usize, closer: &str) -> FormulaEnd {
        let near = &self.source[at + 2..self.source.floor_char_boundary(at + LIMIT)];
        if !near.contains(closer) && (self.whole || at + LIMIT <= self.source.len()) {
            return FormulaEnd::Never;
        }
        let opener = environment(&self.source[at..self.end]).map_or(2, |name| BEGIN.len() + name.len() + 1);
        let (first, alone) = (at == own, self.source[at + opener..self.end].trim().is_empty());
        let found = self.closer(at, self.end, closer);
        if !matches!(found, FormulaEnd::Open) {
            return found;
        }
        let is_heading = self.source[own..].starts_with('#');
        let (end, settled) = if !self.inside && !is_heading && (first || alone) {
            self.reach(at, first, quotes(&self.source[self.line..own]))
        } else {
            (self.end, self.is_final(at, self.end))
        };
        match self.closer(at, end, closer) {
            FormulaEnd::Open if settled => FormulaEnd::Never,
            found => found,
        }
    }

    /// How far a formula may reach: to a blank line, a fence, the end of its container or the most lines; and whether
    /// further text cannot extend that.
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
    fn dollar(&self, at: usize) -> FormulaEnd {
        let text = &self.source[at + 1..self.end];
        let before = self.source[self.line..at].chars().next_back();
        if before.is_some_and(|c| c.is_ascii_alphanumeric()) {
            return FormulaEnd::Never;
        }
        let mut escaped = false;
        let close = text.bytes().position(|b| {
            let found = b == b'$' && !escaped;
            escaped = b == b'\\' && !escaped;
            found
        });
        let Some(close) = close else { return FormulaEnd::Never };
        let (tex, after) = (&text[..close], &text[close + 1..]);
        let spaces = (tex.starts_with(char::is_whitespace), tex.ends_with([' ', '\t']));
        let fits = match spaces {
            (false, false) => !is_money(tex),
            (true, true) => is_spaced_tex(tex.trim()),
            _ => false,
        };
        if tex.is_empty() || tex.len() > LIMIT || !fits {
            return FormulaEnd::Never;
        }
        let word = after.bytes().take_while(u8::is_ascii_alphanumeric).count();
        // As in "the $n$th" and "all the $x$s".
        let ends = matches!(&after[..word], "" | "s" | "th" | "st" | "nd" | "rd") && !after.starts_with('$');
        if after.is_empty() && !self.whole {
            FormulaEnd::Open
        } else if ends {
            FormulaEnd::At(at + 1 + close + 1)
        } else {
            FormulaEnd::Never
        }
    }
}

fn is_fence(line: &str) -> bool {
    line.starts_with("~~~") || line.starts_with("```") && !line.trim_start_matches('`').contains('`')
}

/// Whether the line is a definition `[label]: address`, which holds no formulas.
fn is_definition(line: &str) -> bool {
    line.starts_with('[') && line.contains("]:")
}

/// The beginning of a text, because a line may be long and consist of beginnings.
fn near(text: &str) -> &str {
    &text[..text.floor_char_boundary(LIMIT)]
}

/// The end of the code that a run of `length` backticks began.
fn code_end(text: &str, length: usize) -> Option<usize> {
    let mut at = 0;
    let near = near(text);
    while let Some(open) = near[at..].find('`') {
        let run = near[at + open..].bytes().take_while(|&b| b == b'`').count();
        at += open + run;
        if run == length {
            return Some(at);
        }
    }
    None
}

/// Whether the text in brackets, which may just be escaped brackets, is a formula; words alone are not.
fn is_tex(text: &str) -> bool {
    let text = text.trim();
    let words = text
        .chars()
        .all(|c| c.is_alphabetic() || c.is_whitespace() || matches!(c, ',' | '.' | '\'' | '-' | '?' | '!'));
    let longer = |length| text.split_whitespace().filter(|word| word.chars().count() > length).count();
    text.contains(char::is_alphanumeric) && !(words && (longer(3) > 0 || longer(1) > 1))
}

/// The environment of formulas that begins here.
fn environment(text: &str) -> Option<&str> {
    let name = &text.strip_prefix(BEGIN)?;
    let name = &name[..name.bytes().take(16).position(|b| b == b'}')?];
    ENVIRONMENTS.contains(&name.strip_suffix('*').unwrap_or(name)).then_some(name)
}

/// Whether text with spaces inside its dollars is a formula: it has a command, an index or a power, or consists of
/// single letters. Amounts of money are none, nor are shell variables.
pub(in super::super) fn is_spaced_tex(text: &str) -> bool {
    let letters = |part: &str| part.chars().take_while(|c| c.is_alphabetic()).count();
    let command = text.split('\\').skip(1).any(|after| after.starts_with(|c: char| c.is_ascii_alphabetic()));
    let is_script = |(at, mark): (usize, &str)| {
        let (before, after) = (&text[..at], &text[at + mark.len()..]);
        let base = before.chars().rev().take_while(|c| c.is_alphabetic()).count();
        let script = letters(after);
        // Underscores join words, `^` does not.
        base < if mark == "^" { 4 } else { 2 }
            && before.ends_with(|c: char| c.is_alphanumeric() || ")}]|'".contains(c))
            && (script < 3 && after.starts_with(|c: char| c.is_alphanumeric() || "{\\*+-(".contains(c)))
    };
    let script = text.match_indices(['^', '_']).any(is_script);
    let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    let prose = words.iter().filter(|word| word.len() > 3).count() > 1;
    let amount = text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(['=', '+', '*', '/']);
    let single = !words.is_empty() && words.iter().all(|word| word.len() == 1);
    command || script && !prose || single && !amount || is_equation(text, &words)
}

/// Whether the text is an equation without words: `F = ma`, `y = mx + b`.
fn is_equation(text: &str, words: &[&str]) -> bool {
    const WORDS: [&str; 16] =
        ["a", "and", "are", "at", "by", "day", "for", "if", "in", "is", "of", "off", "on", "or", "per", "to"];
    let is_name = |word: &&str| word.len() <= 3 && word.is_ascii() && !WORDS[1..].contains(word);
    // An amount in another currency begins with a number.
    let amount = text.starts_with(|c: char| c.is_ascii_digit());
    text.contains(" = ") && !amount && !words.is_empty() && words.iter().all(is_name)
}

/// Whether the two dollars were meant separately: a number with words after it.
fn is_money(text: &str) -> bool {
    let words = || text.split(|c: char| !c.is_alphabetic()).any(|word| word.len() > 1);
    let foreign = || text.contains(|c: char| c.is_alphabetic() && !c.is_ascii());
    text.starts_with(|c: char| c.is_ascii_digit())
        && !text.contains(['\\', '^', '_', '=', '{'])
        && (text.contains(' ') && words() || foreign())
}
