//! Exports, as a trait: one row for each person, and the bytes of the archive in parts, so that every server can make and
//! hand out every export.

use async_trait::async_trait;

use super::Result;
use crate::domain::{Export, Reason};

/// The most bytes of a part.
pub const MOST_PART_BYTES: usize = 256 * 1024;

/// One try to make an export. A try that began later has another `run`, and the store takes nothing more from this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRun {
    pub user_id: String,
    pub export_id: String,
    pub run: String,
}

#[async_trait]
pub trait Exports: Send + Sync {
    /// Notes that a person wants an export, in place of an earlier one. `false`: one is already wanted or being made.
    async fn ask_export(&self, user_id: &str, id: &str, now: i64, ends_at: i64) -> Result<bool>;
    /// The person's export; it may have ended.
    async fn export(&self, user_id: &str) -> Result<Option<Export>>;
    /// Begins a try, with nothing in it. `false`, also from the next three: the export is gone, is not to be made any more,
    /// or another try has begun.
    async fn start_export(&self, run: &ExportRun, total: u32) -> Result<bool>;
    /// Adds the part number `n`, from 0, and tells how many conversations are done.
    async fn add_export_part(&self, run: &ExportRun, n: u32, bytes: &[u8], done: u32) -> Result<bool>;
    async fn tell_export(&self, run: &ExportRun, done: u32) -> Result<bool>;
    /// The export is whole, and kept until `ends_at`.
    async fn finish_export(&self, run: &ExportRun, ends_at: i64) -> Result<bool>;
    /// Gives an export up that is wanted or being made. `false`: there is none with this id.
    async fn fail_export(&self, user_id: &str, id: &str, reason: &Reason) -> Result<bool>;
    /// A part of an export that is whole; `None` beyond the last.
    async fn export_part(&self, user_id: &str, id: &str, n: u32) -> Result<Option<Vec<u8>>>;
    /// Removes the person's export; its bytes go with [`Exports::sweep_exports`]. `false`: there is none.
    async fn delete_export(&self, user_id: &str) -> Result<bool>;
    /// Whose exports are wanted or being made: people and ids.
    async fn exports_under_way(&self) -> Result<Vec<(String, String)>>;
    /// Removes the exports that have ended at `now`, and some of the bytes that belong to none. `true` when there is more.
    async fn sweep_exports(&self, now: i64) -> Result<bool>;
}
