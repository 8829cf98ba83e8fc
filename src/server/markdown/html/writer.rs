//! Writes the events of a parser as HTML.

use std::ops::Range;

use pulldown_cmark::{Alignment, BlockQuoteKind, CodeBlockKind, Event, LinkType, Tag, TagEnd};

use super::super::allowed::DEPTH;
use super::super::carried::Memo;
use super::super::highlight::escape;
use super::super::math::{self, Piece};
use super::super::pause::pause;
use super::super::{links, tex};
use super::tags::{self, DETAILS, Inline, Part};
use super::{LONG, figure, label};

/// Beyond so many columns the empty cells at the end of a row are left out; a few bytes could ask for
/// a quarter of a million of them.
const PADDED_COLUMNS: usize = 32;
/// After so many events of the parser others may be let in: some 100 µs.
const PAUSES: usize = 256;

/// Writes one block.
pub(super) struct Writer<'m> {
    piece: Piece<'m>,
    pub(super) out: String,
    /// Text that is still to be written, so that addresses in it are found whole.
    pending: String,
    /// MathML, in the order of its markers.
    pub(super) formulas: Vec<String>,
    after_display: bool,
    /// What closes each open element; `None` for those left out.
    open: Vec<Option<&'static str>>,
    /// Those of `open` that tags of raw HTML opened.
    tagged: Vec<Tagged>,
    /// The block of HTML being read.
    html: Option<String>,
    /// The details end after this paragraph.
    ends_details: bool,
    /// How many elements stand in none.
    pub(super) roots: usize,
    pub(super) elements: usize,
    links: usize,
    /// Bytes that addresses of references may still take.
    expansion: usize,
    /// The image whose text is being read: address, text, images inside it.
    image: Option<(String, String, usize)>,
    /// The code block being read: info string and text.
    code: Option<(String, String)>,
    table: Table,
    memo: &'m mut Memo,
    code_blocks: usize,
    /// Steps of work that grammars may do, and those that they did.
    colours: usize,
    pub(super) coloured: usize,
    events: usize,
}

/// An element that a tag of raw HTML opened.
struct Tagged {
    /// How many elements were open with it, and where its text begins.
    level: usize,
    at: usize,
    /// What ends it.
    end: &'static str,
    /// Details that have no summary yet, and nothing else.
    new: bool,
}

#[derive(Default)]
struct Table {
    columns: Vec<Alignment>,
    head: bool,
    column: usize,
    /// Where the text of the open cell begins, and how many empty ones wait before it.
    cell: usize,
    empty: usize,
}

