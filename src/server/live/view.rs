//! [`Views`]: the HTML of the answers in a log, as blocks that know when they last changed.

use std::collections::BTreeMap;

use crate::{
    domain::ChatEvent,
    server::markdown::{BlockChange, Stream as Markdown},
};

/// The views of a log, by the keys of their texts. A view exists only after somebody listened for HTML, and is rendered
/// only as far as the text has come.
#[derive(Default)]
pub struct Views(BTreeMap<u32, View>);

impl Views {
    /// Forgets the views of texts that are no longer in the log.
    pub fn retain(&mut self, is_there: impl Fn(u32) -> bool) {
        self.0.retain(|key, _| is_there(*key));
    }

    /// How many bytes of the text are rendered.
    pub fn rendered(&self, key: u32) -> usize {
        self.0.get(&key).map_or(0, |view| view.rendered)
    }

    /// Whether the whole answer is rendered.
    pub fn is_finished(&self, key: u32) -> bool {
        self.0.get(&key).is_some_and(|view| view.finished)
    }

    /// The view of a text of the answer `message_id`.
    pub fn of(&mut self, key: u32, message_id: &str) -> &mut View {
        let new = || View { message_id: message_id.to_owned(), ..View::default() };
        self.0.entry(key).or_insert_with(new)
    }
}

/// The HTML of one answer.
#[derive(Default)]
pub struct View {
    message_id: String,
    /// The number of rendered bytes of the text.
    rendered: usize,
    /// `None` before the first text, and after a panic while rendering.
    markdown: Option<Markdown>,
    finished: bool,
    blocks: Vec<Block>,
}

#[derive(Default)]
struct Block {
    /// The number of the event with which `html` changed last.
    changed: u64,
    html: String,
    /// Lines of an open code block that were appended after that, each with the number of its event.
    lines: Vec<(u64, String)>,
}

impl Block {
    /// The block with its lines in one piece, because a listener that is cut off between a block and its lines would
    /// have less than before.
    fn whole(&self) -> String {
        let lines = self.lines.iter().map(|(_, html)| html.as_str());
        match self.html.rfind("</code>") {
            Some(end) => [&self.html[..end]].into_iter().chain(lines).chain([&self.html[end..]]).collect(),
            None => self.html.clone(),
        }
    }
}

impl View {
    /// Renders more text, published with the event `seq`; `whole`: the text is complete.
    pub fn catch_up(&mut self, new_text: &str, whole: bool, seq: u64) {
        self.rendered += new_text.len();
        // The parser is taken out while it works, so that it is not used again after a panic.
        let mut markdown = match self.markdown.take() {
            Some(markdown) => markdown,
            None if self.rendered == new_text.len() => Markdown::new(),
            None => return,
        };
        markdown.push(new_text);
        let changes = if whole { markdown.finish() } else { markdown.flush() };
        self.markdown = Some(markdown);
        self.finished = whole;
        for change in changes {
            match change {
                BlockChange::Block { index, html } => {
                    let block = Block { changed: seq, html: html.into_string(), lines: Vec::new() };
                    *self.block(index) = block;
                }
                BlockChange::Lines { index, html } => self.block(index).lines.push((seq, html.into_string())),
            }
        }
    }

    fn block(&mut self, index: u32) -> &mut Block {
        let index = index as usize;
        if self.blocks.len() <= index {
            self.blocks.resize_with(index + 1, Block::default);
        }
        &mut self.blocks[index]
    }

    /// The changes of the blocks after `position`. A `fresh` listener gets no lines without their block.
    pub fn changes_after(&self, position: u64, fresh: bool) -> Vec<ChatEvent> {
        let mut events = Vec::new();
        for (index, block) in (0..).zip(&self.blocks) {
            let new_lines = block.lines.partition_point(|(seq, _)| *seq <= position);
            let grown = new_lines < block.lines.len();
            let whole = block.changed > position || (fresh && grown);
            let message_id = || self.message_id.clone();
            if whole {
                events.push(ChatEvent::Block { message_id: message_id(), index, html: block.whole() });
            } else if grown {
                let html = block.lines[new_lines..].iter().map(|(_, html)| html.as_str()).collect();
                events.push(ChatEvent::Lines { message_id: message_id(), index, html });
            }
        }
        events
    }
}
