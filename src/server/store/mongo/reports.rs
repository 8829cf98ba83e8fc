//! Reports of messages of a room, in MongoDB.

use async_trait::async_trait;
use futures::TryStreamExt;
use mongodb::{
    ClientSession,
    bson::{Document, doc},
    error,
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Report, ReportEnd, Settled, report::MOST_REPORTS},
    server::store::{Grant, Need, NewReport, ReportOutcome, ReportQuery, Reports, Result},
};

use super::{
    Mongo,
    transaction::{Outcome, Transaction},
};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ReportDoc {
    #[serde(rename = "_id")]
    id: String,
    conversation_id: String,
    message_id: String,
    reporter_id: String,
    reason: String,
    created_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settled: Option<SettledDoc>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SettledDoc {
    by: String,
    at: i64,
    how: ReportEnd,
}

impl From<ReportDoc> for Report {
    fn from(doc: ReportDoc) -> Self {
        Self {
            id: doc.id,
            message_id: doc.message_id,
            reporter_id: Some(doc.reporter_id),
            reason: doc.reason,
            created_at: doc.created_at,
            settled: doc.settled.map(|SettledDoc { by, at, how }| Settled { by, at, how }),
        }
    }
}

struct Add<'a> {
    grant: &'a Grant,
    report: &'a NewReport<'a>,
}

#[async_trait]
impl Transaction for Add<'_> {
    type Answer = ReportOutcome;

    async fn run(&self, mongo: &Mongo, tx: &mut ClientSession) -> error::Result<Outcome<ReportOutcome>> {
        let (grant, report) = (self.grant, self.report);
        let found = mongo.in_conversation(tx, grant.conversation_id(), report.message_id).await?;
        let shared = grant.conversation().kind.is_shared();
        let there = found.is_some_and(|message| shared && message.talk.deleted_at.is_none());
        if !there || mongo.granted(tx, grant, Need::Read).await?.is_none() {
            return Ok(Outcome::Abort(ReportOutcome::Missing));
        }
        let known = doc! { "message_id": report.message_id, "reporter_id": grant.user_id() };
        match mongo.report_docs().find_one(known).session(&mut *tx).await? {
            // An earlier try has committed.
            Some(known) if known.id == report.id => Ok(Outcome::Abort(ReportOutcome::Made)),
            Some(_) => Ok(Outcome::Abort(ReportOutcome::Same)),
            None => {
                let new = ReportDoc {
                    id: report.id.to_owned(),
                    conversation_id: grant.conversation_id().to_owned(),
                    message_id: report.message_id.to_owned(),
                    reporter_id: grant.user_id().to_owned(),
                    reason: report.reason.to_owned(),
                    created_at: report.now,
                    settled: None,
                };
                mongo.report_docs().insert_one(new).session(tx).await?;
                Ok(Outcome::Commit(ReportOutcome::Made))
            }
        }
    }
}

#[async_trait]
impl Reports for Mongo {
    async fn report(&self, grant: &Grant, report: &NewReport<'_>) -> Result<ReportOutcome> {
        self.call(self.transaction(&Add { grant, report })).await
    }

    async fn reports(&self, grant: &Grant, query: ReportQuery<'_>) -> Result<Vec<Report>> {
        if query.limit == 0 {
            return Ok(Vec::new());
        }
        let mut which =
            doc! { "conversation_id": grant.conversation_id(), "settled": { "$exists": query.settled } };
        if let Some(before) = query.before {
            which.insert("_id", doc! { "$lt": before });
        }
        self.call(async {
            if !self.may_now(grant, Need::Manage).await? {
                return Ok(Vec::new());
            }
            let docs = self.report_docs();
            let found = docs.find(which).sort(doc! { "_id": -1 }).limit(query.limit.into()).await?;
            let found: Vec<ReportDoc> = found.try_collect().await?;
            Ok(found.into_iter().map(Report::from).collect())
        })
        .await
    }

    async fn open_reports(&self, grant: &Grant) -> Result<u32> {
        self.call(async {
            if !self.may_now(grant, Need::Manage).await? {
                return Ok(0);
            }
            let which = doc! { "conversation_id": grant.conversation_id(), "settled": { "$exists": false } };
            let open = self.report_docs().count_documents(which).limit(u64::from(MOST_REPORTS)).await?;
            Ok(u32::try_from(open).unwrap_or(MOST_REPORTS))
        })
        .await
    }

    async fn one_report(&self, grant: &Grant, id: &str) -> Result<Option<Report>> {
        self.call(async {
            if !self.may_now(grant, Need::Manage).await? {
                return Ok(None);
            }
            Ok(self.report_docs().find_one(one(grant, id)).await?.map(Report::from))
        })
        .await
    }

    async fn dismiss_report(&self, grant: &Grant, id: &str, now: i64) -> Result<bool> {
        self.call(async {
            if !self.may_now(grant, Need::Manage).await? {
                return Ok(false);
            }
            let mut which = one(grant, id);
            which.insert("settled", doc! { "$exists": false });
            let change = settled(grant.user_id(), now, ReportEnd::Dismissed);
            Ok(self.report_docs().update_one(which, change).await?.matched_count == 1)
        })
        .await
    }
}

impl Mongo {
    /// Settles the reports of a message that is being deleted.
    pub(super) async fn settle_reports(
        &self,
        tx: &mut ClientSession,
        message_id: &str,
        by: &str,
        now: i64,
    ) -> error::Result<()> {
        let which = doc! { "message_id": message_id, "settled": { "$exists": false } };
        let change = settled(by, now, ReportEnd::Deleted);
        self.report_docs().update_many(which, change).session(tx).await.map(|_| ())
    }
}

fn one(grant: &Grant, id: &str) -> Document {
    doc! { "_id": id, "conversation_id": grant.conversation_id() }
}

fn settled(by: &str, at: i64, how: ReportEnd) -> Document {
    let how: &str = how.into();
    doc! { "$set": { "settled": { "by": by, "at": at, "how": how } } }
}
