//! Reports of messages of a room to its moderators, as a trait. They go with their message, their room and whoever made them.
//! [`super::Talks::erase_message`] settles those of the message.

use async_trait::async_trait;

use super::{Grant, Result};
use crate::domain::Report;

/// A report by the person behind a grant.
#[derive(Clone, Copy, Debug)]
pub struct NewReport<'a> {
    pub id: &'a str,
    pub message_id: &'a str,
    pub reason: &'a str,
    pub now: i64,
}

/// The outcome of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportOutcome {
    Made,
    /// The person reported the message before. Nothing changed.
    Same,
    /// There is no such message in the room, it was deleted, or the person takes no part (any more).
    Missing,
}

/// Which reports to list, newest first by their ids.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReportQuery<'a> {
    /// Those that were settled, in place of those that are open.
    pub settled: bool,
    /// Only those before this one.
    pub before: Option<&'a str>,
    pub limit: u32,
}

#[async_trait]
pub trait Reports: Send + Sync {
    /// Needs [`super::Need::Read`].
    async fn report(&self, grant: &Grant, report: &NewReport<'_>) -> Result<ReportOutcome>;
    /// For moderators ([`super::Need::Manage`]), otherwise nothing. So is the next one.
    async fn reports(&self, grant: &Grant, query: ReportQuery<'_>) -> Result<Vec<Report>>;
    /// How many are open, up to [`MOST_REPORTS`](crate::domain::report::MOST_REPORTS).
    async fn open_reports(&self, grant: &Grant) -> Result<u32>;
    /// One report of the room; needs [`super::Need::Manage`].
    async fn one_report(&self, grant: &Grant, id: &str) -> Result<Option<Report>>;
    /// Settles an open report, the message stays. Needs [`super::Need::Manage`]. `false`: there is none that is open.
    async fn dismiss_report(&self, grant: &Grant, id: &str, now: i64) -> Result<bool>;
}
