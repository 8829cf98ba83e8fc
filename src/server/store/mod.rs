//! What is stored, as traits. `sqlite` and `mongo` implement them and pass the same `contract`.
//!
//! A missing row is a normal answer (`Ok(None)` or `Ok(false)`), never an error. A call about a conversation or its
//! messages for a person takes a [`Grant`]; a stranger gets none, exactly as for a missing conversation. The caller
//! makes ids and times. Changes that belong together are one call and one transaction.

mod access;
mod audit;
mod blocks;
mod boards;
mod branch;
mod changes;
mod codes;
mod conversations;
mod device_links;
mod directory;
mod directs;
mod exports;
mod facts;
mod hidden;
mod identities;
mod keys;
mod marks;
mod members;
mod messages;
mod model_providers;
mod mongo;
mod names;
mod open;
mod people;
mod presences;
mod queue;
mod reports;
mod rooms;
mod second_factors;
mod sessions;
mod shared;
mod sqlite;
mod tail;
mod talks;
mod tiers;
mod tree;
mod turns;
mod users;
mod waiting;
mod walls;

#[cfg(test)]
mod contract;

use async_trait::async_trait;

pub use access::{Access, AccessLevel, Denied, Grant, Need, NoAccess, Standing};
pub use audit::{AuditLog, AuditQuery};
pub use blocks::{BlockOutcome, Blocks};
pub use boards::{Boards, NoteQuery};
pub use branch::{Branch, Opening, Outline, Reach, Texts};
pub use changes::Changes;
pub use codes::{Codes, Invited, NewCode, Redeemed, WhichCodes};
pub use conversations::{
    BIN_LIFE, BinPosition, Changed, ConversationPosition, ConversationQuery, Conversations, Created, Restored,
};
pub use device_links::{AskingDevice, DeviceLink, DeviceLinks};
pub use directory::{Directory, DirectoryQuery, PersonPosition};
pub use directs::{DirectOutcome, DirectRow, Directs, NewDirect};
pub use exports::{ExportRun, Exports, MOST_PART_BYTES};
pub use facts::Facts;
pub use hidden::{conceal, is_hidden};
pub use identities::Identities;
pub use keys::{KEY_LIFE, Key};
pub use marks::{Marks, NewPin, NewReaction};
pub use members::{
    Entry, Join, JoinOutcome, LeaveOutcome, MemberChange, MemberOutcome, MemberPosition, MemberQuery, Members,
};
pub use messages::{Finish, Messages, Spent};
pub use model_providers::{ModelProviders, ProviderOutcome, StoredProvider};
pub use names::{is_unseen, name_key};
pub use open::{Inspection, OpenError, OpenOptions, Outlook, inspect, inspect_jobs, inspect_providers, open};
pub use people::{People, PeopleQuery, Reset};
pub use presences::{Presences, StoredPresence};
pub use queue::{Job, Lease, MAX_ATTEMPTS, MAX_PAYLOAD_BYTES, NewJob, Queue, QueueView, retry_at};
pub use reports::{NewReport, ReportOutcome, ReportQuery, Reports};
pub use rooms::{ListedQuery, NewRoom, RoomOutcome, Rooms};
pub use second_factors::{SecondFactor, SecondFactors};
pub use sessions::{KeyOutcome, Session, Sessions, Visit};
pub use shared::{ChangeKind, ConversationState, Ended, Heartbeat, Shared, StoreChange};
pub use tail::{Chunk, Mark, Orphans, Recovered, Run, fold};
pub use talks::{TalkOutcome, Talks, VersionPage, VersionQuery};
pub use tiers::{Budgets, TierOutcome, Tiers};
pub use tree::{Child, Tree, TreeOutcome};
pub use turns::{
    AddOutcome, AskedModel, BeginOutcome, Continuation, ContinueOutcome, Destination, NewAnswer, NewMessage,
};
pub use users::{Admission, Credentials, First, NewUser, Registered, Updated, UserPatch, Users};
pub use waiting::{
    MOST_STORED, NewQueued, NextQueued, QUEUES_AT_ONCE, QueueChange, QueueFull, QueueOutcome, Waiting,
};
pub use walls::{NoteOutcome, NotesOf, Walls};

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer for now; the same call may work later.
    #[error("the database does not answer: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database has no room for the data. Nothing of it was stored; everything stored earlier can still be read.
    #[error("the database has no room: {0}")]
    Full(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database file was replaced or removed. The store writes nothing to the file that took its place.
    #[error("the database is lost: {0}")]
    Lost(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database answered with an error that should not happen.
    #[error("the database failed: {0}")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

pub type Result<T> = std::result::Result<T, StoreError>;

/// How far [`Messages::interrupt_unfinished`] advances `last_seq`. Larger than the number of events that any server can
/// have issued since it last stored one.
pub const SEQ_GAP: i64 = 1_000_000;

/// Everything stored about conversations, without accounts and sessions.
pub trait Chats:
    Access
    + Members
    + Rooms
    + Directs
    + Boards
    + Conversations
    + Messages
    + Talks
    + Marks
    + Reports
    + Tree
    + Waiting
    + Shared
{
}

impl<
    T: Access
        + Members
        + Rooms
        + Directs
        + Boards
        + Conversations
        + Messages
        + Talks
        + Marks
        + Reports
        + Tree
        + Waiting
        + Shared,
> Chats for T
{
}

/// Everything stored about accounts and what signs in.
pub trait AccountStore:
    Users + People + Sessions + SecondFactors + DeviceLinks + Identities + Tiers + Codes + Budgets + Facts
{
}

impl<
    T: Users + People + Sessions + SecondFactors + DeviceLinks + Identities + Tiers + Codes + Budgets + Facts,
> AccountStore for T
{
}

/// Everything stored about what people are to one another.
pub trait Community: Blocks + Directory + Walls {}

impl<T: Blocks + Directory + Walls> Community for T {}

/// Everything that a server stores. A service is given only the part that it needs (`Arc<dyn Users>`, `Arc<dyn
/// Chats>`).
#[async_trait]
pub trait Store:
    AccountStore + AuditLog + Chats + Community + Exports + ModelProviders + Presences + Queue
{
    /// Whether the database answers now.
    async fn ping(&self) -> Result<()>;
    /// Whether the database accepts writes: writes one row.
    async fn probe(&self) -> Result<()>;
    /// Closes the connections; every acknowledged write is kept.
    async fn close(&self);
}
