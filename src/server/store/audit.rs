//! The audit log, as a trait.

use async_trait::async_trait;

use super::Result;
use crate::domain::{AuditEntry, AuditKind};

/// Which entries to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    pub kind: Option<AuditKind>,
    /// Only entries with this id as actor or as subject.
    pub person: Option<String>,
    /// Only entries with a smaller id than this, which are older.
    pub before: Option<String>,
    pub limit: u32,
}

#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Adds an entry. When there is an entry with the same `counted_as` already, that one counts one more and this one is
    /// not stored.
    async fn add_audit(&self, entry: &AuditEntry, counted_as: Option<&str>) -> Result<()>;
    async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>>;
    /// Removes some of the entries from before `time`, in UTC milliseconds; answers how many. 0: none is left.
    async fn forget_audit(&self, time: i64) -> Result<u64>;
}
