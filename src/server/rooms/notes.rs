//! The notes of the board outside its thread: on the start page, for guests, and in the feed.

use std::sync::Arc;

use super::Rooms;
use crate::{
    domain::{BoardNote, CurrentUser},
    error::AppError,
    server::{markdown, store::NoteQuery},
};

/// How many notes a page for guests and the feed have.
pub const PAGE: u32 = 50;
/// How many characters of a note are shown outside the thread.
const MOST_CHARS: u32 = 8_000;
/// How many characters of a note the start page shows, and how many of its markdown are read for that.
const EXCERPT: usize = 300;
const EXCERPT_READ: u32 = 1_200;
/// Whose turn it is that guests share.
const GUESTS: &str = "guests";
/// A longer id cannot be one of ours.
const MAX_ID_BYTES: usize = 64;

/// A note with what it looks like.
#[derive(Clone, Debug)]
pub struct ShownNote {
    pub note: BoardNote,
    /// Without the buttons that need a script.
    pub html: String,
    /// The same as text in one line, at most some 300 characters.
    pub plain: String,
}

/// Which notes to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotesFrom<'a> {
    /// Only those before this one.
    pub before: Option<&'a str>,
    /// Begin with this one.
    pub from: Option<&'a str>,
}

impl Rooms {
    /// A page of the notes, newest first, and the note before which the next page begins. The caller has found out that the board
    /// may be read ([`Rooms::readable_board`]).
    pub async fn notes(&self, from: NotesFrom<'_>) -> Result<(Vec<ShownNote>, Option<String>), AppError> {
        let id = |id: Option<&str>| id.filter(|id| id.len() <= MAX_ID_BYTES).map(str::to_owned);
        // What sorts right behind an id is the id with something behind it.
        let behind = id(from.from).map(|id| format!("{id}~"));
        let query = NoteQuery { before: id(from.before).or(behind), limit: PAGE + 1, chars: MOST_CHARS };
        let mut notes = self.chats.board_notes(&query).await?;
        let more = notes.len() > PAGE as usize;
        notes.truncate(PAGE as usize);
        let next = notes.last().filter(|_| more).map(|last| last.id.clone());
        Ok((self.shown(GUESTS, notes).await?, next))
    }

    /// The newest notes for the start page: as many as administrators want there.
    pub async fn notes_on_start(&self, current: &CurrentUser) -> Result<Vec<ShownNote>, AppError> {
        let board = self.chats.board().await?.filter(|board| board.settings.on);
        let Some(limit) = board.map(|board| board.settings.on_start).filter(|limit| *limit > 0) else {
            return Ok(Vec::new());
        };
        match self.readable_board(Some(current)).await {
            Ok(_) => {}
            Err(AppError::NotFound | AppError::Forbidden { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
        let notes = self.chats.board_notes(&NoteQuery { before: None, limit, chars: EXCERPT_READ }).await?;
        self.shown(current.id(), notes).await
    }

    async fn shown(&self, person: &str, notes: Vec<BoardNote>) -> Result<Vec<ShownNote>, AppError> {
        let texts: Vec<_> = notes.iter().map(|note| Some((&*note.text, true))).collect();
        let html: Vec<Arc<str>> = self.renderer.html(person, &texts).await?;
        let shown = notes.into_iter().zip(html).map(|(note, html)| {
            let begins: String = note.text.chars().take(EXCERPT_READ as usize).collect();
            let plain = excerpt(&markdown::words(&begins));
            ShownNote { note, html: without_buttons(&html), plain }
        });
        Ok(shown.collect())
    }
}

/// The HTML without its buttons and labels, which do something only in a thread.
fn without_buttons(html: &str) -> String {
    ["button", "label"].iter().fold(html.to_owned(), |html, name| {
        let (begin, end) = (format!("<{name}"), format!("</{name}>"));
        let mut kept = String::with_capacity(html.len());
        let mut rest = &*html;
        while let Some((before, behind)) = rest.split_once(&*begin) {
            kept.push_str(before);
            rest = behind.split_once(&*end).map_or("", |(_, behind)| behind);
        }
        kept.push_str(rest);
        kept
    })
}

/// The beginning of a text, up to the end of a word if one is near.
fn excerpt(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(EXCERPT) else { return text.to_owned() };
    let begins = text.get(..end).unwrap_or_default();
    let word = begins.rfind(' ').filter(|at| *at * 10 >= end * 8).unwrap_or(end);
    format!("{}…", begins.get(..word).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_note_says_is_one_line_without_markup() {
        let said = |text: &str| excerpt(&markdown::words(text));
        assert_eq!(said("# Tea & *more*\n\n- a\n- `<b>`\n\n> \"x\""), "Tea & more a <b> \"x\"");
        assert_eq!(said("```rust\nlet a = 1 < 2;\n```"), "let a = 1 < 2;");
        assert_eq!(said("&lt;script&gt; &amp;lt;"), "<script> &lt;");
        assert_eq!(said("<script>alert(1)</script>"), "<script>alert(1)</script>");
        assert_eq!(said("| a | b |\n|---|---|\n| c | d |\n\nlast"), "a b c d last");
    }

    #[test]
    fn a_long_text_ends_with_a_word() {
        assert_eq!(excerpt("short"), "short");
        let cut = excerpt(&"word ".repeat(100));
        assert!(cut.ends_with("word…") && cut.chars().count() <= EXCERPT + 1, "{cut}");
        assert_eq!(excerpt(&"字".repeat(400)).chars().count(), EXCERPT + 1);
    }

    #[test]
    fn buttons_are_left_out_with_what_they_say() {
        let html = without_buttons("<p>a</p><button data-act=\"copy\"><i></i>Copy</button><p>b</p><button>");
        assert_eq!(html, "<p>a</p><p>b</p>");
    }
}
