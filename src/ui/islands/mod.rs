//! The code that hydrates. One island holds a conversation: its thread and its composer share state.

mod answer;
mod chat;
mod composer;
mod page;

pub use chat::{Chat, Running};
