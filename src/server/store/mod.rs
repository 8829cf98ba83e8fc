//! What is kept, as traits. `sqlite` and `mongo` implement them and pass the same `contract`.
//!
//! Not finding is a normal answer (`Ok(None)` or `Ok(false)`), never an error. The owner is part of
//! every query on conversations and messages, so somebody else's object looks like a missing one.
//! Ids and times are made by the caller. What belongs together is one call and one transaction.

mod mongo;
mod open;
mod shared;
mod sqlite;
mod tail;

#[cfg(test)]
mod contract;

use async_trait::async_trait;

use crate::domain::{Conversation, ConversationPatch, Failure, Message, Status, Usage, User, UserRole};

pub use open::{Inspection, OpenError, OpenOptions, Outlook, inspect, open};
pub use shared::{Beat, Ended, Seen, Shared, StoreChange, What};
pub use tail::{Chunk, Leftovers, Mark, Recovered, fold};

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer for now; the same call may work later.
    #[error("the database does not answer: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no room for what should be stored. Nothing of it was; what was there before can be read.
    #[error("the database has no room: {0}")]
    Full(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database is not there any more. Nothing is stored in what took its place.
    #[error("the database is lost: {0}")]
    Lost(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database answered, with something that should not happen.
    #[error("the database failed: {0}")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

pub type Result<T> = std::result::Result<T, StoreError>;

/// How far `interrupt_unfinished` moves on from the last event number that it knows of: farther than a
/// server can have got since it last wrote one down.
pub const SEQ_GAP: i64 = 1_000_000;

/// A person as they register. The store decides the role: the first one is the administrator, also
/// when two register at once.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub id: String,
    /// Lower-cased.
    pub email: String,
    pub name: String,
    /// An argon2id hash in PHC form.
    pub password_hash: String,
    pub created_at: i64,
}

/// What the sign-in check needs.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub user: User,
    pub password_hash: String,
}

/// `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct UserPatch {
    pub name: Option<String>,
    pub password_hash: Option<String>,
    pub role: Option<UserRole>,
    pub state: Option<crate::domain::UserState>,
}

/// A signed-in browser or program. The token that it holds names this row; without the row the token
/// is worth nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: String,
    pub user_id: String,
    pub created_at: i64,
    pub last_seen_at: i64,
    pub expires_at: i64,
    pub user_agent: String,
}

#[async_trait]
pub trait Users: Send + Sync {
    /// `None` when the e-mail address is taken.
    async fn create_user(&self, user: &NewUser) -> Result<Option<User>>;
    async fn user(&self, id: &str) -> Result<Option<User>>;
    async fn credentials(&self, email: &str) -> Result<Option<Credentials>>;
    /// The user as it is afterwards.
    async fn update_user(&self, id: &str, patch: &UserPatch) -> Result<Option<User>>;
    async fn any_user(&self) -> Result<bool>;
}

#[async_trait]
pub trait Sessions: Send + Sync {
    async fn create_session(&self, session: &Session) -> Result<()>;
    /// The session and its user, in one query; expired ones may still be answered.
    async fn session(&self, id: &str) -> Result<Option<(Session, User)>>;
    /// `false` when it is gone.
    async fn touch_session(&self, id: &str, last_seen_at: i64, expires_at: i64) -> Result<bool>;
    async fn delete_session(&self, id: &str) -> Result<bool>;
    /// Ends all sessions of a user but `keep`; answers the ids of the ended ones.
    async fn delete_sessions(&self, user_id: &str, keep: Option<&str>) -> Result<Vec<String>>;
    /// Removes sessions whose `expires_at` is not after `now`; how many.
    async fn delete_expired_sessions(&self, now: i64) -> Result<u64>;
}

/// A place in a listing of conversations: the last one seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationPlace {
    pub updated_at: i64,
    pub id: String,
}

/// Which conversations to list, newest first by `(updated_at, id)`.
#[derive(Clone, Debug, Default)]
pub struct ConversationQuery {
    pub archived: bool,
    /// Titles that contain this, regardless of case.
    pub title_contains: Option<String>,
    /// Begin after this one.
    pub after: Option<ConversationPlace>,
    pub limit: u32,
}

#[async_trait]
pub trait Conversations: Send + Sync {
    async fn create_conversation(&self, user_id: &str, conversation: &Conversation) -> Result<()>;
    async fn conversation(&self, user_id: &str, id: &str) -> Result<Option<Conversation>>;
    async fn conversations(&self, user_id: &str, query: &ConversationQuery) -> Result<Vec<Conversation>>;
    /// The conversation as it is afterwards. `updated_at` stays: renaming does not reorder.
    async fn update_conversation(
        &self,
        user_id: &str,
        id: &str,
        patch: &ConversationPatch,
    ) -> Result<Option<Conversation>>;
    /// Sets the title only while there is none; `false` when there is one (or no conversation).
    async fn set_title_if_empty(&self, user_id: &str, id: &str, title: &str) -> Result<bool>;
    /// With its messages and chunks.
    async fn delete_conversation(&self, user_id: &str, id: &str) -> Result<bool>;
    /// The highest event number given out so far; listeners' places stay comparable over restarts.
    async fn last_seq(&self, conversation_id: &str) -> Result<u64>;
}

