//! The code that hydrates. One island holds a conversation: its thread and its composer share state.

mod answer;
mod browser;
mod chat;
mod composer;
mod copy;
mod drop;
mod follow;
mod keep;
mod page;
mod phrases;
mod shared;
mod steer;

pub use chat::Chat;
pub use phrases::PHRASES;
pub use shared::Running;
