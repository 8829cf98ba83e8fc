//! [`Writer`]: writes the events of the markdown parser as HTML.

mod addresses;
mod raw;

use std::ops::Range;

use pulldown_cmark::{Alignment, BlockQuoteKind, CodeBlockKind, Event, Tag, TagEnd};

use super::super::allowed::{DEPTH, TABLE_BOX};
use super::super::carried::{Definitions, Memo};
use super::super::highlight::escape;
use super::super::math::{self, MaskedPiece};
use super::super::pause::pause;
use super::super::tex;
use super::{ELEMENTS, LONG, figure, label};
use raw::Tagged;

/// Empty cells at the end of a row are left out beyond this many columns, because a few bytes could ask for a quarter
/// of a million of them.
const PADDED_COLUMNS: usize = 32;
const TABLE_END: &str = "</tbody></table></div><div class=\"tools\">\
    <button data-act=\"csv\" data-file=\"table.csv\"><i class=\"icon download\"></i>Download CSV</button>\
    <button data-act=\"copy-table\"><i class=\"icon copy\"></i>Copy table</button></div></div>";
/// A formula of so many bytes may be wider than a phone.
const WIDE: usize = 24;
/// The work may be interrupted after this many events, which take some 100 µs.
const PAUSES: usize = 256;

/// Writes one block.
pub(super) struct Writer<'m> {
    piece: MaskedPiece<'m>,
    pub(super) out: String,
    /// Text not written yet, so that addresses in it are found whole.
    pending: String,
    /// MathML, in the order of its markers.
    pub(super) formulas: Vec<String>,
    /// A formula within a line may be wider than a phone.
    pub(super) wide: bool,
    after_display: bool,
    /// The closing tag of each open element; `None` for elements that are left out.
    open: Vec<Option<&'static str>>,
    /// The elements in `open` that tags of raw HTML opened.
    tagged: Vec<Tagged>,
    /// The HTML block being read.
    html: Option<String>,
    /// The details end after this paragraph.
    ends_details: bool,
    /// The number of elements without a parent.
    pub(super) roots: usize,
    pub(super) elements: usize,
    links: usize,
    /// The host of the open link, and where the text of the link begins.
    host: Option<(String, usize)>,
    /// The bytes that addresses of references may still take.
    expansion: usize,
    /// The image whose text is being read: address, text, number of images inside it.
    image: Option<(String, String, usize)>,
    /// The code block being read: info string and text.
    code: Option<(String, String)>,
    table: TableState,
    memo: &'m mut Memo,
    code_blocks: usize,
    /// The nanoseconds that grammars may work, and those that they did.
    colours: usize,
    pub(super) coloured: usize,
    most_formulas: usize,
    events: usize,
}

#[derive(Default)]
struct TableState {
    columns: Vec<Alignment>,
    head: bool,
    column: usize,
    /// Where the text of the open cell begins, and the number of empty cells before it that are not written yet.
    cell: usize,
    empty: usize,
}

