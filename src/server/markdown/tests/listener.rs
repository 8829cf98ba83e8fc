//! Who listens to a stream and does what it says. The fuzzer listens by it, too.

use super::BlockChange;

/// What a listener has, who does what the changes say.
#[derive(Default)]
pub(super) struct Listener {
    pub(super) blocks: Vec<String>,
    /// How many changes it heard.
    pub(super) told: usize,
    /// How many finished blocks were told once more.
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
                    // References are resolved when all is there.
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
