//! What one block leaves for later: reference definitions and who waits for one, names of headings, code that is
//! coloured already.

use std::collections::HashMap;

use pulldown_cmark::Parser;

use super::highlight::{Highlighter, WORK};
use super::{bounds, root};

/// Further formulas of an answer are shown as they were written: each takes about 20 µs.
pub(super) const FORMULAS: usize = 10_000;

/// Reference definitions of earlier blocks, by folded label: address and title.
#[derive(Default)]
pub(super) struct Definitions {
    pub(super) known: HashMap<String, (String, String)>,
    /// Bytes that references to earlier blocks may still expand to; a few bytes could ask for many.
    pub(super) budget: usize,
    /// The names of headings, and the one that the next keeps.
    pub(super) anchors: root::Anchors,
    pub(super) keeps: Option<String>,
    /// How long grammars may still work, in nanoseconds.
    pub(super) colours: usize,
    /// How many formulas may still be converted.
    pub(super) formulas: usize,
}

impl Definitions {
    pub(super) fn new() -> Definitions {
        Definitions { budget: 256 << 10, colours: WORK, formulas: FORMULAS, ..Definitions::default() }
    }

    /// Keeps the definitions in `source`, a block that is closed.
    pub(super) fn learn(&mut self, source: &str) {
        if !source.contains("]:") {
            return;
        }
        let parser = Parser::new_ext(source, bounds::OPTIONS);
        for (label, found) in parser.reference_definitions().iter() {
            let title = found.title.as_deref().unwrap_or("").to_owned();
            self.known.entry(fold(label)).or_insert_with(|| (found.dest.to_string(), title));
        }
    }
}

/// A closed block that refers to what is not defined yet.
pub(super) struct PendingBlock {
    pub(super) index: usize,
    pub(super) source: String,
    pub(super) footnote: bool,
    /// How many definitions were known.
    pub(super) known: usize,
    /// What was left to grammars, and how many formulas.
    pub(super) colours: usize,
    pub(super) formulas: usize,
    /// Its name, if it is a heading.
    pub(super) name: Option<String>,
}

/// Labels match without regard to case and white space.
pub(super) fn fold(label: &str) -> String {
    label.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase().to_uppercase()
}

/// Code of the open block that was coloured before, by place: a growing list with code in it is
/// rendered again and again, its code is not.
#[derive(Default)]
pub(super) struct Memo(Vec<Coloured>);

/// The whole lines of a code block, coloured.
struct Coloured {
    info: String,
    /// What was left to grammars when it began.
    left: usize,
    source: String,
    html: String,
    highlighter: Highlighter,
}

impl Memo {
    /// The lines of the `place`-th code block, and how much of the work that was `left` to grammars they took. Lines before
    /// `whole` are kept: the last may still grow.
    pub(super) fn colour(
        &mut self,
        place: usize,
        info: &str,
        code: &str,
        whole: usize,
        left: usize,
    ) -> (String, usize) {
        let fits =
            |known: &Coloured| known.info == info && known.left == left && code.starts_with(&*known.source);
        if !self.0.get(place).is_some_and(fits) {
            self.0.truncate(place);
            let (source, html) = (String::new(), String::new());
            let highlighter = Highlighter::new(info, left);
            self.0.push(Coloured { info: info.to_owned(), left, source, html, highlighter });
        }
        // Just pushed, or there before: blocks come in order.
        let Some(known) = self.0.get_mut(place) else { return (String::new(), 0) };
        for line in code.get(known.source.len()..whole).unwrap_or("").split_inclusive('\n') {
            known.highlighter.line(line, &mut known.html);
        }
        if known.source.len() < whole {
            code[..whole].clone_into(&mut known.source);
        }
        let (mut out, mut last) = (known.html.clone(), known.highlighter.clone());
        for line in code[known.source.len()..].split_inclusive('\n') {
            last.line(line, &mut out);
        }
        (out, last.spent())
    }
}
