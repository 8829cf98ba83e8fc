//! Links and images.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Tag, TagEnd};

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
        self.push(&anchor(&full, &title, ""), "</a>");
        if self.open.last().is_some_and(Option::is_some) {
            self.links += 1;
            self.host = links::host(&url).map(|host| (host.to_owned(), self.out.len()));
        }
    }

    /// Says where a link leads whose text, which ends here, does not.
    pub(super) fn end_link(&mut self) {
        let Some((host, from)) = self.host.take() else { return };
        let text = self.out.get(from..).filter(|text| !links::names(text, &host));
        if text.is_some() {
            self.out.insert_str(from - OUTWARDS.len(), &host_attribute(&host));
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
            match links::address(&full) {
                Some(url) => {
                    let host = links::host(&url).filter(|host| !links::names(shown, host));
                    self.leaf(
                        &anchor(&full, "", &host.map(host_attribute).unwrap_or_default()),
                        shown,
                        "</a>",
                    );
                }
                None => escape(shown, &mut self.out),
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
        let url = links::address(&address);
        match url.as_ref().and_then(links::host) {
            Some(host) if self.links == 0 && address.len() <= self.expansion => {
                self.expansion -= address.len();
                let (shown, named) = match &*text {
                    "" => (host, String::new()),
                    text => (text, host_attribute(host)),
                };
                let begin = anchor(&address, "", &format!(" class=\"picture\"{named}"));
                self.elements += 1;
                self.leaf(&format!("{begin}<i class=\"icon picture\"></i>"), shown, "</a>");
            }
            Some(host) if text.is_empty() => escape(host, &mut self.out),
            _ => escape(&text, &mut self.out),
        }
    }
}

/// The end of the tag of a link: it leads out of the page, and tells nobody where from.
const OUTWARDS: &str = " target=\"_blank\" rel=\"noopener noreferrer nofollow\">";

/// The beginning of a link with these further attributes.
fn anchor(address: &str, title: &str, further: &str) -> String {
    let title = if title.is_empty() { String::new() } else { format!(" title=\"{}\"", quoted(title)) };
    format!("<a href=\"{}\"{title}{further}{OUTWARDS}", quoted(address))
}

/// The attribute that names the host of a link.
fn host_attribute(host: &str) -> String {
    format!(" data-host=\"{}\"", quoted(host))
}

/// For an attribute in double quotes.
fn quoted(value: &str) -> String {
    let mut out = String::new();
    escape(value, &mut out);
    out.replace('"', "&quot;")
}
