//! Raw HTML: the tags that are read, and the rest as text.

use super::super::super::allowed::DEPTH;
use super::super::super::highlight::escape;
use super::super::super::tags::{self, DETAILS, Inline, Part};
use super::Writer;

/// An element that a tag of raw HTML opened.
pub(super) struct Tagged {
    /// How many elements were open with it, and where its text begins.
    level: usize,
    at: usize,
    /// What ends it.
    end: &'static str,
    /// Details that have no summary yet, and nothing else.
    new: bool,
}

impl Writer<'_> {
    /// A tag inside a line; most are text.
    pub(super) fn tag(&mut self, html: &str) {
        let level = self.open.len();
        match tags::inline(html) {
            Some(Inline::Break) => self.leaf("<br>", "", ""),
            Some(Inline::Start(start, end)) if level < DEPTH => {
                self.push(start, end);
                self.tagged.push(Tagged { level: level + 1, at: self.out.len(), end, new: false });
            }
            Some(Inline::End(end))
                if self.tagged.last().is_some_and(|t| (t.level, t.end) == (level, end)) =>
            {
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
    pub(super) fn end_html(&mut self) {
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
    pub(super) fn end_tagged(&mut self) {
        let Some(Tagged { at, end, .. }) = self.tagged.pop() else { return };
        if end == DETAILS.1 {
            return self.end_element();
        }
        self.open.pop();
        let name = &end[2..end.len() - 1];
        self.out.replace_range(at - name.len() - 2..at, &format!("&lt;{name}&gt;"));
    }

    pub(super) fn end_unclosed(&mut self) {
        while self.tagged.last().is_some_and(|tagged| tagged.level == self.open.len()) {
            self.end_tagged();
        }
    }

    /// The text is over.
    pub(in super::super) fn end_all(&mut self) {
        self.end_html();
        self.end_unclosed();
    }
}