impl<'m> Writer<'m> {
    pub(super) fn new(
        piece: MaskedPiece<'m>,
        memo: &'m mut Memo,
        expansion: usize,
        known: &Definitions,
    ) -> Writer<'m> {
        Writer {
            piece,
            out: String::new(),
            pending: String::new(),
            formulas: Vec::new(),
            wide: false,
            after_display: false,
            open: Vec::new(),
            tagged: Vec::new(),
            html: None,
            ends_details: false,
            roots: 0,
            elements: 0,
            links: 0,
            host: None,
            expansion,
            image: None,
            code: None,
            table: TableState::default(),
            memo,
            code_blocks: 0,
            colours: known.colours,
            coloured: 0,
            most_formulas: known.formulas,
            events: 0,
        }
    }

    pub(super) fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        self.events += 1;
        if self.events.is_multiple_of(PAUSES) {
            pause();
        }
        if let Some(html) = &mut self.html {
            match event {
                // White space at the beginning of a line comes as text.
                Event::Html(text) | Event::Text(text) => html.push_str(&self.piece.lifted(&text, range)),
                _ => self.end_html(),
            }
            return;
        }
        if matches!(event, Event::Start(Tag::HtmlBlock)) {
            self.html = Some(String::new());
            return;
        }
        if self.open.is_empty() && self.code.is_none() && self.image.is_none() {
            self.roots += 1;
        }
        if let Some((_, code)) = &mut self.code {
            match event {
                Event::Text(text) => code.push_str(&self.piece.lifted(&text, range)),
                Event::End(_) => self.end_code(),
                _ => {}
            }
            return;
        }
        if self.image.is_some() {
            return self.in_image(event, range);
        }
        if let Event::Text(text) = event {
            return self.gather(&text, range);
        }
        let text = std::mem::take(&mut self.pending);
        self.text(&text);
        if !matches!(event, Event::SoftBreak | Event::HardBreak) {
            self.after_display = false;
        }
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(TagEnd::TableCell) => self.end_cell(),
            Event::End(_) => self.end(),
            Event::Code(text) => self.leaf("<code>", &self.piece.lifted_span(&text, range), "</code>"),
            Event::FootnoteReference(label) => self.leaf("<sup>", &math::without_masks(&label), "</sup>"),
            // A formula on lines of its own breaks the line anyway.
            Event::SoftBreak | Event::HardBreak if self.after_display => {}
            Event::SoftBreak | Event::HardBreak => self.leaf("<br>", "", ""),
            Event::Html(html) | Event::InlineHtml(html) => self.tag(&self.piece.lifted(&html, range)),
            Event::Rule => self.leaf("<hr>", "", ""),
            Event::TaskListMarker(done) => {
                self.leaf("<span class=\"box\">", if done { "☑" } else { "☐" }, "</span> ")
            }
            Event::Text(_) | Event::InlineMath(_) | Event::DisplayMath(_) => {}
        }
    }

    /// Adds text, with markers in place of formulas.
    fn gather(&mut self, text: &str, range: Range<usize>) {
        let piece = self.piece;
        piece.parts(text, range, |part, formula| {
            self.pending.push_str(part);
            self.after_display =
                formula.is_some_and(|formula| formula.display) || self.after_display && part.is_empty();
            let Some(formula) = formula else { return };
            pause();
            let written = piece.written(formula);
            self.wide |= !formula.display && written.len() > WIDE;
            let (html, elements) = if self.formulas.len() < self.most_formulas && self.elements <= ELEMENTS {
                tex::render(&piece.tex(formula), written, formula.display)
            } else {
                (tex::source(written), 1)
            };
            self.pending.push_str(&math::marker(self.formulas.len()));
            self.formulas.push(html);
            self.elements += elements;
        });
    }

    fn leaf(&mut self, before: &str, text: &str, after: &str) {
        self.elements += 1;
        self.out.push_str(before);
        escape(text, &mut self.out);
        self.out.push_str(after);
    }

    fn push(&mut self, before: &str, after: &'static str) {
        self.elements += 1;
        if self.open.len() < DEPTH {
            self.out.push_str(before);
            self.open.push(Some(after));
        } else {
            self.open.push(None);
        }
    }

    /// Opens an element that is only written if it contains another.
    fn push_outer(&mut self, before: &str, after: &'static str) {
        if self.open.len() + 1 < DEPTH { self.push(before, after) } else { self.open.push(None) }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.push("<p>", "</p>"),
            Tag::Heading { level, .. } => {
                const TAGS: [(&str, &str); 5] = [
                    ("<h2>", "</h2>"),
                    ("<h3>", "</h3>"),
                    ("<h4>", "</h4>"),
                    ("<h5>", "</h5>"),
                    ("<h6>", "</h6>"),
                ];
                let (before, after) = TAGS[(level as usize - 1).min(4)];
                self.push(before, after);
            }
            Tag::BlockQuote(kind) => self.quote(kind),
            Tag::CodeBlock(kind) => {
                let info =
                    if let CodeBlockKind::Fenced(info) = kind { info.to_string() } else { String::new() };
                self.code = Some((info, String::new()));
            }
            Tag::List(None) => self.push_outer("<ul>", "</ul>"),
            Tag::List(Some(1)) => self.push_outer("<ol>", "</ol>"),
            Tag::List(Some(start)) => self.push_outer(&format!("<ol start=\"{start}\">"), "</ol>"),
            Tag::Item => self.push("<li>", "</li>"),
            Tag::FootnoteDefinition(label) => {
                self.push("<div class=\"foot\">", "</div>");
                self.leaf("<sup>", &math::without_masks(&label), "</sup> ");
            }
            Tag::Table(columns) => {
                self.table = TableState { columns, ..TableState::default() };
                self.elements += 7;
                self.push_outer(&format!("<div class=\"table\"><div{TABLE_BOX}><table>"), TABLE_END);
            }
            Tag::TableHead => {
                self.table.head = true;
                self.table.column = 0;
                self.push("<thead><tr>", "</tr></thead><tbody>");
            }
            Tag::TableRow => {
                (self.table.head, self.table.column, self.table.empty) = (false, 0, 0);
                self.push("<tr>", "</tr>");
            }
            Tag::TableCell => {
                self.table.cell = self.out.len();
                self.open.push(None);
            }
            Tag::Emphasis => self.push("<em>", "</em>"),
            Tag::Strong => self.push("<strong>", "</strong>"),
            Tag::Strikethrough => self.push("<del>", "</del>"),
            Tag::Link { link_type, dest_url, title, .. } => self.link(link_type, &dest_url, &title),
            Tag::Image { dest_url, .. } => self.image = Some((dest_url.to_string(), String::new(), 0)),
            _ => self.open.push(None),
        }
    }

    fn quote(&mut self, kind: Option<BlockQuoteKind>) {
        let (class, label) = match kind {
            None => return self.push("<blockquote>", "</blockquote>"),
            Some(BlockQuoteKind::Note) => ("note", "Note"),
            Some(BlockQuoteKind::Tip) => ("tip", "Tip"),
            Some(BlockQuoteKind::Important) => ("important", "Important"),
            Some(BlockQuoteKind::Warning) => ("warning", "Warning"),
            Some(BlockQuoteKind::Caution) => ("caution", "Caution"),
        };
        self.push(&format!("<blockquote class=\"{class}\">"), "</blockquote>");
        self.leaf("<p class=\"label\">", label, "</p>");
    }

    fn end(&mut self) {
        self.end_unclosed();
        self.end_element();
        if std::mem::take(&mut self.ends_details) {
            self.end_tagged();
        }
    }

    fn end_element(&mut self) {
        match self.open.pop().flatten() {
            Some("</a>") => {
                self.links -= 1;
                self.end_link();
                self.out.push_str("</a>");
            }
            Some(after) => self.out.push_str(after),
            // A space in place of a paragraph that is left out keeps words apart.
            None if self.open.len() >= DEPTH => self.out.push(' '),
            None => {}
        }
    }

    fn end_cell(&mut self) {
        self.end_unclosed();
        self.open.pop();
        if !matches!(self.open.last(), Some(Some(_))) {
            return self.out.push(' ');
        }
        let table = &mut self.table;
        let align = table.columns.get(table.column).copied().unwrap_or(Alignment::None);
        table.column += 1;
        let text = self.out.split_off(table.cell);
        if text.is_empty() && table.columns.len() > PADDED_COLUMNS {
            table.empty += 1;
            return;
        }
        let name = if table.head { "th" } else { "td" };
        for _ in 0..std::mem::take(&mut table.empty) {
            self.elements += 1;
            self.out.extend(["<", name, "></", name, ">"]);
        }
        let class = match align {
            Alignment::None | Alignment::Left => "",
            Alignment::Center => " class=\"center\"",
            Alignment::Right => " class=\"right\"",
        };
        self.elements += 1;
        self.out.extend(["<", name, class, ">", text.trim(), "</", name, ">"]);
    }

    fn end_code(&mut self) {
        let Some((info, mut code)) = self.code.take() else { return };
        if !code.is_empty() && !code.ends_with('\n') {
            code.push('\n');
        }
        let whole = code.trim_end_matches('\n').rfind('\n').map_or(0, |newline| newline + 1);
        let left = self.colours.saturating_sub(self.coloured);
        let (lines, work) = self.memo.colour(self.code_blocks, &info, &code, whole, left);
        self.coloured += work;
        self.code_blocks += 1;
        self.elements += 13 + lines.matches("</").count();
        self.out.push_str(&figure(&label(&info), &lines, code.lines().count() > LONG));
    }
}
