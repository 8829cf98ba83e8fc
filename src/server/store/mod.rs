//! What is kept, as traits. `sqlite` and `mongo` implement them and pass the same `contract`.
//!
//! Not finding is a normal answer (`Ok(None)` or `Ok(false)`), never an error. The owner is part of
//! every query on conversations and messages, so somebody else's object looks like a missing one.
//! Ids and times are made by the caller. What belongs together is one call and one transaction.

mod branch;
mod keys;
mod mongo;
mod open;
mod queue;
mod shared;
mod sqlite;
mod tail;

#[cfg(test)]
mod contract;

use async_trait::async_trait;

use crate::domain::{Conversation, ConversationPatch, Failure, Message, Status, Usage, User, UserRole};

pub use branch::{Branch, Outline, Reach, Texts};
pub use keys::{KEY_LIFE, Key};
pub use open::{Inspection, OpenError, OpenOptions, Outlook, inspect, inspect_jobs, open};
pub use queue::{Job, Lease, MAX_ATTEMPTS, MAX_PAYLOAD_BYTES, NewJob, Queue, QueueView, retry_at};
pub use shared::{Beat, Ended, Seen, Shared, StoreChange, What};
pub use tail::{Chunk, Leftovers, Mark, Recovered, Run, fold};

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

/// What became of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    Made(User),
    /// The e-mail address is taken.
    EmailTaken,
    /// Somebody was there already, and only the first person was to be let in.
    Closed,
}

/// `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct UserPatch {
    pub name: Option<String>,
    pub password_hash: Option<String>,
    pub role: Option<UserRole>,
    pub state: Option<crate::domain::UserState>,
    /// The inner `None` takes the choice back.
    pub language: Option<Option<String>>,
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
    /// `only_first`: only when there is nobody yet, also of many at once.
    async fn create_user(&self, user: &NewUser, only_first: bool) -> Result<Registered>;
    async fn user(&self, id: &str) -> Result<Option<User>>;
    async fn credentials(&self, email: &str) -> Result<Option<Credentials>>;
    /// The user as it is afterwards, and the ids of the sessions that ended with the change: a new password ends all
    /// but `keep`, a disabled account all.
    async fn update_user(
        &self,
        id: &str,
        patch: &UserPatch,
        keep: Option<&str>,
    ) -> Result<Option<(User, Vec<String>)>>;
    async fn any_user(&self) -> Result<bool>;
}

#[async_trait]
pub trait Sessions: Send + Sync {
    /// `false`: meanwhile the account was disabled or removed, or its password is another one than the one behind
    /// `password_hash`, with which the person signed in.
    async fn create_session(&self, session: &Session, password_hash: &str) -> Result<bool>;
    /// The session and its user, in one query; expired ones may still be answered.
    async fn session(&self, id: &str) -> Result<Option<(Session, User)>>;
    /// Of these, the ones that still let somebody in: not gone, not expired at `now`, of an active account.
    async fn valid_sessions(&self, ids: &[String], now: i64) -> Result<Vec<String>>;
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
    /// It is gone at once. Its messages and chunks go with it, or, where they are very many, with the next calls of
    /// [`Conversations::purge`].
    async fn delete_conversation(&self, user_id: &str, id: &str) -> Result<bool>;
    /// Removes some of what deleted conversations left; `true` when there is more.
    async fn purge(&self) -> Result<bool>;
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
    pub key: Option<Key>,
    /// How many answers of the user may be `generating` at once, this one included.
    pub most_running: u32,
    pub now: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnOutcome {
    /// Stored; `leaf_id` and `updated_at` of the conversation are moved on.
    Begun,
    /// The key was used before, for the same; this is what it led to.
    Repeated { conversation_id: String, question_id: Option<String>, answer_id: String },
    /// The key was used before, for something else.
    KeyReused,
    /// The conversation is missing or somebody else's.
    NoConversation,
    /// The parent is missing or of another conversation.
    NoParent,
    /// Another answer is being written in this conversation.
    Busy { answer_id: String },
    /// As many answers of the user as may be are being written.
    TooMany,
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
    /// The outlines of up to `limit` messages of a conversation with ids up to and including `upto` (or
    /// all), newest first, whatever their branch; no text is read. The caller has checked the owner of the
    /// conversation.
    async fn outlines_back(
        &self,
        conversation_id: &str,
        upto: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Outline>>;
    /// Those of a conversation's messages that are named, newest first. The caller has checked the owner
    /// of the conversation, and by their outlines that they fit into memory.
    async fn messages_of(&self, conversation_id: &str, ids: &[String], texts: Texts) -> Result<Vec<Message>>;
    /// Outlines and texts at once, however long they are.
    #[cfg(test)]
    async fn messages_back(
        &self,
        conversation_id: &str,
        upto: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Message>> {
        let outlines = self.outlines_back(conversation_id, upto, limit).await?;
        let ids: Vec<String> = outlines.into_iter().map(|outline| outline.id).collect();
        self.messages_of(conversation_id, &ids, Texts::All).await
    }
    /// More of answers that this process writes, in one write. A chunk of an answer that it does not
    /// write (any more) is dropped, one that is there already stays as it is.
    async fn append_chunks(&self, chunks: &[Chunk]) -> Result<()>;
    /// Says of an answer that goes on how many messages its prompt has no room for now.
    async fn set_left_out(&self, message_id: &str, left_out: u32) -> Result<()>;
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
    /// The answers that this process is stored as writing.
    async fn own_runs(&self) -> Result<Vec<Run>>;
    /// Forgets idempotency keys that do not count any more at `now`; how many.
    async fn forget_keys(&self, now: i64) -> Result<u64>;
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
    KeyReused,
    /// The message is missing or somebody else's.
    Missing,
    /// It has not ended so that it could go on, see [`Message::can_continue`].
    Ended,
    /// It is not the newest message of the branch on screen.
    NotLeaf,
    /// An answer is being written in the conversation.
    Busy,
    /// As many answers of the user as may be are being written.
    TooMany,
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
    /// becomes `now`. `run`: a new id for this try, see [`Run`]. `most_running` as in [`NewTurn`].
    async fn continue_answer(
        &self,
        user_id: &str,
        message_id: &str,
        key: Option<&Key>,
        run: &str,
        most_running: u32,
        now: i64,
    ) -> Result<ContinueOutcome>;
}

/// What is kept of conversations, without the people who have them.
pub trait Chats: Conversations + Messages + Tree + Shared {}

impl<T: Conversations + Messages + Tree + Shared> Chats for T {}

/// Everything a server keeps. A service is given the part that it needs (`Arc<dyn Users>`, `Arc<dyn Chats>`).
#[async_trait]
pub trait Store: Users + Sessions + Chats + Queue {
    /// Whether the database answers now.
    async fn ping(&self) -> Result<()>;
    /// Whether it takes what should be stored: writes one row.
    async fn probe(&self) -> Result<()>;
    /// Ends the connections; what was acknowledged is kept.
    async fn close(&self);
}
