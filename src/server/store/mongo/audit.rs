//! The audit log, in MongoDB.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::bson::{Document, doc, to_document};
use serde::{Deserialize, Serialize};

use super::{Mongo, error::is_duplicate};
use crate::{
    domain::{AuditEntry, AuditKind, Reason, audit::Named},
    server::store::{AuditLog, AuditQuery, Result},
};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AuditDoc {
    #[serde(rename = "_id")]
    id: String,
    at: i64,
    kind: AuditKind,
    actor: Option<Named>,
    subject: Option<Named>,
    address: String,
    count: u32,
    detail: Option<Reason>,
    /// Of entries with the same text there is one, which counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    counted_as: Option<String>,
}

impl AuditDoc {
    fn of(entry: &AuditEntry, counted_as: Option<&str>) -> Self {
        let AuditEntry { id, at, kind, actor, subject, address, count, detail } = entry.clone();
        Self {
            id,
            at,
            kind,
            actor,
            subject,
            address,
            count,
            detail,
            counted_as: counted_as.map(str::to_owned),
        }
    }
}

impl From<AuditDoc> for AuditEntry {
    fn from(doc: AuditDoc) -> Self {
        let AuditDoc { id, at, kind, actor, subject, address, count, detail, .. } = doc;
        Self { id, at, kind, actor, subject, address, count, detail }
    }
}

impl Mongo {
    /// Adds to the count of the entry, or stores it.
    async fn count_audit(&self, doc: &AuditDoc, counted_as: &str) -> mongodb::error::Result<()> {
        let mut first: Document = to_document(doc)?;
        for given_otherwise in ["count", "counted_as"] {
            first.remove(given_otherwise);
        }
        let change = doc! { "$inc": { "count": i64::from(doc.count) }, "$setOnInsert": first };
        self.audit_docs().update_one(doc! { "counted_as": counted_as }, change).upsert(true).await.map(|_| ())
    }
}

#[async_trait]
impl AuditLog for Mongo {
    async fn add_audit(&self, entry: &AuditEntry, counted_as: Option<&str>) -> Result<()> {
        let doc = AuditDoc::of(entry, counted_as);
        let Some(counted_as) = counted_as else {
            return self.call(async { self.audit_docs().insert_one(doc).await.map(|_| ()) }).await;
        };
        self.call(async {
            match self.count_audit(&doc, counted_as).await {
                // Two calls at once stored the first entry; now it is there.
                Err(error) if is_duplicate(&error) => self.count_audit(&doc, counted_as).await,
                done => done,
            }
        })
        .await
    }

    async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>> {
        let mut which = doc! {};
        if let Some(before) = &query.before {
            which.insert("_id", doc! { "$lt": before });
        }
        if let Some(kind) = query.kind {
            which.insert("kind", kind.into_str());
        }
        if let Some(person) = &query.person {
            which.insert("$or", [doc! { "actor.id": person }, doc! { "subject.id": person }].to_vec());
        }
        let found: Vec<AuditDoc> = self
            .call(async {
                let (entries, newest) = (self.audit_docs(), doc! { "_id": -1 });
                let found = entries.find(which).sort(newest).limit(i64::from(query.limit)).await?;
                found.try_collect().await
            })
            .await?;
        Ok(found.into_iter().map(AuditEntry::from).collect())
    }

    async fn forget_audit(&self, time: i64) -> Result<u64> {
        let old = doc! { "at": { "$lt": time } };
        self.call(async { Ok(self.audit_docs().delete_many(old).await?.deleted_count) }).await
    }
}
