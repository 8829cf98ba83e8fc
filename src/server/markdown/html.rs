//! [`block`]: one block of markdown as HTML, not yet sanitized.

pub(super) mod flanks;
mod writer;

use std::cell::Cell;

use pulldown_cmark::{BrokenLink, CowStr, Event, Options, Parser};

use super::allowed::CODE_BOX;
use super::carried::{Definitions, Memo, fold};
use super::highlight::escape;
use super::math::{self, MaskedPiece};
use super::{bounds, files, root, sanitize};
use writer::Writer;

/// A block of more elements is shown as plain text, because each costs about 2 µs.
pub(super) const ELEMENTS: usize = 20_000;
/// Code of more lines can be folded.
pub(super) const LONG: usize = 30;

/// A rendered block, and what it took from the answer's budgets.
#[derive(Default)]
pub(super) struct RenderedBlock {
    /// Empty if the piece holds no block.
    pub html: String,
    /// Bytes taken from the budget of definitions.
    pub spent: usize,
    /// The name of the heading, if the block is one.
    pub anchor: Option<root::Anchor>,
    /// The nanoseconds that grammars worked on its code.
    pub coloured: usize,
    /// The number of formulas.
    pub formulas: usize,
    /// The number of root elements: more than one if the piece was not a single block after all.
    pub roots: usize,
    /// The block refers to a definition that has not come.
    pub waits: bool,
}

/// Renders the only block in `piece`.
pub(super) fn block(
    piece: MaskedPiece<'_>,
    footnote: bool,
    known: &Definitions,
    memo: &mut Memo,
) -> RenderedBlock {
    let (left, waits) = (Cell::new(known.budget), Cell::new(false));
    let lookup = |link: BrokenLink<'_>, read: &str| {
        let found = known.known.get(&fold(as_written(&link, read, piece.text)));
        waits.set(waits.get() || found.is_none());
        let (address, title) = found?;
        left.set(left.get().checked_sub(address.len() + title.len())?);
        Some((CowStr::from(address.clone()), CowStr::from(title.clone())))
    };
    // With footnotes as on GitHub the parser reads no reference to a footnote that is defined in another block.
    let options =
        if footnote { bounds::OPTIONS } else { bounds::OPTIONS.union(Options::ENABLE_OLD_FOOTNOTES) };
    let swaps = flanks::swaps(piece.text);
    let mut swapped = None;
    if !swaps.is_empty() {
        let first = |link: BrokenLink<'_>| lookup(link, piece.text);
        let parser = Parser::new_with_broken_link_callback(piece.text, options, Some(first));
        swapped = flanks::swapped(piece.text, &swaps, parser.into_offset_iter());
        left.set(known.budget);
    }
    let text = swapped.as_deref().unwrap_or(piece.text);
    let parser =
        Parser::new_with_broken_link_callback(text, options, Some(|link: BrokenLink<'_>| lookup(link, text)));
    let mut writer = Writer::new(piece, memo, 8 * piece.text.len() + 4096, known);
    for (event, range) in parser.into_offset_iter() {
        // The parser reads swapped characters; the output has those of the text.
        let event = match (&event, piece.text.get(range.clone())) {
            (Event::Text(read), Some(written))
                if swapped.is_some() && text.get(range.clone()) == Some(&**read) =>
            {
                Event::Text(written.into())
            }
            _ => event,
        };
        writer.event(event, range);
        if writer.elements > ELEMENTS {
            let spent = known.budget - left.get();
            let (coloured, formulas) = (writer.coloured, writer.formulas.len());
            let html = raw(piece.source);
            return RenderedBlock { html, spent, coloured, formulas, roots: 1, ..RenderedBlock::default() };
        }
    }
    writer.end_all();
    let Writer { out, roots, formulas, wide, coloured, .. } = writer;
    let html = if roots > 1 { format!("<div>{out}</div>") } else { out };
    let mut html = sanitize::clean(html);
    let anchor = root::finish(&mut html, &known.anchors, known.keeps.as_deref(), wide);
    let html = math::fill(html, &formulas);
    let formulas = formulas.len();
    RenderedBlock {
        html,
        spent: known.budget - left.get(),
        anchor,
        coloured,
        formulas,
        roots,
        waits: waits.get(),
    }
}

/// The label of a reference as it stands in `text`, of which the parser `read` a copy.
fn as_written<'a>(link: &'a BrokenLink<'_>, read: &str, text: &'a str) -> &'a str {
    let at =
        read.get(link.span.clone()).and_then(|span| Some(link.span.start + span.rfind(&*link.reference)?));
    at.and_then(|at| text.get(at..at + link.reference.len())).unwrap_or(&link.reference)
}

/// Markdown source as text.
pub(super) fn raw(source: &str) -> String {
    format!("<p class=\"raw\">{}</p>", sanitize::text(source.trim()))
}

/// The label of a code block: the first word of its info string, without characters that could mislead.
pub(super) fn label(info: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let word = info.split([' ', '\t', ',', '{']).next().unwrap_or("");
    word.chars().filter(|&c| !hidden(c)).take(24).collect()
}

/// A code block with these lines, which are HTML. A `long` one can be folded. Both switches are check boxes for the
/// style sheet, so that they work without a script; the buttons say in `data-act` what a script is to do, and in
/// `data-file` how it is to name a file.
pub(super) fn figure(label: &str, lines: &str, long: bool) -> String {
    let mut out = String::with_capacity(512 + lines.len());
    out.push_str("<figure class=\"code\"><header><span>");
    escape(label, &mut out);
    out.push_str("</span>");
    if long {
        out.push_str(
            "<label><input type=\"checkbox\" class=\"fold\"><i class=\"icon fold\"></i>Fold</label>",
        );
    }
    out.push_str(
        "<label><input type=\"checkbox\" class=\"wrap\"><i class=\"icon wrap\"></i>Wrap</label>\
        <button data-act=\"download\" data-file=\"",
    );
    out.push_str(files::name(label));
    out.push_str(
        "\"><i class=\"icon download\"></i>Download</button>\
        <button data-act=\"copy\"><i class=\"icon copy\"></i>Copy</button></header><pre",
    );
    out.extend([CODE_BOX, "><code>", lines, "</code></pre></figure>"]);
    out
}
