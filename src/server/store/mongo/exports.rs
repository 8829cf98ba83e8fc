//! Exports, in MongoDB.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::bson::{Binary, Bson, Document, doc, spec::BinarySubtype};
use serde::{Deserialize, Serialize};

use super::{Mongo, error::is_duplicate};
use crate::{
    domain::{Export, ExportState, Reason},
    server::store::{ExportRun, Exports, Result},
};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ExportDoc {
    /// The person, who has one of them at the most.
    #[serde(rename = "_id")]
    user_id: String,
    id: String,
    /// The try that writes it, or wrote it.
    run: Option<String>,
    state: ExportState,
    done: i64,
    total: i64,
    bytes: i64,
    reason: Option<Reason>,
    made_at: i64,
    ends_at: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PartDoc {
    #[serde(rename = "_id")]
    key: PartKey,
    bytes: Binary,
}

/// In the order in which the index has them.
#[derive(Debug, Serialize, Deserialize)]
struct PartKey {
    run: String,
    n: i64,
}

impl From<ExportDoc> for Export {
    fn from(doc: ExportDoc) -> Self {
        let count = |number: i64| u32::try_from(number).unwrap_or_default();
        Self {
            id: doc.id,
            state: doc.state,
            done: count(doc.done),
            total: count(doc.total),
            bytes: doc.bytes.unsigned_abs(),
            reason: doc.reason,
            made_at: doc.made_at,
            ends_at: doc.ends_at,
        }
    }
}

/// An export that is wanted or being made.
fn under_way(user_id: &str, id: &str) -> Document {
    doc! { "_id": user_id, "id": id, "state": { "$in": ["waiting", "running"] } }
}

impl Mongo {
    /// Changes the export if this try is the one that writes it.
    async fn change_run(&self, run: &ExportRun, change: impl Into<Change>) -> Result<bool> {
        let which = doc! { "_id": &run.user_id, "id": &run.export_id, "run": &run.run, "state": "running" };
        let Change(change) = change.into();
        let changed = self.call(async { self.export_docs().update_one(which, change).await }).await?;
        Ok(changed.matched_count == 1)
    }
}

/// An update, as a document or a pipeline.
struct Change(mongodb::options::UpdateModifications);

impl<T: Into<mongodb::options::UpdateModifications>> From<T> for Change {
    fn from(change: T) -> Self {
        Self(change.into())
    }
}

#[async_trait]
impl Exports for Mongo {
    async fn ask_export(&self, user_id: &str, id: &str, now: i64, ends_at: i64) -> Result<bool> {
        let document = ExportDoc {
            user_id: user_id.to_owned(),
            id: id.to_owned(),
            run: None,
            state: ExportState::Waiting,
            done: 0,
            total: 0,
            bytes: 0,
            reason: None,
            made_at: now,
            ends_at,
        };
        self.call(async {
            let active = doc! { "_id": user_id, "state": { "$ne": "deleted" } };
            if self.users().find_one(active).await?.is_none() {
                return Ok(false);
            }
            let earlier = doc! { "_id": user_id, "state": { "$nin": ["waiting", "running"] } };
            // Where one is under way, nothing matches, and the new one has the id of the one that is there.
            match self.export_docs().replace_one(earlier, &document).upsert(true).await {
                Err(error) if is_duplicate(&error) => Ok(false),
                done => done.map(|_| true),
            }
        })
        .await
    }

    async fn export(&self, user_id: &str) -> Result<Option<Export>> {
        let found = self.call(async { self.export_docs().find_one(doc! { "_id": user_id }).await }).await?;
        Ok(found.map(Export::from))
    }

    async fn start_export(&self, run: &ExportRun, total: u32) -> Result<bool> {
        let start = doc! { "$set": {
            "run": &run.run, "state": "running", "done": 0_i64, "total": i64::from(total), "bytes": 0_i64,
        } };
        let which = under_way(&run.user_id, &run.export_id);
        let started = self.call(async { self.export_docs().update_one(which, start).await }).await?;
        Ok(started.matched_count == 1)
    }

    async fn add_export_part(&self, run: &ExportRun, n: u32, bytes: &[u8], done: u32) -> Result<bool> {
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        // A part is there before it is counted. Of a try that no longer writes the export it belongs to nobody.
        let key = doc! { "_id": { "run": &run.run, "n": i64::from(n) } };
        let part = PartDoc {
            key: PartKey { run: run.run.clone(), n: n.into() },
            bytes: Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() },
        };
        self.call(async { self.part_docs().replace_one(key, part).upsert(true).await.map(|_| ()) }).await?;
        let told = doc! { "$max": { "done": i64::from(done) }, "$inc": { "bytes": size } };
        self.change_run(run, told).await
    }

    async fn tell_export(&self, run: &ExportRun, done: u32) -> Result<bool> {
        self.change_run(run, doc! { "$max": { "done": i64::from(done) } }).await
    }

    async fn finish_export(&self, run: &ExportRun, ends_at: i64) -> Result<bool> {
        let made = doc! { "$set": { "state": "ready", "done": "$total", "ends_at": ends_at } };
        self.change_run(run, vec![made]).await
    }

    async fn fail_export(&self, user_id: &str, id: &str, reason: &Reason) -> Result<bool> {
        let reason = mongodb::bson::to_bson(reason).unwrap_or(Bson::Null);
        let failed =
            doc! { "$set": { "state": "failed", "run": Bson::Null, "bytes": 0_i64, "reason": reason } };
        let which = under_way(user_id, id);
        let failed = self.call(async { self.export_docs().update_one(which, failed).await }).await?;
        Ok(failed.matched_count == 1)
    }

    async fn export_part(&self, user_id: &str, id: &str, n: u32) -> Result<Option<Vec<u8>>> {
        self.call(async {
            let ready = doc! { "_id": user_id, "id": id, "state": "ready" };
            let Some(run) = self.export_docs().find_one(ready).await?.and_then(|found| found.run) else {
                return Ok(None);
            };
            let which = doc! { "_id": { "run": run, "n": i64::from(n) } };
            Ok(self.part_docs().find_one(which).await?.map(|part| part.bytes.bytes))
        })
        .await
    }

    async fn delete_export(&self, user_id: &str) -> Result<bool> {
        let gone = self.call(async { self.export_docs().delete_one(doc! { "_id": user_id }).await }).await?;
        Ok(gone.deleted_count == 1)
    }

    async fn exports_under_way(&self) -> Result<Vec<(String, String)>> {
        let which = doc! { "state": { "$in": ["waiting", "running"] } };
        let found: Vec<ExportDoc> =
            self.call(async { self.export_docs().find(which).await?.try_collect().await }).await?;
        Ok(found.into_iter().map(|found| (found.user_id, found.id)).collect())
    }

    async fn sweep_exports(&self, now: i64) -> Result<bool> {
        self.call(async {
            self.export_docs().delete_many(doc! { "ends_at": { "$lte": now } }).await?;
            // The runs are read after the parts: a try is in its export before its first part is stored.
            let runs = self.part_docs().distinct("_id.run", doc! {}).await?;
            let named = self.export_docs().distinct("run", doc! {}).await?;
            let Some(stray) = runs.into_iter().find(|run| !named.contains(run)) else { return Ok(false) };
            self.part_docs().delete_many(doc! { "_id.run": stray }).await?;
            Ok(true)
        })
        .await
    }
}
