//! [`Listener`]: applies the changes of a stream. The fuzzer uses it too.

use super::BlockChange;

/// The blocks of a listener who applies every change.
#[derive(Default)]
pub(super) struct Listener {
    pub(super) blocks: Vec<String>,
    /// The number of changes.
    pub(super) told: usize,
    /// The number of finished blocks that were given again.
    pub(super) again: usize,
}

impl Listener {
    pub(super) fn hear(&mut self, changes: Vec<BlockChange>) {
        for change in changes {
            self.told += 1;
            match change {
                BlockChange::Block { index, html } => {
                    let index = index as usize;
                    assert!(index <= self.blocks.len(), "a block was left out");
                    // Blocks before the last are given again only at the end, when references are resolved.
                    if index + 1 < self.blocks.len() || self.again > 0 {
                        assert!(index < self.blocks.len(), "a block was told after the end");
                        self.again += 1;
                    }
                    self.blocks.resize(self.blocks.len().max(index + 1), String::new());
                    self.blocks[index] = html.into_string();
                }
                BlockChange::Lines { index, html } => {
                    assert_eq!(index as usize + 1, self.blocks.len());
                    let block = self.blocks.last_mut().expect("well-formed data");
                    let end = block.len() - "</code></pre></figure>".len();
                    block.insert_str(end, html.as_str());
                }
            }
        }
    }
}
