//! The queue of jobs, in MongoDB: one document per job, leased by a single update.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    bson::{Bson, Document, doc},
    error,
    options::ReturnDocument,
};
use serde::{Deserialize, Serialize};

use crate::server::store::{
    Job, Lease, NewJob, Queue, QueueView, Result,
    queue::{check, cut},
};

use super::{Mongo, error::is_duplicate};

/// A field without a value is absent.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct JobDoc {
    #[serde(rename = "_id")]
    id: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    payload: String,
    run_at: i64,
    /// When a process may take the job: `run_at`, or the end of its lease. Absent when the job is kept as failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
    attempts: u32,
    /// The process that has a lease of the job until `due_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leased_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failed_at: Option<i64>,
    created_at: i64,
}

impl From<&NewJob> for JobDoc {
    fn from(job: &NewJob) -> Self {
        Self {
            id: job.id.clone(),
            kind: job.kind.clone(),
            key: job.key.clone(),
            payload: job.payload.clone(),
            run_at: job.run_at,
            due_at: Some(job.run_at),
            attempts: 0,
            leased_by: None,
            last_error: None,
            failed_at: None,
            created_at: job.created_at,
        }
    }
}

impl From<JobDoc> for Job {
    fn from(doc: JobDoc) -> Self {
        Self {
            id: doc.id,
            kind: doc.kind,
            key: doc.key,
            payload: doc.payload,
            run_at: doc.run_at,
            attempts: doc.attempts,
            lease: doc.leased_by.zip(doc.due_at).map(|(by, until)| Lease { by, until }),
            last_error: doc.last_error,
            failed_at: doc.failed_at,
            created_at: doc.created_at,
        }
    }
}

/// The filter for the job's document while the job has this lease.
fn of_lease(job: &Job) -> Document {
    let by = job.lease.as_ref().map(|lease| lease.by.as_str()).unwrap_or_default();
    doc! { "_id": &job.id, "leased_by": by, "attempts": job.attempts }
}

fn due(kinds: &[&str], until: i64) -> Document {
    doc! { "due_at": { "$lte": until }, "kind": { "$in": kinds } }
}

impl Mongo {
    /// Changes the document of a leased job; `false` when the document no longer has this lease.
    async fn change_job(&self, leased: &Job, change: Document) -> Result<bool> {
        let which = of_lease(leased);
        self.call(async { Ok(self.jobs().update_one(which, change).await?.matched_count == 1) }).await
    }

    /// Begins a job anew that is kept as failed and has the same kind and key.
    async fn revive(&self, job: &NewJob) -> error::Result<bool> {
        let Some(key) = &job.key else { return Ok(false) };
        let which = doc! { "kind": &job.kind, "key": key, "failed_at": { "$exists": true } };
        let change = doc! {
            "$set": {
                "payload": &job.payload, "run_at": job.run_at, "due_at": job.run_at, "attempts": 0
            },
            "$unset": { "last_error": "", "failed_at": "" },
        };
        Ok(self.jobs().update_one(which, change).await?.matched_count == 1)
    }
}

#[async_trait]
impl Queue for Mongo {
    async fn enqueue_job(&self, job: &NewJob) -> Result<bool> {
        check(job)?;
        self.call(async {
            match self.jobs().insert_one(JobDoc::from(job)).await {
                Ok(_) => Ok(true),
                Err(error) if is_duplicate(&error) => self.revive(job).await,
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn lease_job(&self, kinds: &[&str], now: i64, lease_for: i64, by: &str) -> Result<Option<Job>> {
        let lease = doc! {
            "$set": { "due_at": now + lease_for, "leased_by": by }, "$inc": { "attempts": 1 },
        };
        let found = self.call(async {
            self.jobs()
                .find_one_and_update(due(kinds, now), lease)
                .sort(doc! { "due_at": 1, "_id": 1 })
                .return_document(ReturnDocument::After)
                .await
        });
        Ok(found.await?.map(Job::from))
    }

    async fn next_job_at(&self, kinds: &[&str]) -> Result<Option<i64>> {
        let next =
            self.call(async { self.jobs().find_one(due(kinds, i64::MAX)).sort(doc! { "due_at": 1 }).await });
        Ok(next.await?.and_then(|job| job.due_at))
    }

    async fn renew_job(&self, leased: &Job, until: i64) -> Result<bool> {
        self.change_job(leased, doc! { "$set": { "due_at": until } }).await
    }

    async fn complete_job(&self, leased: &Job, next: Option<i64>) -> Result<bool> {
        let Some(next) = next else {
            let which = of_lease(leased);
            return self.call(async { Ok(self.jobs().delete_one(which).await?.deleted_count == 1) }).await;
        };
        let change = doc! {
            "$set": { "run_at": next, "due_at": next, "attempts": 0 },
            "$unset": { "leased_by": "", "last_error": "" },
        };
        self.change_job(leased, change).await
    }

    async fn fail_job(&self, leased: &Job, now: i64, retry_at: Option<i64>, error: &str) -> Result<bool> {
        let error = cut(error);
        let change = match retry_at {
            Some(at) => doc! {
                "$set": { "run_at": at, "due_at": at, "last_error": error }, "$unset": { "leased_by": "" },
            },
            None => doc! {
                "$set": { "failed_at": now, "last_error": error }, "$unset": { "leased_by": "", "due_at": "" },
            },
        };
        self.change_job(leased, change).await
    }

    async fn view_jobs(&self, limit: u32) -> Result<QueueView> {
        let there = |yes: bool| doc! { "$exists": yes };
        self.call(async {
            let jobs = self.jobs();
            let waiting = doc! { "failed_at": there(false), "leased_by": there(false) };
            let has = |field: &str| doc! { "$gt": [field, Bson::Null] };
            let retried = doc! { "$cond": [has("$last_error"), 1, 2] };
            let pipeline = [
                doc! { "$set": { "rank": { "$cond": [has("$failed_at"), 0, retried] } } },
                doc! { "$sort": { "rank": 1, "run_at": 1, "_id": 1 } },
                doc! { "$limit": i64::from(limit.max(1)) },
            ];
            let shown: Vec<JobDoc> =
                jobs.aggregate(pipeline).with_type::<JobDoc>().await?.try_collect().await?;
            Ok(QueueView {
                waiting: jobs.count_documents(waiting).await?,
                leased: jobs.count_documents(doc! { "leased_by": there(true) }).await?,
                failed: jobs.count_documents(doc! { "failed_at": there(true) }).await?,
                jobs: shown.into_iter().map(Job::from).take(limit as usize).collect(),
            })
        })
        .await
    }
}
