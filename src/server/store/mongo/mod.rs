//! [`Mongo`]: a store in MongoDB, for sites that need more than one machine.
//!
//! Writes wait for a majority of the replica set and its journal, and reads see what a majority has, unless the URL
//! says otherwise. Every call has a time limit of its own, because the driver alone would wait for a server that keeps
//! the connection open and does not answer.

mod access;
mod audit;
mod begun;
mod bin;
mod blocks;
mod boards;
mod changes;
mod chunk_documents;
mod codes;
mod conversations;
mod device_links;
mod directory;
mod directs;
mod documents;
mod error;
mod exports;
mod facts;
mod identities;
mod indexes;
mod joining;
mod keys;
mod marks;
mod members;
mod messages;
mod model_providers;
mod outlines;
mod people;
mod presences;
mod purge;
mod queue;
mod reports;
mod revision;
mod room_codes;
mod room_documents;
mod rooms;
mod second_factors;
mod sessions;
mod setup;
mod shared;
mod tail;
mod talks;
mod tiers;
mod transaction;
mod tree;
mod turns;
mod users;
mod version;
mod waiting;
mod walls;
mod watch;

use std::{
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use mongodb::{
    Client, Collection, Database,
    bson::{Document, doc},
};

use super::{ChangeKind, OpenError, OpenOptions, Result, Store, StoreError};
use chunk_documents::ChunkDoc;
use documents::{ConversationDoc, MessageDoc, SessionDoc, UserDoc};
use error::store_error;

pub(super) use setup::{inspect, inspect_jobs, inspect_providers};

pub(super) struct Mongo {
    client: Client,
    db: Database,
    /// The time limit of a whole call.
    limit: Duration,
    instance: String,
    /// How many revisions this process has made so far.
    revisions: AtomicU64,
    begun: begun::Begun,
    /// One permit for each transaction that may run at a time.
    transactions: tokio::sync::Semaphore,
}

impl Mongo {
    pub(super) async fn open(url: &str, options: &OpenOptions) -> std::result::Result<Self, OpenError> {
        setup::open(url, options).await
    }

    fn users(&self) -> Collection<UserDoc> {
        self.db.collection("users")
    }

    fn sessions(&self) -> Collection<SessionDoc> {
        self.db.collection("sessions")
    }

    fn second_factor_docs(&self) -> Collection<second_factors::SecondFactorDoc> {
        self.db.collection("second_factors")
    }

    fn export_docs(&self) -> Collection<exports::ExportDoc> {
        self.db.collection("exports")
    }

    /// The bytes of exports.
    fn part_docs(&self) -> Collection<exports::PartDoc> {
        self.db.collection("export_parts")
    }

    fn ended_visit_docs(&self) -> Collection<identities::EndedVisitDoc> {
        self.db.collection("ended_visits")
    }

    fn device_link_docs(&self) -> Collection<device_links::DeviceLinkDoc> {
        self.db.collection("device_links")
    }

    fn identity_docs(&self) -> Collection<identities::IdentityDoc> {
        self.db.collection("identities")
    }

    fn conversation_docs(&self) -> Collection<ConversationDoc> {
        self.db.collection("conversations")
    }

    fn messages(&self) -> Collection<MessageDoc> {
        self.db.collection("messages")
    }

    fn audit_docs(&self) -> Collection<audit::AuditDoc> {
        self.db.collection("audit")
    }

    fn block_docs(&self) -> Collection<blocks::BlockDoc> {
        self.db.collection("blocks")
    }

    /// Notes on people's profiles.
    fn note_docs(&self) -> Collection<walls::NoteDoc> {
        self.db.collection("notes")
    }

    fn member_docs(&self) -> Collection<access::MemberDoc> {
        self.db.collection("members")
    }

    /// Messages that were deleted one by one.
    fn removed(&self) -> Collection<changes::RemovedDoc> {
        self.db.collection("removed_messages")
    }

    /// Conversations that were deleted and can be restored: the whole document, and `binned_at`.
    fn bin_docs(&self) -> Collection<ConversationDoc> {
        self.db.collection("bin")
    }

    /// Messages that were deleted and can be restored.
    fn deleted_messages(&self) -> Collection<bin::DeletedDoc> {
        self.db.collection("deleted_messages")
    }

    /// What messages of rooms said before they were changed or deleted.
    fn version_docs(&self) -> Collection<talks::VersionDoc> {
        self.db.collection("versions")
    }

    fn reaction_docs(&self) -> Collection<marks::ReactionDoc> {
        self.db.collection("reactions")
    }

    fn report_docs(&self) -> Collection<reports::ReportDoc> {
        self.db.collection("reports")
    }

    /// Questions that wait for the end of an answer.
    fn queued_docs(&self) -> Collection<waiting::QueuedDoc> {
        self.db.collection("queued")
    }

    /// One-time links for a new password.
    fn resets(&self) -> Collection<people::ResetDoc> {
        self.db.collection("resets")
    }

    fn chunks(&self) -> Collection<ChunkDoc> {
        self.db.collection("chunks")
    }

    fn keys(&self) -> Collection<keys::KeyDoc> {
        self.db.collection("keys")
    }

    fn jobs(&self) -> Collection<queue::JobDoc> {
        self.db.collection("jobs")
    }

    /// The deleted conversations whose messages are still to be removed: `_id`.
    fn deleted(&self) -> Collection<Document> {
        self.db.collection("deleted")
    }

    /// The processes that use the database: `_id`, `beats`, `sessions`.
    fn instances(&self) -> Collection<Document> {
        self.db.collection("instances")
    }

    /// Facts about the whole database: `_id: "administrator"` says that there is an administrator, "schema" and
    /// "secret" see [`version`], "probe" is written to find out whether the database accepts writes.
    fn meta(&self) -> Collection<Document> {
        self.db.collection("meta")
    }

    /// A new revision, to be written to a conversation, or to a message that should stop, with each change that other
    /// processes should see. It contains this process, a number and the kind of change.
    fn revision(&self, kind: ChangeKind) -> String {
        let number = self.revisions.fetch_add(1, Ordering::Relaxed);
        format!("{}:{number}:{}", self.instance, revision::word(kind))
    }

    /// Runs the work of one call within the time limit.
    async fn call<T>(&self, work: impl Future<Output = mongodb::error::Result<T>> + Send) -> Result<T> {
        match tokio::time::timeout(self.limit, work).await {
            Ok(answer) => answer.map_err(store_error),
            Err(elapsed) => Err(StoreError::Unavailable(elapsed.into())),
        }
    }
}

#[async_trait]
impl Store for Mongo {
    async fn ping(&self) -> Result<()> {
        self.call(async { self.db.run_command(doc! { "ping": 1 }).await.map(|_| ()) }).await
    }

    async fn probe(&self) -> Result<()> {
        // The value differs each time, because MongoDB does not write a change that changes nothing.
        let change = doc! { "$inc": { "written": 1_i64 } };
        self.call(async {
            self.meta().update_one(doc! { "_id": "probe" }, change).upsert(true).await.map(|_| ())
        })
        .await
    }

    async fn close(&self) {
        let own = doc! { "_id": &self.instance };
        if let Err(error) = self.call(async { self.instances().delete_one(own).await.map(|_| ()) }).await {
            tracing::debug!(%error, "the others find out by themselves that this process is gone");
        }
        self.client.clone().shutdown().immediate(true).await;
    }
}
