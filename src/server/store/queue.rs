//! Long work that outlives a process: a job is a row, which one process at a time has a lease of.
//!
//! A job may run more than once: its process may die between the work and its end, or lose its lease in the middle. So
//! the work must bear that. All times are UTC milliseconds that the caller passes in; a database compares them with
//! each other and with no clock of its own. Where several servers have one database, their clocks differ: one that is
//! ahead sees a lease run out that much too early. That does no harm while the difference is smaller than what a lease
//! that is renewed in time has left; beyond it, a job may run twice at once, and only the newer lease is heard:
//! [`Queue::renew_job`], [`Queue::complete_job`] and [`Queue::fail_job`] answer `false` to the older one.

use async_trait::async_trait;

use super::{Result, StoreError};

/// The longest payload of a job: it says what is to be done, and carries no data.
pub const MAX_PAYLOAD_BYTES: usize = 16 * 1024;
/// Longer errors are cut.
const MAX_ERROR_BYTES: usize = 1024;
/// After so many attempts a job is kept as failed.
pub const MAX_ATTEMPTS: u32 = 10;
/// Before the second attempt; the pause doubles with each.
const FIRST_PAUSE_MS: i64 = 10_000;
const LONGEST_PAUSE_MS: i64 = 60 * 60 * 1000;

/// What is to be put into the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    pub id: String,
    /// Which handler does it.
    pub kind: String,
    /// Of jobs with the same kind and key there is one.
    pub key: Option<String>,
    /// JSON for the handler, at most [`MAX_PAYLOAD_BYTES`].
    pub payload: String,
    /// It does not begin before that.
    pub run_at: i64,
    pub created_at: i64,
}

/// A row of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub id: String,
    pub kind: String,
    pub key: Option<String>,
    pub payload: String,
    /// The next attempt begins then or later.
    pub run_at: i64,
    /// How many have begun; 0 again after the periodic job succeeded.
    pub attempts: u32,
    pub lease: Option<Lease>,
    /// What the last attempt failed with, until one succeeds.
    pub last_error: Option<String>,
    /// Since when it is kept as failed and not tried any more.
    pub failed_at: Option<i64>,
    pub created_at: i64,
}

/// Who does a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The process, see [`super::Shared::instance`].
    pub by: String,
    /// From then on any process may take the job.
    pub until: i64,
}

/// The queue as an operator sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueView {
    /// Jobs that wait for their time or their next attempt.
    pub waiting: u64,
    /// Jobs that a process has a lease of.
    pub leased: u64,
    /// Jobs that are kept as failed.
    pub failed: u64,
    /// Some of all: failed ones first, then those whose last attempt failed, then by [`Job::run_at`].
    pub jobs: Vec<Job>,
}

#[async_trait]
pub trait Queue: Send + Sync {
    /// `false`: a job with this id, or with this kind and key, is there already. One that is kept as failed begins anew
    /// with the new one's payload and time, which is `true`.
    ///
    /// # Errors
    ///
    /// Besides those of the database, [`StoreError::Broken`] for a payload that is too long.
    async fn enqueue_job(&self, job: &NewJob) -> Result<bool>;
    /// Of the jobs of these kinds that are due at `now`, the one that is due longest, for `lease_for` milliseconds. A
    /// job whose lease has run out is due again. Of many that ask at once, one gets it; its attempts are one more.
    async fn lease_job(&self, kinds: &[&str], now: i64, lease_for: i64, by: &str) -> Result<Option<Job>>;
    /// When the next job of these kinds is due, or was.
    async fn next_job_at(&self, kinds: &[&str]) -> Result<Option<i64>>;
    /// Moves the end of a lease; `false` when it is not this job's lease any more.
    async fn renew_job(&self, leased: &Job, until: i64) -> Result<bool>;
    /// The job is done: it is removed, or, when it is a periodic one, waits until `next`. `false` as with `renew_job`;
    /// the job is left as it is.
    async fn complete_job(&self, leased: &Job, next: Option<i64>) -> Result<bool>;
    /// The attempt failed at `now`: there is another one at `retry_at`, or the job is kept as failed, see [`retry_at`].
    /// `false` as with `complete_job`.
    async fn fail_job(&self, leased: &Job, now: i64, retry_at: Option<i64>, error: &str) -> Result<bool>;
    /// What an operator is shown, with at most `limit` jobs.
    async fn view_jobs(&self, limit: u32) -> Result<QueueView>;
}

/// When a job is tried again that has been tried `attempts` times, the last one until `now`; `None` when it is not.
/// Ten attempts take about two hours and a half.
pub fn retry_at(attempts: u32, now: i64) -> Option<i64> {
    let doubled = FIRST_PAUSE_MS << attempts.saturating_sub(1).min(20);
    (attempts < MAX_ATTEMPTS).then(|| now.saturating_add(doubled.min(LONGEST_PAUSE_MS)))
}

/// Before a job is put into any database.
pub(super) fn check(job: &NewJob) -> Result<()> {
    if job.payload.len() > MAX_PAYLOAD_BYTES {
        let what = format!("a job of {} bytes, where {MAX_PAYLOAD_BYTES} may be", job.payload.len());
        return Err(StoreError::Broken(what.into()));
    }
    Ok(())
}

/// As much of an error as is kept.
pub(super) fn cut(error: &str) -> &str {
    &error[..error.floor_char_boundary(MAX_ERROR_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour_and_end() {
        let pauses: Vec<i64> = (1..).map_while(|attempts| retry_at(attempts, 0)).collect();
        assert_eq!(pauses[..4], [10_000, 20_000, 40_000, 80_000]);
        assert_eq!(pauses.len(), 9);
        assert!(pauses.iter().all(|pause| *pause <= LONGEST_PAUSE_MS));
        assert_eq!(retry_at(0, 5), Some(10_005));
        assert_eq!(retry_at(1, i64::MAX), Some(i64::MAX));
        assert_eq!(retry_at(u32::MAX, 0), None);
    }

    #[test]
    fn a_long_error_is_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        let long = "é".repeat(1000);
        assert_eq!(cut(&long).len(), MAX_ERROR_BYTES);
        assert!(cut(&format!("x{long}")).len() < MAX_ERROR_BYTES);
    }
}
