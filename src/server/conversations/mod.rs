//! Conversations: list, open, change, and the branch on screen.

pub mod history;
pub mod models;
