//! The code that hydrates. One island holds a conversation: its thread and its composer share state.

mod answer;
mod chat;
mod composer;
mod page;
mod shared;

pub use chat::Chat;
pub use shared::Running;