impl<'m> Writer<'m> {
    pub(super) fn new(
        piece: Piece<'m>,
        memo: &'m mut Memo,
        expansion: usize,
        colours: usize,
    ) -> Writer<'m> {
        Writer {
            piece,
            out: String::new(),
            pending: String::new(),
            formulas: Vec::new(),
            after_display: false,
            open: Vec::new(),
            tagged: Vec::new(),
            html: None,
            ends_details: false,
            roots: 0,
            elements: 0,
            links: 0,
            expansion,
            image: None,
            code: None,
            table: Table::default(),
            memo,
            code_blocks: 0,
            colours,
            coloured: 0,
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
                Event::Html(text) => html.push_str(&self.piece.lifted(&text, range)),
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
            // A formula on lines of its own breaks the line by itself.
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

    /// Text, with markers where formulas stand.
    fn gather(&mut self, text: &str, range: Range<usize>) {
        let piece = self.piece;
        piece.parts(text, range, |part, formula| {
            self.pending.push_str(part);
            self.after_display =
                formula.is_some_and(|formula| formula.display) || self.after_display && part.is_empty();
            let Some(formula) = formula else { return };
            pause();
            let (html, elements) = tex::render(&piece.tex(formula), piece.written(formula), formula.display);
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

    /// For an element that is nothing without those inside it.
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
                self.table = Table { columns, ..Table::default() };
                self.push_outer("<div class=\"scroll\"><table>", "</tbody></table></div>");
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

    /// A tag inside a line; most are text.
    fn tag(&mut self, html: &str) {
        let level = self.open.len();
        match tags::inline(html) {
            Some(Inline::Break) => self.leaf("<br>", "", ""),
            Some(Inline::Start(start, end)) if level < DEPTH => {
                self.push(start, end);
                self.tagged.push(Tagged { level: level + 1, at: self.out.len(), end, new: false });
            }
            Some(Inline::End(end)) if self.tagged.last().is_some_and(|t| (t.level, t.end) == (level, end)) => {
                self.tagged.pop();
                self.end_element();
            }
            None if tags::is_fold_end(html) && self.is_in_details(level) => self.ends_details = true,
            _ => escape(html, &mut self.out),
        }
    }

    /// Whether the element at `level` is a paragraph that stands in details.
    fn is_in_details(&self, level: usize) -> bool {
        let details = |tagged: &Tagged| tagged.level + 1 == level && tagged.end == DETAILS.1;
        self.tagged.last().is_some_and(details) && self.open.last() == Some(&Some("</p>"))
    }

    /// A block of HTML: a part of details, or text.
    fn end_html(&mut self) {
        let Some(html) = self.html.take() else { return };
        if !tags::is_fold(&html) {
            return self.raw(&html);
        }
        for part in tags::parts(&html) {
            let inner = self.tagged.last_mut().filter(|tagged| tagged.level == self.open.len());
            match (part, inner) {
                (Part::Open, inner) => {
                    if let Some(inner) = inner {
                        inner.new = false;
                    }
                    self.roots += usize::from(self.open.is_empty());
                    self.push(DETAILS.0, DETAILS.1);
                    let (level, at) = (self.open.len(), self.out.len());
                    self.tagged.push(Tagged { level, at, end: DETAILS.1, new: true });
                }
                (Part::Summary(summary), Some(inner)) if inner.new && inner.at == self.out.len() => {
                    inner.new = false;
                    if self.open.last() == Some(&Some(DETAILS.1)) {
                        self.leaf("<summary>", &tags::said(summary), "</summary>");
                    } else {
                        self.raw(&tags::said(summary));
                    }
                }
                (Part::Summary(summary), _) => self.raw(&format!("<summary>{summary}</summary>")),
                (Part::Close, Some(_)) => self.end_tagged(),
                (Part::Close, None) => self.raw(DETAILS.1),
                (Part::Text(text), _) => self.raw(text),
            }
        }
    }

    /// A block of text as it was written.
    fn raw(&mut self, text: &str) {
        self.roots += usize::from(self.open.is_empty());
        self.push("<p class=\"raw\">", "</p>");
        escape(text, &mut self.out);
        self.end_element();
    }

    /// Ends the last of the elements that tags opened. A mark that was not closed where it stands was none: its
    /// tag is text.
    fn end_tagged(&mut self) {
        let Some(Tagged { at, end, .. }) = self.tagged.pop() else { return };
        if end == DETAILS.1 {
            return self.end_element();
        }
        self.open.pop();
        let name = &end[2..end.len() - 1];
        self.out.replace_range(at - name.len() - 2..at, &format!("&lt;{name}&gt;"));
    }

    fn end_unclosed(&mut self) {
        while self.tagged.last().is_some_and(|tagged| tagged.level == self.open.len()) {
            self.end_tagged();
        }
    }

    /// The text is over.
    pub(super) fn end_all(&mut self) {
        self.end_html();
        self.end_unclosed();
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
                self.out.push_str("</a>");
            }
            Some(after) => self.out.push_str(after),
            // So that words of paragraphs left out do not grow together.
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

    fn link(&mut self, kind: LinkType, address: &str, title: &str) {
        let full = if kind == LinkType::Email { format!("mailto:{address}") } else { address.to_owned() };
        let referred = !matches!(kind, LinkType::Inline | LinkType::Autolink | LinkType::Email);
        let affordable = !referred || full.len() + title.len() <= self.expansion;
        if self.links > 0 || !affordable || links::address(&full).is_none() {
            return self.open.push(None);
        }
        if referred {
            self.expansion -= full.len() + title.len();
        }
        if self.open.len() < DEPTH {
            self.links += 1;
        }
        self.push(&anchor(&full, &math::without_masks(title)), "</a>");
    }

    /// Text, with links where bare addresses stand.
    fn text(&mut self, text: &str) {
        // Each is a reference for the sanitizer to read.
        self.elements += text.matches('&').count() / 4;
        let mut done = 0;
        while self.links == 0
            && let Some(links::Bare { at, scheme }) = links::next_bare(text, done)
        {
            let shown = &text[at.clone()];
            let full = format!("{scheme}{shown}");
            escape(&text[done..at.start], &mut self.out);
            done = at.end;
            if links::address(&full).is_some() {
                self.leaf(&anchor(&full, ""), shown, "</a>");
            } else {
                escape(shown, &mut self.out);
            }
        }
        escape(&text[done..], &mut self.out);
    }

    /// Gathers the text of an image.
    fn in_image(&mut self, event: Event<'_>, range: Range<usize>) {
        let Some((_, text, inside)) = &mut self.image else { return };
        match event {
            Event::Text(more) => text.push_str(&self.piece.lifted(&more, range)),
            Event::Code(more) => text.push_str(&self.piece.lifted_span(&more, range)),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::Start(Tag::Image { .. }) => *inside += 1,
            Event::End(TagEnd::Image) if *inside > 0 => *inside -= 1,
            Event::End(TagEnd::Image) => self.end_image(),
            _ => {}
        }
    }

    /// Only an image that carries its bytes is shown: fetching one tells its host what the address says.
    fn end_image(&mut self) {
        let Some((address, text, _)) = self.image.take() else { return };
        self.elements += 1;
        if links::is_raster(&address) {
            self.out.push_str(&format!("<img src=\"{}\" alt=\"{}\">", quoted(&address), quoted(&text)));
            return;
        }
        let url = links::address(&address).filter(|url| url.has_host());
        let shown = match url.as_ref().and_then(|url| url.host_str()) {
            Some(host) if text.is_empty() => host.to_owned(),
            Some(host) => format!("{text} ({host})"),
            None => text,
        };
        if url.is_some() && self.links == 0 && address.len() <= self.expansion {
            self.expansion -= address.len();
            self.leaf(&anchor(&address, ""), &shown, "</a>");
        } else {
            escape(&shown, &mut self.out);
        }
    }

    fn end_code(&mut self) {
        let Some((info, mut code)) = self.code.take() else { return };
        if !code.is_empty() && !code.ends_with('\n') {
            code.push('\n');
        }
        let whole = code.trim_end_matches('\n').rfind('\n').map_or(0, |newline| newline + 1);
        let left = self.colours.saturating_sub(self.coloured);
        let (lines, steps) = self.memo.colour(self.code_blocks, &info, &code, whole, left);
        self.coloured += steps;
        self.code_blocks += 1;
        self.elements += 5 + lines.matches("</").count();
        self.out.push_str(&figure(&label(&info), &lines, code.lines().count() > LONG));
    }
}

/// The beginning of a link. It leads out of the page, and tells nobody where from.
fn anchor(address: &str, title: &str) -> String {
    let title = if title.is_empty() { String::new() } else { format!(" title=\"{}\"", quoted(title)) };
    format!("<a href=\"{}\"{title} target=\"_blank\" rel=\"noopener noreferrer nofollow\">", quoted(address))
}

/// For an attribute in double quotes.
fn quoted(value: &str) -> String {
    let mut out = String::new();
    escape(value, &mut out);
    out.replace('"', "&quot;")
}
