//! Markdown to HTML that is safe to show.
//!
//! All text goes through one pipeline, whether it comes at once or in pieces. [`blocks`] cuts it into top-level
//! blocks (with [`bounds`]) and closes each as soon as no further text can change it. A block is parsed alone by
//! pulldown-cmark and written by [`html`]; code is coloured by [`highlight`], links are judged by [`links`]. A fenced
//! code block is read line by line by [`fence`], so that no line of a long one is read twice. [`sanitize`] comes
//! last: HTML that [`strict`] recognizes letter for letter as the writer's is kept, all other HTML is parsed and
//! cleaned by ammonia. [`render`] is the stream with one push, so both agree by construction.
//!
//! Formulas are found by [`math`] before anything is parsed, masked by characters that mean nothing, and put in place
//! as the MathML of [`tex`] after the sanitizer, which lets no MathML through.
//!
//! The last block of a text that goes on may be half-typed; [`mend`] closes for the eye what is open in it.
//!
//! Where this differs from CommonMark and from other renderers:
//!
//! - Each block has exactly one root element, so that a browser can hold it as one node.
//! - If several reference definitions have the same label, the first counts, except that a block's own definitions
//!   come before those of other blocks. A reference to a later definition is shown as written until the text is
//!   complete; then its block is rendered again.
//! - A footnote reference is shown as its label raised, a definition as a block where it stands. There are no links
//!   between them, because ids would clash between messages and the definition comes last.
//! - Headings are one level lower (`#` is `<h2>`), because the page has an `<h1>` of its own.
//! - A line break is a `<br>`, as is usual in chats. Raw HTML is shown as text, with these exceptions, all without
//!   attributes: `<br>` breaks the line; `sub`, `sup`, `kbd` and `mark` are elements if they are closed within the
//!   phrase; `details` and their `summary` are elements if they stand on lines of their own. Details that are never
//!   closed hold the rest.
//! - Emphasis beside Chinese, Japanese and Korean works without the spaces that CommonMark asks for
//!   (`html/flanks.rs`). A bare address ends where a word of a script without spaces begins.
//! - A code block that says it is markdown may contain fenced code blocks with a language ([`fence`]).
//! - A link must be http, https, mailto or tel; otherwise only its text is kept. Where the text does not name the
//!   host, `data-host` does, for the page to show beside it. Images are shown only from `data:`; others become links, since
//!   fetching one tells its host who reads, and the page's policy forbids it.
//! - Code that would take long to colour loses its colours, never its text ([`highlight`]).
//! - Nesting beyond [`allowed::DEPTH`] levels is flattened. Blocks of more than [`html::ELEMENTS`] elements, and all
//!   text after the first [`blocks::LIMIT`] bytes or [`blocks::BLOCKS`] blocks, are plain text.
//! - Text that is no formula stays text: money, and TeX that the converter does not know, which is shown as written.

mod allowed;
mod blocks;
mod bounds;
mod carried;
mod fence;
mod files;
mod highlight;
mod html;
mod labels;
mod links;
mod math;
mod mend;
mod mentions;
mod pause;
mod root;
mod sanitize;
mod scripts;
mod strict;
mod tags;
#[cfg(test)]
mod tests;
mod tex;
mod words;

pub use blocks::{BlockChange, Stream};
pub(crate) use labels::labelled;
pub(crate) use mentions::mentioned;
pub(crate) use pause::with_pauses;
pub use words::words;

/// Raised when the same text gives other HTML than before; part of the key of every cache of HTML.
pub(crate) const RENDERER_VERSION: u32 = 5;

/// Sanitized HTML. Only this module makes it.
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

/// Renders a whole text into the blocks that [`Stream`] gives, joined. Linear in the length, but not for the async
/// threads: about 40 µs per kilobyte, and for a line of code 1 µs, or 10 to 1,000 µs if a grammar colours it.
pub fn render(markdown: &str) -> SafeHtml {
    let mut stream = Stream::new();
    stream.push(markdown);
    stream.finish();
    joined(&stream)
}

/// Renders the beginning of a text that is still being written, as whoever follows it has it. Costs as much as
/// [`render`].
pub fn render_unfinished(markdown: &str) -> SafeHtml {
    let mut stream = Stream::new();
    stream.push(markdown);
    stream.flush();
    joined(&stream)
}

fn joined(stream: &Stream) -> SafeHtml {
    SafeHtml(stream.blocks().into_iter().map(SafeHtml::into_string).collect())
}
