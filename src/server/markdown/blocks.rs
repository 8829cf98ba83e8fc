//! [`Stream`]: turns text that arrives in pieces into changes of blocks. A finished block is given once, and once
//! more at the end if it refers to a later definition.

use super::carried::{Definitions, Memo, PendingBlock};
use super::fence::{News, OpenCode, nest_end};
use super::pause::pause;
use super::{SafeHtml, bounds, html, math, mend, sanitize};

/// The most bytes of a text that are read as markdown; the rest is shown as it is.
pub(super) const LIMIT: usize = 1 << 20;
/// The most blocks that are read as markdown; the rest is shown as it is, because each block costs about 10 µs,
/// however small.
pub(super) const BLOCKS: usize = 10_000;
/// The size in bytes of the blocks in which the rest comes.
const PLAIN: usize = 16 << 10;
/// An unfinished line that is shorter and may still become something else is not shown yet.
const DOUBTFUL: usize = 40;
/// An open block of this many bytes is rendered anew only when it has grown by a 32nd, so that the work for it stays
/// linear in its length.
const LARGE: usize = 8 << 10;

/// What a listener does to its list of blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockChange {
    /// Create or replace block `index`: the last one or, at the end of the text, one that refers to a later
    /// definition. The HTML is one element; in rare cases it is empty, when what looked like a block was the
    /// beginning of a reference definition.
    Block { index: u32, html: SafeHtml },
    /// Append these lines inside the `<code>` of block `index`, which is the last one.
    Lines { index: u32, html: SafeHtml },
}

/// Renders a text that arrives in pieces. The final blocks are the same however the text is cut.
pub struct Stream {
    /// The text after the last closed block, with `\n` as the only line end.
    tail: String,
    /// The bytes read as markdown so far, and the text beyond [`LIMIT`] bytes or [`BLOCKS`] blocks.
    taken: usize,
    rest: Option<String>,
    /// The text ended in `\r`, so a `\n` that follows belongs to the same line end.
    after_return: bool,
    /// The text is complete, or the rest is not read as markdown.
    ended: bool,
    done: Vec<SafeHtml>,
    /// The open block as listeners have it.
    shown: Option<SafeHtml>,
    code: Option<OpenCode>,
    definitions: Definitions,
    waiting: Vec<PendingBlock>,
    memo: Memo,
    /// The length of `tail` when the open block was last rendered.
    seen: usize,
    changes: Vec<BlockChange>,
}

impl Default for Stream {
    fn default() -> Self {
        Self::new()
    }
}

impl Stream {
    pub fn new() -> Stream {
        Stream {
            tail: String::new(),
            taken: 0,
            rest: None,
            after_return: false,
            ended: false,
            done: Vec::new(),
            shown: None,
            code: None,
            definitions: Definitions::new(),
            waiting: Vec::new(),
            memo: Memo::default(),
            seen: 0,
            changes: Vec::new(),
        }
    }

