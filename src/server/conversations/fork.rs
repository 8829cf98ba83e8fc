//! A copy of a conversation up to one of its messages, to go another way from there.

use super::Conversations;
use crate::{
    domain::{
        Conversation, ConversationKind, CurrentUser, Message, Reason, Status, amount::at_most,
        conversation::MAX_TITLE_CHARS,
    },
    error::AppError,
    server::{
        live::reading::ReadPermit,
        store::{Branch, Grant, Need, Reach, Texts},
        words,
    },
};

/// The longest branch that is copied: it is in memory, and in one transaction.
const MAX_FORK_MESSAGES: usize = 5_000;
const MAX_FORK_BYTES: usize = 8 * 1024 * 1024;
/// So much of a title is kept that the words around it have room.
const KEPT_TITLE_CHARS: usize = MAX_TITLE_CHARS - 40;

impl Conversations {
    /// Copies the branch from the first message to this one into a new conversation of the person.
    ///
    /// # Errors
    ///
    /// [`AppError::Conflict`]: the branch is too long, its newest message is still being written, or others write in the
    /// conversation, too.
    pub async fn fork(&self, current: &CurrentUser, message_id: &str) -> Result<Conversation, AppError> {
        let (grant, _) = self.chats.message_access(current.id(), message_id, Need::Read).await?;
        // A copy would make everybody's words the person's own.
        if grant.conversation().kind.is_shared() {
            return Err(AppError::Conflict { reason: Reason::new("room-fork") });
        }
        let (mut messages, _permit) = self.branch(current, &grant, Some(message_id)).await?;
        let conversation = self.copied(grant.conversation(), &mut messages);
        self.chats.create_with_messages(current.id(), &conversation, &messages, None).await?;
        Ok(conversation)
    }

    /// The branch from the first message to this one, or to the newest on screen, oldest first, to be copied; and a permit to be
    /// held until it is.
    ///
    /// # Errors
    ///
    /// [`AppError::Conflict`]: the branch is too long, or its newest message is still being written.
    pub async fn branch(
        &self,
        current: &CurrentUser,
        grant: &Grant,
        message_id: Option<&str>,
    ) -> Result<(Vec<Message>, ReadPermit), AppError> {
        let message_id = message_id.or(grant.conversation().leaf_id.as_deref());
        let bytes = MAX_FORK_BYTES as u64;
        let reach = Reach { messages: MAX_FORK_MESSAGES, bytes, texts: Texts::All };
        let branch = Branch::find(&*self.chats, grant, message_id, reach).await?;
        if branch.more || branch.bytes() > bytes {
            let reason = Reason::new("fork-too-long")
                .with("messages", MAX_FORK_MESSAGES)
                .with("most", at_most(MAX_FORK_BYTES));
            return Err(AppError::Conflict { reason });
        }
        let permit = self.reading.enter(current.id(), branch.bytes()).await?;
        let mut messages = branch.read(&*self.chats, grant).await?;
        messages.reverse();
        if messages.iter().any(|message| message.status == Status::Generating) {
            return Err(AppError::Conflict { reason: Reason::new("conversation-busy") });
        }
        Ok((messages, permit))
    }

    /// Makes the messages of a branch those of another conversation: they get new ids, and follow one another. Answers the
    /// newest.
    pub fn moved(&self, conversation_id: &str, messages: &mut [Message]) -> Option<String> {
        let mut leaf_id = None;
        for message in messages {
            conversation_id.clone_into(&mut message.conversation_id);
            message.parent_id = leaf_id;
            message.id = self.ids.next();
            leaf_id = Some(message.id.clone());
        }
        leaf_id
    }

    /// The copy of a conversation.
    fn copied(&self, old: &Conversation, messages: &mut [Message]) -> Conversation {
        let (id, now) = (self.ids.next(), self.clock.now());
        let leaf_id = self.moved(&id, messages);
        let title: String = old.title.chars().take(KEPT_TITLE_CHARS).collect();
        let title = match title.is_empty() {
            true => title,
            false => words::current().text(&Reason::new("copy-of").with("title", title)),
        };
        Conversation {
            id,
            kind: ConversationKind::Private,
            title,
            model: old.model.clone(),
            system_prompt: old.system_prompt.clone(),
            params: old.params.clone(),
            pinned: false,
            archived: false,
            unread: false,
            running: false,
            leaf_id,
            created_at: now,
            updated_at: now,
        }
    }
}
