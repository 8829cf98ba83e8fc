//! The code that hydrates: one island, [`Chat`], because a conversation's thread and its composer share state.

mod answer;
mod apply;
mod browser;
mod chat;
mod composer;
mod copy;
mod drafts;
mod drop;
mod editing;
mod follow;
mod page;
mod phrases;
mod reload;
mod state;
mod steer;

pub use chat::{Chat, Opened};
pub use phrases::PHRASES;
pub use state::AnswerSoFar;
