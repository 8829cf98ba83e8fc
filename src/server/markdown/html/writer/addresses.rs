//! Links and images.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Tag, TagEnd};

use super::super::super::allowed::DEPTH;
use super::super::super::highlight::escape;
use super::super::super::{links, math};
use super::Writer;

impl Writer<'_> {
    pub(super) fn link(&mut self, kind: LinkType, address: &str, title: &str) {
        let full = if kind == LinkType::Email { format!("mailto:{address}") } else { address.to_owned() };
        let referred = !matches!(kind, LinkType::Inline | LinkType::Autolink | LinkType::Email);
        let affordable = !referred || full.len() + title.len() <= self.expansion;
        let url = links::address(&full).filter(|_| self.links == 0 && affordable);
        let Some(url) = url else { return self.open.push(None) };
        if referred {
            self.expansion -= full.len() + title.len();
        }
        let title = math::without_masks(title);
        // An address in angle brackets shows its host.
        let host = url.host_str().filter(|_| !matches!(kind, LinkType::Autolink | LinkType::Email));
        let title = match host {
            None => title,
            Some(host) if title.is_empty() => host.into(),
            Some(host) => format!("{title} ({host})").into(),
        };
        self.push(&anchor(&full, &title), "</a>");
        if self.open.last().is_some_and(Option::is_some) {
            self.links += 1;
            self.host = host.map(|host| (host.to_owned(), self.out.len()));
        }
    }

    /// Shows where a link leads whose text looks like another address.
    pub(super) fn end_link(&mut self) {
        let Some((host, from)) = self.host.take() else { return };
        let text = self.out[from..].trim_end_matches("</a>");
        if links::misleads(text, &host) {
            self.out.push(' ');
            self.leaf("<span class=\"host\">", &format!("({host})"), "</span>");
        }
    }

    /// Text, with links where bare addresses stand.
    pub(super) fn text(&mut self, text: &str) {
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
    pub(super) fn in_image(&mut self, event: Event<'_>, range: Range<usize>) {
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
