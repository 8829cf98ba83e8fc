//! Colours code line by line, with a handful of one-letter classes: [`Lexer`] for the languages of most
//! chats, syntect's grammars for more than 150 others.
//!
//! `k` keyword, which is written as `<b>`; the others are classes of `<i>`: `s` string, `c` comment, `n` number
//! or constant, `t` type, `f` function, `h` heading, `i` inserted, `d` deleted. What has no class has no element.

mod languages;
mod lexer;
mod markup;

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use syntect::parsing::{
    BasicScopeStackOp, ParseState, Scope, ScopeStack, ScopeStackOp, SyntaxReference, SyntaxSet,
};

use lexer::{Class, Lexer};
use markup::Markup;

/// Longer lines are not coloured; regular expressions may be slow on them.
const LINE: usize = 4 << 10;
/// What comes after so much of one block is not coloured.
const BLOCK: usize = 256 << 10;

/// What a scope does to the class of its text.
#[derive(Clone, Copy)]
enum Rule {
    /// The class of the scope around it stays.
    Inherit,
    Is(Class),
}

/// Scope prefixes and their class; the first that fits counts. `-` is plain text even inside a class.
const RULES: &[(&str, &str)] = &[
    ("comment", "c"),
    ("string", "s"),
    ("constant.other.symbol", "s"),
    ("constant", "n"),
    ("support.constant", "n"),
    ("entity.name.constant", "n"),
    ("meta.interpolation", "-"),
    ("meta.embedded", "-"),
    ("meta.template.expression", "-"),
    ("source", "-"),
    ("punctuation.section.interpolation", "k"),
    ("punctuation.section.embedded", "k"),
    ("keyword.operator.word", "k"),
    ("keyword.operator.logical.python", "k"),
    ("keyword.operator.new", "k"),
    ("keyword.operator.expression", "k"),
    ("keyword.operator", "-"),
    ("keyword", "k"),
    ("storage.type.numeric", "n"),
    ("storage.type.primitive", "t"),
    ("storage.modifier.lifetime", "t"),
    ("storage", "k"),
    ("variable.language", "k"),
    ("variable.function", "f"),
    ("variable.annotation", "t"),
    ("entity.name.function", "f"),
    ("entity.name.macro", "f"),
    ("support.function", "f"),
    ("support.macro", "f"),
    ("support.type.property-name", "f"),
    ("support.type", "t"),
    ("support.class", "t"),
    ("entity.name.tag", "k"),
    ("entity.other.attribute-name", "f"),
    ("entity.other.inherited-class", "t"),
    ("entity.name", "t"),
    ("markup.heading", "h"),
    ("markup.inserted", "i"),
    ("markup.deleted", "d"),
    ("markup.raw", "s"),
    ("markup.underline.link", "s"),
    ("meta.diff.header", "c"),
    ("meta.diff.range", "t"),
];

/// Names that people write and the grammars do not know.
const ALIASES: &[(&str, &str)] =
    &[("console", "sh"), ("hcl", "tf"), ("objc", "m"), ("ps", "ps1"), ("sh-session", "sh"), ("vb", "vbs")];

struct Grammars {
    set: SyntaxSet,
    rules: Vec<(Scope, Rule)>,
}

/// Read on first use: most messages have no code.
fn grammars() -> &'static Grammars {
    static GRAMMARS: OnceLock<Grammars> = OnceLock::new();
    GRAMMARS.get_or_init(|| {
        let rule = |class: &'static str| Rule::Is(Some(class).filter(|&class| class != "-"));
        let rules =
            RULES.iter().filter_map(|(scope, class)| Some((Scope::new(scope).ok()?, rule(class)))).collect();
        Grammars { set: two_face::syntax::extra_newlines(), rules }
    })
}

fn rule_of(scope: Scope) -> Rule {
    thread_local!(static KNOWN: RefCell<HashMap<Scope, Rule>> = RefCell::default());
    KNOWN.with_borrow_mut(|known| {
        *known.entry(scope).or_insert_with(|| {
            let found = grammars().rules.iter().find(|(prefix, _)| prefix.is_prefix_of(scope));
            found.map_or(Rule::Inherit, |(_, rule)| *rule)
        })
    })
}

/// The language that an info string names, in small letters.
fn token(info: &str) -> Option<String> {
    let token = info.split([' ', '\t', ',', '{', ':', ';']).next().unwrap_or("").trim_start_matches('.');
    (!token.is_empty() && token.len() <= 40).then(|| token.to_ascii_lowercase())
}

fn find_syntax(token: &str) -> Option<&'static SyntaxReference> {
    let set = &grammars().set;
    let alias = ALIASES.iter().find(|(name, _)| *name == token).map(|(_, to)| *to);
    set.find_syntax_by_token(token).or_else(|| set.find_syntax_by_token(alias?))
}

