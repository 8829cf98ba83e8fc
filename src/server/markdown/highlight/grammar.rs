//! Colours the languages that have no reader of their own by syntect's grammars, as far as that is not too much work.
//!
//! A grammar tries dozens of regular expressions at each place of a line, so there are texts on which it takes a
//! thousand times longer than usual, and it cannot be interrupted. Three things bound it: lines that are long are
//! not given to it; what it does is counted in [`steps`], which do not depend on the machine, and an answer may
//! take [`STEPS`] of them and a block a third; and a clock, for what the count does not see, ends the colours of a
//! block that has a line of over [`SLOW`] or takes over [`TIME`] as a whole.

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::Duration;

use syntect::parsing::{
    BasicScopeStackOp, ParseState, Scope, ScopeStack, ScopeStackOp, SyntaxReference, SyntaxSet,
};

use super::Run;
use super::lexer::Class;

/// Longer lines are not given to a grammar, in bytes.
pub(super) const LINE: usize = 500;
/// What grammars may do for one answer, in steps; for one block a third of it.
pub(crate) const STEPS: usize = 3 * BLOCK_STEPS;
const BLOCK_STEPS: usize = 400_000;
/// A line that takes longer ends the colours of its block, and costs the answer as many steps.
const SLOW: Duration = Duration::from_millis(if cfg!(debug_assertions) { 100 } else { 5 });
const SLOW_STEPS: usize = STEPS / 10;
/// So does a block that takes longer than this in all.
const TIME: Duration = Duration::from_millis(if cfg!(debug_assertions) { 3_000 } else { 100 });

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
    set.find_syntax_by_token(token).or_else(|| set.find_syntax_by_token(alias?))
}

/// Reads the lines of one code block in order.
#[derive(Clone)]
pub(super) struct Grammar {
    parse: ParseState,
    scopes: ScopeStack,
    /// The class at each depth of `scopes`.
    classes: Vec<Class>,
    /// Steps that it may still do, and those that it did.
    left: usize,
    pub(super) spent: usize,
    time: Duration,
}

impl Grammar {
    /// For the language of this name, in small letters. `left` is how many steps the answer has left.
    pub(super) fn new(name: &str, left: usize) -> Option<Grammar> {
        let left = left.min(BLOCK_STEPS);
        let syntax = find_syntax(name).filter(|_| left > 0)?;
        let (parse, scopes) = (ParseState::new(syntax), ScopeStack::new());
        Some(Grammar { parse, scopes, classes: Vec::new(), left, spent: 0, time: Duration::ZERO })
    }

    /// Writes one line. `false`: it did not, and can write no further one.
    pub(super) fn line(&mut self, line: &str, out: &mut String) -> bool {
        let Some(ops) = self.parse(line) else { return false };
        self.write(line, &ops, out);
        true
    }

    /// What changes where on the line; `None` when the grammar fails on it or took too long.
    fn parse(&mut self, line: &str) -> Option<Vec<(usize, ScopeStackOp)>> {
        if line.len() > LINE || self.left == 0 {
            return None;
        }
        let before = self.parse.clone();
        let mut tried = self.try_line(line);
        if tried.as_ref().is_some_and(|(_, time)| *time > SLOW / 5) {
            // Perhaps because expressions were compiled, which happens once.
            self.parse = before;
            tried = self.try_line(line);
        }
        self.time += tried.as_ref().map_or(Duration::ZERO, |(_, time)| *time);
        let done = tried.filter(|(_, time)| *time <= SLOW && self.time <= TIME);
        let steps = done.as_ref().map_or(SLOW_STEPS, |(ops, _)| steps(line, ops.len()));
        self.spent += steps;
        self.left = self.left.saturating_sub(steps);
        done.map(|(ops, _)| ops)
    }

    fn try_line(&mut self, line: &str) -> Option<(Vec<(usize, ScopeStackOp)>, Duration)> {
        let began = worked();
        let parse = AssertUnwindSafe(|| self.parse.parse_line(line, &grammars().set));
        let ops = catch_unwind(parse).ok()?.ok()?;
        Some((ops, worked().saturating_sub(began)))
    }

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

/// How much work a line was, from what came of it: about 10 ns each on a machine of today.
fn steps(line: &str, ops: usize) -> usize {
    line.len() + 50 * ops
}

/// How long this thread has worked. Time of day would count what other threads do meanwhile.
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}
