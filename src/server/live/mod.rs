//! What listeners read, whoever writes it: the log of a conversation, its HTML, and those who follow it.

pub mod browsers;
pub mod elsewhere;
pub mod follow;
pub mod log;
mod missed;
pub mod published;
pub mod reading;
pub mod registry;
mod replay;
mod view;

pub use self::{follow::Listening, registry::Live};
