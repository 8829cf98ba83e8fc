//! Everything that listeners read, whichever process writes it: the log of a conversation, its HTML, and the listeners
//! themselves.

pub mod alone;
pub mod browsers;
pub mod elsewhere;
pub mod follow;
pub mod log;
mod missed;
pub mod presence;
pub mod published;
pub mod reading;
pub mod registry;
mod replay;
mod view;

pub use self::{follow::Listening, registry::Live};
