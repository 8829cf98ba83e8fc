//! Markdown to HTML that is safe to show.
//!
//! Text goes through one pipeline, whether it comes at once or in pieces: [`blocks`] cuts it into
//! top-level blocks (with [`bounds`]) and closes each as soon as nothing that follows can change it;
//! a block is parsed alone by pulldown-cmark and written by [`html`], code coloured by [`highlight`],
//! links judged by [`links`]. A fenced code block is read line by line by [`fence`], so a long one is never
//! looked at twice. [`sanitize`] comes last: what [`strict`] recognizes letter for letter as the writer's is
//! kept, all else is taken apart by ammonia. `render` is the stream with one push, so both agree by
//! construction.
//!
//! Formulas are found by [`math`] before anything is parsed, masked by a character that means nothing, and
//! put in place as the MathML of [`tex`] after the sanitizer, which lets no MathML through.
//!
//! What is particular:
//!
//! - Each block has exactly one root element, so that a browser can hold it as one node.
//! - Of two reference definitions with the same label the first counts, but in a block that has its own. What
//!   is defined after its block is shown as it was written until the text is complete; the block is then
//!   rendered once more.
//! - A footnote reference is shown as its label raised, a definition as a block where it stands; no
//!   links between them, for ids would clash between messages, and the definition comes last.
//! - Headings are one level lower (`#` is `<h2>`), for the page has an `<h1>` of its own.
//! - A line break is a `<br>`, as in chats. Raw HTML is shown as text, but `<br>` breaks the line; `sub`, `sup`, `kbd`
//!   and `mark` are elements where they are closed in the phrase they stand in, `details` and their `summary` where
//!   they stand on lines of their own, all without attributes. Details that are never closed hold the rest.
//! - Emphasis begins and ends beside Chinese, Japanese and Korean as it is meant (`html/flanks.rs`), where CommonMark
//!   asks for a space. A bare address ends where a word of a script without spaces begins.
//! - A code block that says it is markdown holds fences that name a language, and what ends them ([`fence`]).
//! - An address must be http, https, mailto or tel, else only its text stays. Images are shown only from
//!   `data:`; others become links that say their host.
//! - Colours are given up where they would take long: see [`highlight`]. The code is always whole.
//! - Nests over [`allowed::DEPTH`] levels are flat from there on, blocks with over [`html::ELEMENTS`]
//!   elements and all that follows the first [`blocks::LIMIT`] bytes or [`blocks::BLOCKS`] blocks are plain text.
//! - What is no formula stays text: money, and TeX that the converter does not know, which is shown as it
//!   was written.

mod allowed;
mod blocks;
mod bounds;
mod carried;
mod fence;
mod highlight;
mod html;
mod labels;
mod links;
mod math;
mod pause;
mod root;
mod sanitize;
mod scripts;
mod strict;
mod tags;
#[cfg(test)]
mod tests;
mod tex;

pub use blocks::{Change, Stream};
pub use labels::labelled;
pub use pause::with_pauses;

/// Grows whenever the same text gives other HTML; part of the key of every cache of HTML.
pub const RENDERER_VERSION: u32 = 4;

/// HTML that has been sanitized. Only this module makes it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SafeHtml(String);

impl SafeHtml {
    pub fn as_str(&self) -> &str {
        &self.0
    }
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Renders a whole text: the same blocks as [`Stream`] gives, joined. Linear, but not for the async
/// threads: about 40 µs for a kilobyte, and for a line of code 1 µs, or 10 to 1,000 where it takes a grammar.
pub fn render(markdown: &str) -> SafeHtml {
    let mut stream = Stream::new();
    stream.push(markdown);
    stream.finish();
    SafeHtml(stream.blocks().into_iter().map(SafeHtml::into_string).collect())
}
