//! [`Grammar`]: colours languages without a lexer of our own by syntect's grammars, within limits of time.
//!
//! A grammar tries dozens of regular expressions at each place of a line. Some texts take it a thousand times longer
//! than usual, and it cannot be interrupted. So long lines are not given to it, a line slower than [`SLOW`] ends the
//! colours of its block, and an answer has [`WORK`] in all, a block a third of that. The work for a line is estimated
//! from the result, so that the same text always has the same colours; the clock counts only if it shows more.

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use syntect::parsing::{
    BasicScopeStackOp, ParseState, Scope, ScopeStack, ScopeStackOp, SyntaxReference, SyntaxSet,
};

use super::lexer::Class;
use super::{ClassRun, escape};

/// Lines of more bytes are not given to a grammar. Most grammars take 20 ms for the worst lines of this length.
pub(super) const LINE: usize = 200;
/// These take as long for lines of [`SHORT`] bytes.
const SLOW_ONES: &[&str] =
    &["D", "INI", "Julia", "Markdown", "MultiMarkdown", "PHP", "PHP Source", "Perl", "reStructuredText"];
const SHORT: usize = 120;
/// These take far longer. Those that people ask for are in `languages`.
const TOO_SLOW: &[&str] = &[
    "C#",
    "LESS",
    "Less",
    "Lisp",
    "LiveScript",
    "MATLAB",
    "Makefile",
    "Python",
    "SCSS",
    "Sass",
    "Scala",
    "SystemVerilog",
    "Typst",
];
/// The nanoseconds that grammars may work for one answer, and for one block.
pub(crate) const WORK: usize = 300_000_000;
const BLOCK: usize = WORK / 3;
/// A line that takes more nanoseconds ends the colours of its block.
const SLOW: usize = 5_000_000;
/// How many times longer unoptimized code takes.
const UNOPTIMIZED: usize = if cfg!(debug_assertions) { 20 } else { 1 };

/// What a scope does to the class of its text.
#[derive(Clone, Copy)]
enum Rule {
    /// The class of the enclosing scope stays.
    Inherit,
    Is(Class),
}

/// Scope prefixes and their classes, of which the first match counts. `-` is plain text even within a class.
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

/// Names of languages that people write and the grammars lack.
const ALIASES: &[(&str, &str)] =
    &[("console", "sh"), ("hcl", "tf"), ("objc", "m"), ("ps", "ps1"), ("sh-session", "sh"), ("vb", "vbs")];

pub(super) struct Grammars {
    pub(super) set: SyntaxSet,
    rules: Vec<(Scope, Rule)>,
}

/// Read at the first use, because most messages have no code.
pub(super) fn grammars() -> &'static Grammars {
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

fn find_syntax(token: &str) -> Option<&'static SyntaxReference> {
    let set = &grammars().set;
    let alias = ALIASES.iter().find(|(name, _)| *name == token).map(|(_, to)| *to);
    let found = set.find_syntax_by_token(token).or_else(|| set.find_syntax_by_token(alias?));
    found.filter(|syntax| !TOO_SLOW.contains(&&*syntax.name))
}

/// Colours the lines of one code block, given in order.
#[derive(Clone)]
pub(super) struct Grammar {
    parse: ParseState,
    scopes: ScopeStack,
    /// The class at each depth of `scopes`.
    classes: Vec<Class>,
    /// The most bytes of a line.
    longest: usize,
    /// The nanoseconds of work that are left, and those that were spent.
    left: usize,
    pub(super) spent: usize,
}

impl Grammar {
    /// A grammar for the language of this name, in lower case. `left` is what the answer has left of its budget.
    pub(super) fn new(name: &str, left: usize) -> Option<Grammar> {
        let left = left.min(BLOCK);
        let syntax = find_syntax(name).filter(|_| left > 0)?;
        let (parse, scopes) = (ParseState::new(syntax), ScopeStack::new());
        let longest = if SLOW_ONES.contains(&&*syntax.name) { SHORT } else { LINE };
        Some(Grammar { parse, scopes, classes: Vec::new(), longest, left, spent: 0 })
    }

    /// Writes one line. False if the grammar gave up, on this line and all later ones. A line that is too long has no
    /// colours and does not change the state for later lines.
    pub(super) fn line(&mut self, line: &str, out: &mut String) -> bool {
        if line.len() > self.longest {
            escape(line, out);
            return true;
        }
        let Some(ops) = self.parse(line) else { return false };
        self.write(line, &ops, out);
        true
    }

    /// The changes of scope on the line; `None` if the grammar fails on it or took too long.
    fn parse(&mut self, line: &str) -> Option<Vec<(usize, ScopeStackOp)>> {
        if self.left == 0 {
            return None;
        }
        let before = self.parse.clone();
        let (mut ops, mut time) = self.try_line(line);
        if time > SLOW / 5 && ops.is_some() {
            // The line may have been slow because expressions were compiled, which happens once.
            self.parse = before;
            let first = time;
            (ops, time) = self.try_line(line);
            if time > SLOW {
                (ops, time) = (None, first + time);
            }
        }
        let work = time.max(self.estimate(line, ops.as_ref().map_or(0, Vec::len)));
        self.spent += work;
        self.left = self.left.saturating_sub(work);
        ops
    }

    /// The work that a line usually takes which gave this many changes: each open context makes every place of the
    /// line dearer.
    fn estimate(&self, line: &str, ops: usize) -> usize {
        (30 * line.len() + 2_000 * ops) * (16 + self.classes.len()) / 16
    }

    /// The same, measured.
    fn try_line(&mut self, line: &str) -> (Option<Vec<(usize, ScopeStackOp)>>, usize) {
        let began = worked();
        let parse = AssertUnwindSafe(|| self.parse.parse_line(line, &grammars().set));
        let ops = catch_unwind(parse).ok().and_then(Result::ok);
        (ops, worked().saturating_sub(began) / UNOPTIMIZED)
    }

    fn write(&mut self, line: &str, ops: &[(usize, ScopeStackOp)], out: &mut String) {
        let mut run = ClassRun { line, start: 0, class: None };
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

/// The nanoseconds of processor time that this thread has used. Wall time would count other threads' work.
#[cfg(unix)]
fn worked() -> usize {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    usize::try_from(time.tv_sec * 1_000_000_000 + time.tv_nsec).unwrap_or(0)
}

#[cfg(not(unix))]
fn worked() -> usize {
    use std::{sync::LazyLock, time::Instant};
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    usize::try_from(BEGAN.elapsed().as_nanos()).unwrap_or(usize::MAX)
}