/// A question and the empty answer to it, or a further answer to an old question.
#[derive(Clone, Debug)]
pub struct NewTurn {
    pub user_id: String,
    /// Inserted with the turn when `new_conversation`, otherwise it must exist and be the user's.
    pub conversation: Conversation,
    pub new_conversation: bool,
    /// `None` for a further answer to the question `answer.parent_id`.
    pub question: Option<Message>,
    /// Status `generating`, no content.
    pub answer: Message,
    /// The caller's idempotency key, unique per user.
    pub key: Option<String>,
    pub now: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnOutcome {
    /// Stored; `leaf_id` and `updated_at` of the conversation are moved on.
    Begun,
    /// The key was used before, for these.
    Repeated { conversation_id: String, question_id: Option<String>, answer_id: String },
    /// The conversation is missing or somebody else's.
    NoConversation,
    /// The parent is missing or of another conversation.
    NoParent,
    /// Another answer is being written in this conversation.
    Busy { answer_id: String },
}

/// How an answer ended.
#[derive(Clone, Debug)]
pub struct Finish {
    pub content: String,
    pub reasoning: String,
    pub status: Status,
    pub usage: Option<Usage>,
    pub failure: Option<Failure>,
    pub length_limited: bool,
    /// The highest event number given out for it.
    pub seq: u64,
    /// Of its last events, which no chunk brought to the store, or just now.
    pub marks: Vec<Mark>,
}

#[async_trait]
pub trait Messages: Send + Sync {
    async fn begin_turn(&self, turn: &NewTurn) -> Result<TurnOutcome>;
    async fn message(&self, user_id: &str, id: &str) -> Result<Option<Message>>;
    /// Up to `limit` messages of a conversation with ids up to and including `upto` (or all),
    /// newest first, whatever their branch. The caller has checked the owner of the conversation.
    async fn messages_back(
        &self,
        conversation_id: &str,
        upto: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Message>>;
    /// More of answers that this process writes, in one write. A chunk of an answer that it does not
    /// write (any more) is dropped, one that is there already stays as it is.
    async fn append_chunks(&self, chunks: &[Chunk]) -> Result<()>;
    /// Stores the end of an answer that this process writes and drops its chunks, in one step. `false`
    /// when the message is gone, or is not running here any more: it is left as it is.
    async fn finish_message(&self, message_id: &str, finish: &Finish) -> Result<bool>;
    /// What processes that died left behind: answers still `generating` get their chunks as content and
    /// the status `interrupted`, and their conversation a `last_seq` beyond any that was given out.
    /// How many.
    async fn interrupt_unfinished(&self, leftovers: Leftovers<'_>) -> Result<u64>;
    /// An answer whose writer is gone, but not what it wrote: one that it left `generating` gets what
    /// its chunks here and the recovered ones make together, and the status `interrupted`; one that is
    /// `interrupted` already gets it when that is more of the same and nothing was said below it.
    /// `false`: the message is left as it is.
    async fn recover_message(&self, recovered: &Recovered) -> Result<bool>;
}

/// A message and the one it follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    pub parent_id: Option<String>,
    pub id: String,
}

/// What became of a change of the tree. A running answer is always the leaf: while there is one,
/// the tree is not changed by anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeOutcome {
    /// The conversation as it is afterwards.
    Changed(Conversation),
    /// The message is missing or somebody else's.
    Missing,
    /// An answer is being written in the conversation.
    Busy,
}

/// What became of continuing an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContinueOutcome {
    /// The conversation, and the answer: `generating` again, with the text it has.
    Begun(Conversation, Message),
    /// The key was used before, for this.
    Repeated(Message),
    /// The key was used before, for something else.
    KeyTaken,
    /// The message is missing or somebody else's.
    Missing,
    /// It has not ended so that it could go on, see [`Message::can_continue`].
    Ended,
    /// It is not the newest message of the branch on screen.
    NotLeaf,
    /// An answer is being written in the conversation.
    Busy,
}

/// The tree that the messages of a conversation form, and the branch of it on screen.
#[async_trait]
pub trait Tree: Send + Sync {
    /// The messages that follow these, oldest first; `None` is the parent of first questions. The
    /// caller has checked the owner of the conversation.
    async fn children(&self, conversation_id: &str, parents: &[Option<String>]) -> Result<Vec<Child>>;
    /// Moves the leaf to the newest message below this one, or this one.
    async fn select_branch(&self, user_id: &str, message_id: &str) -> Result<TreeOutcome>;
    /// Deletes one message. Those that follow it then follow its parent; a leaf on it moves to the
    /// newest message below its parent.
    async fn delete_message(&self, user_id: &str, message_id: &str) -> Result<TreeOutcome>;
    /// Sets an ended answer `generating` again; its text stays. `updated_at` of the conversation
    /// becomes `now`.
    async fn continue_answer(
        &self,
        user_id: &str,
        message_id: &str,
        key: Option<&str>,
        now: i64,
    ) -> Result<ContinueOutcome>;
}

/// Everything a server keeps.
#[async_trait]
pub trait Store: Users + Sessions + Conversations + Messages + Tree + Shared {
    /// Whether the database answers now.
    async fn ping(&self) -> Result<()>;
    /// Whether it takes what should be stored: writes one row.
    async fn probe(&self) -> Result<()>;
    /// Ends the connections; what was acknowledged is kept.
    async fn close(&self);
}
