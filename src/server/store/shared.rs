//! How processes that share one database tell each other about changes. SQLite has one process, so it has no other
//! process to tell.

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use futures::stream::BoxStream;
use tokio::sync::watch;

use crate::domain::Message;

use super::{Chunk, Grant, Mark, Result};

/// A heartbeat: a process is alive while its `beats` change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    pub instance: String,
    pub beats: i64,
}

/// A change that another process made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreChange {
    Conversation {
        id: String,
        kind: ChangeKind,
    },
    Deleted {
        conversation_id: String,
    },
    /// An answer should stop; this process may be its writer.
    Stop {
        message_id: String,
    },
    SessionEnded {
        session_id: String,
    },
    /// Somebody is writing a message.
    Writing {
        conversation_id: String,
        user_id: String,
        name: String,
    },
    /// From now on the stream brings new text of these answers; the listener reads what was stored before.
    TextsFrom {
        message_ids: Vec<String>,
    },
    Text(Chunk),
    /// Changes may have been missed, so the listener reads the state of everything that it follows anew.
    Missed,
}

/// What kind of change a conversation had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// An answer began or is being continued.
    Begun,
    /// An answer ended, or an ended answer got text that it lacked.
    Ended,
    Title,
    /// The tree of messages or the branch on screen changed.
    Tree,
    /// The queue of questions changed.
    Queue,
    /// Others take part in a room than before, or its name or a setting of it is another one.
    Members,
}

/// The state of a conversation that live listeners need.
#[derive(Clone, Debug)]
pub struct ConversationState {
    pub conversation_id: String,
    /// Whether several people may take part in it.
    pub is_shared: bool,
    pub title: String,
    /// Different after each change that other processes should see. It names the process that made the change, and the
    /// kind of change.
    pub revision: String,
    /// The kind of the last change, if another process made it.
    pub foreign: Option<ChangeKind>,
    /// The position just before the first event of the running answer; if no answer runs, the highest event number.
    pub last_seq: u64,
    /// The number of the last change of the queue of questions.
    pub queue_seq: u64,
    /// The number of the last change of whose messages a room hides.
    pub hidden_seq: u64,
    /// The answer that another process writes.
    pub running: Option<Message>,
    /// The question that was stored with the running answer.
    pub question_id: Option<String>,
    pub ended: Option<Ended>,
}

/// The answer that ended last in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub message_id: String,
    /// The position just before its first event.
    pub after: u64,
    /// The highest event number issued for it.
    pub seq: u64,
    /// [`super::Finish::marks`].
    pub marks: Vec<Mark>,
}

#[async_trait]
pub trait Shared: Send + Sync {
    /// The name under which this process has the store open. Every answer that this process writes is stored with it.
    fn instance(&self) -> &str;
    /// Whether no other process can use the database.
    fn is_alone(&self) -> bool;
    /// Stores a heartbeat of this process.
    async fn heartbeat(&self) -> Result<()>;
    /// The last heartbeats of all known processes, this one included.
    async fn heartbeats(&self) -> Result<Vec<Heartbeat>>;
    /// Forgets a process unless it has sent a heartbeat since `heartbeat`; `false` when it has.
    async fn forget(&self, heartbeat: &Heartbeat) -> Result<bool>;
    /// Ends the transactions that a lost process left open, so that no other process waits for them.
    async fn release(&self, instance: &str) -> Result<()>;
    /// Asks the process that writes the answer, whichever it is, to stop; `false` when the answer is not being written.
    /// Needs [`super::Need::Write`], otherwise `false`.
    async fn request_stop(&self, grant: &Grant, message_id: &str) -> Result<bool>;
    /// Tells other processes that a member of a shared conversation, who is called so there, is writing a message. Nobody is
    /// told who looks later.
    async fn tell_writing(&self, conversation_id: &str, user_id: &str, name: &str, now: i64) -> Result<()>;
    /// Running answers of this process that were asked to stop.
    async fn stops(&self) -> Result<Vec<String>>;
    /// The states of those of these conversations that exist. Takes no grant, because the server asks for listeners
    /// that are admitted already.
    async fn conversation_states(&self, conversation_ids: &[String]) -> Result<Vec<ConversationState>>;
    /// A message. Takes no grant, because the server asks for listeners of its conversation that are admitted already.
    async fn message_for_listeners(&self, message_id: &str) -> Result<Option<Message>>;
    /// The messages of a conversation that changed after this number, in the order of their changes, at most so many. Takes
    /// no grant, like [`Self::message_for_listeners`].
    async fn changed_for_listeners(
        &self,
        conversation_id: &str,
        after: u64,
        most: u32,
    ) -> Result<Vec<Message>>;
    /// The stored chunks of a running answer from the event number `after` on, in order.
    async fn chunks(&self, message_id: &str, after: u64) -> Result<Vec<Chunk>>;
    /// The changes that other processes make from now on, among them the new text of the answers in `texts`. The stream
    /// survives failures: while the database does not report changes, it yields [`StoreChange::Missed`] about twice a
    /// second.
    fn watch(&self, texts: watch::Receiver<Arc<HashSet<String>>>) -> BoxStream<'static, StoreChange>;
}
