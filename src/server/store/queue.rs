//! Long work that outlives a process: a job is a row, and one process at a time has a lease of it.
//!
//! A job may run more than once, because its process may die between the work and its end, or lose its lease in the
//! middle. So the work must be repeatable. All times are UTC milliseconds that the caller passes in; the database
//! compares them with each other and never with a clock of its own. The clocks of several servers on one database
//! differ: a server whose clock is ahead sees a lease run out too early by the difference. That does no harm while the
//! difference is smaller than the time that a lease has left when it is renewed. Beyond that, a job may run twice at
//! once, and only the newer lease counts: [`Queue::renew_job`], [`Queue::complete_job`] and [`Queue::fail_job`] answer
//! `false` to the older one.

use async_trait::async_trait;

use super::{Result, StoreError};

/// The longest payload of a job. A payload says what to do and does not carry data.
pub const MAX_PAYLOAD_BYTES: usize = 16 * 1024;
/// Longer errors are cut.
const MAX_ERROR_BYTES: usize = 1024;
/// After this many attempts a job is kept as failed.
pub const MAX_ATTEMPTS: u32 = 10;
/// The pause before the second attempt; each further pause is twice as long as the one before.
const FIRST_PAUSE_MS: i64 = 10_000;
const LONGEST_PAUSE_MS: i64 = 60 * 60 * 1000;

/// A job to put into the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    pub id: String,
    /// Selects the handler that does the job.
    pub kind: String,
    /// There is at most one job with the same kind and key.
    pub key: Option<String>,
    /// JSON for the handler, at most [`MAX_PAYLOAD_BYTES`].
    pub payload: String,
    /// The first attempt begins at this time or later.
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
    /// The next attempt begins at this time or later.
    pub run_at: i64,
    /// How many attempts have begun; 0 again after a periodic job succeeded.
    pub attempts: u32,
    pub lease: Option<Lease>,
    /// The error of the last attempt; `None` after an attempt that succeeded.
    pub last_error: Option<String>,
    /// When the job was given up; a job kept as failed is not tried again.
    pub failed_at: Option<i64>,
    pub created_at: i64,
}

/// Which process does a job, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The name of the process, see [`super::Shared::instance`].
    pub by: String,
    /// From this time on any process may take the job.
    pub until: i64,
}

/// The queue as an operator sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueView {
    /// Jobs that wait for their time or for their next attempt.
    pub waiting: u64,
    /// Jobs that a process has a lease of.
    pub leased: u64,
    /// Jobs that are kept as failed.
    pub failed: u64,
    /// Some of all jobs: failed ones first, then those whose last attempt failed, then by [`Job::run_at`].
    pub jobs: Vec<Job>,
}

#[async_trait]
pub trait Queue: Send + Sync {
    /// `false`: a job with this id, or with this kind and key, exists already. If the existing job is kept as failed,
    /// it begins anew with the payload and time of `job`, and the answer is `true`.
    ///
    /// # Errors
    ///
    /// Besides those of the database, [`StoreError::Broken`] for a payload that is too long.
    async fn enqueue_job(&self, job: &NewJob) -> Result<bool>;
    /// Leases the job that has been due longest at `now` among the jobs of these kinds, for `lease_for` milliseconds. A
    /// job whose lease has run out is due again. Of several processes that ask at once only one gets the job. Its
    /// number of attempts grows by one.
    async fn lease_job(&self, kinds: &[&str], now: i64, lease_for: i64, by: &str) -> Result<Option<Job>>;
    /// When the next job of these kinds is due; the time may be in the past.
    async fn next_job_at(&self, kinds: &[&str]) -> Result<Option<i64>>;
    /// Moves the end of a lease; `false` when the job is no longer leased with this lease.
    async fn renew_job(&self, leased: &Job, until: i64) -> Result<bool>;
    /// The job is done: the store removes it, or, if it is periodic, sets its next time to `next`. `false` as with
    /// `renew_job`; the job is left as it is.
    async fn complete_job(&self, leased: &Job, next: Option<i64>) -> Result<bool>;
    /// The attempt failed at `now`: the next one begins at `retry_at`, or, with `None`, the job is kept as failed; see
    /// [`retry_at`]. `false` as with `complete_job`.
    async fn fail_job(&self, leased: &Job, now: i64, retry_at: Option<i64>, error: &str) -> Result<bool>;
    /// What an operator is shown, with at most `limit` jobs.
    async fn view_jobs(&self, limit: u32) -> Result<QueueView>;
}

/// When a job is tried again after `attempts` attempts, the last of which ended at `now`; `None` when it is given up.
/// Ten attempts take about two and a half hours.
pub fn retry_at(attempts: u32, now: i64) -> Option<i64> {
    let doubled = FIRST_PAUSE_MS << attempts.saturating_sub(1).min(20);
    (attempts < MAX_ATTEMPTS).then(|| now.saturating_add(doubled.min(LONGEST_PAUSE_MS)))
}

/// Checks a job before a database stores it.
pub(super) fn check(job: &NewJob) -> Result<()> {
    if job.payload.len() > MAX_PAYLOAD_BYTES {
        let what = format!("a job of {} bytes, where {MAX_PAYLOAD_BYTES} may be", job.payload.len());
        return Err(StoreError::Broken(what.into()));
    }
    Ok(())
}

/// The part of an error that is stored.
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
