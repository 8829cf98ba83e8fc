//! What processes that share one database tell each other through it. SQLite has one process, so there
//! is nothing to tell there.

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use futures::stream::BoxStream;
use tokio::sync::watch;

use crate::domain::Message;

use super::{Chunk, Grant, Mark, Result};

/// A sign of life: a process lives while its `beats` change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    pub instance: String,
    pub beats: i64,
}

/// What another process did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreChange {
    Conversation {
        id: String,
        kind: ChangeKind,
    },
    Deleted {
        conversation_id: String,
    },
    /// An answer should stop; perhaps it is one of this process.
    Stop {
        message_id: String,
    },
    SessionEnded {
        session_id: String,
    },
    /// New text of these answers is told from now on; what was stored before is to be read.
    TextsFrom {
        message_ids: Vec<String>,
    },
    Text(Chunk),
    /// Something may have been missed: what matters is to be read anew.
    Missed,
}

/// What became of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// An answer began, or goes on.
    Begun,
    /// An answer ended, or an ended one got what it lacked.
    Ended,
    Title,
    /// The tree of messages or the branch on screen.
    Tree,
}

/// A conversation as far as those who show it live need to know.
#[derive(Clone, Debug)]
pub struct ConversationState {
    pub conversation_id: String,
    pub title: String,
    /// Another one after each change: by which process, which, and what it was.
    pub revision: String,
    /// The same, when it was another process.
    pub foreign: Option<ChangeKind>,
    /// The position just before the first event of the running answer; without one, the highest event number.
    pub last_seq: u64,
    /// The answer that another process writes.
    pub running: Option<Message>,
    /// The question that was stored with it.
    pub question_id: Option<String>,
    pub ended: Option<Ended>,
}

/// The answer of a conversation that ended last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub message_id: String,
    /// The place just before its first event.
    pub after: u64,
    /// The highest number given out for it.
    pub seq: u64,
    /// [`super::Finish::marks`].
    pub marks: Vec<Mark>,
}

#[async_trait]
pub trait Shared: Send + Sync {
    /// The process that has it open, as it stands on the answers that it writes.
    fn instance(&self) -> &str;
    /// Whether there can be no other process.
    fn is_alone(&self) -> bool;
    /// Says that this process lives.
    async fn heartbeat(&self) -> Result<()>;
    /// All processes that are thought to live, this one included.
    async fn heartbeats(&self) -> Result<Vec<Heartbeat>>;
    /// Forgets a process unless it has beaten since; `false` when it has.
    async fn forget(&self, heartbeat: &Heartbeat) -> Result<bool>;
    /// Ends what a lost process had begun to write and will not end, so that nobody waits for it.
    async fn release(&self, instance: &str) -> Result<()>;
    /// Asks whichever process writes the answer to stop it; `false` when it is not being written. Needs
    /// [`super::Need::Write`], otherwise `false`.
    async fn request_stop(&self, grant: &Grant, message_id: &str) -> Result<bool>;
    /// Running answers of this process that were asked to stop.
    async fn stops(&self) -> Result<Vec<String>>;
    /// Of these conversations, those that there are. Takes no grant, because the server asks for those who listen
    /// already.
    async fn conversation_states(&self, conversation_ids: &[String]) -> Result<Vec<ConversationState>>;
    /// A message, for those who listen to its conversation already.
    async fn message_for_listeners(&self, message_id: &str) -> Result<Option<Message>>;
    /// The stored tail of a running answer from the number `after` on, in order.
    async fn chunks(&self, message_id: &str, after: u64) -> Result<Vec<Chunk>>;
    /// What other processes do, from now on, with the new text of the answers in `texts`. It goes on over
    /// failures; then [`StoreChange::Missed`] comes about twice a second until it works again.
    fn watch(&self, texts: watch::Receiver<Arc<HashSet<String>>>) -> BoxStream<'static, StoreChange>;
}
