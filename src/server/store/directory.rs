//! The people of the site as other people find them, as a trait.

use async_trait::async_trait;

use super::Result;
use crate::domain::{CommonRoom, User};

/// A position in the list of people: the last one that the reader has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonPosition {
    pub name: String,
    pub id: String,
}

/// Which people to list: active ones who chose to be listed, by name in any case and then by id.
#[derive(Clone, Debug, Default)]
pub struct DirectoryQuery {
    /// Only names that contain this text in any case; empty: all.
    pub search: String,
    /// Only those of these ids; `None`: all.
    pub only: Option<Vec<String>>,
    /// Without those of these ids.
    pub without: Vec<String>,
    pub after: Option<PersonPosition>,
    pub limit: u32,
}

#[async_trait]
pub trait Directory: Send + Sync {
    async fn listed_people(&self, query: &DirectoryQuery) -> Result<Vec<User>>;
    /// The rooms in which both take part, the one with the newest message first.
    async fn common_rooms(&self, user_id: &str, other_id: &str, limit: u32) -> Result<Vec<CommonRoom>>;
}