    /// Adds text. This is cheap: nothing is parsed before the next [`flush`](Stream::flush).
    pub fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let mut text = text;
        if std::mem::take(&mut self.after_return) {
            text = text.strip_prefix('\n').unwrap_or(text);
        }
        self.after_return = text.ends_with('\r');
        // CommonMark refuses the null character, and `math` masks formulas with the next two.
        if text.contains(['\r', '\0', '\u{1}', '\u{2}']) {
            let text = text.replace("\r\n", "\n").replace('\r', "\n");
            self.append(&text.replace(['\0', '\u{1}', '\u{2}'], "\u{fffd}"));
        } else {
            self.append(text);
        }
    }

    fn append(&mut self, text: &str) {
        if let Some(rest) = &mut self.rest {
            return rest.push_str(text);
        }
        let (fits, over) = text.split_at(text.floor_char_boundary(LIMIT - self.taken));
        self.taken += fits.len();
        self.tail.push_str(fits);
        if !over.is_empty() {
            self.rest = Some(over.to_owned());
        }
    }

    /// The changes since the last call. To be called about every 50 ms, not for each token, and off the async
    /// threads, because it may take some milliseconds.
    pub fn flush(&mut self) -> Vec<BlockChange> {
        self.read(false);
        std::mem::take(&mut self.changes)
    }

    /// Ends the text: closes the open block. Later pushes are ignored.
    pub fn finish(&mut self) -> Vec<BlockChange> {
        self.read(true);
        std::mem::take(&mut self.changes)
    }

    /// All blocks, as a listener has them who applied every change.
    pub fn blocks(&self) -> Vec<SafeHtml> {
        let code = self.code.as_ref().map(|code| SafeHtml(code.figure()));
        self.done.iter().chain(&code).chain(&self.shown).cloned().collect()
    }

    fn read(&mut self, last: bool) {
        let ending = last || self.rest.is_some();
        if !self.ended && (ending || !self.can_wait()) {
            self.advance(ending);
            self.ended = ending;
            if ending {
                // Definitions that no block follows.
                let tail = std::mem::take(&mut self.tail);
                self.definitions.learn(&math::mask(&tail, true).text);
                self.resolve();
            }
            self.show();
        }
        self.plain(last);
    }

    fn can_wait(&self) -> bool {
        let length = self.tail.len();
        self.code.is_none() && length > LARGE && length < self.seen + length / 32
    }

    /// Closes the blocks that no further text can change, and feeds an open code block.
    fn advance(&mut self, ending: bool) {
        let (mut again, mut window) = (true, 0);
        while again {
            if self.code.is_some() {
                let tail = std::mem::take(&mut self.tail);
                let (taken, closed) = self.feed(&tail, ending);
                self.tail = tail;
                self.tail.drain(..taken);
                if !closed {
                    return;
                }
            }
            let tail = std::mem::take(&mut self.tail);
            let usable = if ending { tail.len() } else { bounds::settled_len(&tail) };
            // Code that is markdown ends elsewhere than the parser thinks, and what the parser reads beyond that end
            // is wasted. So it is given little more than the beginning.
            let nest = nest_end(&tail[..usable]).map(|end| bounds::line_end(&tail, end.max(window)));
            let part = nest.map_or(usable, |end| end.min(usable));
            let taken;
            (taken, again) = self.close_blocks(&tail, part, ending && part == usable);
            again |= part < usable;
            window = if taken == 0 { 2 * part } else { 0 };
            self.tail = tail;
            self.tail.drain(..taken);
        }
    }

    /// Closes blocks. Gives how many bytes of `tail` are done with, and whether the rest must be looked at again.
    fn close_blocks(&mut self, tail: &str, usable: usize, ending: bool) -> (usize, bool) {
        let masked = math::mask(&tail[..usable], ending);
        // Text after the beginning of an open formula may be part of the formula.
        let usable = masked.open.map_or(usable, |open| bounds::line_start(tail, open));
        let tops = bounds::top_level(&masked.text[..usable]);
        let mut at = 0;
        for (index, top) in tops.iter().enumerate() {
            if self.done.len() >= BLOCKS {
                let after = self.rest.take().unwrap_or_default();
                self.rest = Some(format!("{}{after}", &tail[at..]));
                return (tail.len(), false);
            }
            if top.fence {
                let line = bounds::line_start(tail, top.start);
                let end = tail[line..].find('\n').map(|newline| line + newline + 1);
                let Some(end) = end.or(ending.then_some(tail.len())) else { break };
                self.definitions.learn(masked.piece(at..line).text);
                self.code = OpenCode::open(&tail[line..end], self.definitions.colours);
                let (taken, closed) = self.feed(&tail[end..], ending);
                at = end + taken;
                if !closed || at != top.end {
                    return (at, closed && at < tail.len());
                }
            } else if index + 1 == tops.len() && !ending {
                break;
            } else {
                self.close(masked.piece(at..top.end), top.footnote);
                at = top.end;
            }
        }
        (at, false)
    }

    fn close(&mut self, piece: math::MaskedPiece<'_>, footnote: bool) {
        let block = html::block(piece, footnote, &self.definitions, &mut self.memo);
        self.memo = Memo::default();
        self.seen = 0;
        // In rare cases the parser reads the lines after a definition differently when they stand alone. The reading
        // alone counts, because it does not depend on the text before.
        if block.roots > 1 {
            let tops = bounds::top_level(piece.text);
            if tops.len() > 1 {
                let mut at = 0;
                for top in tops {
                    let part = piece.part(at..top.end);
                    at = top.end;
                    let block = html::block(part, top.footnote, &self.definitions, &mut self.memo);
                    self.put(part, top.footnote, block);
                }
                return;
            }
        }
        self.put(piece, footnote, block);
    }

    /// Renders the blocks again that refer to definitions after them.
    fn resolve(&mut self) {
        for PendingBlock { index, source, footnote, known, colours, formulas, name } in
            std::mem::take(&mut self.waiting)
        {
            if known == self.definitions.known.len() {
                continue;
            }
            let masked = math::mask(&source, true);
            let known = &mut self.definitions;
            (known.keeps, known.colours, known.formulas) = (name, colours, formulas);
            let piece = masked.piece(0..source.len());
            let block = html::block(piece, footnote, &self.definitions, &mut Memo::default());
            self.definitions.budget -= block.spent;
            let html = SafeHtml(block.html);
            if self.done[index] != html {
                let index_told = u32::try_from(index).unwrap_or(u32::MAX);
                self.changes.push(BlockChange::Block { index: index_told, html: html.clone() });
                self.done[index] = html;
            }
        }
    }

    fn put(&mut self, piece: math::MaskedPiece<'_>, footnote: bool, block: html::RenderedBlock) {
        pause();
        self.memo = Memo::default();
        self.definitions.learn(piece.text);
        self.definitions.budget -= block.spent;
        if block.waits && !block.html.is_empty() {
            let (index, source) = (self.done.len(), piece.source.to_owned());
            let Definitions { colours, formulas, ref known, .. } = self.definitions;
            let known = known.len();
            let name = block.anchor.as_ref().map(|anchor| anchor.name.clone());
            self.waiting.push(PendingBlock { index, source, footnote, known, colours, formulas, name });
        }
        self.definitions.colours = self.definitions.colours.saturating_sub(block.coloured);
        self.definitions.formulas = self.definitions.formulas.saturating_sub(block.formulas);
        if let Some(anchor) = block.anchor {
            *self.definitions.anchors.entry(anchor.wanted).or_default() += 1;
        }
        if !block.html.is_empty() {
            self.tell(block.html);
            self.done.extend(self.shown.take());
        }
    }

    /// Gives lines to the open code block, and closes the block at its fence.
    fn feed(&mut self, text: &str, ending: bool) -> (usize, bool) {
        let Some(code) = &mut self.code else { return (0, true) };
        let (taken, closed) = code.feed(text, ending);
        if closed {
            self.definitions.colours = self.definitions.colours.saturating_sub(code.spent());
            self.tell_code();
            self.done.extend(self.code.take().map(|code| SafeHtml(code.figure())));
            self.seen = 0;
        }
        (taken, closed)
    }

    /// Renders the open block.
    fn show(&mut self) {
        self.seen = self.tail.len();
        if self.code.is_some() {
            return self.tell_code();
        }
        let mut usable = bounds::settled_len(&self.tail);
        if self.tail.len() - usable > DOUBTFUL {
            usable = self.tail.len();
        }
        let masked = math::mask(&self.tail[..usable], false);
        // An unfinished formula is shown once it is whole, which is soon because formulas are short.
        let usable = masked.open.unwrap_or(usable);
        let text = &masked.text[..usable];
        // A table's head without its second row looks like a paragraph.
        if self.shown.is_none() && text.trim_start().starts_with('|') && text.lines().count() < 3 {
            return;
        }
        let html = match bounds::top_level(text).first() {
            Some(top) if top.fence => return,
            Some(top) => {
                let piece = masked.piece(0..top.end);
                let (known, memo) = (&self.definitions, &mut self.memo);
                match mend::mend(piece.text, known) {
                    Some(mend) => piece.ended(mend.length, &mend.closing, |piece| {
                        html::block(piece, top.footnote, known, memo).html
                    }),
                    None => html::block(piece, top.footnote, known, memo).html,
                }
            }
            None => String::new(),
        };
        if self.shown.is_some() || !html.is_empty() {
            self.tell(html);
        }
    }

    /// The index of the open block.
    fn index(&self) -> u32 {
        u32::try_from(self.done.len()).unwrap_or(u32::MAX)
    }

    fn tell(&mut self, html: String) {
        let html = SafeHtml(html);
        if self.shown.as_ref() != Some(&html) {
            self.changes.push(BlockChange::Block { index: self.index(), html: html.clone() });
            self.shown = Some(html);
        }
    }

    fn tell_code(&mut self) {
        let index = self.index();
        self.shown = None;
        match self.code.as_mut().and_then(OpenCode::news) {
            Some(News::Figure(html)) => self.changes.push(BlockChange::Block { index, html: SafeHtml(html) }),
            Some(News::Lines(html)) => self.changes.push(BlockChange::Lines { index, html: SafeHtml(html) }),
            None => {}
        }
    }

    /// Gives out the text beyond the limit as it is.
    fn plain(&mut self, last: bool) {
        let Some(rest) = self.rest.take() else { return };
        let mut left = rest.as_str();
        while left.len() > PLAIN || (last && !left.is_empty()) {
            let (piece, more) = left.split_at(left.floor_char_boundary(PLAIN));
            // HTML ignores the first line end in a `<pre>`.
            let first = if piece.starts_with('\n') { "\n" } else { "" };
            self.tell(format!("<pre class=\"plain\">{first}{}</pre>", sanitize::text(piece)));
            self.done.extend(self.shown.take());
            left = more;
        }
        self.rest = Some(left.to_owned());
    }
}