/// Colours the lines of one code block in order.
#[derive(Clone)]
pub(super) struct Highlighter {
    by: By,
    bytes: usize,
}

#[derive(Clone)]
enum By {
    /// Plain text.
    Nothing,
    Lexer(Lexer),
    Markup(Markup),
    Grammar(Box<State>),
}

#[derive(Clone)]
struct State {
    parse: ParseState,
    scopes: ScopeStack,
    /// The class at each depth of `scopes`.
    classes: Vec<Class>,
}

impl Highlighter {
    /// For the language that the info string of a code block names.
    pub(super) fn new(info: &str) -> Highlighter {
        let start =
            |syntax| State { parse: ParseState::new(syntax), scopes: ScopeStack::new(), classes: Vec::new() };
        let grammar = |token: &str| find_syntax(token).map(|syntax| By::Grammar(Box::new(start(syntax))));
        let own =
            |token: &str| Lexer::new(token).map(By::Lexer).or_else(|| Markup::new(token).map(By::Markup));
        let by = token(info).and_then(|token| own(&token).or_else(|| grammar(&token)));
        Highlighter { by: by.unwrap_or(By::Nothing), bytes: 0 }
    }

    /// Writes one line, which ends with `\n`, as HTML. A line that is too long, or that a grammar fails on,
    /// ends the colours of its block: the state after it is unknown.
    pub(super) fn line(&mut self, line: &str, out: &mut String) {
        #[cfg(test)]
        super::tests::LINES.with(|lines| lines.set(lines.get() + 1));
        self.bytes += line.len();
        if line.len() > LINE || self.bytes > BLOCK {
            self.by = By::Nothing;
        }
        match &mut self.by {
            By::Nothing => escape(line, out),
            By::Lexer(lexer) => by_pieces(line, out, |tell| lexer.line(line, tell)),
            By::Markup(markup) => by_pieces(line, out, |tell| markup.line(line, tell)),
            By::Grammar(state) => {
                let parse = AssertUnwindSafe(|| state.parse.parse_line(line, &grammars().set));
                if let Some(ops) = catch_unwind(parse).ok().and_then(Result::ok) {
                    state.write(line, &ops, out);
                } else {
                    self.by = By::Nothing;
                    escape(line, out);
                }
            }
        }
    }
}

impl State {
    fn write(&mut self, line: &str, ops: &[(usize, ScopeStackOp)], out: &mut String) {
        let mut run = Run { line, start: 0, class: None };
        let mut at = 0;
        for (end, op) in ops {
            run.take(at..*end, self.class(), out);
            at = *end;
            let classes = &mut self.classes;
            let applied = self.scopes.apply_with_hook(op, |basic, _| match basic {
                BasicScopeStackOp::Push(scope) => {
                    let around = classes.last().copied().flatten();
                    classes.push(match rule_of(scope) {
                        Rule::Inherit => around,
                        Rule::Is(class) => class,
                    });
                }
                BasicScopeStackOp::Pop => drop(classes.pop()),
            });
            if applied.is_err() {
                break;
            }
        }
        run.take(at..line.len(), self.class(), out);
        run.end(line.len(), out);
    }

    fn class(&self) -> Class {
        self.classes.last().copied().flatten()
    }
}

/// Writes the pieces of a line that a reader tells, each by its end and its class.
fn by_pieces(line: &str, out: &mut String, read: impl FnOnce(&mut dyn FnMut(usize, Class))) {
    let (mut run, mut at) = (Run { line, start: 0, class: None }, 0);
    read(&mut |end, class| {
        run.take(at..end, class, out);
        at = end;
    });
    run.end(line.len(), out);
}

/// Neighbouring pieces of a line with the same class.
struct Run<'a> {
    line: &'a str,
    start: usize,
    class: Class,
}

impl Run<'_> {
    fn take(&mut self, piece: std::ops::Range<usize>, class: Class, out: &mut String) {
        let text = self.line.get(piece.clone()).unwrap_or("");
        // White space looks the same in each class, so it may join the piece before it.
        if text.is_empty() || class == self.class || text.trim().is_empty() {
            return;
        }
        self.end(piece.start, out);
        *self = Run { line: self.line, start: piece.start, class };
    }

    fn end(&self, at: usize, out: &mut String) {
        let text = self.line.get(self.start..at).unwrap_or("");
        let (text, space) = text.split_at(text.trim_end().len());
        match self.class.filter(|_| !text.is_empty()) {
            // The most frequent one, so it has the shortest name.
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

/// For text between tags.
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
mod tests;
