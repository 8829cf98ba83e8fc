//! Colours the languages that have no reader of their own by syntect's grammars, as far as that is not too much work.
//!
//! A grammar tries dozens of regular expressions at each place of a line, so there are texts on which it takes a
//! thousand times longer than usual, and it cannot be interrupted. Long lines are therefore not given to it, a line
//! of over [`SLOW`] ends the colours of its block, and an answer has [`WORK`] in all, a block a third of that. What
//! a line takes is estimated from what came of it, so that the same text has the same colours each time; a clock
//! counts only where that is more.

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use syntect::parsing::{
    BasicScopeStackOp, ParseState, Scope, ScopeStack, ScopeStackOp, SyntaxReference, SyntaxSet,
};

use super::lexer::Class;
use super::{ClassRun, escape};

/// Longer lines are not given to a grammar, in bytes. On the worst lines of this length most take 20 ms.
pub(super) const LINE: usize = 200;
/// These take as long for lines of [`SHORT`] bytes.
const SLOW_ONES: &[&str] =
    &["D", "INI", "Julia", "Markdown", "MultiMarkdown", "PHP", "PHP Source", "Perl", "reStructuredText"];
const SHORT: usize = 120;
/// And these far longer: `languages` has words for those that people ask for.
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
/// What grammars may do for one answer, in nanoseconds; and for one block.
pub(crate) const WORK: usize = 300_000_000;
const BLOCK: usize = WORK / 3;
/// A line that takes longer ends the colours of its block.
const SLOW: usize = 5_000_000;
/// Unoptimized code takes so many times longer.
const UNOPTIMIZED: usize = if cfg!(debug_assertions) { 20 } else { 1 };

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

pub(super) struct Grammars {
    pub(super) set: SyntaxSet,
    rules: Vec<(Scope, Rule)>,
}

/// Read on first use: most messages have no code.
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

/// Reads the lines of one code block in order.
#[derive(Clone)]
pub(super) struct Grammar {
    parse: ParseState,
    scopes: ScopeStack,
    /// The class at each depth of `scopes`.
    classes: Vec<Class>,
    /// How long a line may be, in bytes.
    longest: usize,
    /// What it may still do, and what it did, in nanoseconds.
    left: usize,
    pub(super) spent: usize,
}

impl Grammar {
    /// For the language of this name, in small letters. `left` is what the answer has left.
    pub(super) fn new(name: &str, left: usize) -> Option<Grammar> {
        let left = left.min(BLOCK);
        let syntax = find_syntax(name).filter(|_| left > 0)?;
        let (parse, scopes) = (ParseState::new(syntax), ScopeStack::new());
        let longest = if SLOW_ONES.contains(&&*syntax.name) { SHORT } else { LINE };
        Some(Grammar { parse, scopes, classes: Vec::new(), longest, left, spent: 0 })
    }

    /// Writes one line. `false`: it did not, and can write no further one. A long line has no colours, and those
    /// after it are read as if it were not there.
    pub(super) fn line(&mut self, line: &str, out: &mut String) -> bool {
        if line.len() > self.longest {
            escape(line, out);
            return true;
        }
        let Some(ops) = self.parse(line) else { return false };
        self.write(line, &ops, out);
        true
    }

    /// What changes where on the line; `None` when the grammar fails on it or took too long.
    fn parse(&mut self, line: &str) -> Option<Vec<(usize, ScopeStackOp)>> {
        if self.left == 0 {
            return None;
        }
        let before = self.parse.clone();
        let (mut ops, mut time) = self.try_line(line);
        if time > SLOW / 5 && ops.is_some() {
            // Perhaps because expressions were compiled, which happens once.
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

    /// What a line usually takes from which this came: contexts that are open make each place of it more.
    fn estimate(&self, line: &str, ops: usize) -> usize {
        (30 * line.len() + 2_000 * ops) * (16 + self.classes.len()) / 16
    }

    /// And how long it took.
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

/// How long this thread has worked, in nanoseconds. The time of day would count what others do meanwhile.
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
