//! The newest notes of the board as an Atom feed (RFC 4287). The site writes it itself: the crates for it bring a parser and a
//! builder of XML for a document of ten elements.

use std::{
    fmt::Write,
    time::{Duration, UNIX_EPOCH},
};

use sha2::{Digest, Sha256};
use ulid::Ulid;

use super::places::FEED;
use crate::{
    domain::{Board, Role, model::short_name},
    server::{ops::clock, rooms::ShownNote},
};

/// How many characters of a note its title has.
const TITLE: usize = 80;

/// The feed as a document.
pub struct Feed {
    text: String,
    updated: i64,
}

impl Feed {
    /// `site` is the public address of the site.
    pub fn of(site: &str, board: &Board, notes: &[ShownNote]) -> Self {
        let changed = |shown: &ShownNote| shown.note.edited_at.unwrap_or(shown.note.created_at);
        let updated = notes.iter().map(changed).max().unwrap_or(board.created_at);
        let mut text = String::from(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n",
        );
        element(&mut text, "title", &board.name);
        element(&mut text, "id", &name_of(&board.id));
        element(&mut text, "updated", &clock::utc(updated));
        link(&mut text, "self", "application/atom+xml", &format!("{site}{FEED}"));
        link(&mut text, "alternate", "text/html", &format!("{site}/board"));
        element(&mut text, "generator", "Inglenook");
        for shown in notes {
            entry(&mut text, site, shown);
        }
        text.push_str("</feed>\n");
        Self { text, updated }
    }

    /// Another one for each other text.
    pub fn etag(&self) -> String {
        let mut tag = String::from("W/\"");
        for byte in Sha256::digest(&self.text).iter().take(16) {
            let _ = write!(tag, "{byte:02x}");
        }
        tag.push('"');
        tag
    }

    pub fn last_modified(&self) -> String {
        let since = Duration::from_millis(self.updated.max(0).unsigned_abs());
        httpdate::fmt_http_date(UNIX_EPOCH + since.min(clock_end()))
    }

    pub fn into_text(self) -> String {
        self.text
    }
}

/// The last second that a date of HTTP can name: the end of the year 9999.
fn clock_end() -> Duration {
    Duration::from_secs(253_402_300_799)
}

fn entry(text: &mut String, site: &str, shown: &ShownNote) {
    let note = &shown.note;
    text.push_str("<entry>\n");
    element(text, "title", &title(&shown.plain));
    element(text, "id", &name_of(&note.id));
    link(text, "alternate", "text/html", &format!("{site}/board?note={}", note.id));
    element(text, "published", &clock::utc(note.created_at));
    element(text, "updated", &clock::utc(note.edited_at.unwrap_or(note.created_at)));
    let author = match note.role {
        Role::User => note.author.as_deref().unwrap_or("?"),
        _ => short_name(note.model.as_deref().unwrap_or("?")),
    };
    text.push_str("<author>");
    element(text, "name", author);
    text.push_str("</author>\n<content type=\"html\">");
    escaped(text, &shown.html);
    text.push_str("</content>\n</entry>\n");
}

/// The name of a thing for all time, whatever the site's address is: an id of ours has the 128 bits of a UUID.
fn name_of(id: &str) -> String {
    match Ulid::from_string(id) {
        Ok(id) => {
            let hex = format!("{:032x}", u128::from(id));
            let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
            format!(
                "urn:uuid:{}-{}-{}-{}-{}",
                part(0, 8),
                part(8, 12),
                part(12, 16),
                part(16, 20),
                part(20, 32)
            )
        }
        Err(_) => format!("urn:x-inglenook:{id}"),
    }
}

/// The first words of a note. One of a picture alone has none, and a title may not be missing.
fn title(plain: &str) -> String {
    match plain.char_indices().nth(TITLE) {
        None if plain.is_empty() => "…".to_owned(),
        None => plain.to_owned(),
        Some((end, _)) => {
            let begins = plain.get(..end).unwrap_or_default();
            let word = begins.rfind(' ').unwrap_or(end);
            format!("{}…", begins.get(..word).unwrap_or_default())
        }
    }
}

fn element(text: &mut String, name: &str, content: &str) {
    let _ = write!(text, "<{name}>");
    escaped(text, content);
    let _ = writeln!(text, "</{name}>");
}

fn link(text: &mut String, rel: &str, kind: &str, address: &str) {
    let _ = write!(text, "<link rel=\"{rel}\" type=\"{kind}\" href=\"");
    escaped(text, address);
    text.push_str("\"/>\n");
}

/// Text as XML has it. Characters that XML 1.0 knows no way to write are left out.
fn escaped(text: &mut String, content: &str) {
    for c in content.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\r' => text.push_str("&#13;"),
            '\t' | '\n' => text.push(c),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c < ' ' => {}
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_say_is_left_out_and_the_rest_is_escaped() {
        let mut text = String::new();
        escaped(&mut text, "a\u{0}\u{b}\u{1f}\u{ffff}\n]]>&<\"'字");
        assert_eq!(text, "a\n]]&gt;&amp;&lt;&quot;'字");
    }

    #[test]
    fn an_id_is_the_same_for_all_time() {
        assert_eq!(name_of("01ARZ3NDEKTSV4RRFFQ69G5FAV"), "urn:uuid:01563e3a-b5d3-d676-4c61-efb99302bd5b");
        assert_eq!(name_of("odd"), "urn:x-inglenook:odd");
    }

    #[test]
    fn a_title_is_the_first_words() {
        assert_eq!((&*title("Tea"), &*title("")), ("Tea", "…"));
        let long = title(&"word ".repeat(40));
        assert!(long.ends_with("word…") && long.chars().count() <= TITLE + 1, "{long}");
    }
}
