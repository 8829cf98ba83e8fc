//! What one block leaves for later ones: reference definitions, blocks that wait for one, names of headings, coloured
//! code.

use std::collections::HashMap;

use pulldown_cmark::Parser;

use super::highlight::{Highlighter, WORK};
use super::{bounds, root};

/// The most formulas of an answer that are converted, because each takes about 20 µs; later ones are shown as
/// written.
pub(super) const FORMULAS: usize = 10_000;

/// The reference definitions of earlier blocks by folded label, as address and title, and what is left of the
/// answer's budgets.
#[derive(Default)]
pub(super) struct Definitions {
    pub(super) known: HashMap<String, (String, String)>,
    /// The bytes that references to earlier blocks may still expand to, because a few bytes of references could ask
    /// for many.
    pub(super) budget: usize,
    /// The names of headings, and the name that the next heading keeps.
    pub(super) anchors: root::Anchors,
    pub(super) keeps: Option<String>,
    /// The nanoseconds that grammars may still work.
    pub(super) colours: usize,
    /// The number of formulas that may still be converted.
    pub(super) formulas: usize,
}

impl Definitions {
    pub(super) fn new() -> Definitions {
        Definitions { budget: 256 << 10, colours: WORK, formulas: FORMULAS, ..Definitions::default() }
    }

    /// Adds the definitions in `source`, a closed block.
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

/// A closed block that refers to a definition that has not come.
pub(super) struct PendingBlock {
    pub(super) index: usize,
    pub(super) source: String,
    pub(super) footnote: bool,
    /// The number of definitions known when the block was rendered.
    pub(super) known: usize,
    /// The budgets of grammars and formulas when the block was rendered.
    pub(super) colours: usize,
    pub(super) formulas: usize,
    /// The name of the heading, if the block is one.
    pub(super) name: Option<String>,
}

/// Folds a label, because labels match without regard to case and white space.
pub(super) fn fold(label: &str) -> String {
    label.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase().to_uppercase()
}

/// The coloured code of the open block, by index: a growing list with code in it is rendered again and again, but its
/// code is coloured once.
#[derive(Default)]
pub(super) struct Memo(Vec<Coloured>);

/// The whole lines of a code block, coloured.
struct Coloured {
    info: String,
    /// The budget of grammars when the code block began.
    left: usize,
    source: String,
    html: String,
    highlighter: Highlighter,
}

impl Memo {
    /// The lines of the `place`-th code block, and how much of the budget `left` to grammars they took. Lines before
    /// `whole` are kept; the last line may still grow.
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
        // The entry was just pushed or was there before, because code blocks come in order.
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
