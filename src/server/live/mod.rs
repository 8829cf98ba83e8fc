//! What listeners read, whoever writes it: the log of a conversation, its HTML, and those who follow it.

pub mod browsers;
pub mod channel;
pub mod elsewhere;
pub mod entry;
pub mod follow;
pub mod reading;
pub mod registry;
mod view;

pub use self::{follow::Listening, registry::Live};
