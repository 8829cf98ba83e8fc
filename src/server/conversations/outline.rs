//! The questions of the branch on screen, from which one goes to a place in a long conversation.

use super::{Conversations, WINDOW, WINDOW_BYTES};
use crate::{
    domain::{ConversationKind, Message, Role},
    error::AppError,
    server::store::{Branch, Grant, Opening, Outline, Reach, Texts, conceal},
};

/// How many messages of a branch a page of its questions looks at; about every second one is a question.
const PAGE: usize = 400;
/// How many characters of a question are read.
const CHARS: u32 = 160;
/// The most messages between the end of a branch and one that is gone to.
const MOST_PASSED: usize = 20_000;

/// A page of the questions of a branch.
#[derive(Debug)]
pub struct Questions {
    /// Oldest first.
    pub openings: Vec<Opening>,
    /// The message before which the page with earlier questions ends; `None` at the beginning.
    pub previous_cursor: Option<String>,
}

impl Conversations {
    /// The questions of the branch on screen: the newest ones, or those before the message `before`. Reads the beginnings
    /// of questions, and no answer.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`]: there is no such message.
    pub async fn questions(&self, grant: &Grant, before: Option<&str>) -> Result<Questions, AppError> {
        let leaf = self.leaf_before(grant, before).await?;
        let reach = Reach { messages: PAGE, bytes: u64::MAX, texts: Texts::All };
        let branch = Branch::find(&*self.chats, grant, leaf.as_deref(), reach).await?;
        let ids: Vec<String> = branch.outlines().iter().map(|outline| outline.id.clone()).collect();
        let previous_cursor = ids.last().filter(|_| branch.more).cloned();
        let openings = match grant.conversation().kind {
            _ if ids.is_empty() => Vec::new(),
            ConversationKind::Private => self.chats.openings(grant, &ids, CHARS).await?,
            _ => self.said(grant, &ids).await?,
        };
        Ok(Questions { openings, previous_cursor })
    }

    /// How those of these messages of a shared conversation begin that people wrote, oldest first, without what it does not show.
    async fn said(&self, grant: &Grant, ids: &[String]) -> Result<Vec<Opening>, AppError> {
        let mut messages = self.chats.beginnings(grant, ids, CHARS).await?;
        conceal(&*self.chats, grant, &mut messages, None).await?;
        let said = messages.into_iter().rev();
        let said = said.filter(|message| message.role == Role::User && !message.content.is_empty());
        Ok(said
            .map(|Message { id, content, created_at, .. }| Opening { id, text: content, created_at })
            .collect())
    }

    /// Where the window that shows a message of the branch on screen ends: it is the one before the message that is
    /// answered. `None`: the newest window shows it, or it is not on the branch.
    pub async fn window_with(&self, grant: &Grant, message_id: &str) -> Result<Option<String>, AppError> {
        // The ids of a branch are in order, and a later one than the newest is none of it.
        let Some(leaf) = grant.conversation().leaf_id.as_deref().filter(|leaf| *leaf >= message_id) else {
            return Ok(None);
        };
        // The id comes from an address, and no branch is read for one that does not exist.
        let found = self.chats.outlines_back(grant, Some(message_id), 1).await?.pop();
        if found.is_none_or(|found| found.id != message_id) {
            return Ok(None);
        }
        let reach = Reach { messages: MOST_PASSED, bytes: u64::MAX, texts: Texts::All };
        let branch = Branch::find_back_to(&*self.chats, grant, (leaf, message_id), reach).await?;
        Ok(end_of_window(branch.outlines(), message_id))
    }
}

/// See [`Conversations::window_with`]. The outlines are newest first.
fn end_of_window(outlines: &[Outline], message_id: &str) -> Option<String> {
    let at = outlines.iter().position(|outline| outline.id == message_id)?;
    let bytes = |of: &[Outline]| of.iter().map(|outline| outline.bytes(Texts::All)).sum::<u64>();
    if at < WINDOW as usize && bytes(&outlines[..=at]) <= WINDOW_BYTES {
        return None;
    }
    // Half of the window follows the message, as long as there is room for that.
    let earliest = at.saturating_sub(WINDOW as usize / 2);
    let newest = (earliest..=at).find(|newest| bytes(&outlines[*newest..=at]) <= WINDOW_BYTES).unwrap_or(at);
    outlines.get(newest.checked_sub(1)?).map(|after| after.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A branch whose newest message is `count`, and whose oldest one is 1.
    fn branch(count: usize, bytes: u64) -> Vec<Outline> {
        let outline = |number: usize| Outline {
            id: format!("{number:04}"),
            parent_id: None,
            revision: 0,
            content_bytes: bytes,
            reasoning_bytes: 0,
            created_at: 0,
        };
        (1..=count).rev().map(outline).collect()
    }

    #[test]
    fn the_newest_window_is_enough_for_what_it_shows() {
        let branch = branch(200, 10);
        assert_eq!(end_of_window(&branch, "0200"), None);
        assert_eq!(end_of_window(&branch, "0151"), None);
        assert_eq!(end_of_window(&branch, "none"), None);
        assert_eq!(end_of_window(&[], "0001"), None);
    }

    #[test]
    fn a_message_further_back_stands_in_the_middle_of_its_window() {
        let branch = branch(200, 10);
        assert_eq!(end_of_window(&branch, "0150").as_deref(), Some("0176"));
        assert_eq!(end_of_window(&branch, "0001").as_deref(), Some("0027"));
    }

    #[test]
    fn long_messages_leave_room_for_the_one_that_is_wanted() {
        // Three of them are in a window.
        let long = branch(200, WINDOW_BYTES / 3);
        assert_eq!(end_of_window(&long, "0198"), None);
        assert_eq!(end_of_window(&long, "0197").as_deref(), Some("0200"));
        assert_eq!(end_of_window(&long, "0100").as_deref(), Some("0103"));
        // Each of these is a window of its own.
        let longer = branch(9, WINDOW_BYTES * 2);
        assert_eq!(end_of_window(&longer, "0004").as_deref(), Some("0005"));
        assert_eq!(end_of_window(&longer, "0009"), None);
    }
}
