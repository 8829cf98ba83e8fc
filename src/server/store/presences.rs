//! When people had a page open, as a trait.

use async_trait::async_trait;

use super::Result;

/// When a person had a page open. Of the times that several servers note the latest count. All are UTC milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredPresence {
    pub user_id: String,
    /// Until when the person counts as somebody who looks at a page; 0: at no time.
    pub active_until: i64,
    /// Until when a page of theirs counts as open.
    pub connected_until: i64,
    /// When one was open last.
    pub seen_at: i64,
}

#[async_trait]
pub trait Presences: Send + Sync {
    /// Notes these people, but for those who let nobody know and those who are gone.
    async fn note_presences(&self, seen: &[StoredPresence]) -> Result<()>;
    /// Those of these people who were noted and let others know, in no order.
    async fn presences(&self, user_ids: &[String]) -> Result<Vec<StoredPresence>>;
    /// The people who have a page open at `now` and let others know: first those who look at one, then by their ids.
    async fn present(&self, now: i64, most: u32) -> Result<Vec<StoredPresence>>;
    /// Whether the person lets others know.
    async fn shows_presence(&self, user_id: &str) -> Result<bool>;
    /// Decides that, and forgets the person's times where nobody shall know.
    async fn show_presence(&self, user_id: &str, shows: bool) -> Result<()>;
}
