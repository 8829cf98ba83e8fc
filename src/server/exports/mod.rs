//! [`Exporter`]: everything that a person has as one archive, made in the background by any server and kept for some days.
//!
//! The row of the export says how far it is, and a job of the store's queue makes it. Only its person sees an export.

mod archive;
mod forms;
mod names;
mod reading;
mod work;

use std::sync::Arc;

use futures::{Stream, stream};

use self::work::{KIND, Order, SWEEP};
use super::{
    accounts::{Accounts, audit::Audit, audit::Note},
    cluster::jobs::{Jobs, Pace},
    ops::{
        clock::{Clock, Ids},
        tasks::Tasks,
    },
    store::{Chats, Community, Exports, Queue, StoreError},
    words,
};
use crate::{
    domain::{AuditKind, CurrentUser, Export, ExportState, Reason},
    error::AppError,
};

/// How long an export is kept: seven days.
pub const KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// How many exports one server makes at once, because each reads and compresses as fast as it can.
const AT_ONCE: usize = 1;

/// One per server.
pub struct Exporter {
    accounts: Arc<Accounts>,
    audit: Arc<Audit>,
    exports: Arc<dyn Exports>,
    chats: Arc<dyn Chats>,
    community: Arc<dyn Community>,
    /// Its own access to the queue, so that exports never keep other jobs waiting.
    jobs: Jobs,
    clock: Clock,
    ids: Arc<Ids>,
    tasks: Tasks,
}

/// An archive to download.
pub struct ExportFile<S> {
    pub bytes: u64,
    pub made_at: i64,
    pub parts: S,
}

impl Exporter {
    pub fn new(
        (accounts, audit): (Arc<Accounts>, Arc<Audit>),
        exports: Arc<dyn Exports>,
        (chats, community, queue): (Arc<dyn Chats>, Arc<dyn Community>, Arc<dyn Queue>),
        (clock, ids, tasks): (Clock, Arc<Ids>, Tasks),
    ) -> Self {
        let pace = Pace { at_once: AT_ONCE, ..Pace::default() };
        let jobs = Jobs::new(queue, chats.instance(), tasks.clone(), clock.clone(), pace);
        Self { accounts, audit, exports, chats, community, jobs, clock, ids, tasks }
    }

    /// Asks for an export, in place of an earlier one.
    ///
    /// # Errors
    ///
    /// [`AppError::ProofRequired`], for an API key always, because it is everything; [`AppError::Conflict`] while one is
    /// being made; [`AppError::TooMany`] after some on one day.
    pub async fn ask(&self, current: &CurrentUser) -> Result<Export, AppError> {
        self.accounts.proved(current)?;
        let taken = self.accounts.take_export(current)?;
        let (now, id) = (self.clock.now(), self.ids.next());
        let is_new = self.exports.ask_export(current.id(), &id, now, now + KEPT_MS).await?;
        let export = self.exports.export(current.id()).await?.ok_or(AppError::NotFound)?;
        // Also of one that was there, whose job may be lost: with its key there is one job.
        let language = Some(words::current().language.tag().to_owned());
        self.enqueue(current.id(), &export.id, language).await?;
        if !is_new {
            taken.forgive();
            return Err(AppError::Conflict { reason: Reason::new("export-under-way") });
        }
        self.audit.note(Note::by(current, AuditKind::ExportMade)).await;
        Ok(export)
    }

    /// The person's export, if there is one.
    pub async fn own(&self, current: &CurrentUser) -> Result<Option<Export>, AppError> {
        let now = self.clock.now();
        Ok(self.exports.export(current.id()).await?.filter(|export| export.ends_at > now))
    }

    /// The archive.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`] while there is none.
    pub async fn file(
        &self,
        current: &CurrentUser,
    ) -> Result<ExportFile<impl Stream<Item = Result<Vec<u8>, AppError>> + Send + 'static>, AppError> {
        let ready = self.own(current).await?.filter(|export| export.state == ExportState::Ready);
        let Export { id, bytes, made_at, .. } = ready.ok_or(AppError::NotFound)?;
        let (exports, user_id) = (self.exports.clone(), current.id().to_owned());
        let parts = stream::try_unfold(0_u32, move |n| {
            let (exports, user_id, id) = (exports.clone(), user_id.clone(), id.clone());
            async move {
                let part = exports.export_part(&user_id, &id, n).await?;
                Ok(part.map(|part| (part, n.saturating_add(1))))
            }
        });
        Ok(ExportFile { bytes, made_at, parts })
    }

    /// Removes the export, or ends the making of it.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`]: there is none.
    pub async fn remove(&self, current: &CurrentUser) -> Result<(), AppError> {
        if !self.exports.delete_export(current.id()).await? {
            return Err(AppError::NotFound);
        }
        // Its bytes go in the background, and those that others left.
        self.jobs.enqueue(SWEEP, Some(SWEEP), "{}".to_owned(), self.clock.now()).await?;
        Ok(())
    }

    /// Removes what has ended, and sees to it that each export that is wanted has a job.
    pub async fn tidy(&self) -> Result<(), AppError> {
        self.sweep().await?;
        for (user_id, export_id) in self.exports.exports_under_way().await? {
            self.enqueue(&user_id, &export_id, None).await?;
        }
        Ok(())
    }

    async fn sweep(&self) -> Result<(), StoreError> {
        while self.exports.sweep_exports(self.clock.now()).await? {}
        Ok(())
    }

    async fn enqueue(
        &self,
        user_id: &str,
        export_id: &str,
        language: Option<String>,
    ) -> Result<(), AppError> {
        let order = Order { user_id: user_id.to_owned(), export_id: export_id.to_owned(), language };
        let order = serde_json::to_string(&order).map_err(|_| AppError::Internal)?;
        self.jobs.enqueue(KIND, Some(export_id), order, self.clock.now()).await?;
        Ok(())
    }
}
