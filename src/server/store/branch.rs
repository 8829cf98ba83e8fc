//! [`Branch`]: messages from a leaf towards the root, up to a limit of messages and bytes; the store reads their
//! lengths before their texts.

use std::collections::HashSet;

use super::{Grant, Messages, Result};
use crate::domain::Message;

/// A message without its texts: its position in the tree, and the length of its texts in bytes of UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    pub id: String,
    pub parent_id: Option<String>,
    /// [`Message::revision`].
    pub revision: u64,
    pub content_bytes: u64,
    pub reasoning_bytes: u64,
    /// [`Message::created_at`].
    pub created_at: i64,
}

/// How a question begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    pub id: String,
    /// The first characters of the text.
    pub text: String,
    /// [`Message::created_at`].
    pub created_at: i64,
}

impl Outline {
    /// The bytes of text in memory once the message is read with `texts`.
    pub fn bytes(&self, texts: Texts) -> u64 {
        match texts {
            Texts::All => self.content_bytes + self.reasoning_bytes,
            Texts::WithoutReasoning => self.content_bytes,
        }
    }
}

/// Which texts of a message are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Texts {
    All,
    /// `reasoning` is left empty.
    WithoutReasoning,
}

/// The limits of a branch.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// At most; not 0.
    pub messages: usize,
    /// Of all texts together, at most. The newest message is part of the branch however long it is.
    pub bytes: u64,
    pub texts: Texts,
}

/// The most outlines that one query reads.
const MOST_AT_ONCE: u32 = 512;
/// How many outlines the first query reads of a branch that ends at a message; each further query reads twice as many.
const FIRST_PAGE: u32 = 32;

/// The messages of a branch, newest first. Their texts are not in memory yet.
#[derive(Clone, Debug)]
pub struct Branch {
    outlines: Vec<Outline>,
    texts: Texts,
    /// Whether the branch goes on towards the root.
    pub more: bool,
    /// [`Message::created_at`] of the message with which it goes on.
    pub created_before: Option<i64>,
}

impl Branch {
    /// The branch of `leaf_id`. A parent is older than its children, so a few pages by id hold the branch; there is no query per message.
    pub async fn find(
        store: &dyn Messages,
        grant: &Grant,
        leaf_id: Option<&str>,
        reach: Reach,
    ) -> Result<Self> {
        Self::walk(store, grant, (leaf_id, None), reach).await
    }

    /// The branch of `leaf_id` as far back as the message `oldest`, and no further. Without `oldest` on the branch, it ends
    /// where that one would stand. Little is read beyond it.
    pub async fn find_back_to(
        store: &dyn Messages,
        grant: &Grant,
        (leaf_id, oldest): (&str, &str),
        reach: Reach,
    ) -> Result<Self> {
        Self::walk(store, grant, (Some(leaf_id), Some(oldest)), reach).await
    }

    async fn walk(
        store: &dyn Messages,
        grant: &Grant,
        (leaf_id, oldest): (Option<&str>, Option<&str>),
        reach: Reach,
    ) -> Result<Self> {
        // The page is twice as long as the branch may be, because messages of other branches lie between. How far away
        // `oldest` is, nobody knows, and a length is not free: MongoDB reads the text for it.
        let most = u32::try_from((reach.messages + 1) * 2).unwrap_or(u32::MAX).clamp(16, MOST_AT_ONCE);
        let mut page = if oldest.is_some() { most.min(FIRST_PAGE) } else { most };
        let mut ended = false;
        let mut branch = Self { outlines: Vec::new(), texts: reach.texts, more: false, created_before: None };
        let (mut wanted, mut left) = (leaf_id.map(str::to_owned), reach.bytes);
        while let Some(upto) = wanted.clone() {
            let known = branch.outlines.len();
            for outline in store.outlines_back(grant, Some(&upto), page).await? {
                if wanted.as_deref() != Some(&outline.id) {
                    continue;
                }
                // The ids of a branch are in order.
                ended |= oldest.is_some_and(|oldest| *outline.id < *oldest);
                let (found, bytes) = (branch.outlines.len(), outline.bytes(reach.texts));
                if ended || found > 0 && (found == reach.messages || bytes > left) {
                    branch.more = true;
                    branch.created_before = Some(outline.created_at);
                    return Ok(branch);
                }
                left = left.saturating_sub(bytes);
                wanted.clone_from(&outline.parent_id);
                ended = oldest == Some(&*outline.id);
                branch.more = ended && wanted.is_some();
                branch.outlines.push(outline);
            }
            // The parent is missing.
            if branch.outlines.len() == known {
                break;
            }
            page = if ended { 1 } else { page.saturating_mul(2).min(most) };
        }
        Ok(branch)
    }

    /// The bytes of text that [`Self::read`] brings into memory.
    pub fn bytes(&self) -> u64 {
        self.outlines.iter().map(|outline| outline.bytes(self.texts)).sum()
    }

    /// How many messages lie between the branch and the root, at most `most`. Messages without a text do not count.
    pub async fn count_beyond(&self, store: &dyn Messages, grant: &Grant, most: u32) -> Result<u32> {
        let mut wanted =
            self.outlines.last().and_then(|oldest| oldest.parent_id.clone()).filter(|_| self.more);
        let mut count = 0;
        while let Some(upto) = wanted.clone() {
            for outline in store.outlines_back(grant, Some(&upto), MOST_AT_ONCE).await? {
                if wanted.as_deref() != Some(&outline.id) {
                    continue;
                }
                count += u32::from(outline.content_bytes > 0);
                if count >= most {
                    return Ok(count);
                }
                wanted = outline.parent_id;
            }
            // The parent is missing.
            if wanted.as_ref() == Some(&upto) {
                break;
            }
        }
        Ok(count)
    }

    /// Takes out the outlines of messages that need not be read, newest first.
    pub fn take(&mut self, known: impl FnMut(&mut Outline) -> bool) -> Vec<Outline> {
        self.outlines.extract_if(.., known).collect()
    }

    /// What is known of the messages without their texts, newest first.
    pub fn outlines(&self) -> &[Outline] {
        &self.outlines
    }

    /// The ids of all messages.
    pub fn ids(&self) -> HashSet<String> {
        self.outlines.iter().map(|outline| outline.id.clone()).collect()
    }

    /// Whether the newest message has no text, as is true of an answer that has just begun.
    pub fn begins_empty(&self) -> bool {
        self.outlines.first().is_some_and(|newest| newest.bytes(Texts::All) == 0)
    }

    /// The messages, newest first, without those that were deleted meanwhile.
    pub async fn read(&self, store: &dyn Messages, grant: &Grant) -> Result<Vec<Message>> {
        if self.outlines.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = self.outlines.iter().map(|outline| outline.id.clone()).collect();
        store.messages_of(grant, &ids, self.texts).await
    }
}
