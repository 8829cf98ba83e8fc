//! The words that server and browser share: plain values, no I/O.
//!
//! Ids are ULIDs as strings, so they sort by the time they were made. Times are UTC milliseconds
//! since 1970.

pub mod amount;
pub mod conversation;
pub mod event;
pub mod member;
pub mod message;
pub mod model;
pub mod reason;
pub mod user;

pub use conversation::{Conversation, ConversationKind, ConversationPatch, Page};
pub use event::{AskedQuestion, ChatEvent, SeqEvent};
pub use member::MemberRole;
pub use message::{Failure, FailureCode, Message, Role, Siblings, Status, Usage};
pub use model::{Listed, Model, Price, Traits};
pub use reason::Reason;
pub use user::{CurrentUser, User, UserRole, UserState};
